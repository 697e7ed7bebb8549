"""The need for homes in many draws at once: from population over households to need, beside the homes on plots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.homes.bands import COHORT_INPUTS, INPUTS, Band, Bands, Published, normals
from geoplan.homes.needinputs import NeedInputs
from geoplan.homes.outcomes import NeedFactors, Outcome, outcome
from geoplan.homes.projection import Array

__all__ = ["Draws", "Part", "acting", "draw_needs", "drawn_numbers", "factors_of", "nominal_factors", "parts"]

_GENERATOR = "numpy PCG64 seeded by BLAKE2b of seed, input, area and year"


@dataclass(frozen=True)
class Draws:
    """Many draws of the need, with the one of the main values beside.

    Attributes
    ----------
    areas, years
        Of the arrays' axes.
    drawn
        [draw, year, area].
    nominal
        [1, year, area]: every input at its main value.
    seed, generator
        What the draws follow from.
    inputs
        The inputs that were drawn.
    """

    areas: tuple[str, ...]
    years: tuple[int, ...]
    drawn: Outcome
    nominal: Outcome
    seed: int
    generator: str
    inputs: tuple[str, ...]

    @property
    def need(self) -> Array:
        """The need, [draw, year, area]."""
        return self.drawn.need


@dataclass(frozen=True)
class Part:
    """A part of an input that has random numbers of its own.

    Attributes
    ----------
    key
        The area whose numbers they are; empty for those of all.
    places
        The areas that it holds for; ``None`` for all.
    band
        How far it may be off.
    """

    key: str
    places: tuple[int, ...] | None
    band: Band | Published


def draw_needs(inputs: NeedInputs, bands: Bands, *, draws: int = 1000, seed: int) -> Draws:
    """Return the need in many draws.

    Parameters
    ----------
    inputs
        The main values.
    bands
        How far each input may be off.
    draws
        How many.
    seed
        The same seed gives the same figures, whatever the order of rows; more draws begin with the same ones.

    Notes
    -----
    Inputs are independent of each other; one input's factor is the same in all areas, but for ``area_shares`` and
    published bands of areas. Base year figures are known and carry no factor.
    """
    names = acting(inputs, bands)
    numbers = {name: drawn_numbers(inputs, bands, name, draws=draws, seed=seed) for name in names}
    return Draws(
        areas=inputs.areas,
        years=inputs.years,
        drawn=outcome(inputs, factors_of(inputs, bands, numbers), draws=draws),
        nominal=outcome(inputs, nominal_factors(inputs, bands), draws=1),
        seed=seed,
        generator=f"{_GENERATOR}; {draws} draws; numpy {np.__version__}",
        inputs=names,
    )


def acting(inputs: NeedInputs, bands: Bands) -> tuple[str, ...]:
    """Return the inputs that are drawn, in the order of :data:`geoplan.homes.bands.INPUTS`.

    Notes
    -----
    Population is drawn by its cohorts' rates where there is a model, and as a total where there is none or where it
    has a published band, never both.
    """
    by_cohorts = inputs.model is not None and "population" not in bands.published
    left_out = {"population"} if by_cohorts else set(COHORT_INPUTS)
    if inputs.supply is None:
        left_out.add("likely_homes")
    if inputs.inhabited < 2:
        left_out.add("area_shares")
    return tuple(name for name in INPUTS if name not in left_out)


def parts(inputs: NeedInputs, bands: Bands, name: str) -> list[Part]:
    """Return the parts of an input, each with random numbers of its own."""
    own = bands.of(name)
    if name == "area_shares":
        return [Part(area, (place,), own) for place, area in enumerate(inputs.areas[: inputs.inhabited])]
    published = bands.published.get(name, {})
    found = [Part(area, (place,), published[area]) for place, area in enumerate(inputs.areas) if area in published]
    told = {place for part in found for place in part.places or ()}
    rest = tuple(place for place in range(len(inputs.areas)) if place not in told)
    if rest:
        found.append(Part("", rest if told else None, published.get("*", own)))
    return found


def factors_of(inputs: NeedInputs, bands: Bands, numbers: Mapping[str, Array]) -> NeedFactors:
    """Return factors from standard normal numbers.

    Parameters
    ----------
    inputs, bands
        As in :func:`draw_needs`.
    numbers
        By input, [draw, column], the columns of its parts beside each other.
    """
    by_input: dict[str, Array] = {}
    chosen: npt.NDArray[np.intp] | None = None
    for name, normal in numbers.items():
        if name == "likely_homes" and inputs.supply is not None and _self_drawn(inputs, bands):
            # Plots that were drawn one by one need no band: each number takes one of their draws.
            chosen = inputs.supply.ranked(normal[:, 0])
            continue
        members = parts(inputs, bands, name)
        widths = np.cumsum([part.band.columns(inputs.horizon) for part in members])[:-1]
        blocks = np.split(normal, widths, axis=1)
        made = [part.band.factors(block, inputs.horizon) for part, block in zip(members, blocks, strict=True)]
        if members[0].places is None:
            by_input[name] = made[0][:, :, None]
            continue
        by_input[name] = np.ones((len(normal), inputs.horizon, len(inputs.areas)))
        for part, factors in zip(members, made, strict=True):
            by_input[name][:, :, list(part.places or ())] = factors[:, :, None]
    return NeedFactors(by_input, chosen)


def nominal_factors(inputs: NeedInputs, bands: Bands, values: Mapping[str, float] | None = None) -> NeedFactors:
    """Return one draw of main values, some of them times a factor in all years."""
    given = values or {}
    return NeedFactors({name: np.full((1, 1, 1), float(given.get(name, 1.0))) for name in acting(inputs, bands)})


def drawn_numbers(inputs: NeedInputs, bands: Bands, name: str, *, draws: int, seed: int) -> Array:
    """Return an input's standard normal numbers, [draw, column], those of its parts beside each other."""
    columns = [
        normals(seed, draws, name, part.key, str(column))
        for part in parts(inputs, bands, name)
        for column in range(part.band.columns(inputs.horizon))
    ]
    return np.array(columns).T


def _self_drawn(inputs: NeedInputs, bands: Bands) -> bool:
    supply = inputs.supply
    return supply is not None and supply.draws is not None and "likely_homes" not in bands.published
