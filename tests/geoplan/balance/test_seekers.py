"""The need as households: whole, and the need to the unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.balance.seekers import seekers
from geoplan.errors import InputError
from geoplan.homes.need import housing_need

GROUPS = ("couple", "single")
WANTED = pd.DataFrame(
    [
        ("couple", "multi", "rental", "all", 0.3),
        ("couple", "one_or_two", "owned", "all", 0.7),
        ("single", "multi", "rental", "all", 1.0),
    ],
    columns=["group", "dwelling_type", "tenure", "size", "share"],
)
counts = st.floats(0, 400)


def by_group(*rows: tuple[str, int, float, float]) -> pd.DataFrame:
    """Area, year, couples, singles."""
    table = pd.DataFrame(rows, columns=["area", "year", *GROUPS])
    return table.melt(["area", "year"], var_name="group", value_name="households")


def need_of(households: pd.DataFrame, stock: pd.DataFrame | None, **settings: float) -> pd.DataFrame:
    sums = households.groupby(["area", "year"], as_index=False)["households"].sum()
    sums["population"] = 2 * sums["households"]
    return housing_need(sums, stock, base_year=2025, **settings).table


def stock_of(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area", "type", "tenure", "dwellings", "vacant"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=3),
    st.floats(0, 0.1),
    st.floats(0, 0.05),
    st.floats(-50, 50),
    st.floats(0, 60),
)
def test_whole_households_give_the_need_to_the_unit(
    rows: list[tuple[float, float, float, float]], reserve: float, exits: float, deficit: float, vacant: float
) -> None:
    names = [f"A{number}" for number in range(len(rows))]
    households = pd.concat(
        [by_group((name, 2025, a + 1, b), (name, 2030, c, d)) for name, (a, b, c, d) in zip(names, rows, strict=True)]
    )
    stock = stock_of(*((name, "multi", "rental", 500.0, vacant) for name in names))
    need = need_of(households, stock, vacancy_reserve=reserve, exits_per_year=exits, initial_deficit=deficit)
    result = seekers(households, need, WANTED, base_year=2025, stock=stock)
    parts = result.parts
    identity = parts["seekers"] - parts["freed"] - parts["vacant"] + parts["reserve_short"]
    assert (identity == parts["need"] + parts["lost"]).all()
    assert (np.abs(parts["need"] - need.sort_values("area")["need"].to_numpy()) <= 0.5 + 1e-6).all()
    assert result.table["households"].sum() == parts["seekers"].sum()
    assert result.homes["homes"].sum() == (parts["freed"] + parts["vacant"]).sum()
    # What stands empty above the reserve takes up no more than the rounding.
    above = need.sort_values("area")["vacant"].to_numpy() - need.sort_values("area")["reserve"].to_numpy()
    assert (np.abs(parts["vacant"] - parts["reserve_short"] - above) <= 2).all()


def test_a_group_that_grows_seeks_and_one_that_shrinks_leaves() -> None:
    households = by_group(("A", 2025, 100, 50), ("A", 2030, 80, 70))
    stock = stock_of(("A", "multi", "rental", 80, 0), ("A", "one_or_two", "owned", 70, 0))
    result = seekers(households, need_of(households, stock), WANTED, base_year=2025, stock=stock)
    assert result.table[["group", "dwelling_type", "households"]].to_numpy().tolist() == [["single", "multi", 20]]
    # All singles live in flats, as they want to, so those couples who go leave houses most.
    freed = result.homes.set_index("dwelling_type")["homes"]
    assert freed.to_dict() == {"multi": 6, "one_or_two": 14}
    assert result.parts.iloc[0][["seekers", "freed", "need"]].tolist() == [20, 20, 0]


def test_those_whose_homes_are_taken_away_seek_too() -> None:
    households = by_group(("A", 2025, 50, 50), ("A", 2030, 50, 50))
    lost = pd.DataFrame({"area": ["A"], "year": [2030], "homes": [10.0]})
    result = seekers(households, need_of(households, None), WANTED, base_year=2025, lost=lost)
    assert result.table.groupby("group")["households"].sum().to_dict() == {"couple": 5, "single": 5}
    assert result.parts.iloc[0][["need", "lost"]].tolist() == [0, 10]


def test_a_reserve_that_is_short_is_told_and_no_household() -> None:
    households = by_group(("A", 2025, 50, 50), ("A", 2030, 50, 50))
    stock = stock_of(("A", "multi", "rental", 100, 0))
    need = need_of(households, stock, vacancy_reserve=0.05)
    parts = seekers(households, need, WANTED, base_year=2025, stock=stock).parts.iloc[0]
    assert parts[["seekers", "vacant", "reserve_short", "need"]].tolist() == [0, 0, 5, 5]


def test_groups_must_add_up_and_want_something() -> None:
    households = by_group(("A", 2025, 50, 50), ("A", 2030, 50, 60))
    need = need_of(households, None)
    with pytest.raises(InputError, match="do not add up"):
        seekers(households.assign(households=1.0), need, WANTED, base_year=2025)
    with pytest.raises(InputError, match="what single want"):
        seekers(households, need, WANTED.query("group == 'couple'"), base_year=2025)


def test_a_home_that_an_action_takes_away_is_one_of_the_exits() -> None:
    households = by_group(("A", 2025, 50, 50), ("A", 2030, 50, 50))
    stock = stock_of(("A", "multi", "rental", 100, 0))
    need = need_of(households, stock, exits_per_year=0.01)  # 4.9 homes in five years
    for taken, uprooted, beyond in ((3.0, 5, 0), (9.0, 9, 4)):
        lost = pd.DataFrame({"area": ["A"], "year": [2030], "homes": [taken]})
        parts = seekers(households, need, WANTED, base_year=2025, stock=stock, lost=lost).parts.iloc[0]
        assert parts[["seekers", "lost", "need"]].tolist() == [uprooted, beyond, 5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("A", "B", "Nowhere", "")), st.integers(1, 40)), min_size=1), st.booleans())
def test_no_lost_home_vanishes_whatever_areas_the_need_knows(rows: list[tuple[str, int]], whole: bool) -> None:
    names = ("*",) if whole else ("A", "B")
    households = pd.concat([by_group((name, 2025, 50, 50), (name, 2030, 50, 50)) for name in names])
    lost = pd.DataFrame(rows, columns=["area", "homes"]).assign(year=2030)
    stock = stock_of(*((name, "multi", "rental", 100.0, 0.0) for name in names))
    result = seekers(households, need_of(households, stock), WANTED, base_year=2025, stock=stock, lost=lost)
    parts = result.parts.set_index("area")["lost"]
    assert parts.sum() == result.table["households"].sum() == lost["homes"].sum()
    if whole:
        assert list(parts.index) == ["*"]
    else:
        unknown = lost.loc[~lost["area"].isin(["A", "B"]), "homes"].sum()
        assert parts.get("", 0) == unknown
    identity = result.parts["seekers"] - result.parts["freed"] - result.parts["vacant"] + result.parts["reserve_short"]
    assert (identity == result.parts["need"] + result.parts["lost"]).all()


def test_those_of_no_known_area_are_of_the_groups_that_there_are() -> None:
    households = by_group(("A", 2025, 90, 10), ("A", 2030, 90, 10))
    lost = pd.DataFrame({"area": ["Nowhere"], "year": [2030], "homes": [10.0]})
    result = seekers(households, need_of(households, None), WANTED, base_year=2025, lost=lost)
    assert result.table.groupby(["area", "group"])["households"].sum().to_dict() == {
        ("", "couple"): 9,
        ("", "single"): 1,
    }
