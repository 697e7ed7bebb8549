"""Population by area, year, sex and age: as it is, and as it is projected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.ages import OLDEST, AgeBand, told_twice
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
        Columns are missing, the rates have faults, the whole (``*``) stands beside areas, or a projection without
        the whole lacks an area or has others, or its years have different bands.
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
    by_age = "age" in projection and projection["age"].notna().all() and projection["age"].ne("").all()
    whole = projection["area"].eq(WHOLE)
    if not whole.any():
        _check_areas(projection, base)
        if by_age:
            return Projection(_interpolated(_clean(projection), base, base_year, years), tuple(notes))
    totals = _clean(projection[whole] if whole.any() else projection)
    total = float(base["population"].sum())
    start = base.groupby("area")["population"].sum() if not whole.any() else pd.Series({WHOLE: total})
    path = _on_path(totals, start, base_year, years)
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
    of_change = given.small_areas == "share_of_change" and bool(earlier)
    then = population[population["year"].isin(earlier[:1])].groupby("area")["population"].sum().reindex(areas)
    if of_change and then.isna().any():
        lacking = ", ".join(then.index[then.isna()][:5])
        told.append(
            Text(
                sv=f"Folkmängden {earlier[0]} är okänd i {lacking}: förändringen sedan dess kan inte delas.",
                en=f"The population of {earlier[0]} is unknown in {lacking}: the change since then cannot be shared.",
            )
        )
        of_change = False
    if of_change:
        shared = share_of_change(start, then.to_numpy(dtype=float), municipality)
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
    clean = table.reindex(columns=[*_GROUP, "year", "population"])
    clean["sex"] = clean["sex"].astype(object).where(clean["sex"].notna(), "all")
    clean["age"] = clean["age"].astype(object).where(clean["age"].notna(), "")
    clean["population"] = clean["population"].astype(float)
    return clean


def _held(base: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    table = base.merge(pd.DataFrame({"year": list(years)}), how="cross")
    return table[["area", "year", "sex", "age", "population"]]


def _check_areas(projection: pd.DataFrame, base: pd.DataFrame) -> None:
    """Check that a projection by area has the areas of the base year, all of them and no others."""
    given, wanted = set(projection["area"]), set(base["area"])
    if given == wanted:
        return
    lacking, others = (sorted(map(str, names))[:5] for names in (wanted - given, given - wanted))
    faults = [f"lacks the areas {', '.join(lacking)}"] * bool(lacking)
    faults += [f"has areas without population in the base year: {', '.join(others)}"] * bool(others)
    raise FrameError(
        "population_projection",
        faults,
        hint="Give every area of the population, or the whole municipality as *.",
    )


def _interpolated(projection: pd.DataFrame, base: pd.DataFrame, base_year: int, years: Sequence[int]) -> pd.DataFrame:
    wide = _by_group(projection[projection["year"] != base_year])
    start = base.set_index(_GROUP)["population"]
    # A group that is not projected at all is none in the years that are: its persons stand in other bands.
    none = pd.DataFrame(0.0, index=start.index.difference(wide.index), columns=wide.columns)
    wide = pd.concat([wide, none]).sort_index()
    wide[base_year] = start.reindex(wide.index, fill_value=0.0)
    _inside(np.array(wide.columns, dtype=float), years)
    result = {year: [_on_row(row, year) for _, row in wide.iterrows()] for year in (base_year, *years)}
    long = pd.DataFrame(result, index=wide.index).reset_index()
    table = long.melt(id_vars=_GROUP, var_name="year", value_name="population").astype({"year": int})
    return table[["area", "year", "sex", "age", "population"]]


def _by_group(projection: pd.DataFrame) -> pd.DataFrame:
    """Return persons by group and year, missing where a year does not tell of a group.

    Raises
    ------
    FrameError
        The groups of an area overlap: its years, or one of them, have different bands.
    """
    wide = projection.pivot_table(
        index=_GROUP, columns="year", values="population", aggfunc=lambda persons: persons.sum(skipna=False)
    )
    faults = [
        f"{area} is told of by {pair}"
        for area, groups in wide.reset_index().groupby("area")
        for pair in told_twice((sex, AgeBand.parse(age)) for sex, age in zip(groups["sex"], groups["age"], strict=True))
    ]
    if faults:
        raise FrameError("population_projection", faults[:5], hint="Give the same sexes and age bands in every year.")
    return wide


def _on_row(row: pd.Series[float], year: int) -> float:
    """Interpolate a group linearly between the years that tell of it; its last one holds."""
    known = row.dropna().sort_index()
    return float(np.interp(year, known.index.to_numpy(dtype=float), known.to_numpy()))


def _on_path(totals: pd.DataFrame, start: pd.Series[float], base_year: int, years: Sequence[int]) -> dict[int, float]:
    """Return the sum of the areas' totals in each year, each area interpolated over the years that tell of it."""
    groups = _by_group(totals)
    partly = groups.groupby(level="area").transform(lambda column: column.isna().any())
    if (groups.notna() & partly).any(axis=None):
        raise FrameError(
            "population_projection",
            ["its years have different sexes or ages"],
            hint="Give all in every year, or totals only.",
        )
    wide = groups.groupby(level="area").sum(min_count=1)
    wide[base_year] = start.reindex(wide.index)
    _inside(np.array(wide.columns, dtype=float), years)
    return {year: sum(_on_row(row, year) for _, row in wide.iterrows()) for year in years}


def _inside(known: np.ndarray[tuple[int], np.dtype[np.float64]], years: Sequence[int]) -> None:
    beyond = [year for year in years if year > known.max()]
    if beyond:
        raise InputError(
            f"The projection ends {int(known.max())}; {', '.join(map(str, beyond))} lie beyond it.",
            hint="Ask for earlier years in demand.years, or give a longer projection.",
        )
