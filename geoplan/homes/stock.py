"""The stock of dwellings, by what it is and why some of it stands empty, and the account that it is carried on by."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame

__all__ = [
    "CELL",
    "FLOWS",
    "KEYS",
    "UNKNOWN",
    "VACANCIES",
    "check_identity",
    "stock_table",
    "stock_totals",
    "vacant_in_all",
]

UNKNOWN = "unknown"
"""What stands for a type, a tenure or a period that is not given."""

CELL = ("area", "type", "tenure")
"""What the account is kept by."""

KEYS = (*CELL, "period")
"""What the stock is known by; ``period`` is when it was built, as the source puts it."""

VACANCIES = ("vacant_to_let", "vacant_repair", "vacant_demolition", "vacant_other")
"""Why a dwelling stands empty: SCB's four answers on the reference day 1 September (*outhyrda lägenheter*)."""

FLOWS = ("completed", "converted", "split", "leisure", "demolished", "converted_away")
"""What changes the stock, each signed: what it adds is positive, what it takes away negative."""


def stock_table(stock: pd.DataFrame, *, year: int | None = None) -> pd.DataFrame:
    """Return the stock of one year with every key filled in, and vacancies by reason that add up.

    Parameters
    ----------
    stock
        The ``dwelling_stock`` layer: ``area``, ``dwellings``; where known ``year``, ``type``, ``tenure``, ``period``,
        ``vacant`` and :data:`VACANCIES` (dwellings).
    year
        The year; it may be left out where there is only one.

    Returns
    -------
    DataFrame
        One row for each of :data:`KEYS`, sorted: ``dwellings``; ``vacant`` in all; :data:`VACANCIES`;
        ``vacant_unknown``, which is vacant for a reason that is not given. All in dwellings. Where nothing is said of
        vacancies they are missing, which is not the same as none.

    Raises
    ------
    FrameError
        Columns are missing, several years are there and none is chosen, there is nothing for the year, a number is
        negative or missing, the reasons exceed the vacant, or the vacant the dwellings.
    """
    check_frame(stock, name="dwelling_stock", columns=["area", "dwellings"])
    table = _of_year(stock, year)
    for name in KEYS:
        given = table[name].astype(object) if name in table else pd.Series(UNKNOWN, index=table.index, dtype=object)
        table[name] = given.where(given.notna() & given.ne(""), UNKNOWN)
    numbers = ["dwellings", "vacant", *VACANCIES]
    for name in numbers:
        table[name] = pd.to_numeric(table[name]).astype(float) if name in table else np.nan
    reasons = _by_reason(table)
    table["vacant"] = vacant_in_all(table)
    table["vacant_unknown"] = table["vacant"] - reasons.fillna(0.0)
    faults = _faults(table, reasons)
    if faults:
        raise FrameError("dwelling_stock", faults, hint="Mend the rows; a vacant dwelling has one reason.")
    numbers.append("vacant_unknown")
    sums = table.groupby(list(KEYS), sort=True)[numbers].sum(min_count=1)
    return sums.reset_index()


def stock_totals(stock: pd.DataFrame) -> pd.DataFrame:
    """Return the stock by :data:`CELL`, periods put together.

    Parameters
    ----------
    stock
        A table of :func:`stock_table`.

    Returns
    -------
    DataFrame
        ``area``, ``type``, ``tenure``, ``dwellings``; sorted.
    """
    return stock.groupby(list(CELL), sort=True)[["dwellings"]].sum().reset_index()


def check_identity(account: pd.DataFrame, *, tolerance: float = 1e-6) -> None:
    """Check that an account of the stock adds up.

    Parameters
    ----------
    account
        :data:`CELL`, ``year``, ``opening``, :data:`FLOWS`, ``closing`` (dwellings).
    tolerance
        The largest difference that is rounding, in dwellings.

    Raises
    ------
    FrameError
        A year's closing is not its opening and its flows, an opening is not the closing before, leisure homes that
        change use do not come from somewhere, or a closing is negative; each with its area, type, tenure and year.

    Notes
    -----
    stock(t+1) = stock(t) + completed + converted + split − demolished − converted away ± leisure homes. Flows are
    signed here, so the sum is plain.
    """
    check_frame(account, name="stock account", columns=[*CELL, "year", "opening", *FLOWS, "closing"])
    ordered = account.sort_values([*CELL, "year"], kind="stable")
    before = ordered.groupby(list(CELL))["closing"].shift()
    tests = {
        "does not add up": ordered["opening"] + ordered[list(FLOWS)].sum(axis=1) - ordered["closing"],
        "does not open as it closed": (ordered["opening"] - before).fillna(0.0),
        "closes below zero": ordered["closing"].clip(upper=0.0),
    }
    faults = []
    for words, difference in tests.items():
        wrong = ordered[difference.abs() > tolerance]
        faults += [f"{_name(row)} {words}" for row in wrong.to_dict("records")]
    moved = ordered.groupby(["area", "year"])["leisure"].sum()
    faults += [
        f"leisure homes of {area} in {year} come from nowhere" for area, year in moved[moved.abs() > tolerance].index
    ]
    if faults:
        raise FrameError("stock account", faults)


def vacant_in_all(stock: pd.DataFrame) -> pd.Series[float]:
    """Return the vacant dwellings of each row: as given, or else the sum of their reasons, or else missing.

    Parameters
    ----------
    stock
        ``vacant`` and :data:`VACANCIES` (dwellings), where known.
    """
    given = pd.to_numeric(stock["vacant"]).astype(float) if "vacant" in stock else pd.Series(np.nan, index=stock.index)
    return given.where(given.notna(), _by_reason(stock))


def _by_reason(stock: pd.DataFrame) -> pd.Series[float]:
    given = stock.reindex(columns=list(VACANCIES)).apply(pd.to_numeric).astype(float)
    sums: pd.Series[float] = given.sum(axis=1, min_count=1)
    return sums


def _of_year(stock: pd.DataFrame, year: int | None) -> pd.DataFrame:
    if "year" not in stock:
        return stock.reset_index(drop=True).copy()
    years = sorted(pd.unique(stock["year"].dropna()))
    if year is None and len(years) > 1:
        told = ", ".join(str(each) for each in years)
        raise FrameError("dwelling_stock", [f"has several years ({told})"], hint="Choose one.")
    chosen = stock if year is None else stock[stock["year"] == year]
    if chosen.empty:
        told = ", ".join(str(each) for each in years) or "none"
        raise FrameError("dwelling_stock", [f"has no rows for {year} (there is {told})"])
    return chosen.reset_index(drop=True).copy()


def _faults(table: pd.DataFrame, reasons: pd.Series[float]) -> list[str]:
    tests = {
        "no number of dwellings": table["dwellings"].isna(),
        "a negative number": (table[["dwellings", "vacant", *VACANCIES]] < 0).any(axis=1),
        "more vacant by reason than vacant": reasons > table["vacant"],
        "more vacant than dwellings": table["vacant"] > table["dwellings"],
    }
    faults = []
    for words, hit in tests.items():
        if hit.any():
            first = table[hit].iloc[0]
            faults.append(f"{int(hit.sum())} rows have {words} (first: {', '.join(str(first[key]) for key in KEYS)})")
    return faults


def _name(row: Mapping[Hashable, object]) -> str:
    return f"{row['area']}, {row['type']}, {row['tenure']} in {row['year']}"
