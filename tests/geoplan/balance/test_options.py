"""New homes of the supply account: once each, from their year, and whole."""

from __future__ import annotations

import pandas as pd
from choosing import homes, standards
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.balance.options import OPTION_COLUMNS, options_of, whole_options
from geoplan.homes.account import supply_account

PLOTS = pd.DataFrame(
    {
        "id": ["P1", "P2", "P3", "P4"],
        "parcel": ["P1", "P2", "P3", "P4"],
        "kind": "vacant_parcel",
        "area": ["A", "A", "B", None],
        "homes": [1, 8, 1, 1],
        "plan_homes": ["allowed", "allowed", "unknown", "allowed"],
    }
)
ACTIONS = pd.DataFrame(
    {
        "id": ["F1", "F2"],
        "area": ["A", "A"],
        "action": ["convert", "demolish"],
        "year": [2032, 2028],
        "net_dwellings": [4.0, -3.0],
        "type": ["multi", "multi"],
        "tenure": ["rental", "rental"],
        "status": ["decided", "decided"],
    }
)


def test_sources_count_by_stage_and_year_and_losses_stand_apart() -> None:
    account = supply_account(plots=PLOTS, actions=ACTIONS).table
    options, lost = options_of(account, [2030, 2035], standards=standards(), area_kinds={"P1": "town"})
    assert list(options.columns) == list(OPTION_COLUMNS)
    told = options.groupby(["year", "area", "kind", "dwelling_type"])["homes"].sum().to_dict()
    assert told == {
        (2030, "", "plot", "one_or_two"): 1,
        (2030, "A", "plot", "multi"): 8,
        (2030, "A", "plot", "one_or_two"): 1,
        (2035, "", "plot", "one_or_two"): 1,
        (2035, "A", "plot", "multi"): 8,
        (2035, "A", "plot", "one_or_two"): 1,
        (2035, "A", "renewal", "multi"): 4,
    }
    assert (
        options.loc[options["dwelling_type"].eq("one_or_two") & options["area"].eq("A"), "area_kind"].eq("town").all()
    )
    assert lost.to_dict("records") == [{"area": "A", "year": year, "homes": 3.0} for year in (2030, 2035)]


def test_likely_homes_take_the_place_of_nominal_ones() -> None:
    account = supply_account(plots=PLOTS).table
    likely = pd.DataFrame({"id": ["plots/P1", "plots/P2"], "year": [2030, 2030], "likely": [0.2, 2.4]})
    options, _ = options_of(account, [2030], standards=standards(), likely=likely)
    assert options.set_index(["area", "dwelling_type"])["homes"].to_dict() == {("", "one_or_two"): 1, ("A", "multi"): 3}


def test_costs_that_are_about_the_same_stand_together() -> None:
    account = supply_account(plots=PLOTS.assign(homes=1)).table
    costs = {"plots/P1": 61_240.0, "plots/P2": 60_900.0}
    options, _ = options_of(account, [2030], standards=standards(), costs=costs)
    assert options.loc[options["area"] == "A", ["cost", "homes"]].to_numpy().tolist() == [[61_000.0, 2.0]]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(("multi", "one_or_two")), st.floats(0, 5)), min_size=1)
)
def test_whole_homes_add_up_to_the_fractions(rows: list[tuple[str, str, float]]) -> None:
    table = homes(*((area, "plot", kind, count) for area, kind, count in rows))  # type: ignore[misc]
    whole = whole_options(table)
    exact = table.groupby("area")["homes"].sum()
    got = whole.groupby("area")["homes"].sum().reindex(exact.index).fillna(0)
    assert ((got - exact).abs() <= 0.5 + 1e-6).all()
