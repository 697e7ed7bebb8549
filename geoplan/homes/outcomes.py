"""What comes of the need's inputs with factors on them, in many draws at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.homes.bands import COHORT_INPUTS
from geoplan.homes.needinputs import NeedInputs
from geoplan.homes.projection import Array, Factors, project_blocks

__all__ = ["NeedFactors", "Outcome", "People", "outcome", "people"]

_HIGHEST_VACANCY = 0.99


@dataclass(frozen=True)
class NeedFactors:
    """What each draw makes of the inputs.

    Attributes
    ----------
    by_input
        Factors on the main values, [draw, year, area] for all years after the base year; an axis of 1 holds for all.
        With ``population`` among them, people are the main projection times its factor; else they are projected by
        cohorts where there is a model.
    supply
        Which of the supply's own draws each draw takes, [draw], or ``None`` for its expected homes.
    """

    by_input: Mapping[str, Array]
    supply: npt.NDArray[np.intp] | None = None

    def of(self, name: str, steps: npt.NDArray[np.intp]) -> Array:
        """Return an input's factors in some years, 1 where it has none."""
        values = self.by_input.get(name)
        if values is None:
            return np.ones((1, 1, 1))
        return values if values.shape[1] == 1 else values[:, steps]


@dataclass(frozen=True)
class People:
    """Persons and households, [draw, 1 + year, area], the base year first."""

    persons: Array
    households: Array


@dataclass(frozen=True)
class Outcome:
    """What comes out, [draw, year, area] each, of the years asked for.

    Attributes
    ----------
    population, households
        Persons and households.
    need
        Homes; may be negative.
    supply
        Homes on plots, or ``None`` where they are not known.
    """

    population: Array
    households: Array
    need: Array
    supply: Array | None

    def quantities(self) -> dict[str, Array]:
        """Return them by name; ``balance`` is supply minus need."""
        result = {"population": self.population, "households": self.households, "need": self.need}
        if self.supply is not None:
            result |= {"supply": self.supply, "balance": self.supply - self.need}
        return result


def people(inputs: NeedInputs, factors: NeedFactors, *, draws: int) -> People:
    """Return persons and households.

    Parameters
    ----------
    inputs
        The main values.
    factors
        By draw.
    draws
        How many.

    Notes
    -----
    households = Σ persons(group) · min(quota(group) · factor, 1), as :func:`geoplan.homes.households.households`.
    ``area_shares`` moves persons between areas, sexes and ages as they are, and keeps each draw's sum of persons.
    """
    steps = inputs.steps
    quotas = np.minimum(inputs.quotas * factors.of("quotas", steps), 1.0)
    known = np.broadcast_to(inputs.quotas, (len(quotas), 1, len(inputs.quotas)))
    quotas = np.concatenate([known, np.broadcast_to(quotas, (len(quotas), len(steps), len(inputs.quotas)))], axis=1)
    if inputs.model is None or "population" in factors.by_input:
        persons = np.broadcast_to(inputs.population.sum(axis=-1), (draws, *inputs.population.shape[:2]))
        houses = np.broadcast_to(_headed(inputs.population[None], quotas), persons.shape)
    else:
        persons, houses = _by_cohorts(inputs, factors, quotas, draws)
    scale = np.broadcast_to(factors.of("population", steps), (draws, len(steps), len(inputs.areas)))
    scale = scale[..., : inputs.inhabited]
    shares = factors.of("area_shares", steps)[..., : inputs.inhabited]
    moved = persons[:, 1:] * scale
    sums, with_shares = (cells.sum(axis=-1, keepdims=True) for cells in (moved, moved * shares))
    scale = scale * shares * np.divide(sums, with_shares, out=np.ones_like(sums), where=with_shares > 0)
    return People(*(_padded(cells, scale, len(inputs.areas)) for cells in (persons, houses)))


def outcome(inputs: NeedInputs, factors: NeedFactors, *, draws: int, known: People | None = None) -> Outcome:
    """Return population, households, need and supply.

    Parameters
    ----------
    inputs, factors, draws
        As :func:`people`.
    known
        The people, where they are known already.

    Notes
    -----
    The parts of :func:`geoplan.homes.need.housing_need`, every main value times its factor; exit rates are at most 1
    and the vacancy reserve at most 0.99.
    """
    found = known or people(inputs, factors, draws=draws)
    steps = inputs.steps
    houses = found.households[:, 1:]
    reserve = np.minimum(inputs.vacancy_reserve * factors.of("vacancy_reserve", steps), _HIGHEST_VACANCY)
    rates = np.minimum(inputs.exits_per_year * factors.of("exits", steps), 1.0)
    exits = inputs.dwellings * (1 - (1 - rates) ** (steps + 1)[:, None])
    change = houses - found.households[:, :1]
    deficit = inputs.deficit * factors.of("initial_deficit", steps)
    need = change + exits + (houses / (1 - reserve) - houses) - inputs.vacant + deficit
    return Outcome(found.persons[:, 1:], houses, need, _supply(inputs, factors, need.shape))


def _by_cohorts(inputs: NeedInputs, factors: NeedFactors, quotas: Array, draws: int) -> tuple[Array, Array]:
    assert inputs.model is not None  # noqa: S101 - asked where there is one
    at = [0, *(inputs.steps + 1)]
    shape = (draws, len(at), inputs.inhabited)
    persons, houses = np.empty(shape), np.empty(shape)
    every = np.arange(inputs.horizon, dtype=np.intp)
    given = Factors(**{name: factors.of(name, every)[:, :, 0] for name in COHORT_INPUTS})
    blocks = project_blocks(inputs.model.start, inputs.model.rates, years=inputs.horizon, draws=draws, factors=given)
    for block, projected in blocks:
        cells = projected[:, at].reshape(-1, *shape[1:], len(inputs.quotas))
        persons[block] = cells.sum(axis=-1)
        houses[block] = _headed(cells, quotas if len(quotas) == 1 else quotas[block])
    return persons, houses


def _headed(cells: Array, quotas: Array) -> Array:
    """Return households, [draw, year, area], of persons by group."""
    result: Array = np.matmul(cells, quotas[..., None])[..., 0]
    return result


def _padded(cells: Array, scale: Array, areas: int) -> Array:
    """Scale the years after the base year, and add the areas where nobody lives."""
    result = np.zeros((*cells.shape[:2], areas))
    result[..., : cells.shape[-1]] = cells
    result[:, 1:, : cells.shape[-1]] *= scale
    return result


def _supply(inputs: NeedInputs, factors: NeedFactors, shape: tuple[int, ...]) -> Array | None:
    if inputs.supply is None:
        return None
    if factors.supply is not None and inputs.supply.draws is not None:
        drawn: Array = inputs.supply.draws[factors.supply]
        return drawn
    return np.broadcast_to(inputs.supply.homes * factors.of("likely_homes", inputs.steps), shape)
