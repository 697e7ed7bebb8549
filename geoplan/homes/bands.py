"""How far each forecast may be off: bands and scenarios as factors on the main value, and published bands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.projection import Array
from geoplan.text import Text

__all__ = [
    "BY_AREA",
    "COHORT_INPUTS",
    "INPUTS",
    "PATHS",
    "Band",
    "Bands",
    "MainValues",
    "Published",
    "normals",
    "read_forecast_bands",
]

INPUTS: Mapping[str, Text] = {
    "population": Text(sv="folkmängden", en="population"),
    "fertility": Text(sv="fruktsamheten", en="fertility"),
    "mortality": Text(sv="dödligheten", en="mortality"),
    "in_migration": Text(sv="inflyttningen", en="in-migration"),
    "out_migration": Text(sv="utflyttningen", en="out-migration"),
    "quotas": Text(sv="hushållskvoterna", en="household quotas"),
    "area_shares": Text(sv="områdenas andelar", en="the areas' shares"),
    "exits": Text(sv="avgångarna", en="exits"),
    "vacancy_reserve": Text(sv="vakansreserven", en="the vacancy reserve"),
    "initial_deficit": Text(sv="bristen vid start", en="the initial deficit"),
    "likely_homes": Text(sv="de sannolika hemmen på tomter", en="likely homes on plots"),
}
"""The inputs that a band may be of, with their names."""

COHORT_INPUTS = ("fertility", "mortality", "in_migration", "out_migration")
"""Those that a projection by cohorts takes."""

BY_AREA = ("population", "likely_homes")
"""Those of which an area may have a published band of its own."""

PATHS = ("level", "walk")

MainValues = Mapping[tuple[str, str], Mapping[int, float]]
"""Main values by year, of an input and area (``*`` for the whole): persons or homes."""


@dataclass(frozen=True)
class Band:
    """How far one input may be off, as a factor on its main value.

    Attributes
    ----------
    sd
        Relative standard deviation; of a year's step where it walks.
    over_years
        ``level``: one factor per draw, in all years after the base year. ``walk``: a random walk.
    low, mode, high
        Factors of a triangular distribution; they take the place of ``sd``.
    scenarios
        Pairs of a factor and its weight; they take the place of both.
    """

    sd: float = 0.0
    over_years: str = "level"
    low: float | None = None
    mode: float | None = None
    high: float | None = None
    scenarios: tuple[tuple[float, float], ...] = ()

    @classmethod
    def from_value(cls, name: str, value: Mapping[str, Any]) -> Band:
        """Take a band from its table.

        Raises
        ------
        InputError
            A number is missing, wrong or unknown.
        """
        unknown = [key for key in value if key not in cls.__dataclass_fields__]
        if unknown:
            raise InputError(
                f"The band of {name} has an unknown {', '.join(unknown)}.",
                hint=f"Known: {', '.join(cls.__dataclass_fields__)}.",
            )
        band = cls(**{**value, "scenarios": tuple((float(one), float(two)) for one, two in value.get("scenarios", ()))})
        triangle = [limit for limit in (band.low, band.mode, band.high) if limit is not None]
        if not 0 <= band.sd < 10 or band.over_years not in PATHS:
            raise InputError(f"The band of {name} needs an sd from 0 and over_years {' or '.join(PATHS)}.")
        if triangle and (len(triangle) < 3 or triangle != sorted(triangle) or triangle[0] < 0):
            raise InputError(f"The band of {name} needs low, mode and high, rising and from 0.")
        if any(factor < 0 or weight <= 0 for factor, weight in band.scenarios):
            raise InputError(f"The scenarios of {name} need factors from 0 with positive weights.")
        return band

    @property
    def walks(self) -> bool:
        """Whether each year takes a step of its own."""
        return self.over_years == "walk" and not self.scenarios and self.low is None

    def columns(self, years: int) -> int:
        """Return how many standard normal numbers a draw takes."""
        return years if self.walks else 1

    def factors(self, normal: Array, years: int) -> Array:
        """Return the factors of the years after the base year, [draw, year], from standard normal numbers.

        Parameters
        ----------
        normal
            [draw, column], as many columns as :meth:`columns` says.
        years
            How many years.

        Notes
        -----
        exp(σ z) with σ = √(ln(1 + sd²)), lognormal with median 1, so that no factor is negative and the main value is
        the middle; where it walks z is the sum of the years' numbers so far. Triangles and scenarios are taken by
        inversion at Φ(z), so that the same draws serve all shapes.
        """
        if self.scenarios:
            level = self._of_scenarios(ndtr(normal))
        elif self.low is not None:
            level = self._of_triangle(ndtr(normal))
        else:
            spread = np.sqrt(np.log1p(self.sd**2))
            level = np.exp(spread * (np.cumsum(normal, axis=1) if self.walks else normal))
        return level if self.walks else np.repeat(level, years, axis=1)

    def at_quantile(self, share: float, years: int) -> Array:
        """Return the numbers, [1, column], that put the factor of every year at a quantile."""
        level = float(ndtri(share))
        if not self.walks:
            return np.full((1, 1), level)
        return level * np.diff(np.sqrt(np.arange(years + 1)))[None]

    def _of_triangle(self, share: Array) -> Array:
        assert self.low is not None and self.mode is not None and self.high is not None  # noqa: S101, PT018
        width = self.high - self.low
        if width == 0:
            return np.full(share.shape, self.mode)
        rising = self.low + np.sqrt(share * width * (self.mode - self.low))
        falling = self.high - np.sqrt((1 - share) * width * (self.high - self.mode))
        return np.where(share * width < self.mode - self.low, rising, falling)

    def _of_scenarios(self, share: Array) -> Array:
        factors, weights = np.array(sorted(self.scenarios)).T
        ends = np.cumsum(weights / weights.sum())
        return np.asarray(factors[np.minimum(np.searchsorted(ends, share), len(factors) - 1)])


@dataclass(frozen=True)
class Published:
    """A published band of one input and area.

    Attributes
    ----------
    years
        Years after the base year, 1 the first, rising.
    below, above
        Standard deviations of the factor's logarithm, under and over the main value, in those years.
    """

    years: tuple[int, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]

    def columns(self, years: int) -> int:
        """Return how many standard normal numbers a draw takes: one, whatever the years."""
        return min(years, 1)

    def at_quantile(self, share: float, years: int) -> Array:
        """Return the number, [1, 1], that puts the factor of every year at a quantile."""
        return np.full((1, self.columns(years)), float(ndtri(share)))

    def factors(self, normal: Array, years: int) -> Array:
        """Return factors, [draw, year], from one standard normal number a draw, [draw, 1].

        Notes
        -----
        A split normal on the logarithm that meets both limits, widening linearly from none in the base year and held
        after the last year given. One number serves all years: bands do not say how years hang together, and a fan in
        which a draw keeps its place is the careful reading.
        """
        steps, known = np.arange(1, years + 1), (0, *self.years)
        below, above = (np.interp(steps, known, (0.0, *side)) for side in (self.below, self.above))
        return np.exp(np.where(normal < 0, below, above) * normal)


@dataclass(frozen=True)
class Bands:
    """The bands of all inputs.

    Attributes
    ----------
    own
        By input, from ``layers/assumptions/uncertainty.toml``.
    published
        By input and area (``*`` for all others); they come before ``own``.
    scenarios
        Factors by scenario and input, reckoned beside the draws.
    """

    own: Mapping[str, Band] = field(default_factory=dict)
    published: Mapping[str, Mapping[str, Published]] = field(default_factory=dict)
    scenarios: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Bands:
        """Take the bands from ``{name: value}``.

        Raises
        ------
        InputError
            One is missing or wrong.
        """
        missing = [name for name in (*INPUTS, "scenarios") if name not in values]
        if missing:
            raise InputError(f"The assumptions on uncertainty lack {', '.join(missing)}.")
        scenarios = {str(name): dict(factors) for name, factors in values["scenarios"].items()}
        wrong = [
            f"{name}.{key}"
            for name, factors in scenarios.items()
            for key, factor in factors.items()
            if key not in INPUTS or not factor >= 0
        ]
        if wrong:
            raise InputError(
                f"Wrong in scenarios: {', '.join(wrong)}.", hint=f"Give factors from 0 on {', '.join(INPUTS)}."
            )
        return cls({name: Band.from_value(name, values[name]) for name in INPUTS}, {}, scenarios)

    def with_published(self, published: Mapping[str, Mapping[str, Published]]) -> Bands:
        """Return the bands with published ones before them."""
        return replace(self, published=published)

    def of(self, name: str) -> Band:
        """Return an input's own band, none where it has none."""
        return self.own.get(name, Band())


def read_forecast_bands(
    table: pd.DataFrame, *, base_year: int, main: MainValues | None = None
) -> dict[str, dict[str, Published]]:
    """Read published bands.

    Parameters
    ----------
    table
        The ``forecast_bands`` layer: ``input``, ``area`` (or ``*``), ``year``, ``low``, ``high``, ``level`` (the
        probability that the outcome lies between them), ``measure`` (``factor`` or ``value``).
    base_year
        The year that forecasts start from.
    main
        Main values, to compare limits given as values with; linear between their years. A limit beyond the last of
        them is passed over.

    Returns
    -------
    mapping
        By input and area.

    Raises
    ------
    FrameError
        With every fault: an unknown input, limits that do not enclose the main value, a level outside 0 to 1, a year
        before the base year or there twice, an area where only ``*`` may stand.
    """
    check_frame(table, name="forecast_bands", columns=["input", "area", "year", "low", "high", "level"])
    rows = table.reindex(columns=["input", "area", "year", "low", "high", "level", "measure"])
    rows["measure"] = rows["measure"].astype(object).where(rows["measure"].notna(), "factor")
    rows = rows.sort_values(["input", "area", "year"], kind="stable")
    found: dict[tuple[str, str], dict[int, tuple[float, float]]] = {}
    faults: list[str] = []
    for name, area, year, low, high, level, measure in rows.itertuples(index=False):
        what, step = f"{name} {area} {year}", int(year) - base_year
        fault = _fault(str(name), str(area), step, level, measure)
        if fault:
            faults.append(f"{what}: {fault}")
            continue
        scale: float | None = 1.0
        if measure == "value":
            scale = _main_value((main or {}).get((str(name), str(area)), {}), int(year))
            if scale is None:
                continue
        if not (scale and 0 < low / scale <= 1 <= high / scale):
            faults.append(f"{what}: {low} to {high} does not enclose the main value {scale:g}, or is not above 0")
            continue
        years = found.setdefault((str(name), str(area)), {})
        if step in years:
            faults.append(f"{what}: there twice")
        quantile = float(ndtri((1 + level) / 2))
        years[step] = (float(-np.log(low / scale)) / quantile, float(np.log(high / scale)) / quantile)
    if faults:
        raise FrameError("forecast_bands", faults, hint="See docs/method-uncertainty.md.")
    result: dict[str, dict[str, Published]] = {}
    for (name, area), years in found.items():
        below, above = zip(*years.values(), strict=True)
        result.setdefault(name, {})[area] = Published(tuple(years), below, above)
    return result


def normals(seed: int, draws: int, *name: str) -> Array:
    """Return standard normal numbers, [draw], that the seed and a name alone decide.

    Notes
    -----
    PCG64, seeded by the BLAKE2b digest of seed and name: neither the order of rows nor another input or year changes
    them, and more draws begin with the same ones.
    """
    key = hashlib.blake2b("\0".join([str(seed), *name]).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(key, "big")).standard_normal(draws)


def _fault(name: str, area: str, step: int, level: float, measure: object) -> str | None:
    if name not in INPUTS or name == "area_shares":
        return f"unknown input; known: {', '.join(key for key in INPUTS if key != 'area_shares')}"
    if area != "*" and name not in BY_AREA:
        return "give it for *, not for an area"
    if step < 1:
        return "the year does not lie after the base year"
    if not 0 < level < 1:
        return f"{level} is no probability between 0 and 1"
    if measure == "value" and name not in BY_AREA:
        return "give its limits as factors of the main value"
    return None


def _main_value(values: Mapping[int, float], year: int) -> float | None:
    known: Sequence[int] = sorted(values)
    if not known or not known[0] <= year <= known[-1]:
        return None
    return float(np.interp(year, known, [values[each] for each in known]))
