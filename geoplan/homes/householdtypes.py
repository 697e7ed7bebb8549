"""Households by type and size, through distributions by the age of the reference person."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame
from geoplan.homes.ages import AgeBand, age_weights
from geoplan.text import Text

__all__ = ["ANY_TYPE", "TypedHouseholds", "age_overlaps", "households_by_type"]

ANY_TYPE = "all"
"""The type of all households where no distribution is known."""

_COLUMNS = ["area", "year", "age", "household_type", "persons", "households"]

TypedHouseholds = tuple[pd.DataFrame, tuple[Text, ...]]


def households_by_type(
    by_age: pd.DataFrame, types: pd.DataFrame | None, *, open_age_exponent: float = 2.0
) -> TypedHouseholds:
    """Return households by type, size and the age of the reference person.

    Parameters
    ----------
    by_age
        ``area``, ``year``, ``age``, ``households``: see :func:`geoplan.homes.households.households_by_age`.
    types
        The ``household_types`` layer: ``age`` (band of the reference person), ``household_type``, ``persons`` (size,
        where known), ``share``; or ``None``.
    open_age_exponent
        How the households of an open band are spread: see :func:`geoplan.homes.ages.age_weights`.

    Returns
    -------
    DataFrame
        ``area``, ``year``, ``age`` (band), ``household_type``, ``persons`` (empty where unknown), ``households``. The
        types are a partition: they add up to ``by_age`` in every area and year.
    tuple of Text
        What was assumed.

    Raises
    ------
    FrameError
        Shares of a band do not add up to 1, bands overlap, or households are of an age that no band covers.

    Notes
    -----
    households(type, size) = Σ households(age) × share(type, size | age). A group of ages that several bands cover is
    spread over them by the years that it shares with each: evenly, or falling off with age where it is open.
    """
    check_frame(by_age, name="households", columns=["area", "year", "age", "households"])
    # Sums do not depend on the order of rows: they are added up by size.
    ordered = by_age.sort_values(["area", "year", "age", "households"], kind="stable")
    sums = ordered.groupby(["area", "year", "age"], as_index=False, dropna=False)[["households"]].sum()
    if types is None or types.empty:
        told = Text(
            sv="Inga hushållstyper: alla hushåll är av en typ.",
            en="No household types: all households are of one type.",
        )
        return sums.assign(household_type=ANY_TYPE, persons=np.nan)[_COLUMNS], (told,)
    shares = _shares(types)
    bands = sorted(set(shares["band"]))
    ages = list(sums["age"].drop_duplicates())
    weights = age_overlaps([AgeBand.parse(age) for age in ages], bands, open_age_exponent=open_age_exponent)
    covered = weights.sum(axis=1) > 0
    needed = set(sums.loc[sums["households"] > 0, "age"])
    lacking = [str(age) for age, known in zip(ages, covered, strict=True) if not known and age in needed]
    if lacking:
        raise FrameError(
            "household_types", [f"no type covers the ages {', '.join(lacking)}"], hint="Add rows for them."
        )
    rows, columns = np.nonzero(weights)
    spread = pd.DataFrame(
        {
            "age": [ages[row] for row in rows],
            "band": [bands[column] for column in columns],
            "weight": weights[rows, columns],
        }
    )
    table = sums.merge(spread, on="age").merge(shares, on="band")
    table["households"] *= table["weight"] * table["share"]
    table["age"] = table["band"].map(str)
    keys = [name for name in _COLUMNS if name != "households"]
    table = table.sort_values([*keys, "households"], kind="stable")
    return table.groupby(keys, as_index=False, dropna=False)[["households"]].sum()[_COLUMNS], ()


def age_overlaps(
    ages: list[AgeBand], bands: list[AgeBand], *, open_age_exponent: float = 2.0
) -> npt.NDArray[np.float64]:
    """Return how each of the ages is spread over bands, [age, band]: by shared years, rows adding up to 1 or 0.

    The years of an open band fall off with age (:func:`geoplan.homes.ages.age_weights`).
    """
    years = np.zeros((len(ages), len(bands)))
    for row, age in enumerate(ages):
        weights = age_weights(age, open_age_exponent=open_age_exponent)
        years[row] = [weights[band.low : band.high + 1].sum() for band in bands]
        if not years[row].any():
            years[row] = [age.overlap(band) for band in bands]
    sums = years.sum(axis=1, keepdims=True)
    result: npt.NDArray[np.float64] = np.divide(years, sums, out=np.zeros_like(years), where=sums > 0)
    return result


def _shares(types: pd.DataFrame) -> pd.DataFrame:
    """Return the shares by band, adding up to 1 to the last digit."""
    check_frame(types, name="household_types", columns=["household_type", "share"])
    table = types.reindex(columns=["age", "household_type", "persons", "share"]).reset_index(drop=True)
    table["share"] = pd.to_numeric(table["share"]).astype(float)
    table["persons"] = pd.to_numeric(table["persons"]).astype(float)
    table["band"] = pd.Series([AgeBand.parse(age) for age in table["age"]], index=table.index, dtype=object)
    # In an order of their own, so that sums do not hang on the order of rows.
    table = table.sort_values(["band", "household_type", "persons", "share"], kind="stable", ignore_index=True)
    faults = []
    if not table["share"].between(0, 1).all():
        faults.append("a share is missing or outside 0 to 1")
    sums = table.groupby("band")["share"].transform("sum")
    odd = sorted({str(band) for band, total in zip(table["band"], sums, strict=True) if abs(total - 1) > 1e-3})
    if odd:
        faults.append(f"the shares of {', '.join(odd)} do not add up to 1")
    bands = sorted(set(table["band"]))
    if any(one.overlap(other) for n, one in enumerate(bands) for other in bands[n + 1 :]):
        faults.append(f"its age bands overlap ({', '.join(map(str, bands))})")
    if faults:
        raise FrameError("household_types", faults)
    table["share"] /= sums
    return table.groupby(["band", "household_type", "persons"], as_index=False, dropna=False)[["share"]].sum()
