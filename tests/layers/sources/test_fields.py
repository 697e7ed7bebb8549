from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.catalogue import FieldType
from layers.sources.fields import Converted, as_text, convert, plain, to_numbers, unique_ids


def field(kind: str, *values: str) -> FieldType:
    return FieldType.model_validate({"name": "f", "type": kind, "title": {"sv": "f", "en": "f"}, "values": values})


def converted(cells: Any, kind: str, *values: str, decimal: str = ".") -> Converted:
    return convert(pd.Series(cells), field(kind, *values), decimal=decimal)


def listed(values: pd.Series[Any]) -> list[Any]:
    return [None if cell is pd.NA or cell != cell else cell for cell in values.tolist()]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ([303.0, np.nan, 0.5], ["303", None, "0.5"]),
        ([1, 2], ["1", "2"]),
        ([2**60], [str(2**60)]),
        ([True, False], ["true", "false"]),
        (["  a ", "", None, " "], ["a", None, None, None]),
        (["A\u030asa"], ["Åsa"]),
        ([dt.date(2026, 1, 31)], ["2026-01-31"]),
        ([1e300, np.inf], ["1e+300", "inf"]),
        (pd.array([1, None], dtype="Int64"), ["1", None]),
        (pd.Categorical(["a", None]), ["a", None]),
    ],
)
def test_as_text(cells: Any, text: list[str | None]) -> None:
    assert listed(as_text(pd.Series(cells))) == text


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("2.47", ".", 2.47),
        (" -3 ", ".", -3.0),
        ("1 234,5", ",", 1234.5),
        ("1\u00a0234", ".", 1234.0),
        ("\u22125", ".", -5.0),
        ("1e3", ".", 1000.0),
        (".5", ".", 0.5),
        ("", ".", None),
        (None, ".", None),
        (7, ".", 7.0),
    ],
)
def test_numbers_as_people_write_them(cell: Any, decimal: str, number: float | None) -> None:
    numbers, bad = to_numbers(pd.Series([cell], dtype=object), decimal=decimal)
    assert not bad[0]
    assert (None if np.isnan(numbers[0]) else numbers[0]) == number


@pytest.mark.parametrize("cell", ["abc", "2,47", "1.2.3", "0x10", "1e999", "nan", "inf", "٣", "1_000", True, [1]])
def test_what_is_no_number(cell: Any) -> None:
    numbers, bad = to_numbers(pd.Series([cell], dtype=object))
    assert bad[0]
    assert np.isnan(numbers[0])


def test_commas_are_told_to_be_decimal_signs() -> None:
    result = converted(["2.47", "2,47"], "number")
    assert result.why == {1: "'2,47' is no number (decimal = \",\" reads decimal commas)"}
    assert listed(result.values) == [2.47, None]
    assert converted(["2.47"], "number", decimal=",").bad.tolist() == [True]


def test_whole_numbers() -> None:
    result = converted(["5", "5.0", "5.5", "abc", None, str(2**70)], "integer")
    assert listed(result.values) == [5, 5, None, None, None, None]
    assert sorted(result.why) == [2, 3, 5]
    assert "no whole number" in result.why[2]
    assert converted([1.0, 2.0], "integer").values.dtype == "int64"
    assert converted([1.0, np.nan], "integer").values.dtype == "Int64"
    assert listed(converted([2**62 + 1], "integer").values) == [2**62 + 1]
    assert listed(converted(pd.array([2**62 + 1, None], dtype="Int64"), "integer").values) == [
        2**62 + 1,
        None,
    ]
    assert converted([True], "integer").bad.tolist() == [True]


def test_numbers_are_floats_and_never_infinite() -> None:
    result = converted([1.5, np.inf, -np.inf, np.nan], "number")
    assert listed(result.values) == [1.5, None, None, None]
    assert result.bad.tolist() == [False, True, True, False]


def test_text() -> None:
    result = converted(["a\x00b", "'; DROP TABLE x", "x" * 100_000, 5, "\x00"], "string")
    assert listed(result.values) == ["ab", "'; DROP TABLE x", "x" * 100_000, "5", None]
    assert result.cleaned.tolist() == [True, False, False, False, True]


def test_allowed_values() -> None:
    result = converted(["urban", "Urban", "small ", None], "string", "urban", "small")
    assert listed(result.values) == ["urban", None, "small", None]
    assert result.why == {1: "'Urban' is not an allowed value, did you mean urban?"}


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2026-01-31", "2026-01-31"),
        ("20260131", "2026-01-31"),
        (20260131, "2026-01-31"),
        (20260131.0, "2026-01-31"),
        ("2026/01/31", "2026-01-31"),
        ("2026-01-31T12:00:00+01:00", "2026-01-31"),
        ("1912-12-12 12:00", "1912-12-12"),
        (dt.date(2026, 1, 31), "2026-01-31"),
        (pd.Timestamp("2026-01-31 10:00"), "2026-01-31"),
        (None, None),
        ("", None),
    ],
)
def test_dates(cell: Any, date: str | None) -> None:
    result = converted(pd.Series([cell], dtype=object), "date")
    assert listed(result.values) == [date]
    assert not result.bad[0]


@pytest.mark.parametrize("cell", ["31/1/2026", "2026-02-30", "2026", "soon", 1.5])
def test_what_is_no_date(cell: Any) -> None:
    assert converted([cell], "date").bad.tolist() == [True]


def test_kept_columns_are_plain() -> None:
    assert plain(pd.Series([1, 2], dtype="int32")).dtype == "int64"
    assert plain(pd.Series([1.5], dtype="float32")).dtype == "float64"
    assert plain(pd.Series([True])).tolist() == [True]
    assert plain(pd.Series([dt.date(2026, 1, 31)])).tolist() == ["2026-01-31"]
    assert plain(pd.Series(["a\x00"])).tolist() == ["a"]


# --- ids ------------------------------------------------------------------------------------------


def named(ids: list[str | None], *, required: bool = True) -> list[str | None]:
    column, _ = unique_ids(pd.Series(ids, dtype="str"), np.arange(1, len(ids) + 1), required=required)
    return listed(column)


@pytest.mark.parametrize(
    ("given_ids", "unique"),
    [
        (["0", "0", "1", "0"], ["0", "0-2", "1", "0-3"]),
        (["5", "5-2", "5"], ["5", "5-2", "5-3"]),
        (["5", "5", "5-2"], ["5", "5-3", "5-2"]),
        ([None, "a", None], ["row-1", "a", "row-3"]),
        (["row-2", None], ["row-2", "row-2-2"]),
        ([None, "row-1"], ["row-1-2", "row-1"]),
    ],
)
def test_ids_become_unique(given_ids: list[str | None], unique: list[str | None]) -> None:
    assert named(given_ids) == unique


def test_ids_that_are_not_required_may_be_missing() -> None:
    assert named([None, "a", "a"], required=False) == [None, "a", "a-2"]


@given(st.lists(st.none() | st.sampled_from(["a", "b", "a-2", "a-3", "row-1", "row-2", "row-1-2"]), max_size=12))
def test_ids_are_unique_stable_and_told(ids: list[str | None]) -> None:
    column, changed = unique_ids(pd.Series(ids, dtype="str"), np.arange(1, len(ids) + 1), required=True)
    result = listed(column)
    assert len(set(result)) == len(ids)
    assert None not in result
    # What is not told is as it was, and the first of each id keeps it.
    for position, (old, new) in enumerate(zip(ids, result, strict=True)):
        assert (old == new) == (position not in changed)
        if old is not None and old not in ids[:position]:
            assert new == old
