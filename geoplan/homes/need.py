"""The need for homes, by Boverket's method, with every component in its own column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.smallareas import check_told_once
from geoplan.homes.stock import stock_table
from geoplan.text import Text

__all__ = ["NEED_COLUMNS", "BaseStock", "Need", "base_stock", "dwellings_required", "housing_need", "need_by_density"]

NEED_COLUMNS = (
    "area",
    "year",
    "population",
    "households",
    "household_change",
    "exits",
    "reserve",
    "vacant",
    "deficit",
    "need",
    "building_need",
)

ByArea = float | Mapping[str, float]

_NONE = 1e-6
"""Dwellings that are rounding."""


@dataclass(frozen=True)
class Need:
    """The need by area and year, and what was assumed."""

    table: pd.DataFrame
    assumptions: tuple[Text, ...]


@dataclass(frozen=True)
class BaseStock:
    """The stock of the base year by area, in dwellings, and what was assumed.

    Attributes
    ----------
    dwellings
        Those for permanent use.
    vacant
        Those that stand empty.
    deficit
        Households that the dwellings of their area are too few for, where nothing is counted.
    assumptions
        What was assumed.
    """

    dwellings: pd.Series[float]
    vacant: pd.Series[float]
    deficit: pd.Series[float]
    assumptions: tuple[Text, ...]


def dwellings_required(households: pd.Series[float], vacancy: float) -> pd.Series[float]:
    """Return how many dwellings house the households with a share of the stock standing empty.

    Parameters
    ----------
    households
        Number of households.
    vacancy
        The share of the stock that should be vacant for a working market, 0 to below 1.

    Notes
    -----
    dwellings = households / (1 − vacancy).
    """
    if not 0 <= vacancy < 1:
        raise InputError(f"A vacancy of {vacancy} is no share below 1.")
    return households / (1 - vacancy)


def housing_need(
    households: pd.DataFrame,
    stock: pd.DataFrame | None,
    *,
    base_year: int,
    vacancy_reserve: float = 0.0,
    exits_per_year: ByArea = 0.0,
    initial_deficit: ByArea = 0.0,
) -> Need:
    """Return the need for additional dwellings from the base year to every later year.

    Parameters
    ----------
    households
        ``area``, ``year``, ``population``, ``households``; the base year included.
    stock
        The ``dwelling_stock`` layer of the base year: ``area``, ``dwellings``, and ``vacant`` or its reasons where
        known (:func:`geoplan.homes.stock.stock_table`); leisure dwellings are left out. ``None``: no stock is known,
        and nothing is taken off for vacant dwellings.
    base_year
        The year that need counts from.
    vacancy_reserve
        The share of the stock that should stand empty.
    exits_per_year
        Dwellings that leave the stock each year, as a share of it; by area where a mapping (``*`` for the rest).
    initial_deficit
        Dwellings missing in the base year, negative for a surplus; by area where a mapping. A single number is
        shared out by households.

    Returns
    -------
    Need
        :data:`NEED_COLUMNS`, one row an area and year. ``need`` is the sum of its parts and may be negative;
        ``building_need`` is ``max(0, need)``.

    Raises
    ------
    FrameError
        Columns are missing, the stock has faults, or it has the whole (``*``) beside areas.
    InputError
        The base year is missing, or a share is none.

    Notes
    -----
    need = household_change + exits + reserve − vacant + deficit, where reserve = households · v / (1 − v).
    With the base year's own reserve counted as vacant this is households(t)/(1−v) − households(0)/(1−v): the
    requirement's change. Where vacancies of an area are not all counted, dwellings minus households stand for them:
    vacant where positive, and an initial deficit where negative, so that areas add up to the whole.
    Source: Boverket, byggbehovsberäkning (see docs/method-need.md).
    """
    check_frame(households, name="households", columns=["area", "year", "population", "households"])
    if base_year not in set(households["year"]):
        raise InputError(f"There are no households for the base year {base_year}.")
    base = households[households["year"] == base_year].set_index("area")["households"]
    table = households[households["year"] != base_year].reset_index(drop=True).copy()
    known = base_stock(stock, base)
    area, years = table["area"], table["year"] - base_year
    table["household_change"] = table["households"] - area.map(base)
    rate = area.map(lambda name: _of(exits_per_year, name)).astype(float)
    # A constant share of what is left each year.
    table["exits"] = area.map(known.dwellings).astype(float) * (1 - (1 - rate) ** years)
    table["reserve"] = dwellings_required(table["households"], vacancy_reserve) - table["households"]
    table["vacant"] = area.map(known.vacant).astype(float)
    if isinstance(initial_deficit, Mapping):
        table["deficit"] = area.map(lambda name: _of(initial_deficit, name)).astype(float)
    else:
        table["deficit"] = float(initial_deficit) * area.map(base / base.sum()).astype(float)
    table["deficit"] += area.map(known.deficit).astype(float)
    table["need"] = table["household_change"] + table["exits"] + table["reserve"] - table["vacant"] + table["deficit"]
    table["building_need"] = table["need"].clip(lower=0.0)
    return Need(table[list(NEED_COLUMNS)], known.assumptions)


def need_by_density(
    population: pd.DataFrame, stock: pd.DataFrame, *, base_year: int, per_dwelling: float | None = None
) -> pd.DataFrame:
    """Return the need by persons per dwelling: a second, simpler method to check the first by.

    Parameters
    ----------
    population
        ``area``, ``year``, ``population`` (persons); the base year included. More rows of an area and year are summed.
    stock
        The ``dwelling_stock`` layer of the base year: ``area``, ``dwellings``; leisure dwellings are left out.
    base_year
        The year that need counts from.
    per_dwelling
        Persons per dwelling. Default: each area's own in the base year.

    Returns
    -------
    DataFrame
        ``area``, ``year``, ``population_change`` (persons), ``per_dwelling`` (persons), ``need`` (dwellings; missing
        where an area has no dwellings).

    Raises
    ------
    FrameError
        Columns are missing.
    InputError
        The base year is missing.

    Notes
    -----
    need = (population(t) − population(0)) / (population(0) / dwellings(0)): the method of Region Uppsala. It knows
    neither ages nor vacancies, so it is a check and no answer.
    """
    check_frame(population, name="population", columns=["area", "year", "population"])
    check_frame(stock, name="dwelling_stock", columns=["area", "dwellings"])
    check_told_once(stock, name="dwelling_stock")
    people = population.groupby(["area", "year"])["population"].sum().astype(float)
    if base_year not in people.index.get_level_values("year"):
        raise InputError(f"There is no population for the base year {base_year}.")
    base = people.xs(base_year, level="year")
    permanent = stock[stock["type"].astype(object).ne("leisure")] if "type" in stock else stock
    dwellings = permanent.groupby("area")["dwellings"].sum().astype(float).reindex(base.index)
    own = (base / dwellings).where((dwellings > 0) & (base > 0))
    table = people.drop(index=base_year, level="year").reset_index()
    table["population_change"] = table["population"] - table["area"].map(base)
    table["per_dwelling"] = table["area"].map(own) if per_dwelling is None else per_dwelling
    table["need"] = table["population_change"] / table["per_dwelling"]
    return table[["area", "year", "population_change", "per_dwelling", "need"]]


def base_stock(stock: pd.DataFrame | None, base: pd.Series[float]) -> BaseStock:
    """Return what is known and assumed of the stock in the base year.

    Parameters
    ----------
    stock
        As in :func:`housing_need`.
    base
        Households of the base year by area.

    Raises
    ------
    FrameError
        As in :func:`housing_need`.

    Notes
    -----
    Where the vacancies of an area are counted they hold. Where some of them are not, vacant − deficit = dwellings −
    households: vacant is what is counted or, if it is more, that difference. An area that the stock does not tell of
    has neither.
    """
    nothing = pd.Series(0.0, index=base.index)
    if stock is None or stock.empty:
        missing = Text(
            sv="Inget bostadsbestånd: inga lediga bostäder dras av och inga avgångar räknas.",
            en="No dwelling stock: no vacant dwellings are taken off and no exits counted.",
        )
        return BaseStock(nothing, nothing, nothing, (missing,))
    table = stock_table(stock)
    check_told_once(table, name="dwelling_stock")
    permanent = table[table["type"].ne("leisure")]
    uncounted = permanent["vacant"].isna() & permanent["dwellings"].gt(0)
    of_area = permanent[["dwellings", "vacant"]].groupby(permanent["area"]).sum().reindex(base.index)
    told = of_area["dwellings"].notna()
    known = set(permanent.loc[permanent["vacant"].notna(), "area"]) - set(permanent.loc[uncounted, "area"])
    derived = told & ~pd.Series(base.index.isin(known), index=base.index)
    dwellings, counted = of_area["dwellings"].fillna(0.0), of_area["vacant"].fillna(0.0)
    net = dwellings - base
    vacant = counted.where(~derived, net.clip(lower=counted))
    deficit = (vacant - net).where(derived, 0.0)
    return BaseStock(dwellings, vacant, deficit, _told_of_stock(derived, deficit, ~told))


def _told_of_stock(derived: pd.Series[bool], deficit: pd.Series[float], unknown: pd.Series[bool]) -> tuple[Text, ...]:
    """Say which areas' vacancies are derived, which have a deficit by it, and which the stock does not tell of."""
    notes = []
    if derived.any():
        sv, en = ("", "") if derived.all() else (f" i {_listed(derived)}", f" in {_listed(derived)}")
        notes.append(
            Text(
                sv=f"Lediga bostäder är okända{sv}: de räknas som bostäder minus hushåll där det är positivt.",
                en=f"Vacant dwellings are unknown{en}: they are taken as dwellings minus households where positive.",
            )
        )
    short = deficit > _NONE
    if short.any():
        where, lacking = _listed(short), f"{deficit.sum():.0f}"
        notes.append(
            Text(
                sv=f"Fler hushåll än bostäder i {where}: {lacking} bostäder räknas som brist vid start.",
                en=f"More households than dwellings in {where}: {lacking} dwellings are counted as an initial deficit.",
            )
        )
    if unknown.any():
        notes.append(
            Text(
                sv=f"Bostadsbeståndet saknar {_listed(unknown)}: där dras inga lediga bostäder av.",
                en=f"The dwelling stock lacks {_listed(unknown)}: no vacant dwellings are taken off there.",
            )
        )
    return tuple(notes)


def _listed(chosen: pd.Series[bool]) -> str:
    """Return the first names and how many there are more."""
    names = sorted(str(name) for name in chosen.index[chosen])
    more = f" (+{len(names) - 5})" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"


def _of(values: ByArea, area: str) -> float:
    if isinstance(values, Mapping):
        return float(values.get(area, values.get("*", 0.0)))
    return float(values)
