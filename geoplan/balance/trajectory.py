"""When: how many years the supply lasts, what is short already, and the course of both, year by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.balance.whole import Floats, Whole
from geoplan.errors import InputError
from geoplan.frames import check_frame

__all__ = [
    "METHODS",
    "TRAJECTORY_COLUMNS",
    "SupplyStandards",
    "YearsOfSupply",
    "requirement_ahead",
    "trajectory",
    "yearly",
    "years_of_supply",
]

METHODS = ("sedgefield", "liverpool")
"""How a shortfall is made up: within the years that are tested, or evenly to the end of the plan."""

TRAJECTORY_COLUMNS = (
    "area",
    "dwelling_type",
    "tenure",
    "year",
    "required",
    "supplied",
    "windfall",
    "required_total",
    "supplied_total",
    "shortfall",
    "required_ahead",
    "supply_ahead",
    "percent",
    "years_of_supply",
)

_CELL = ["area", "dwelling_type", "tenure"]


@dataclass(frozen=True, kw_only=True)
class SupplyStandards:
    """The numbers of ``layers/assumptions/supply.toml``; each is told of there.

    Attributes
    ----------
    years
        How many years ahead the supply is tested.
    buffer
        A share on top of the requirement, 0 or more.
    method
        One of :data:`METHODS`.
    """

    years: int
    buffer: float
    method: str

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> SupplyStandards:
        """Take the numbers from ``{name: value}``.

        Raises
        ------
        InputError
            One is missing or wrong.
        """
        missing = [name for name in ("years", "buffer", "method") if name not in values]
        if missing:
            raise InputError(f"The assumptions on supply lack {', '.join(missing)}.")
        if not values["years"] >= 1 or not values["buffer"] >= 0 or values["method"] not in METHODS:
            raise InputError(
                "The assumptions on supply are wrong.",
                hint=f"years is 1 or more, buffer 0 or more, method one of {', '.join(METHODS)}.",
            )
        return cls(years=int(values["years"]), buffer=float(values["buffer"]), method=str(values["method"]))


@dataclass(frozen=True, kw_only=True)
class YearsOfSupply:
    """How far a supply goes.

    Attributes
    ----------
    requirement
        Homes required within the years, undersupply included.
    buffered
        The same with its buffer.
    supply
        Homes that can be there within the years.
    percent
        The supply in per cent of what is required with its buffer; NaN where nothing is required.
    years
        The years that the supply lasts; NaN where nothing is required.
    """

    requirement: float
    buffered: float
    supply: float
    percent: float
    years: float


def years_of_supply(
    requirement: float, supply: float, *, buffer: float = 0.0, undersupply: float = 0.0, years: float = 5
) -> YearsOfSupply:
    """Return how many years a supply lasts.

    Parameters
    ----------
    requirement
        Homes required within the years.
    supply
        Homes that can be there within the years, windfall included.
    buffer
        A share on top of the requirement and the undersupply.
    undersupply
        Homes that earlier years lack and that are to be made up within the years.
    years
        The years that the requirement is for.

    Notes
    -----
    years of supply = supply / ((requirement + undersupply) · (1 + buffer) / years). England, Planning Practice
    Guidance, Housing supply and delivery (2019), paragraphs 022 and 031.
    """
    asked = requirement + undersupply
    buffered = asked * (1 + buffer)
    share = supply / buffered if buffered > 0 else float("nan")
    return YearsOfSupply(requirement=asked, buffered=buffered, supply=supply, percent=100 * share, years=years * share)


def requirement_ahead(required: float, shortfall: float, *, method: str, years: int, years_left: int) -> float:
    """Return what is required in the years ahead with its part of a shortfall.

    Parameters
    ----------
    required
        Homes required in the years ahead.
    shortfall
        Homes that the years before lack; below 0 is none.
    method
        ``sedgefield``: the whole shortfall is made up in the years ahead. ``liverpool``: it is made up evenly in the
        years that are left of the plan.
    years
        How many years ahead.
    years_left
        How many years are left of the plan; with fewer than ``years`` the two methods are the same.

    Raises
    ------
    InputError
        There is no such method.

    Notes
    -----
    England, Planning Practice Guidance, Housing supply and delivery (2019), paragraph 031, where the first is the
    starting point and the second has to be argued for.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}.", hint=f"Choose one of {', '.join(METHODS)}.")
    lacking = max(shortfall, 0.0)
    share = years / max(years_left, years) if method == "liverpool" else 1.0
    return required + lacking * share


def yearly(totals: pd.DataFrame, value: str, *, base_year: int, by: Sequence[str] = ("area",)) -> pd.DataFrame:
    """Spread totals since the base year over single years, evenly between the years that are known.

    Parameters
    ----------
    totals
        ``by``, ``year``, and ``value``: homes from the base year to the year, such as the need or likely homes.
    value
        The column.
    base_year
        The year that they count from.
    by
        What tells the series apart; ``dwelling_type`` and ``tenure`` that are not there become ``all``.

    Returns
    -------
    DataFrame
        ``area``, ``dwelling_type``, ``tenure``, ``year``, ``homes`` of the year alone. A series adds up to its last
        total. Nothing gives nothing.
    """
    check_frame(totals, name="totals", columns=[*by, "year", value])
    if totals.empty:
        return pd.DataFrame(columns=[*_CELL, "year", "homes"]).astype({"year": int, "homes": float})
    sums = totals.groupby([*by, "year"], as_index=False)[[value]].sum()
    years = np.array(sorted(sums["year"].unique()), dtype=int)
    if not len(years) or years[0] <= base_year:
        raise InputError(f"Totals must be of years after {base_year}.", hint="Leave the base year out.")
    wide = sums.pivot(index=list(by), columns="year", values=value).fillna(0.0).sort_index()
    ends = np.concatenate([[base_year], years])
    every = np.arange(base_year, years[-1] + 1)
    known = np.column_stack([np.zeros(len(wide)), wide.to_numpy(dtype=float)])
    curve = np.array([np.interp(every, ends, row) for row in known]).reshape(len(wide), len(every))
    homes = np.diff(curve, axis=1)
    rows = wide.index.to_frame(index=False).loc[np.repeat(np.arange(len(wide)), len(every) - 1)]
    table = rows.reset_index(drop=True).assign(year=np.tile(every[1:], len(wide)), homes=homes.ravel())
    return table.assign(**{name: "all" for name in _CELL if name not in table})[[*_CELL, "year", "homes"]]


def trajectory(
    required: pd.DataFrame,
    supplied: pd.DataFrame,
    *,
    standards: SupplyStandards,
    windfall: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the course of requirement and supply, and the years of supply at the end of every year.

    Parameters
    ----------
    required
        ``area``, ``dwelling_type``, ``tenure``, ``year``, ``homes`` of the year alone; negative where the year needs
        fewer homes than there are.
    supplied
        The same of homes that come, less those that actions take away; there may be more of the latter.
    standards
        Years, buffer and method.
    windfall
        ``area``, ``dwelling_type``, ``tenure``, ``homes`` a year on places that no layer names. What a layer names is
        no windfall.

    Returns
    -------
    DataFrame
        :data:`TRAJECTORY_COLUMNS`, ordered. ``shortfall``: required less supplied and windfall from the first year to
        the end of this one, negative for a surplus. ``required_ahead`` (with shortfall
        and buffer) and ``supply_ahead`` are of the next years; they, ``percent`` and ``years_of_supply`` are missing
        where the table does not reach so far, the latter two also where nothing is required. The first row of each
        is the year before the first one, when all is ahead.

    Raises
    ------
    FrameError
        Columns are missing.
    """
    for name, table in (("required", required), ("supplied", supplied)):
        check_frame(table, name=name, columns=[*_CELL, "year", "homes"])
    first = int(required["year"].min())
    years = np.arange(first - 1, int(required["year"].max()) + 1)
    cells = pd.concat([table[_CELL] for table in (required, supplied)]).drop_duplicates().sort_values(_CELL)
    index = pd.MultiIndex.from_frame(cells)
    asked, given = _wide(required, index, years), _wide(supplied, index, years)
    luck = np.zeros_like(given)
    if windfall is not None:
        check_frame(windfall, name="windfall", columns=[*_CELL, "homes"])
        each = windfall.groupby(_CELL)["homes"].sum().reindex(index).fillna(0.0)
        luck[:, 1:] = each.to_numpy(dtype=float)[:, None]
    asked_total, given_total = asked.cumsum(axis=1), (given + luck).cumsum(axis=1)
    short = asked_total - given_total
    left = years[-1] - years
    share = np.array([_made_up(standards, int(count)) for count in left])
    need = (_next(asked_total, standards.years) + np.maximum(short, 0.0) * share) * (1 + standards.buffer)
    supply = _next(given_total, standards.years)
    # What goes may be more than what comes; that lasts no years.
    part = np.divide(np.maximum(supply, 0.0), need, out=np.full_like(need, np.nan), where=need > 0)
    values = {
        "required": asked,
        "supplied": given,
        "windfall": luck,
        "required_total": asked_total,
        "supplied_total": given_total,
        "shortfall": short,
        "required_ahead": need,
        "supply_ahead": supply,
        "percent": 100 * part,
        "years_of_supply": standards.years * part,
    }
    rows = index.to_frame(index=False).loc[np.repeat(np.arange(len(index)), len(years))].reset_index(drop=True)
    rows["year"] = np.tile(years, len(index))
    return rows.assign(**{name: array.ravel() for name, array in values.items()})[list(TRAJECTORY_COLUMNS)]


def _made_up(standards: SupplyStandards, years_left: int) -> float:
    """Return the share of a shortfall that is made up in the years ahead."""
    return requirement_ahead(0.0, 1.0, method=standards.method, years=standards.years, years_left=years_left)


def _wide(table: pd.DataFrame, index: pd.MultiIndex, years: Whole) -> Floats:
    """Return homes by [series, year]."""
    wide = table.pivot_table(index=_CELL, columns="year", values="homes", aggfunc="sum")
    return wide.reindex(index=index, columns=years).fillna(0.0).to_numpy(dtype=float)


def _next(totals: Floats, years: int) -> Floats:
    """Return what the next years bring; NaN where the table does not reach so far."""
    result = np.full_like(totals, np.nan)
    result[:, :-years] = totals[:, years:] - totals[:, :-years]
    return result
