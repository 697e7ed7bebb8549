"""A projection calibrated to an official one, with migration as what balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import FrameError
from geoplan.homes.ages import AgeBand
from geoplan.homes.projection import AGES, SEXES, TOP, Array, Factors, Rates, take_step

__all__ = ["Target", "calibrate", "read_targets"]

_WHOLE = "*"


@dataclass(frozen=True)
class Target:
    """What a population should come to at a year's end.

    Attributes
    ----------
    groups
        The group of every cell, [area, sex, age]; -1 where nothing is asked of a cell.
    values
        Persons of each group.
    """

    groups: npt.NDArray[np.int64]
    values: Array


def read_targets(projection: pd.DataFrame, *, areas: Sequence[str], years: Sequence[int]) -> dict[int, Target]:
    """Return the targets of the years, from an official projection.

    Parameters
    ----------
    projection
        The ``population_projection`` layer: ``area`` (or ``*``), ``year``, ``population`` (persons), ``sex`` and
        ``age`` where it has them.
    areas
        The areas of the population.
    years
        The years wanted. Between the projection's years groups are interpolated linearly; beyond them there is none.

    Raises
    ------
    FrameError
        Two rows of a year tell of the same persons, or its years have different groups.
    """
    index = {area: n for n, area in enumerate(areas)}
    table = projection.reindex(columns=["area", "year", "sex", "age", "population"])
    table = table[table["area"].isin([_WHOLE, *areas])]
    sums: dict[int, dict[tuple[str, str, AgeBand], float]] = {}
    for area, year, sex, age, count in table.itertuples(index=False):
        key = (str(area), "all" if pd.isna(sex) or sex == "" else str(sex), AgeBand.parse(age))
        of_year = sums.setdefault(int(year), {})
        of_year[key] = of_year.get(key, 0.0) + float(count)
    if not sums:
        return {}
    if any(not count >= 0 for of_year in sums.values() for count in of_year.values()):
        raise FrameError("population_projection", ["a number of persons is missing or negative"])
    keys = sorted(next(iter(sums.values())))
    if any(sorted(of_year) != keys for of_year in sums.values()):
        raise FrameError(
            "population_projection", ["its years have different areas, sexes or ages"], hint="Give all in every year."
        )
    groups = np.full((len(areas), len(SEXES), AGES), -1, dtype=np.int64)
    for number, (area, sex, band) in enumerate(keys):
        rows = range(len(areas)) if area == _WHOLE else [index[area]]
        sexes = [0, 1] if sex == "all" else [SEXES.index(sex)]
        cells = np.ix_(rows, sexes, range(min(band.low, TOP), min(band.high, TOP) + 1))
        if (groups[cells] >= 0).any():
            raise FrameError("population_projection", [f"{area} {sex} {band} is told of by two rows of a year"])
        groups[cells] = number
    known = np.array(sorted(sums))
    values = np.array([[sums[year][key] for key in keys] for year in known.tolist()])
    return {
        year: Target(groups, np.array([np.interp(year, known, column) for column in values.T]))
        for year in years
        if known[0] <= year <= known[-1]
    }


def calibrate(start: Array, rates: Rates, targets: Mapping[int, Target], *, years: int) -> Rates:
    """Return rates whose projection comes to the targets.

    Parameters
    ----------
    start
        Persons of the base year, [area, sex, age].
    rates
        The rates before.
    targets
        By step: 0 is the year after the base year. A year without a target goes by the rates alone.
    years
        How many years are projected.

    Returns
    -------
    Rates
        With ``balance``: in each year every cell of a group is multiplied by target / projected. What that adds is
        booked as arrivals, what it takes as departures. In a group where nobody is projected, the persons asked for
        arrive, spread over the areas like all persons and evenly over its ages.

    Notes
    -----
    Births, deaths and migration go on from the calibrated population, so that a cohort that is larger than the rates
    say stays so. Migration balances because it is the part of an official projection that the rates know least of.
    In many draws the factors are those of the nominal projection: draws then differ about the official one.
    """
    balance = np.ones((years, *start.shape))
    arrivals = rates.in_migration[np.minimum(np.arange(years), len(rates.in_migration) - 1)].copy()
    result = replace(rates, balance=balance, in_migration=arrivals)
    population = start[None]
    for step in range(years):
        target = targets.get(step)
        if target is not None:
            _balance(result, population, step, target)
        population = take_step(population, result, step, Factors()).population
    return result


def _balance(rates: Rates, population: Array, step: int, target: Target) -> None:
    """Set a year's factors, and its arrivals where there is nobody to multiply."""
    assert rates.balance is not None  # noqa: S101 - made by calibrate
    size, asked = len(target.values), target.groups >= 0
    groups = target.groups[asked]
    before = take_step(population, rates, step, Factors()).population[0]
    sums = np.bincount(groups, weights=before[asked], minlength=size)
    empty = (sums <= 0) & (target.values > 0)
    if empty.any():
        weights = np.broadcast_to(before.sum(axis=(1, 2), keepdims=True), before.shape)
        shares = weights[asked] if weights.sum() > 0 else np.ones(int(asked.sum()))
        of_group = np.bincount(groups, weights=shares, minlength=size)
        wanted = np.divide(target.values, of_group, out=np.zeros(size), where=empty & (of_group > 0))
        rates.in_migration[step][asked] += wanted[groups] * shares
        before = take_step(population, rates, step, Factors()).population[0]
        sums = np.bincount(groups, weights=before[asked], minlength=size)
    factors = np.divide(target.values, sums, out=np.ones(size), where=sums > 0)
    rates.balance[step][asked] = factors[groups]
