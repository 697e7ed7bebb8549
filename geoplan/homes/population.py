"""Population by area, year, sex and age: as it is, and as it is projected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.ages import OLDEST, AgeBand
from geoplan.homes.cohorts import as_table, cohort_model
from geoplan.homes.projection import Array, project
from geoplan.homes.rates import PopulationAssumptions
from geoplan.homes.singleyears import single_years
from geoplan.homes.smallareas import check_told_once, constant_share, share_of_change
from geoplan.places import WHOLE
from geoplan.text import Text

__all__ = ["Projection", "project_population"]

_GROUP = ["area", "sex", "age"]


@dataclass(frozen=True)
class Projection:
    """Population by ``area``, ``year``, ``sex`` and ``age``, and what was assumed to get there."""

    table: pd.DataFrame
    assumptions: tuple[Text, ...]


def project_population(
    population: pd.DataFrame,
    projection: pd.DataFrame | None,
    *,
    base_year: int,
    years: Sequence[int],
    rates: pd.DataFrame | None = None,
    assumptions: PopulationAssumptions | None = None,
) -> Projection:
    """Return the population of the base year and of the asked years, by area, sex and age.

    Parameters
    ----------
    population
        The ``population`` layer: ``area``, ``year``, ``sex``, ``age``, ``population`` (persons).
    projection
        The ``population_projection`` layer, or ``None``. By area or for the whole municipality (``*``); by sex
        and age, or totals only.
    base_year
        The year whose population is the base; it must be in ``population``.
    years
        The years asked for.
    rates
        The ``demographic_rates`` layer, or ``None``: with it the population is projected cohort by cohort, and
        ``projection`` is what it is calibrated to.
    assumptions
        Numbers that no layer gives.

    Returns
    -------
    Projection

    Raises
    ------
    FrameError
        Columns are missing, or the rates have faults.
    InputError
        The base year is missing, or a year lies beyond what is projected.

    Notes
    -----
    With rates, and where a municipality is projected by age, ages are single years (see docs/method-population.md).

    Where only totals are projected, the shares of areas, sexes and ages stay as in the base year: small areas
    then add up to the municipality by construction. Between projected years totals are interpolated linearly.
    Nothing is extrapolated. Without a projection the base year's population is held. Each of these is told as
    an assumption.
    """
    check_frame(population, name="population", columns=["area", "year", "sex", "age", "population"])
    check_told_once(population, name="population")
    base = population[population["year"] == base_year]
    if base.empty:
        known = ", ".join(str(year) for year in sorted(population["year"].unique()))
        raise InputError(
            f"There is no population for the base year {base_year} (there is {known}).",
            hint="Set demand.base_year to one of them.",
        )
    early = [year for year in years if year < base_year]
    if early:
        raise InputError(
            f"{', '.join(map(str, early))} lie before the base year {base_year}.", hint="Ask for later years."
        )
    given = assumptions or PopulationAssumptions()
    wanted = [base_year, *years]
    notes: list[Text] = []
    if rates is not None and not rates.empty:
        if _has_ages(base):
            return _by_cohorts(population, rates, projection, base_year, years, given)
        notes.append(_NO_AGES)
    elif projection is not None and _whole_by_age(projection, base):
        return _by_small_areas(population, projection, base_year, years, given)
    base = _clean(base).groupby(_GROUP, as_index=False, sort=False).agg({"population": "sum"})
    if projection is None or projection.empty:
        held = Text(
            sv=f"Ingen befolkningsprognos: befolkningen {base_year} hålls oförändrad.",
            en=f"No population projection: the population of {base_year} is held.",
        )
        return Projection(_held(base, wanted), (*notes, held))
    check_frame(projection, name="population_projection", columns=["area", "year", "population"])
    detailed = projection["area"].ne(WHOLE).all() and set(projection["area"]) == set(base["area"])
    by_age = "age" in projection and projection["age"].notna().all() and projection["age"].ne("").all()
    if detailed and by_age:
        table = _interpolated(_clean(projection), base, base_year, years)
        return Projection(table, tuple(notes))
    totals = projection[projection["area"] == WHOLE] if WHOLE in set(projection["area"]) else projection
    total = float(base["population"].sum())
    points = totals.groupby("year")["population"].sum().astype(float).to_dict() | {base_year: total}
    path = _on_path({int(str(year)): value for year, value in points.items()}, years)
    scale = pd.Series({base_year: 1.0, **{year: value / total for year, value in path.items()}})
    table = _held(base, wanted)
    table["population"] *= table["year"].map(scale)
    kept = Text(
        sv="Prognosen används som totaler: fördelningen på område, kön och ålder hålls som basåret.",
        en="The projection is used as totals: shares by area, sex and age are held as in the base year.",
    )
    return Projection(table, (*notes, kept))


_NO_AGES = Text(
    sv="Befolkningen saknar åldrar: de demografiska talen kan inte användas.",
    en="The population has no ages: the demographic rates cannot be used.",
)


def _by_cohorts(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    projection: pd.DataFrame | None,
    base_year: int,
    years: Sequence[int],
    given: PopulationAssumptions,
) -> Projection:
    model = cohort_model(
        population,
        rates,
        base_year=base_year,
        last_year=max(years, default=base_year),
        projection=projection,
        assumptions=given,
    )
    cells = project(model.start, model.rates, years=model.years)[0]
    wanted = [base_year, *years]
    table = as_table(cells[[year - base_year for year in wanted]], areas=model.areas, years=wanted)
    return Projection(table, model.assumptions)


def _by_small_areas(
    population: pd.DataFrame,
    projection: pd.DataFrame,
    base_year: int,
    years: Sequence[int],
    given: PopulationAssumptions,
) -> Projection:
    """Share a municipality's projection by age out over its areas."""
    base = population[population["year"] == base_year]
    areas = sorted(base["area"].unique())
    exponent = given.open_age_exponent
    start, notes = single_years(base, areas=areas, open_age_exponent=exponent)
    whole = projection[projection["area"] == WHOLE]
    known = sorted({int(year) for year in whole["year"]} - {base_year})
    splits = [
        single_years(
            whole[whole["year"] == year], areas=[WHOLE], name="population_projection", open_age_exponent=exponent
        )
        for year in known
    ]
    told = [*notes, *(note for _, more in splits for note in more)]
    points = np.array([base_year, *known], dtype=float)
    _inside(points, years)
    order = np.argsort(points)
    stacked = np.array([start.sum(axis=0), *(cells[0] for cells, _ in splits)])[order]
    municipality = np.array([_between(points[order], stacked, year) for year in years])
    earlier = sorted(int(year) for year in population["year"].unique() if year < base_year)
    if given.small_areas == "share_of_change" and earlier:
        then = population[population["year"] == earlier[0]].groupby("area")["population"].sum()
        shared = share_of_change(start, then.reindex(areas).fillna(0.0).to_numpy(dtype=float), municipality)
        told.append(
            Text(
                sv=f"Områdena delar kommunens förändring som sedan {earlier[0]}.",
                en=f"Areas share the municipality's change as they have since {earlier[0]}.",
            )
        )
    else:
        shared = constant_share(start, municipality)
        told.append(
            Text(
                sv="Områdenas andelar av varje kön och ålder hålls som basåret.",
                en="Areas keep their share of each sex and age of the base year.",
            )
        )
    cells = np.concatenate([start[None], shared])
    return Projection(as_table(cells, areas=areas, years=[base_year, *years]), tuple(dict.fromkeys(told)))


def _has_ages(table: pd.DataFrame) -> bool:
    whole = AgeBand(0, OLDEST)
    return "age" in table and any(AgeBand.parse(age) != whole for age in table["age"].unique())


def _whole_by_age(projection: pd.DataFrame, base: pd.DataFrame) -> bool:
    """Whether a municipality of several areas is projected as a whole, by age, and the areas' ages are known."""
    if projection.empty or "area" not in projection or set(base["area"]) == {WHOLE}:
        return False
    whole = projection[projection["area"] == WHOLE]
    return not whole.empty and _has_ages(whole) and _has_ages(base)


def _between(points: np.ndarray[tuple[int], np.dtype[np.float64]], cells: Array, year: int) -> Array:
    """Interpolate linearly between two years' cells."""
    after = int(np.clip(np.searchsorted(points, year), 1, len(points) - 1))
    share = (year - points[after - 1]) / (points[after] - points[after - 1])
    result: Array = cells[after - 1] * (1 - share) + cells[after] * share
    return result


def _clean(table: pd.DataFrame) -> pd.DataFrame:
    clean = table[[*_GROUP, "year", "population"]].copy()
    clean["sex"] = clean["sex"].astype(object).where(clean["sex"].notna(), "all")
    clean["age"] = clean["age"].astype(object).where(clean["age"].notna(), "")
    clean["population"] = clean["population"].astype(float)
    return clean


def _held(base: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    table = base.merge(pd.DataFrame({"year": list(years)}), how="cross")
    return table[["area", "year", "sex", "age", "population"]]


def _interpolated(projection: pd.DataFrame, base: pd.DataFrame, base_year: int, years: Sequence[int]) -> pd.DataFrame:
    wide = projection.pivot_table(index=_GROUP, columns="year", values="population", aggfunc="sum").fillna(0.0)
    start = base.set_index(_GROUP)["population"]
    wide = wide.reindex(wide.index.union(start.index), fill_value=0.0)
    wide[base_year] = start.reindex(wide.index, fill_value=0.0)
    known = np.array(sorted(wide.columns), dtype=float)
    _inside(known, years)
    values = wide[sorted(wide.columns)].to_numpy(dtype=float)
    result = {year: np.array([np.interp(year, known, row) for row in values]) for year in (base_year, *years)}
    long = pd.DataFrame(result, index=wide.index).reset_index()
    table = long.melt(id_vars=_GROUP, var_name="year", value_name="population").astype({"year": int})
    return table[["area", "year", "sex", "age", "population"]]


def _on_path(points: dict[int, float], years: Sequence[int]) -> dict[int, float]:
    known = np.array(sorted(points), dtype=float)
    _inside(known, years)
    values = [points[int(year)] for year in known]
    return {year: float(np.interp(year, known, values)) for year in years}


def _inside(known: np.ndarray[tuple[int], np.dtype[np.float64]], years: Sequence[int]) -> None:
    beyond = [year for year in years if year > known.max()]
    if beyond:
        raise InputError(
            f"The projection ends {int(known.max())}; {', '.join(map(str, beyond))} lie beyond it.",
            hint="Ask for earlier years in demand.years, or give a longer projection.",
        )
