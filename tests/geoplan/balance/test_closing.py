from __future__ import annotations

import itertools
import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from releasing import EXACT, limits, measures

from geoplan.balance.closing import Answer, close_gap, supply_targets
from geoplan.errors import FrameError, InputError

ISLANDS = ("a", "b")

row = st.fixed_dictionaries(
    {
        "area": st.sampled_from(ISLANDS),
        "homes": st.sampled_from([1.0, 2.0, 3.0]),
        "cost_high": st.sampled_from([1.0, 2.0, 4.0]),
    }
)


def targets(**homes: float) -> pd.DataFrame:
    rows = [("*" if area == "everywhere" else area, count) for area, count in homes.items()]
    return pd.DataFrame(rows, columns=["area", "homes"])


def feasible(
    table: pd.DataFrame, wanted: pd.DataFrame, budget: float | None
) -> list[tuple[int, float, frozenset[str]]]:
    """Every set that meets all targets: how many, what they cost, which."""
    rows = table.to_dict("records")
    found = []
    for size in range(len(rows) + 1):
        for chosen in itertools.combinations(rows, size):
            ids = frozenset(one["id"] for one in chosen)
            homes = {area: sum(one["homes"] for one in chosen if area in ("*", one["area"])) for area in wanted["area"]}
            cost = sum(one["cost_high"] for one in chosen)
            linked = all(one["requires"] in ids for one in chosen if isinstance(one.get("requires"), str))
            enough = all(homes[area] >= count for area, count in wanted.itertuples(index=False))
            if linked and enough and (budget is None or cost <= budget):
                found.append((size, cost, ids))
    return sorted(found, key=lambda one: one[:2])


def kinds(ids: Any, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """A set as what it is made of, whichever of alike measures it takes."""
    named = table.set_index("id")
    linked = {one for one in named.get("requires", pd.Series(dtype=object)) if isinstance(one, str)}
    alone = {id_ for id_ in named.index if id_ in linked or isinstance(named.get("requires", {}).get(id_), str)}
    cells = named[["area", "homes", "cost_high"]]
    return sorted((*cells.loc[id_], id_ if id_ in alone else "") for id_ in ids)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(row, min_size=1, max_size=6),
    st.dictionaries(st.sampled_from([*ISLANDS, "everywhere"]), st.integers(1, 5), min_size=1),
    st.sampled_from([None, 3.0, 6.0]),
    st.booleans(),
)
def test_the_fewest_and_the_next_are_those_that_trying_everything_finds(
    rows: list[dict[str, Any]], homes: dict[str, float], budget: float | None, chained: bool
) -> None:
    rows = [dict(one) for one in rows]
    if chained and len(rows) > 1:
        rows[0]["requires"] = "m1"
    table, wanted = measures(*rows), targets(**homes)
    expected = feasible(table, wanted, budget)
    bound = None if budget is None else limits(budget=budget)
    first, second = close_gap(table, wanted, standards=EXACT, limits=bound)
    json.dumps([first.to_dict(), second.to_dict() if second else None])
    if not expected:
        assert first.status == "infeasible"
        assert second is None
        assert first.targets["missing"].sum() > 0
        return
    assert first.status == "optimal"
    assert first.targets["missing"].sum() == 0
    assert (first.count, first.cost) == (expected[0][0], pytest.approx(expected[0][1]))
    others = [one for one in expected if kinds(one[2], table) != kinds(first.ids, table)]
    if not others:
        assert second is None
        return
    assert second is not None
    assert (second.count, second.cost) == (others[0][0], pytest.approx(others[0][1]))
    assert (second.count, second.cost + 1e-9) >= (first.count, first.cost)
    assert kinds(second.ids, table) != kinds(first.ids, table)
    assert second.ids in [tuple(sorted(one[2])) for one in others]


def test_five_years_of_supply_on_every_island() -> None:
    supply = pd.DataFrame([("norr", 2.0, 6.0), ("söder", 1.0, 9.0)], columns=["area", "per_year", "supply"])
    wanted = supply_targets(supply, years_of_supply=5)
    assert wanted["homes"].tolist() == [4.0, 0.0]
    table = measures(
        {"island": "norr", "homes": 3.0},
        {"island": "norr", "homes": 2.0, "cost_high": 2.0},
        {"island": "norr", "homes": 1.0, "cost_high": 0.5},
        {"island": "söder", "homes": 9.0},
    )
    first, second = close_gap(table, wanted, standards=EXACT)
    assert first.ids == ("m0", "m2")
    assert second is not None
    assert second.ids == ("m0", "m1")
    assert first.texts[0].en == "2 measures meet every target."
    assert second.texts[-1].en == "Second best: 2 measures instead of 2; out: m2; in: m1."


def test_what_cannot_be_met_is_told_with_how_much() -> None:
    table = measures({"homes": 2.0}, {"area": "b", "homes": 5.0})
    first, second = close_gap(table, targets(a=6, b=3), standards=EXACT)
    assert second is None
    assert first.status == "infeasible"
    assert first.ids == ("m0", "m1")
    assert first.targets.set_index("area")["missing"].to_dict() == {"a": 4.0, "b": 0.0}
    assert first.bound == pytest.approx(4.0)
    assert [text.en for text in first.texts] == [
        "No set of measures meets every target.",
        "a: 4 of 6 homes are missing.",
    ]


def test_only_homes_of_the_type_and_in_time_count() -> None:
    table = measures(
        {"dwelling_type": "multi"}, {"dwelling_type": "one_or_two"}, {"dwelling_type": "multi", "earliest_year": 2040}
    )
    wanted = targets(a=1).assign(dwelling_type="multi", year=2030)
    first, second = close_gap(table, wanted, standards=EXACT)
    assert first.ids == ("m0",)
    assert second is not None
    assert second.count == 2


def test_alike_measures_in_place_of_each_other_are_no_other_answer() -> None:
    first, second = close_gap(measures({}, {}), targets(a=1), standards=EXACT)
    assert first.ids == ("m0",)
    assert second is not None
    assert second.ids == ("m0", "m1")


def test_what_costs_nobody_knows_how_much_is_left_out_where_the_budget_binds() -> None:
    table = measures({"cost_high": None, "homes": 5.0}, {}, {"cost_high": 0.0})
    assert close_gap(table, targets(a=2), standards=EXACT)[0].ids == ("m0",)
    first: Answer = close_gap(table, targets(a=2), standards=EXACT, limits=limits(budget=9))[0]
    assert first.ids == ("m1", "m2")


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(InputError, match="one year"):
        close_gap(measures({}), targets(a=1), standards=EXACT, limits=limits(budget_2027=1))
    with pytest.raises(FrameError, match="no area or no homes"):
        close_gap(measures({}), pd.DataFrame({"area": ["a"], "homes": [None]}), standards=EXACT)
