"""Values as the catalogue wants them: text, whole numbers, numbers and dates."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.catalogue import FieldType
from layers.faults import did_you_mean

__all__ = ["Converted", "as_text", "convert", "plain", "to_numbers", "unique_ids"]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# Spaces that separate thousands: plain, no-break, thin and narrow no-break.
_SPACES = re.compile("[ \u00a0\u2009\u202f]")
_ISO_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?|(\d{4})/(\d{2})/(\d{2})(?: .*)?", re.ASCII)
_INT64 = 2.0**63


@dataclass(frozen=True, slots=True)
class Converted:
    """A column of values of one field.

    Attributes
    ----------
    values
        Text as pandas' ``str``, whole numbers as ``int64`` (``Int64`` where some are missing), numbers as
        ``float64``, dates as ISO text.
    bad
        Where there was a value that could not be used; it is missing in ``values``.
    why
        For each such position, what was wrong.
    cleaned
        Where control characters (NUL) were taken out of text.
    """

    values: pd.Series[Any]
    bad: npt.NDArray[np.bool_]
    why: dict[int, str]
    cleaned: npt.NDArray[np.bool_]


def as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells as text the way a person would write them: 303 for 303.0, nothing for empty.

    Text loses blanks at its ends and becomes Unicode NFC, so that an å is one character everywhere.
    """
    if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
        cells = [_text(cell) for cell in column.to_numpy(dtype=object)]
    elif pd.api.types.is_float_dtype(column.dtype) and not isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        cells = [_text(cell) for cell in column.to_numpy(dtype="float64").tolist()]
    else:
        cells = [_text(cell) for cell in column.astype(object).tolist()]
    return pd.Series(cells, index=column.index, dtype="str")


def _text(cell: Any) -> str | None:
    if isinstance(cell, str):
        return unicodedata.normalize("NFC", cell).strip() or None
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, float | np.floating):
        cell = float(cell)
        if np.isnan(cell):
            return None
        return str(int(cell)) if np.isfinite(cell) and cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat()
    return str(cell).strip() or None


def to_numbers(column: pd.Series[Any], *, decimal: str = ".") -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return cells as numbers, and where a cell has a value that is none.

    Parameters
    ----------
    column
        Numbers, or text. In text, spaces between digits are taken to separate thousands.
    decimal
        The decimal sign of text.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return np.full(len(column), np.nan), column.notna().to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype="float64", na_value=np.nan)
        infinite = np.isinf(numbers)
        return np.where(infinite, np.nan, numbers), infinite
    numbers = np.full(len(column), np.nan)
    bad = np.zeros(len(column), dtype=bool)
    for position, cell in enumerate(column.astype(object).to_numpy()):
        number = _number(cell, decimal)
        if number is None:
            bad[position] = True
        else:
            numbers[position] = number
    return numbers, bad


def _number(cell: Any, decimal: str) -> float | None:
    """Return a number, NaN for an empty cell, and ``None`` for what is no number."""
    if isinstance(cell, str):
        text = _SPACES.sub("", cell.strip())
        if not text:
            return np.nan
        if decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".")
        text = text.replace("\u2212", "-")
        if not _NUMBER.fullmatch(text):
            return None
        number = float(text)
        return number if np.isfinite(number) else None
    if isinstance(cell, bool | np.bool_):
        return None
    if isinstance(cell, int | float | np.integer | np.floating):
        return None if np.isinf(cell) else float(cell)
    return np.nan if cell is None or cell is pd.NA or cell is pd.NaT else None


def convert(column: pd.Series[Any], field: FieldType, *, decimal: str = ".") -> Converted:
    """Turn a column into what a field wants.

    Parameters
    ----------
    column
        Any cells.
    field
        The field.
    decimal
        The decimal sign of numbers that are text.
    """
    if field.type == "string":
        return _to_text(column, field)
    if field.type == "date":
        return _to_dates(column)
    numbers, bad = to_numbers(column, decimal=decimal)
    hint = ' (decimal = "," reads decimal commas)' if decimal == "." else ""
    cells = column.astype(object).to_numpy()
    why = {int(n): f"{cells[n]!r} is no number" + (hint if "," in str(cells[n]) else "") for n in np.flatnonzero(bad)}
    none = np.zeros(len(column), dtype=bool)
    if field.type == "number":
        return Converted(pd.Series(numbers, index=column.index, dtype="float64"), bad, why, none)
    with np.errstate(invalid="ignore"):
        broken = np.isfinite(numbers) & ((numbers != np.floor(numbers)) | (np.abs(numbers) >= _INT64))
    why.update({int(n): f"{cells[n]!r} is no whole number" for n in np.flatnonzero(broken)})
    bad = bad | broken
    values = pd.Series(_whole(column, numbers, bad), index=column.index)
    return Converted(values, bad, dict(sorted(why.items())), none)


def _whole(column: pd.Series[Any], numbers: npt.NDArray[np.float64], bad: npt.NDArray[np.bool_]) -> Any:
    missing = np.isnan(numbers) | bad
    if pd.api.types.is_integer_dtype(column.dtype):
        # Whole numbers as they are: a float would round those beyond 2**53.
        return column.to_numpy(dtype="int64") if not missing.any() else column.astype("Int64").array
    if not missing.any():
        return numbers.astype("int64")
    return pd.arrays.IntegerArray(np.where(missing, 0, numbers).astype("int64"), missing)


def _to_text(column: pd.Series[Any], field: FieldType) -> Converted:
    text = as_text(column)
    dirty = text.str.contains("\x00", regex=False, na=False).to_numpy(dtype=bool)
    if dirty.any():
        # PostgreSQL keeps no NUL in text, and no source means one.
        text = as_text(text.str.replace("\x00", "", regex=False))
    bad = np.zeros(len(text), dtype=bool)
    why: dict[int, str] = {}
    if field.values:
        bad = (text.notna() & ~text.isin(list(field.values))).to_numpy(dtype=bool)
        cells = text.to_numpy(dtype=object)
        hints = {cell: did_you_mean(cell, field.values) for cell in dict.fromkeys(cells[bad])}
        why = {int(n): f"{cells[n]!r} is not an allowed value, {hints[cells[n]]}" for n in np.flatnonzero(bad)}
        text = text.mask(bad)
    return Converted(text, bad, why, dirty)


def _to_dates(column: pd.Series[Any]) -> Converted:
    cells = column.astype(object).to_numpy()
    bad = np.zeros(len(cells), dtype=bool)
    dates: list[str | None] = []
    why: dict[int, str] = {}
    for position, cell in enumerate(cells):
        text = _text(cell)
        date = None if text is None else _iso_date(text)
        if text is not None and date is None:
            bad[position] = True
            why[position] = f"{cell!r} is no date (2026-01-31, 20260131 and 2026/01/31 are)"
        dates.append(date)
    return Converted(pd.Series(dates, index=column.index, dtype="str"), bad, why, np.zeros(len(cells), dtype=bool))


def _iso_date(text: str) -> str | None:
    match = _ISO_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(group) for group in match.groups() if group is not None)
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column that was asked to be kept in types that the store keeps: numbers, truth and text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_bool_dtype(column.dtype) or column.dtype == "Int64":
        return column
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype("Int64" if column.hasnans else "int64")
    if pd.api.types.is_float_dtype(column.dtype):
        return column.astype("float64")
    return as_text(column).str.replace("\x00", "", regex=False)


def unique_ids(
    ids: pd.Series[Any], rows: npt.NDArray[np.int64], *, required: bool
) -> tuple[pd.Series[Any], dict[int, str]]:
    """Make ids unique, in the order of the rows.

    The second feature of an id gets ``-2``, the third ``-3``, and so on past suffixes that are ids of their
    own.
    A feature without an id gets ``row-`` and its number in the source, where an id is required.

    Parameters
    ----------
    ids
        Text, with missing ones.
    rows
        The rows' numbers in the source.
    required
        Whether missing ids are to be made up.

    Returns
    -------
    ids
        Unique where not missing.
    changed
        Position → what was done.
    """
    cells: list[str | None] = [None if pd.isna(cell) else str(cell) for cell in ids]
    taken = {cell for cell in cells if cell is not None}
    numbers: dict[str, int] = {}
    changed: dict[int, str] = {}

    def suffixed(name: str) -> str:
        number = numbers.get(name, 1) + 1
        while f"{name}-{number}" in taken:
            number += 1
        numbers[name] = number
        return f"{name}-{number}"

    met: set[str] = set()
    for position, cell in enumerate(cells):
        if cell is None and required:
            made_up = f"row-{rows[position]}"
            new = suffixed(made_up) if made_up in taken else made_up
            changed[position] = "there was none"
        elif cell is not None and cell in met:
            new = suffixed(cell)
            changed[position] = f"{cell!r} was taken"
        else:
            if cell is not None:
                met.add(cell)
            continue
        taken.add(new)
        cells[position] = new
    return pd.Series(cells, index=ids.index, dtype="str"), changed
