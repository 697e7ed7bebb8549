from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from releasing import EXACT, YEARS, best, limits, measures, needs, standards

from geoplan.balance.programme import Programme, release_programme
from geoplan.errors import FrameError, InputError

row = st.fixed_dictionaries(
    {
        "area": st.sampled_from(["a", "b"]),
        "homes": st.sampled_from([1.0, 2.0, 3.0]),
        "cost_high": st.sampled_from([1.0, 2.0, 3.0]),
        "land_new_m2": st.sampled_from([0.0, 1000.0, 2500.0]),
        "earliest_year": st.sampled_from([None, 2028]),
    }
)
need = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(YEARS), st.integers(1, 4), st.sampled_from([1.0, 2.0]))
bounds = st.fixed_dictionaries(
    {
        "budget": st.sampled_from([2.0, 4.0, 6.0]),
        "land_new": st.sampled_from([0.1, 0.3, 1.0]),
        "measures_2027": st.integers(0, 2),
        "measures_2028": st.integers(0, 2),
    }
)


@st.composite
def linked(draw: st.DrawFn) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [dict(one) for one in draw(st.lists(row, min_size=1, max_size=4))]
    for place, one in enumerate(rows[1:], start=1):
        other = draw(st.sampled_from([None, None, "requires", "excludes"]))
        if other:
            one[other] = f"m{draw(st.integers(0, place - 1))}"
    return measures(*rows)


def solved(table: pd.DataFrame, wanted: pd.DataFrame, most: pd.DataFrame, **changes: Any) -> Programme:
    return release_programme(table, wanted, most, years=YEARS, standards=replace(EXACT, **changes))


def keeps_limits(programme: Programme) -> bool:
    return bool((programme.usage["used"] <= programme.usage["allowed"] * (1 + 1e-6) + 1e-9).all())


@settings(max_examples=30, deadline=None)
@given(linked(), st.lists(need, min_size=1, max_size=4), bounds)
def test_nothing_tried_by_hand_is_better(
    table: pd.DataFrame, wanted: list[tuple[str, int, float, float]], most: dict[str, float]
) -> None:
    programme = solved(table, needs(*wanted), limits(**most))
    expected = best(table, needs(*wanted), limits(**most), EXACT)
    assert programme.objective == pytest.approx(expected, abs=1e-5)
    assert programme.status == "optimal"
    assert programme.gap == 0
    assert keeps_limits(programme)
    assert programme.releases["id"].is_unique


@settings(max_examples=15, deadline=None)
@given(linked(), st.lists(need, min_size=1, max_size=4), bounds, st.sampled_from(["budget", "land_new"]))
def test_more_of_a_limit_never_serves_less(
    table: pd.DataFrame, wanted: list[tuple[str, int, float, float]], most: dict[str, float], kind: str
) -> None:
    little = solved(table, needs(*wanted), limits(**most))
    much = solved(table, needs(*wanted), limits(**(most | {kind: most[kind] * 1.5})))
    assert much.objective >= little.objective - 1e-5


@settings(max_examples=12, deadline=None)
@given(linked(), st.lists(need, min_size=1, max_size=4), bounds, st.randoms())
def test_the_order_of_rows_changes_nothing(
    table: pd.DataFrame, wanted: list[tuple[str, int, float, float]], most: dict[str, float], random: Any
) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    one = solved(table, needs(*wanted), limits(**most))
    two = solved(table.iloc[order], needs(*wanted[::-1]), limits(**most).iloc[::-1])
    for name in ("releases", "served", "left", "usage"):
        assert_frame_equal(getattr(one, name), getattr(two, name))


def village(rows: int, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Many plots in a few areas with every cost its own."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": [f"p{place:05d}" for place in range(rows)],
            "kind": "plot",
            "area": draw.choice(list("abcdef"), rows),
            "homes": 1.0,
            "likely": draw.choice([0.2, 0.5, 0.8], rows),
            "cost_high": np.round(draw.uniform(100_000, 900_000, rows), 2),
            "land_new_m2": np.round(draw.uniform(0, 3000, rows), 1),
        }
    )
    wanted = pd.DataFrame(
        [(area, year, float(draw.integers(0, 12)), weight) for area in "abcdef" for year in YEARS for weight in (1, 3)],
        columns=["area", "year", "homes", "weight"],
    )
    return (
        table,
        wanted,
        limits(budget=rows * 60_000.0, land_new=rows * 0.02, measures_2027=rows / 6, measures_2028=rows / 5),
    )


def test_bands_keep_the_limits_and_tell_what_they_cost() -> None:
    table, wanted, most = village(90)
    exact = solved(table, wanted, most, gap=0.02, most_groups=1000)
    banded = solved(table, wanted, most, gap=0.02, most_groups=40)
    assert exact.band == 0
    assert banded.band > 0
    assert banded.groups < exact.groups == 90
    assert keeps_limits(banded)
    assert keeps_limits(exact)
    assert banded.bound >= exact.objective - 1e-6
    assert banded.objective <= exact.bound + 1e-6
    assert banded.gap == pytest.approx((banded.bound - banded.objective) / banded.objective)


def test_homes_and_need_are_conserved() -> None:
    table, wanted, most = village(80)
    programme = solved(table, wanted, most, gap=0.01)
    homes = programme.releases.groupby("area")["likely"].sum()
    served = programme.served.groupby("home_area")["homes"].sum()
    assert (served <= homes.reindex(served.index) + 1e-6).all()
    left = programme.left
    assert left["wanted"].sum() == pytest.approx(wanted["homes"].sum())
    assert (left["served"] + left["left"]).to_numpy() == pytest.approx(left["wanted"].to_numpy())
    assert left["served"].sum() == pytest.approx(programme.served["homes"].sum())
    assert (programme.served["area"] == programme.served["home_area"]).all()


def test_the_time_limit_leaves_a_gap_that_is_told() -> None:
    table, wanted, most = village(400)
    programme = solved(table, wanted, most, most_groups=1000, time_limit=0.0)
    assert programme.status == "time_limit"
    assert programme.gap > 0
    assert keeps_limits(programme)


def test_alike_plots_make_one_group_and_are_released_one_by_one() -> None:
    table = measures(*({"homes": 1.0} for _ in range(5)))
    programme = solved(table, needs(("a", 2027, 3, 1.0)), limits(measures_2027=2, measures_2028=2))
    assert programme.groups == 1
    assert programme.releases[["id", "year"]].to_numpy().tolist() == [["m0", 2027], ["m1", 2027], ["m2", 2028]]
    assert programme.objective == pytest.approx(2 + 1 - EXACT.waiting)


def test_of_equal_measures_the_cheaper_then_the_first_by_id_goes() -> None:
    table = measures({"cost_high": 2.0}, {"cost_high": 1.0, "kind": "gap"}, {"cost_high": 1.0}, {"cost_high": 3.0})
    one = solved(table, needs(("a", 2027, 1, 1.0)), limits(budget=100))
    assert one.releases["id"].tolist() == ["m1"]
    two = solved(measures({}, {"kind": "gap"}, {}), needs(("a", 2027, 1, 1.0)), limits(budget=100))
    assert len(two.releases) == 1


def test_the_groups_that_go_first_are_served_first() -> None:
    wanted = pd.DataFrame(
        [("a", 2027, "young", 2.0), ("a", 2027, "elderly_80", 2.0)], columns=["area", "year", "group", "homes"]
    )
    table = measures({"homes": 2.0})
    first = solved(table, wanted, limits(), group_weights={"elderly_80": 2.0})
    assert first.served[["group", "homes"]].to_numpy().tolist() == [["elderly_80", 2.0]]
    other = solved(table, wanted, limits(), group_weights={"young": 2.0})
    assert other.served["group"].tolist() == ["young"]


def test_reach_binds_and_the_own_area_goes_first() -> None:
    table = measures({"area": "island"}, {"area": "town"})
    wanted = needs(("island", 2027, 2, 1.0))
    alone = solved(table, wanted, limits())
    assert alone.served["home_area"].tolist() == ["island"]
    reach = pd.DataFrame([("island", "town", True)], columns=["from_area", "to_area", "allowed"])
    both = release_programme(table, wanted, limits(), years=YEARS, standards=EXACT, reach=reach)
    assert sorted(both.served["home_area"]) == ["island", "town"]
    never = release_programme(table, wanted, limits(), years=YEARS, standards=EXACT, reach=reach.assign(allowed=False))
    assert never.served["home_area"].tolist() == ["island"]
    one = release_programme(table, needs(("island", 2027, 1, 1.0)), limits(), years=YEARS, standards=EXACT, reach=reach)
    assert one.releases["id"].tolist() == ["m0"]


def test_type_and_tenure_must_fit_where_they_are_said() -> None:
    table = measures({"dwelling_type": "multi"}, {"dwelling_type": "one_or_two"}, {"dwelling_type": None})
    wanted = needs(("a", 2027, 3, 1.0)).assign(dwelling_type="multi")
    assert solved(table, wanted, limits(), instead={}).releases["id"].tolist() == ["m0", "m2"]
    special = wanted.assign(dwelling_type="special")
    assert solved(table, special, limits()).releases["id"].tolist() == ["m2"]


def test_another_type_than_wanted_is_taken_where_it_may_be_and_is_worth_less() -> None:
    table = measures({"dwelling_type": "multi"}, {"dwelling_type": "one_or_two"})
    wanted = needs(("a", 2027, 2, 1.0)).assign(dwelling_type="multi")
    both = solved(table, wanted, limits(), instead={"multi": {"one_or_two": 0.1}})
    assert both.objective == pytest.approx(1.0 + 0.9)
    assert dict(zip(both.served["home_type"], both.served["homes"], strict=True)) == {"multi": 1.0, "one_or_two": 1.0}
    # Of two homes for one household, the one of the wanted type goes first.
    one = solved(table, wanted.assign(homes=1.0), limits(), instead={"multi": {"one_or_two": 0.1}})
    assert one.releases["id"].tolist() == ["m0"]


def test_homes_wait_for_a_need_that_comes_later() -> None:
    table = measures({})
    programme = solved(table, needs(("a", 2028, 1, 1.0)), limits(measures_2027=1, measures_2028=0))
    assert programme.releases["year"].tolist() == [2027]
    assert programme.served["year"].tolist() == [2028]


def test_homes_that_go_away_must_be_made_up_for() -> None:
    table = measures(
        {"kind": "renewal", "homes": -2.0}, {"homes": 5.0, "requires": ["m0"]}, {"homes": 1.0, "cost_high": 9.0}
    )
    programme = solved(table, needs(("a", 2027, 3, 1.0)), limits(budget=3.0))
    assert programme.releases["id"].tolist() == ["m0", "m1"]
    assert programme.served["homes"].sum() == pytest.approx(3.0)


def test_what_is_unknown_is_not_free() -> None:
    table = measures({"cost_high": None}, {"land_new_m2": None}, {"requires": "m0"}, {"earliest_year": 2040})
    programme = solved(table, needs(("a", 2027, 4, 1.0)), limits(budget=100, land_new=100))
    assert programme.releases.empty
    assert programme.problem.measures["barred"].tolist() == ["cost_unknown", "land_unknown", "requires", "too_late"]
    assert len(programme.notes) == 4
    assert solved(table, needs(("a", 2027, 4, 1.0)), limits()).releases["id"].tolist() == ["m0", "m1", "m2"]


def test_planning_capacity_is_assumed_where_none_is_given() -> None:
    table = measures({}, {}, {})
    programme = release_programme(
        table, needs(("a", 2027, 3, 1.0)), None, years=[2027], standards=standards(gap=0.0, planning_capacity=2.0)
    )
    assert len(programme.releases) == 2
    assert [note.en for note in programme.notes] == ["No limit on planning is given: 2 measures a year are assumed."]


def test_nothing_to_release_or_to_serve_is_an_answer() -> None:
    nobody = solved(measures({}), needs().astype({"year": int, "homes": float, "weight": float}), limits())
    assert nobody.releases.empty
    assert nobody.status == "optimal"
    nothing = solved(measures({}).iloc[:0], needs(("a", 2027, 1, 1.0)), limits())
    assert nothing.objective == 0
    assert nothing.left["left"].tolist() == [1.0]


def test_faults_are_told_with_their_ids() -> None:
    wrong = measures({"kind": "castle"}, {"requires": "m9"}, {"cost_low": 5.0}, {"likely": 2.0})
    with pytest.raises(FrameError) as error:
        solved(wrong, needs(("a", 2027, 1, 1.0)), limits())
    assert [fault.split(":")[0] for fault in error.value.faults] == ["m0", "m3", "m2", "m1"]
    with pytest.raises(FrameError, match="none of budget"):
        solved(
            measures({}),
            needs(("a", 2027, 1, 1.0)),
            pd.DataFrame([("water", None, 1.0)], columns=["limit", "year", "allowed"]),
        )
    with pytest.raises(InputError, match="do not follow"):
        release_programme(measures({}), needs(), None, years=[2027, 2030], standards=EXACT)
    with pytest.raises(InputError, match="cost_end"):
        replace(EXACT).from_values({**EXACT.__dict__, "cost_end": "wild"})
