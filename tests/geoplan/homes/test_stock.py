from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError
from geoplan.homes.stock import CELL, FLOWS, KEYS, VACANCIES, check_identity, stock_table, stock_totals


def test_keys_are_filled_in_and_equal_rows_put_together() -> None:
    given_rows = pd.DataFrame(
        {"area": ["A", "A", "B"], "year": 2025, "type": ["multi", "multi", None], "dwellings": [3, 4, 5]}
    )
    table = stock_table(given_rows)
    assert table[[*KEYS, "dwellings"]].to_numpy().tolist() == [
        ["A", "multi", "unknown", "unknown", 7.0],
        ["B", "unknown", "unknown", "unknown", 5.0],
    ]
    # Nothing is said of vacancies: that is not none.
    assert table["vacant"].isna().all()


def test_vacancies_are_the_sum_of_their_reasons_or_say_what_has_none() -> None:
    rows = pd.DataFrame(
        {
            "area": ["A", "B", "C"],
            "dwellings": [10, 10, 10],
            "vacant": [None, 5, 4],
            "vacant_to_let": [2, 1, None],
            "vacant_repair": [1, 2, None],
        }
    )
    table = stock_table(rows).set_index("area")
    assert table["vacant"].to_dict() == {"A": 3.0, "B": 5.0, "C": 4.0}
    assert table["vacant_unknown"].to_dict() == {"A": 0.0, "B": 2.0, "C": 4.0}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"area": ["A"], "dwellings": [None]}, "no number of dwellings"),
        ({"area": ["A"], "dwellings": [-1]}, "a negative number"),
        ({"area": ["A"], "dwellings": [9], "vacant": [3], "vacant_to_let": [4]}, "more vacant by reason than vacant"),
        ({"area": ["A"], "dwellings": [2], "vacant": [3]}, "more vacant than dwellings"),
        ({"area": ["A", "A"], "dwellings": [2, 3], "year": [2020, 2021]}, "several years"),
        ({"area": ["A"]}, "missing columns dwellings"),
    ],
)
def test_what_cannot_be_is_told(rows: dict[str, list[object]], told: str) -> None:
    with pytest.raises(FrameError, match=told):
        stock_table(pd.DataFrame(rows))


def test_a_year_that_is_not_there_is_told() -> None:
    with pytest.raises(FrameError, match=r"no rows for 2030 \(there is 2025\)"):
        stock_table(pd.DataFrame({"area": ["A"], "year": [2025], "dwellings": [1]}), year=2030)


row = st.fixed_dictionaries(
    {
        "area": st.sampled_from(["A", "B"]),
        "type": st.sampled_from(["multi", "one_or_two", "leisure", None]),
        "tenure": st.sampled_from(["rental", "owned", None]),
        "period": st.sampled_from(["-1930", "1931-", None]),
        "dwellings": st.integers(0, 500),
        "reasons": st.lists(st.integers(0, 9), min_size=4, max_size=4),
    }
)


@settings(deadline=None, max_examples=60)
@given(st.lists(row, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_no_dwelling_is_lost_and_the_order_of_rows_is_nothing(rows: list[dict[str, object]], random) -> None:  # type: ignore[no-untyped-def]
    def frame(chosen: list[dict[str, object]]) -> pd.DataFrame:
        table = pd.DataFrame(chosen).drop(columns="reasons")
        table[list(VACANCIES)] = [one["reasons"] for one in chosen]
        table["dwellings"] += table[list(VACANCIES)].sum(axis=1)
        return table

    given_rows = frame(rows)
    table = stock_table(given_rows)
    assert table["dwellings"].sum() == given_rows["dwellings"].sum()
    assert table["vacant"].sum() == given_rows[list(VACANCIES)].to_numpy().sum()
    assert np.allclose(table["vacant"], table[[*VACANCIES, "vacant_unknown"]].sum(axis=1))
    assert stock_totals(table)["dwellings"].sum() == table["dwellings"].sum()
    shuffled = list(rows)
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(stock_table(frame(shuffled)), table)


def _account(**changes: float) -> pd.DataFrame:
    first = {"year": 2026, "opening": 10.0, **dict.fromkeys(FLOWS, 0.0), "completed": 2.0, "closing": 12.0}
    second = {"year": 2027, "opening": 12.0, **dict.fromkeys(FLOWS, 0.0), "demolished": -2.0, "closing": 10.0}
    rows = pd.DataFrame([first, second | changes])
    return rows.assign(**dict.fromkeys(CELL, "x"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"closing": 11.0}, "x, x, x in 2027 does not add up"),
        ({"opening": 11.0, "closing": 9.0}, "does not open as it closed"),
        ({"demolished": -13.0, "closing": -1.0}, "closes below zero"),
        ({"leisure": 1.0, "closing": 11.0}, "leisure homes of x in 2027 come from nowhere"),
    ],
)
def test_an_account_that_does_not_add_up_is_told(changes: dict[str, float], told: str) -> None:
    check_identity(_account())
    with pytest.raises(FrameError, match=told):
        check_identity(_account(**changes))
