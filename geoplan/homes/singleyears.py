"""Population in age bands, split into single years of age."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator

from geoplan.errors import FrameError, InputError
from geoplan.homes.ages import OLDEST, AgeBand
from geoplan.homes.projection import AGES, SEXES, TOP, Array
from geoplan.text import Text

__all__ = ["SINGLE_AGES", "single_years", "split_bands"]

SINGLE_AGES = (*(str(age) for age in range(TOP)), f"{TOP}+")
"""The names of single ages, the last open."""


def single_years(
    population: pd.DataFrame, *, areas: Sequence[str], name: str = "population", open_age_exponent: float = 2.0
) -> tuple[Array, tuple[Text, ...]]:
    """Return a population as persons by [area, sex, single age], and what was assumed.

    Parameters
    ----------
    population
        ``area``, ``sex``, ``age`` (bands), ``population`` (persons), of one year. Missing sex is ``all``.
    areas
        The areas wanted, in this order; others are passed over.
    name
        The table's name in messages.
    open_age_exponent
        See :func:`split_bands`.

    Raises
    ------
    FrameError
        Bands of an area and sex overlap, or a number is missing or negative.
    InputError
        No area has ages.

    Notes
    -----
    Persons of an unknown sex are halved. An area with a total only gets the ages and sexes of all areas that have
    them. Both are told.
    """
    table = population[population["area"].isin(list(areas))]
    counts = pd.to_numeric(table["population"])
    if (counts.isna() | (counts < 0)).any():
        raise FrameError(name, ["a number of persons is missing or negative"], hint="Give 0 where nobody lives.")
    sexes = table["sex"].astype(object).where(table["sex"].notna(), "all").replace("", "all")
    ages = table["age"].astype(object).where(table["age"].notna(), "")
    bands = {age: AgeBand.parse(age) for age in ages.unique()}
    index = {area: n for n, area in enumerate(areas)}
    result = np.zeros((len(areas), len(SEXES), AGES))
    totals = np.zeros(len(areas))
    faults: list[str] = []
    notes: list[Text] = []
    grouped: dict[tuple[AgeBand, ...], list[tuple[int, str, Array]]] = {}
    frame = pd.DataFrame({"area": table["area"], "sex": sexes, "age": ages, "count": counts.astype(float)})
    for (area, sex), rows in frame.groupby(["area", "sex"], sort=True):
        place = index[str(area)]
        sums = {bands[age]: float(count) for age, count in rows.groupby("age")["count"].sum().items()}
        whole = sums.pop(AgeBand(0, OLDEST), 0.0)
        if whole and sums:
            faults.append(f"{area} {sex} has a total beside its ages")
        elif whole:
            totals[place] += whole
        ordered = tuple(sorted(sums))
        if any(one.high >= other.low for one, other in itertools.pairwise(ordered)):
            faults.append(f"age bands of {area} {sex} overlap ({', '.join(map(str, ordered))})")
        elif ordered:
            values = np.array([sums[band] for band in ordered])
            grouped.setdefault(ordered, []).append((place, str(sex), values))
    if faults:
        raise FrameError(name, faults, hint="Let each person stand in one row.")
    for ordered, members in grouped.items():
        single = split_bands(ordered, np.array([values for _, _, values in members]), exponent=open_age_exponent)
        for (place, sex, _), ages_of in zip(members, single, strict=True):
            if sex in SEXES:
                result[place, SEXES.index(sex)] += ages_of
            else:
                result[place] += ages_of / 2
    if any(sex not in SEXES for members in grouped.values() for _, sex, _ in members):
        notes.append(
            Text(
                sv="Kön är okänt för en del av befolkningen: hälften räknas som kvinnor.",
                en="Sex is unknown of a part of the population: half are taken as women.",
            )
        )
    return _with_totals(result, totals, name, notes)


def split_bands(bands: Sequence[AgeBand], values: Array, *, exponent: float = 2.0) -> Array:
    """Split persons in age bands into single years that add up to each band.

    Parameters
    ----------
    bands
        The bands in order, without overlap; nobody is of the ages between them.
    values
        Persons, [row, band].
    exponent
        How an open last band falls off: as (101 − age) to this power.

    Returns
    -------
    array
        Persons, [row, age], ages 0 to 100, the last open.

    Notes
    -----
    The sums up to each band's end are joined by a monotone cubic (PCHIP: F. N. Fritsch and J. Butland (1984), A method
    for constructing local monotone piecewise cubic interpolants, SIAM Journal on Scientific and Statistical Computing
    5), whose differences are the single years: none is negative, and each band keeps its sum.
    """
    edges, counts = [0], [np.zeros(len(values))]
    for n, band in enumerate(bands):
        if min(band.low, TOP) > edges[-1]:
            edges.append(min(band.low, TOP))
            counts.append(np.zeros(len(values)))
        end = min(band.high, TOP) + 1
        if end == edges[-1]:
            # Bands beyond the last age, such as 105-109, are of the open one.
            counts[-1] = counts[-1] + values[:, n]
            continue
        edges.append(end)
        counts.append(values[:, n])
    # A billionth of a person has no shape: slopes over next to nothing would overflow.
    sums = np.cumsum(np.round(counts, 9), axis=0)
    if edges[-1] < AGES:
        edges.append(AGES)
        counts.append(np.zeros(len(values)))
        sums = np.vstack([sums, sums[-1]])
    result = np.diff(PchipInterpolator(np.array(edges, dtype=float), sums, axis=0)(np.arange(AGES + 1)), axis=0)
    result = np.maximum(result, 0.0)
    if bands and bands[-1].high == OLDEST and bands[-1].low < TOP:
        low = bands[-1].low
        result[low:] = ((AGES - np.arange(low, AGES)) ** exponent)[:, None]
    for low, high, wanted in zip(edges[:-1], edges[1:], counts[1:], strict=True):
        # Each band keeps its sum, whatever was rounded or reshaped in it; one too small to have a shape is even.
        result[low:high, result[low:high].sum(axis=0) <= 0] = 1.0
        result[low:high] = wanted * (result[low:high] / result[low:high].sum(axis=0))
    split: Array = result.T
    return split


def _with_totals(result: Array, totals: Array, name: str, notes: list[Text]) -> tuple[Array, tuple[Text, ...]]:
    """Spread what is known as totals like the persons whose ages are known."""
    if totals.any():
        known = result.sum(axis=0)
        if not known.any():
            raise InputError(
                f"{name} has no ages: a population cannot grow older without them.",
                hint="Give it by age band, such as 0-4 and 80+.",
            )
        result += totals[:, None, None] * (known / known.sum())
        notes.append(
            Text(
                sv="Där bara en folkmängd är känd tas kön och ålder från de områden där de är kända.",
                en="Where only a total is known, sexes and ages are taken from the areas where they are known.",
            )
        )
    return result, tuple(notes)
