"""The main values that the need follows from, as arrays that many draws can be taken of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.bands import MainValues
from geoplan.homes.cohorts import CohortModel
from geoplan.homes.households import households, quotas_by_group
from geoplan.homes.need import base_stock, housing_need
from geoplan.homes.projection import SEXES, Array
from geoplan.homes.singleyears import SINGLE_AGES
from geoplan.places import WHOLE
from geoplan.plots.likelihood.capacity import Supply

__all__ = ["NeedInputs", "need_inputs"]


@dataclass(frozen=True)
class NeedInputs:
    """All that the need of every area and year follows from: the main values.

    Attributes
    ----------
    areas
        Those where people live, sorted, then those that have plots only.
    inhabited
        How many of them people live in.
    base_year, years
        The base year, and the years asked for, rising.
    population
        Persons, [1 + year, area, group], the base year first, of the inhabited areas.
    quotas
        Households per person, [group].
    dwellings, vacant, deficit
        Homes in the base year, [area]; vacant ones; those that are missing, negative for a surplus.
    exits_per_year
        Share of the dwellings that leave the stock in a year, [area].
    vacancy_reserve
        Share of the stock that should stand empty.
    model
        The projection by cohorts, or ``None`` where population is projected in another way. Its groups are sex × age.
    supply
        Homes on plots, of these areas and years, or ``None``.
    """

    areas: tuple[str, ...]
    inhabited: int
    base_year: int
    years: tuple[int, ...]
    population: Array
    quotas: Array
    dwellings: Array
    vacant: Array
    deficit: Array
    exits_per_year: Array
    vacancy_reserve: float
    model: CohortModel | None = None
    supply: Supply | None = None

    @property
    def horizon(self) -> int:
        """Years from the base year to the last one."""
        return self.years[-1] - self.base_year

    @property
    def steps(self) -> npt.NDArray[np.intp]:
        """Where the years asked for stand among all years after the base year, the first of them 0."""
        return np.array(self.years, dtype=np.intp) - self.base_year - 1

    def main_values(self) -> MainValues:
        """Return population and likely homes by input, area (``*`` the whole) and year, to read published bands by."""
        persons = self.population.sum(axis=-1)
        result: dict[tuple[str, str], dict[int, float]] = {}
        tables = [("population", (self.base_year, *self.years), self.areas[: self.inhabited], persons)]
        if self.supply is not None:
            tables.append(("likely_homes", self.years, self.areas, self.supply.homes))
        for name, years, areas, values in tables:
            for place, area in enumerate(areas):
                result[name, area] = dict(zip(years, values[:, place].tolist(), strict=True))
            result[name, WHOLE] = dict(zip(years, values.sum(axis=1).tolist(), strict=True))
        return result


def need_inputs(
    population: pd.DataFrame,
    quotas: pd.DataFrame,
    stock: pd.DataFrame | None,
    *,
    base_year: int,
    years: Sequence[int],
    vacancy_reserve: float = 0.0,
    exits_per_year: float | Mapping[str, float] = 0.0,
    initial_deficit: float | Mapping[str, float] = 0.0,
    open_age_exponent: float = 2.0,
    model: CohortModel | None = None,
    supply: Supply | None = None,
) -> NeedInputs:
    """Return the main values of what :func:`geoplan.homes.need.housing_need` is given.

    Parameters
    ----------
    population
        From :func:`geoplan.homes.population.project_population`: ``area``, ``year``, ``sex``, ``age``, ``population``
        (persons), the base year included.
    quotas
        The ``household_quotas`` layer.
    stock, base_year, vacancy_reserve, exits_per_year, initial_deficit
        As :func:`geoplan.homes.need.housing_need`.
    years
        The years asked for.
    open_age_exponent
        As :func:`geoplan.homes.households.households`.
    model
        From :func:`geoplan.homes.cohorts.cohort_model`, where the population was projected by it.
    supply
        Homes on plots.

    Raises
    ------
    FrameError
        Columns are missing, or a group has no quota.
    InputError
        A year lacks population or likely homes.
    """
    check_frame(population, name="population", columns=["area", "year", "sex", "age", "population"])
    wanted = tuple(sorted(set(years) - {base_year}))
    lacking = [year for year in (base_year, *wanted) if year not in set(population["year"])]
    if lacking or not wanted:
        raise InputError(
            f"There is no population for {', '.join(map(str, lacking)) or 'any year after the base year'}.",
            hint="Ask for years that are projected.",
        )
    inhabited = tuple(sorted(population["area"].unique()))
    others = () if supply is None or inhabited == (WHOLE,) else tuple(sorted(set(supply.areas) - set(inhabited)))
    areas = (*inhabited, *others)
    cells = population.groupby(["year", "area", "sex", "age"])["population"].sum()
    groups = pd.MultiIndex.from_product([SEXES, SINGLE_AGES], names=["sex", "age"])
    if model is None:
        groups = pd.MultiIndex.from_frame(population[["sex", "age"]].drop_duplicates().sort_values(["sex", "age"]))
    wide = cells.unstack(["sex", "age"]).reindex(
        index=pd.MultiIndex.from_product([(base_year, *wanted), inhabited]), columns=groups
    )
    asked = population[population["year"].isin([base_year, *wanted])]
    table = households(asked, quotas, open_age_exponent=open_age_exponent)
    need = housing_need(
        table,
        stock,
        base_year=base_year,
        vacancy_reserve=vacancy_reserve,
        exits_per_year=exits_per_year,
        initial_deficit=initial_deficit,
    ).table
    of_area = need[need["year"] == wanted[0]].set_index("area").reindex(list(areas))
    base = table[table["year"] == base_year].set_index("area")["households"]
    dwellings = base_stock(stock, base).dwellings
    of_group = quotas_by_group(groups.to_frame(index=False), quotas, open_age_exponent=open_age_exponent)
    rates = exits_per_year if isinstance(exits_per_year, Mapping) else {WHOLE: exits_per_year}
    return NeedInputs(
        areas=areas,
        inhabited=len(inhabited),
        base_year=base_year,
        years=wanted,
        population=wide.fillna(0.0).to_numpy(dtype=float).reshape(len(wanted) + 1, len(inhabited), len(groups)),
        quotas=of_group["quota"].to_numpy(dtype=float),
        dwellings=np.array(dwellings.reindex(list(areas)).fillna(0.0), dtype=np.float64),
        vacant=of_area["vacant"].fillna(0.0).to_numpy(dtype=float),
        deficit=of_area["deficit"].fillna(0.0).to_numpy(dtype=float),
        exits_per_year=np.array([float(rates.get(area, rates.get(WHOLE, 0.0))) for area in areas]),
        vacancy_reserve=vacancy_reserve,
        model=model,
        supply=None if supply is None else supply.aligned(areas, wanted),
    )
