"""Population by area, year, sex and age: as it is, and as it is projected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.text import Text

__all__ = ["WHOLE", "Projection", "project_population"]

WHOLE = "*"
"""The area that stands for the whole municipality."""

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

    Returns
    -------
    Projection

    Raises
    ------
    FrameError
        Columns are missing.
    InputError
        The base year is missing, or a year lies beyond what is projected.

    Notes
    -----
    Where only totals are projected, the shares of areas, sexes and ages stay as in the base year: small areas
    then add up to the municipality by construction. Between projected years totals are interpolated linearly.
    Nothing is extrapolated. Without a projection the base year's population is held. Each of these is told as
    an assumption.
    """
    check_frame(population, name="population", columns=["area", "year", "sex", "age", "population"])
    base = population[population["year"] == base_year]
    if base.empty:
        known = ", ".join(str(year) for year in sorted(population["year"].unique()))
        raise InputError(
            f"There is no population for the base year {base_year} (there is {known}).",
            hint="Set demand.base_year to one of them.",
        )
    base = _clean(base).groupby(_GROUP, as_index=False, sort=False).agg({"population": "sum"})
    wanted = [base_year, *years]
    if projection is None or projection.empty:
        held = Text(
            sv=f"Ingen befolkningsprognos: befolkningen {base_year} hålls oförändrad.",
            en=f"No population projection: the population of {base_year} is held.",
        )
        return Projection(_held(base, wanted), (held,))
    check_frame(projection, name="population_projection", columns=["area", "year", "population"])
    detailed = projection["area"].ne(WHOLE).all() and set(projection["area"]) == set(base["area"])
    by_age = "age" in projection and projection["age"].notna().all() and projection["age"].ne("").all()
    if detailed and by_age:
        table = _interpolated(_clean(projection), base, base_year, years)
        return Projection(table, ())
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
    return Projection(table, (kept,))


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
