from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.balance.demands import check_needs, reach_pairs, yearly_needs
from geoplan.errors import FrameError, InputError


def test_a_need_from_a_base_year_is_spread_over_the_years_between() -> None:
    need = pd.DataFrame([("a", 2027, 4.0), ("a", 2030, 10.0)], columns=["area", "year", "need"])
    new = yearly_needs(need, base_year=2025)
    assert new["year"].tolist() == [2026, 2027, 2028, 2029, 2030]
    assert new["homes"].tolist() == [2.0, 2.0, 2.0, 2.0, 2.0]
    with pytest.raises(InputError, match="not after"):
        yearly_needs(need, base_year=2027)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=6))
def test_what_is_new_adds_up_to_the_highest_need(values: list[float]) -> None:
    years = [2026 + 2 * place for place in range(len(values))]
    new = yearly_needs(pd.DataFrame({"area": "a", "year": years, "need": values}), base_year=2025)
    assert new["homes"].min() >= 0
    assert new["homes"].sum() == pytest.approx(max(0.0, *values), abs=1e-9)


def test_needs_are_put_together_by_kind_and_year() -> None:
    needs = pd.DataFrame(
        [("a", 2020, 1.0, "young"), ("a", 2028, 2.0, "young"), ("a", 2040, 9.0, "young"), ("a", 2028, -3.0, "old")],
        columns=["area", "year", "homes", "group"],
    )
    kinds, wanted = check_needs(needs, years=(2027, 2028), weights={"young": 2.0})
    assert kinds[["group", "weight"]].to_numpy().tolist() == [["young", 2.0]]
    assert wanted.to_numpy().tolist() == [[1.0, 2.0]]
    with pytest.raises(FrameError, match="negative or endless weight"):
        check_needs(needs.assign(weight=-1.0), years=(2027,), weights={})


def test_reach_is_from_the_need_to_the_home() -> None:
    rows = pd.DataFrame([("a", "b", True), ("b", "a", False)], columns=["from_area", "to_area", "allowed"])
    assert reach_pairs(rows) == {("a", "b")}
    assert reach_pairs(None) == frozenset()
