"""Households from population, by household quotas (*hushållskvotmetoden*)."""

from __future__ import annotations

import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame
from geoplan.homes.ages import OLDEST, AgeBand
from geoplan.text import Text

__all__ = ["households", "households_by_age", "quota_warnings", "quotas_by_group"]

_ADULT = 30
_SANE = (0.5, 1.0)


def households(population: pd.DataFrame, quotas: pd.DataFrame) -> pd.DataFrame:
    """Return the number of households by area and year.

    Parameters
    ----------
    population
        ``area``, ``year``, ``sex``, ``age``, ``population`` (persons).
    quotas
        ``sex``, ``age``, ``quota``: the share of a group that are reference persons, 0 to 1. Missing sex or age
        stands for all; one such row alone is a headship rate.

    Returns
    -------
    DataFrame
        ``area``, ``year``, ``population`` (persons), ``households``.

    Raises
    ------
    FrameError
        A quota lies outside 0 to 1, or a group of the population has none.

    Notes
    -----
    households = Σ population(sex, age) × quota(sex, age). Within an age band people are spread evenly over its
    years where bands of the two tables differ. A household has one reference person, its oldest member.
    Source: Boverket, hushållskvotmetoden (see docs/method-need.md).
    """
    table = households_by_age(population, quotas)
    return table.groupby(["area", "year"], as_index=False, sort=False)[["population", "households"]].sum()


def households_by_age(population: pd.DataFrame, quotas: pd.DataFrame) -> pd.DataFrame:
    """Return households by area, year, and the sex and age of the reference person.

    Parameters
    ----------
    population, quotas
        As :func:`households`.

    Returns
    -------
    DataFrame
        ``area``, ``year``, ``sex``, ``age``, ``population`` (persons), ``households``; a row for each of the
        population's.

    Raises
    ------
    FrameError
        As :func:`households`.
    """
    check_frame(population, name="population", columns=["area", "year", "sex", "age", "population"])
    groups = population[["sex", "age"]].drop_duplicates()
    table = population.merge(quotas_by_group(groups, quotas), on=["sex", "age"], how="left")
    table["households"] = table["population"] * table["quota"]
    return table[["area", "year", "sex", "age", "population", "households"]]


def quotas_by_group(groups: pd.DataFrame, quotas: pd.DataFrame) -> pd.DataFrame:
    """Return the quota of every group of the population, averaged over the years of its band.

    Parameters
    ----------
    groups
        ``sex`` and ``age`` of each group.
    quotas
        The quota table.

    Raises
    ------
    FrameError
        As :func:`households`.
    """
    check_frame(quotas, name="household_quotas", columns=["quota"])
    values = pd.to_numeric(quotas["quota"])
    if ((values < 0) | (values > 1) | values.isna()).any():
        first = values[~values.between(0, 1)].iloc[0]
        raise FrameError("household_quotas", [f"a quota lies outside 0 to 1 (first: {first})"])
    sexes = _column(quotas, "sex").fillna("all").replace("", "all")
    bands = [AgeBand.parse(age) for age in _column(quotas, "age")]
    known = list(zip(sexes, bands, values, strict=True))
    faults: list[str] = []
    result = []
    for sex, age in zip(groups["sex"], groups["age"], strict=True):
        band = AgeBand.parse(age)
        matching = [(other.overlap(band), quota) for who, other, quota in known if who in (sex, "all")]
        covered = sum(years for years, _ in matching)
        # Nobody counts on quotas for every year of an open last band.
        if covered == 0 or (covered < band.years and band.high < OLDEST):
            faults.append(f"no quota covers {sex} {band}")
            continue
        result.append((sex, age, sum(years * quota for years, quota in matching) / covered))
    if faults:
        raise FrameError("household_quotas", faults, hint="Add rows for them, 0 where nobody heads a household.")
    return pd.DataFrame(result, columns=["sex", "age", "quota"])


def quota_warnings(quotas: pd.DataFrame) -> tuple[Text, ...]:
    """Return warnings where quotas lie outside what is plausible: 0.5 to 1.0 from the age of 30 on.

    0.5 where all cohabit, 1.0 where all are single. Source: https://5dok.org/article/hush%C3%A5llskvoter-och-hush%C3%A5llsutveckling-hush%C3%A5llsbildningsmodeller.oy8gm25z
    """
    bands = [AgeBand.parse(age) for age in _column(quotas, "age")]
    odd = [
        f"{band} {quota:.2f}"
        for band, quota in zip(bands, quotas["quota"], strict=True)
        if band.low >= _ADULT and not _SANE[0] <= quota <= _SANE[1]
    ]
    if not odd:
        return ()
    listed = ", ".join(odd[:5])
    return (
        Text(
            sv=f"Hushållskvoter utanför 0,5–1,0 från 30 år: {listed}.",
            en=f"Household quotas outside 0.5–1.0 from the age of 30: {listed}.",
        ),
    )


def _column(table: pd.DataFrame, name: str) -> pd.Series[str]:
    if name in table:
        return table[name].astype(object)
    return pd.Series([None] * len(table), index=table.index, dtype=object)
