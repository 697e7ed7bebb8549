"""A population, its rates and its official projection, made ready for the cohort-component method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from geoplan.errors import InputError
from geoplan.homes.calibration import calibrate, read_targets
from geoplan.homes.projection import SEXES, Array, Rates
from geoplan.homes.rates import PopulationAssumptions, read_rates
from geoplan.homes.singleyears import SINGLE_AGES, single_years
from geoplan.text import Text

__all__ = ["CohortModel", "as_table", "cohort_model"]


@dataclass(frozen=True)
class CohortModel:
    """All that a projection by cohorts takes: give ``start`` and ``rates`` to :func:`geoplan.homes.projection.project`.

    Attributes
    ----------
    areas
        The areas in the arrays' order: sorted by name.
    base_year, years
        The base year, and how many years after it there are.
    start
        Persons of the base year, [area, sex, age].
    rates
        What happens in each year, calibrated where there is an official projection.
    assumptions
        What was assumed.
    """

    areas: tuple[str, ...]
    base_year: int
    years: int
    start: Array
    rates: Rates
    assumptions: tuple[Text, ...]


def cohort_model(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    *,
    base_year: int,
    last_year: int,
    projection: pd.DataFrame | None = None,
    assumptions: PopulationAssumptions | None = None,
) -> CohortModel:
    """Return the model of a municipality.

    Parameters
    ----------
    population
        The ``population`` layer: ``area``, ``year``, ``sex``, ``age``, ``population`` (persons).
    rates
        The ``demographic_rates`` layer; see :func:`geoplan.homes.rates.read_rates`.
    base_year, last_year
        The first and the last year.
    projection
        The ``population_projection`` layer to calibrate to, or ``None``.
    assumptions
        Numbers that no layer gives.

    Raises
    ------
    FrameError
        A table has faults; all are named.
    InputError
        The base year is missing, or the population has no ages.
    """
    given = assumptions or PopulationAssumptions()
    base = population[population["year"] == base_year]
    if base.empty:
        raise InputError(f"There is no population for the base year {base_year}.", hint="Set demand.base_year.")
    areas = tuple(sorted(base["area"].unique()))
    years = max(last_year - base_year, 0)
    start, split = single_years(base, areas=areas, open_age_exponent=given.open_age_exponent)
    read, told = read_rates(rates, start, areas=areas, base_year=base_year, years=years, boys_share=given.boys_share)
    notes = [*split, *told]
    if projection is not None and not projection.empty:
        wanted = [base_year + step + 1 for step in range(years)]
        targets = read_targets(projection, areas=areas, years=wanted)
        read = calibrate(start, read, {year - base_year - 1: value for year, value in targets.items()}, years=years)
        notes += _calibrated(projection, [year for year in wanted if year not in targets])
    return CohortModel(areas, base_year, years, start, read, tuple(notes))


def as_table(cells: Array, *, areas: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
    """Return persons by [year, area, sex, single age] as ``area``, ``year``, ``sex``, ``age``, ``population``."""
    names = ["year", "area", "sex", "age"]
    index = pd.MultiIndex.from_product([list(years), list(areas), SEXES, SINGLE_AGES], names=names)
    table = pd.DataFrame({"population": cells.reshape(-1)}, index=index).reset_index()
    return table[["area", "year", "sex", "age", "population"]]


def _calibrated(projection: pd.DataFrame, beyond: Sequence[int]) -> list[Text]:
    """Say what the projection was calibrated to."""
    by_age = "age" in projection and projection["age"].notna().any() and projection["age"].ne("").any()
    told = Text(
        sv="Framskrivningen stäms av mot den officiella prognosens "
        + ("kön och åldrar" if by_age else "folkmängd; kön och åldrar är framskrivningens egna")
        + ": skillnaden räknas som flyttning.",
        en="The projection is calibrated to the official one's "
        + ("sexes and ages" if by_age else "totals; sexes and ages are the projection's own")
        + ": the difference is booked as migration.",
    )
    if not beyond:
        return [told]
    listed = ", ".join(map(str, beyond))
    return [
        told,
        Text(
            sv=f"Den officiella prognosen saknar {listed}: de åren följer de demografiska talen utan avstämning.",
            en=f"The official projection lacks {listed}: those years go by the rates alone.",
        ),
    ]
