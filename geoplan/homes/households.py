"""Households from population, by household quotas (*hushållskvotmetoden*)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame
from geoplan.homes.ages import OLDEST, AgeBand, age_weights, told_twice
from geoplan.text import Text

__all__ = ["households", "households_by_age", "quota_warnings", "quotas_by_group"]

_ADULT = 30
_SANE = (0.5, 1.0)


def households(population: pd.DataFrame, quotas: pd.DataFrame, *, open_age_exponent: float = 2.0) -> pd.DataFrame:
    """Return the number of households by area and year.

    Parameters
    ----------
    population
        ``area``, ``year``, ``sex``, ``age``, ``population`` (persons).
    quotas
        ``sex``, ``age``, ``quota``: the share of a group that are reference persons, 0 to 1. Missing sex or age
        stands for all; one such row alone is a headship rate. A sex's own row comes before ``all``.
    open_age_exponent
        How the persons of an open band are spread: see :func:`geoplan.homes.ages.age_weights`.

    Returns
    -------
    DataFrame
        ``area``, ``year``, ``population`` (persons), ``households``.

    Raises
    ------
    FrameError
        A quota lies outside 0 to 1, two quotas tell of the same sex and age, or a group of the population has none.

    Notes
    -----
    households = Σ population(sex, age) × quota(sex, age). Where bands of the two tables differ, people of a closed
    band are spread evenly over its years, and those of an open one fall off with age. A household has one reference
    person, its oldest member.
    Source: Boverket, hushållskvotmetoden (see docs/method-need.md).
    """
    table = households_by_age(population, quotas, open_age_exponent=open_age_exponent)
    return table.groupby(["area", "year"], as_index=False, sort=False)[["population", "households"]].sum()


def households_by_age(
    population: pd.DataFrame, quotas: pd.DataFrame, *, open_age_exponent: float = 2.0
) -> pd.DataFrame:
    """Return households by area, year, and the sex and age of the reference person.

    Parameters
    ----------
    population, quotas, open_age_exponent
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
    of_group = quotas_by_group(groups, quotas, open_age_exponent=open_age_exponent)
    table = population.merge(of_group, on=["sex", "age"], how="left")
    table["households"] = table["population"] * table["quota"]
    return table[["area", "year", "sex", "age", "population", "households"]]


def quotas_by_group(groups: pd.DataFrame, quotas: pd.DataFrame, *, open_age_exponent: float = 2.0) -> pd.DataFrame:
    """Return the quota of every group of the population, averaged over the persons of its band.

    Parameters
    ----------
    groups
        ``sex`` and ``age`` of each group.
    quotas, open_age_exponent
        As :func:`households`.

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
    double = [pair for sex in sexes.unique() for pair in told_twice(_of_sex(sexes, bands, sex))]
    if double:
        raise FrameError(
            "household_quotas",
            [f"two quotas tell of the same: {', '.join(double[:5])}"],
            hint="Let each sex and age stand in one row.",
        )
    by_age = {sex: _by_age(sex, sexes, bands, values) for sex in groups["sex"].unique()}
    faults: list[str] = []
    result = []
    for sex, age in zip(groups["sex"], groups["age"], strict=True):
        band = AgeBand.parse(age)
        known = ~np.isnan(by_age[sex])
        within = known[band.low : band.high + 1]
        # Nobody counts on quotas for every year of an open last band.
        if not within.any() or (not within.all() and band.high < OLDEST):
            faults.append(f"no quota covers {sex} {band}")
            continue
        weights = np.where(known, age_weights(band, open_age_exponent=open_age_exponent), 0.0)
        if not weights.any():
            weights[band.low : band.high + 1] = within
        # By the difference to the first, so that quotas that are all the same come out to the last digit.
        first = float(by_age[sex][band.low + int(within.argmax())])
        more = np.average(np.nan_to_num(by_age[sex] - first), weights=weights)
        result.append((sex, age, first + float(more)))
    if faults:
        raise FrameError("household_quotas", faults, hint="Add rows for them, 0 where nobody heads a household.")
    return pd.DataFrame(result, columns=["sex", "age", "quota"])


def _of_sex(sexes: pd.Series[str], bands: list[AgeBand], sex: str) -> list[tuple[str, AgeBand]]:
    return [(sex, band) for who, band in zip(sexes, bands, strict=True) if who == sex]


def _by_age(sex: str, sexes: pd.Series[str], bands: list[AgeBand], values: pd.Series[float]) -> npt.NDArray[np.float64]:
    """Return the quota of each year of age, missing where none is given: a sex's own before that of all."""
    result = np.full(OLDEST + 1, np.nan)
    for wanted in ("all", sex):
        for who, band, value in zip(sexes, bands, values, strict=True):
            if who == wanted:
                result[band.low : band.high + 1] = value
    return result


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
