"""Classes of the balance, and its rows."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.maps.choropleth import COLOURS, BalanceRow, balance_rows, classes


def row(balance: float | None, need: float | None = 0.0, area: str = "A") -> BalanceRow:
    return BalanceRow(area=area, name=area, year=2030, need=need, supply=None, balance=balance, plots=None)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_every_balance_has_a_colour_and_shortage_never_looks_like_surplus(values):
    found = classes([row(value) for value in values])
    for value in values:
        index = COLOURS.index(found.colour(value))
        assert (index < 3) == (value < 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_colours_are_in_the_order_of_the_balance(values):
    found = classes([row(value) for value in values])
    indices = [COLOURS.index(found.colour(value)) for value in sorted(values)]
    assert indices == sorted(indices)


@pytest.mark.parametrize(("largest", "step"), [(0, 1), (2, 1), (12, 5), (90, 50), (150, 50), (151, 100), (3000, 1000)])
def test_steps_are_round(largest, step):
    assert classes([row(-largest)]).step == step


def test_the_total_does_not_stretch_the_classes():
    assert classes([row(9.0), row(5000.0, area="*")]).step == 5


def test_without_supply_the_need_is_shown():
    found = classes([row(None, 30.0), row(math.nan and None, -30.0)])
    assert found.measure == "need"
    assert found.colour(None) is None
    assert found.colour(math.nan) is None


def test_rows_keep_unknown_unknown_and_the_total_last():
    table = pd.DataFrame(
        {
            "area": ["*", "B", "A"],
            "area_name": [None, "Bergvik", None],
            "year": [2030, 2030, 2030],
            "need": [-3.5, -4.0, 0.5],
            "supply_homes": [None, float("nan"), None],
            "balance": [None, None, None],
            "plots": [None, None, None],
        }
    )
    rows = balance_rows(table)
    assert [found.area for found in rows] == ["A", "B", "*"]
    assert rows[0].name == "A"
    assert [found.need for found in rows] == [0.5, -4.0, -3.5]
    assert all(found.supply is None and found.balance is None and found.plots is None for found in rows)
