"""Who is served by what: conserved to the unit, within reach, and never worse for more homes."""

from __future__ import annotations

from random import Random

import pandas as pd
import pytest
from choosing import choose, home_rows, homes, pairs, reaches, standards, wish_rows, wishes
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geoplan.balance.allocation import Allocation
from geoplan.errors import InputError

FEW = settings(max_examples=20, deadline=None)


def left(result: Allocation) -> int:
    return int(result.left["households"].sum())


@FEW
@given(wish_rows, home_rows, reaches, st.dictionaries(st.sampled_from("ABC"), st.integers(0, 5)))
def test_households_and_homes_are_conserved_to_the_unit(
    asked: list[tuple[str, str, str, int]],
    offered: list[tuple[str, str, str, int]],
    reach: pd.DataFrame,
    room: dict[str, int],
) -> None:
    result = choose(wishes(*asked), homes(*offered), reach=reach, room=room)
    assert result.served["households"].sum() + left(result) == sum(row[3] for row in asked)
    used = result.served["households"].sum()
    assert used + result.unused["dwellings"].sum() == sum(row[3] for row in offered)
    for table, name in ((result.served, "households"), (result.left, "households"), (result.unused, "dwellings")):
        assert table[name].dtype == "int64"
        assert (table[name] > 0).all()
    summary = result.summary
    assert (summary["seekers"] == summary["served"] + summary["left"]).all()
    assert (summary["supply"] == summary["used"] + summary["unused"]).all()
    whole = summary[summary["area"] == "*"].iloc[0]
    assert whole["subtraction"] == whole["unused"] - whole["left"] - whole["reserve_short"]
    # By group and area too.
    wanted = wishes(*asked).groupby(["area", "group"])["households"].sum()
    told = pd.concat([result.served, result.left]).groupby(["area", "group"])["households"].sum()
    assert wanted[wanted > 0].to_dict() == told.to_dict()


@FEW
@given(wish_rows, home_rows, reaches, st.dictionaries(st.sampled_from("ABC"), st.integers(0, 5)))
def test_nobody_is_served_beyond_reach_or_through_a_closed_gate(
    asked: list[tuple[str, str, str, int]],
    offered: list[tuple[str, str, str, int]],
    reach: pd.DataFrame,
    room: dict[str, int],
) -> None:
    result = choose(wishes(*asked), homes(*offered), reach=reach, room=room)
    near = {*zip(reach["from_area"], reach["to_area"], strict=True), *((area, area) for area in "ABC")}
    assert set(zip(result.served["area"], result.served["option_area"], strict=True)) <= near
    new = result.served[result.served["kind"].isin(["plot", "gap", "renewal"])]
    taken = new.groupby("option_area")["households"].sum()
    assert all(taken.get(area, 0) <= most for area, most in room.items())


@FEW
@given(wish_rows, home_rows, home_rows, reaches)
def test_more_homes_never_leave_more_without(
    asked: list[tuple[str, str, str, int]],
    offered: list[tuple[str, str, str, int]],
    more: list[tuple[str, str, str, int]],
    reach: pd.DataFrame,
) -> None:
    ranked = standards(priority={"single": 1, "couple": 2, "other": 3})
    fewer = choose(wishes(*asked), homes(*offered), standards=ranked, reach=reach)
    after = choose(wishes(*asked), homes(*offered, *more), standards=ranked, reach=reach)
    assert left(after) <= left(fewer)
    # Nor more of those who come first.
    first = [int(each.left.query("group == 'single'")["households"].sum()) for each in (fewer, after)]
    assert first[1] <= first[0]


@FEW
@given(wish_rows, home_rows, reaches, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    asked: list[tuple[str, str, str, int]],
    offered: list[tuple[str, str, str, int]],
    reach: pd.DataFrame,
    random: Random,
) -> None:
    once = choose(wishes(*asked), homes(*offered), reach=reach)
    random.shuffle(asked)
    random.shuffle(offered)
    again = choose(wishes(*asked), homes(*offered), reach=reach)
    for name in ("served", "left", "unused", "summary"):
        assert_frame_equal(getattr(once, name), getattr(again, name))


def test_an_order_of_groups_serves_as_many_as_none() -> None:
    """The only flat can serve either; the house only who wants a house: both are served, whoever goes first."""
    asked = wishes(("A", "single", "multi", 1), ("A", "couple", "one_or_two", 1))
    stock = homes(("A", "vacant", "special", 1), ("A", "plot", "one_or_two", 1), ("A", "plot", "multi", 1))
    for first in ("single", "couple"):
        ranked = standards(priority={first: 1})
        assert left(choose(asked, stock, standards=ranked)) == 0


def test_who_comes_first_is_served_first_and_best() -> None:
    asked = wishes(("A", "single", "multi", 2), ("A", "couple", "multi", 2))
    stock = homes(("A", "plot", "multi", 1), ("A", "plot", "one_or_two", 2))
    result = choose(asked, stock, standards=standards(priority={"couple": 1, "single": 2}))
    assert result.left[["group", "why", "households"]].to_numpy().tolist() == [["single", "none_free", 1]]
    flats = result.served[result.served["dwelling_type"] == "multi"]
    assert flats["group"].tolist() == ["couple"]


def test_groups_of_one_rank_share_in_proportion() -> None:
    asked = wishes(("A", "single", "multi", 30), ("A", "couple", "multi", 10))
    result = choose(asked, homes(("A", "plot", "multi", 20)))
    assert result.served.set_index("group")["households"].to_dict() == {"single": 15, "couple": 5}


def test_a_home_that_stands_is_taken_before_one_that_is_to_be_built() -> None:
    stock = homes(("A", "plot", "multi", 2), ("A", "vacant", "multi", 2), ("A", "gap", "multi", 2))
    result = choose(wishes(("A", "single", "multi", 3)), stock)
    assert result.served.set_index("kind")["households"].to_dict() == {"gap": 1, "vacant": 2}
    assert result.unused.set_index("kind")["dwellings"].to_dict() == {"gap": 1, "plot": 2}


def test_why_those_are_left_who_are_left() -> None:
    asked = wishes(
        ("A", "single", "special", 1),
        ("B", "single", "multi", 2),
        ("C", "single", "multi", 3),
        ("D", "single", "multi", 4),
        ("E", "single", "multi", 5),
    )
    stock = pd.concat(
        [
            homes(("A", "plot", "multi", 9), ("D", "plot", "multi", 9), ("E", "vacant", "multi", 1)),
            homes(("C", "plot", "multi", 9), cost=60_000.0),
        ]
    )
    result = choose(
        asked,
        stock,
        reach=pairs(),
        room={"D": 1},
        incomes={"single": 100_000.0},
    )
    told = result.left.set_index("area")[["why", "households"]].to_dict("index")
    assert told == {
        "A": {"why": "no_wanted_type", "households": 1},
        "B": {"why": "out_of_reach", "households": 2},
        "C": {"why": "too_costly", "households": 3},
        "D": {"why": "gate", "households": 3},
        "E": {"why": "none_free", "households": 4},
    }
    assert not result.notes


def test_need_on_an_island_is_not_met_by_a_plot_on_another() -> None:
    asked, stock = wishes(("A", "couple", "one_or_two", 3)), homes(("B", "plot", "one_or_two", 5))
    far = choose(asked, stock, reach=pairs(("B", "A", 0.0)))
    near = choose(asked, stock, reach=pairs(("A", "B", 20.0)))
    assert (left(far), left(near)) == (3, 0)
    assert far.left["why"].tolist() == ["out_of_reach"]
    # The subtraction of the whole sees no difference.
    assert far.summary.iloc[-1]["subtraction"] == near.summary.iloc[-1]["subtraction"] == 2


def test_plots_outside_all_areas_serve_nobody_whose_reach_is_known() -> None:
    asked, stock = wishes(("A", "couple", "one_or_two", 3)), homes(("", "plot", "one_or_two", 5))
    known = choose(asked, stock, reach=pairs())
    assert known.left["why"].tolist() == ["out_of_reach"]
    assert known.unused["dwellings"].tolist() == [5]


def test_every_year_is_a_problem_of_its_own() -> None:
    asked = pd.concat([wishes(("A", "single", "multi", n), year=year) for n, year in ((1, 2030), (3, 2040))])
    result = choose(asked, homes(("A", "plot", "multi", 2), year=2040))
    assert result.left.set_index("year")["households"].to_dict() == {2030: 1, 2040: 1}


def test_a_need_of_the_whole_alone_takes_homes_from_everywhere() -> None:
    asked, stock = wishes(("*", "single", "multi", 3)), homes(("A", "plot", "multi", 2), ("B", "plot", "multi", 2))
    result = choose(asked, stock, reach=pairs())
    assert result.summary[["area", "served", "unused"]].to_numpy().tolist() == [["*", 3, 1]]


@pytest.mark.parametrize("wrong", [{"other_area": -1.0}, {"unknown_gates": "perhaps"}, {"kind": {"plot": 0.0}}])
def test_wrong_standards_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="assumptions on the allocation are wrong"):
        standards(**wrong)
