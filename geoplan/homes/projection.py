"""Population by the cohort-component method, as arrays: many areas and many draws in one step a year.

Every array ends in the axes area × sex × age. Sexes are :data:`SEXES`; ages are 0 to :data:`TOP`, the last open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = [
    "AGES",
    "SEXES",
    "TOP",
    "Array",
    "Factors",
    "Flows",
    "Rates",
    "Step",
    "flows",
    "project",
    "project_blocks",
    "take_step",
]

Array = npt.NDArray[np.float64]

SEXES = ("female", "male")
TOP = 100
"""The open last age: 100 and over, as in SCB's tables of population (TAB638)."""
AGES = TOP + 1

# Blocks of draws of about this many bytes stay, with what is computed of them, in a processor's cache.
_BLOCK_BYTES = 600_000


@dataclass(frozen=True)
class Rates:
    """What happens to a population in each year after the base year.

    Every rate and flow is by the age reached at the end of the year, as in official tables of population change, so
    that newborns are aged 0. An array whose first axis is shorter than the years asked for holds its last year.

    Attributes
    ----------
    fertility
        Children per woman and year, [year, area, age].
    mortality
        Share of a cohort that dies in the year, 0 to 1, [year, area, sex, age].
    out_migration
        Share of those that survive the year who leave the area in it, 0 to 1, [year, area, sex, age].
    in_migration
        Persons who come to the area in the year, [year, area, sex, age].
    boys
        Share of the newborn that are boys.
    balance
        Factor on the population at the year's end, [year, area, sex, age], or ``None``: what a calibration asks for
        (see :mod:`geoplan.homes.calibration`). It is booked as migration.
    """

    fertility: Array
    mortality: Array
    out_migration: Array
    in_migration: Array
    boys: float
    balance: Array | None = None


def _one() -> Array:
    return np.ones((1, 1))


@dataclass(frozen=True)
class Factors:
    """Factors on the rates, by draw and year: arrays that broadcast to [draw, year]. 1 leaves a rate as it is."""

    fertility: Array = field(default_factory=_one)
    mortality: Array = field(default_factory=_one)
    out_migration: Array = field(default_factory=_one)
    in_migration: Array = field(default_factory=_one)

    def part(self, draws: slice) -> Factors:
        """Return the factors of some of the draws."""
        cut = {name: _of_draws(getattr(self, name), draws) for name in _KINDS}
        return Factors(**cut)

    def of_year(self, name: str, step: int) -> Array:
        """Return one rate's factors of a year as [draw, 1, 1, 1]."""
        values: Array = getattr(self, name)
        return values[:, min(step, values.shape[1] - 1)][:, None, None, None]


_KINDS = ("fertility", "mortality", "out_migration", "in_migration")


@dataclass(frozen=True)
class Step:
    """One year: [draw, area, sex, age] each. ``population`` is that of the year's end."""

    population: Array
    births: Array
    deaths: Array
    departures: Array
    arrivals: Array


@dataclass(frozen=True)
class Flows:
    """A projection with its account: [year, area, sex, age], ``population`` with the base year first."""

    population: Array
    births: Array
    deaths: Array
    departures: Array
    arrivals: Array


def take_step(population: Array, rates: Rates, step: int, factors: Factors) -> Step:
    """Carry a population one year on.

    Parameters
    ----------
    population
        Persons at the start of the year, [draw, area, sex, age].
    rates
        What happens.
    step
        The year's place in the rates: 0 is the year after the base year.
    factors
        By draw.

    Notes
    -----
    With E(a) the persons who reach age a in the year (the newborn for a = 0; the last age keeps its own),
    deaths = E · mortality, departures = (E − deaths) · out_migration, and

    P(t+1, a) = E(a) − deaths(a) − departures(a) + arrivals(a).

    births = Σ fertility(a) · (E(a) + P(t+1, a)) / 2 over women: the mean of those at the start and at the end of the
    year, one birth cohort at a time. Source: S. Preston, P. Heuveline and M. Guillot (2001), Demography: Measuring
    and Modeling Population Processes, chapter 6.
    """
    fertility = _at(rates.fertility, step) * factors.of_year("fertility", step)[..., 0]
    mortality = np.minimum(_at(rates.mortality, step) * factors.of_year("mortality", step), 1.0)
    leaving = np.minimum(_at(rates.out_migration, step) * factors.of_year("out_migration", step), 1.0)
    arrivals = np.broadcast_to(
        _at(rates.in_migration, step) * factors.of_year("in_migration", step), population.shape
    ).copy()
    reached = np.zeros_like(population)
    reached[..., 1:] = population[..., :-1]
    reached[..., -1] += population[..., -1]
    deaths = reached * mortality
    departures = (reached - deaths) * leaving
    after = reached - deaths - departures + arrivals
    mothers = (reached[..., 0, 1:] + after[..., 0, 1:]) / 2
    children = (mothers * fertility[..., 1:]).sum(axis=-1)
    births = np.zeros_like(population)
    births[..., 0] = children[..., None] * np.array([1 - rates.boys, rates.boys])
    deaths[..., 0] = births[..., 0] * mortality[..., 0]
    departures[..., 0] = (births[..., 0] - deaths[..., 0]) * leaving[..., 0]
    after[..., 0] += births[..., 0] - deaths[..., 0] - departures[..., 0]
    if rates.balance is not None:
        change = after * (_at(rates.balance, step) - 1)
        arrivals += np.maximum(change, 0.0)
        departures += np.maximum(-change, 0.0)
        after = after + change
    return Step(after, births, deaths, departures, arrivals)


def project_blocks(
    start: Array, rates: Rates, *, years: int, draws: int = 1, factors: Factors | None = None
) -> Iterator[tuple[slice, Array]]:
    """Yield a projection block by block of draws, so that a caller can sum each up and let it go.

    Parameters
    ----------
    start
        Persons of the base year, [area, sex, age], or [draw, area, sex, age] where the draws differ from the start.
    rates, factors
        What happens, and each draw's factors on it.
    years
        How many years to project.
    draws
        How many draws.

    Yields
    ------
    slice, array
        Which draws, and their population as [draw, year, area, sex, age], the base year first.
    """
    given = factors or Factors()
    shape = start.shape[-3:]
    size = max(1, _BLOCK_BYTES // (8 * int(np.prod(shape))))
    for first in range(0, draws, size):
        block = slice(first, min(first + size, draws))
        part = given.part(block)
        result = np.empty((block.stop - first, years + 1, *shape))
        result[:, 0] = start if start.ndim == 3 else _of_draws(start, block)
        for step in range(years):
            result[:, step + 1] = take_step(result[:, step], rates, step, part).population
        yield block, result


def project(start: Array, rates: Rates, *, years: int, draws: int = 1, factors: Factors | None = None) -> Array:
    """Return a projection as [draw, year, area, sex, age], the base year first.

    Parameters
    ----------
    start, rates, years, draws, factors
        As :func:`project_blocks`. A thousand draws of 40 areas and 20 years are 1.4 GB: where only sums are wanted,
        take the blocks.
    """
    result = np.empty((draws, years + 1, *start.shape[-3:]))
    for block, population in project_blocks(start, rates, years=years, draws=draws, factors=factors):
        result[block] = population
    return result


def flows(start: Array, rates: Rates, *, years: int) -> Flows:
    """Return one projection with births, deaths and migration of every cell, in persons a year.

    Parameters
    ----------
    start
        Persons of the base year, [area, sex, age].
    rates
        What happens.
    years
        How many years.

    Notes
    -----
    Of every cohort P(t+1) = reached(t) + births − deaths + arrivals − departures, so of every area and sex
    P(t+1) = P(t) + births − deaths + arrivals − departures.
    """
    steps: list[Step] = []
    population = start[None]
    for step in range(years):
        steps.append(take_step(population, rates, step, Factors()))
        population = steps[-1].population
    cells = {name: np.array([getattr(step, name)[0] for step in steps]) for name in Step.__dataclass_fields__}
    return Flows(**{**cells, "population": np.concatenate([start[None], cells["population"]])})


def _at(values: Array, step: int) -> Array:
    cells: Array = values[min(step, len(values) - 1)]
    return cells


def _of_draws(values: Array, draws: slice) -> Array:
    return values if len(values) == 1 else values[draws]
