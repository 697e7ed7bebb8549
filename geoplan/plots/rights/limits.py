"""How much may be built where several numbers limit the same: the tightest binds, and no land counts twice."""

from __future__ import annotations

from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import optional

__all__ = ["Scope", "counted", "limit", "property_names", "split_among_parts", "whole_parts"]

Scope = Literal["all", "property", "area"]

_ROUNDING: Final = 1e-9


def limit(
    entries: pd.DataFrame, quantity: str, count: int, *, column: str = "counts", scope: Scope = "all"
) -> pd.DataFrame:
    """Return the tightest of what limits a quantity on each property.

    Parameters
    ----------
    entries
        From :func:`geoplan.plots.rights.provisions.stated_provisions`.
    quantity
        As in :class:`geoplan.plots.rights.readings.Reading`.
    count
        Number of properties.
    column
        The column that counts, in m², m or dwellings.
    scope
        ``property``: absolute numbers on a property alone; ``area``: shares of an area, and what an area shares.

    Returns
    -------
    pandas.DataFrame
        For each property ``value`` (NaN where nothing limits) and ``code``, the codes that bind (None where none).

    Notes
    -----
    What counts within provision areas is summed first; the sum is one limit beside the others. Land that no such
    area covers adds nothing to it. Of equal limits the one whose code comes first in the alphabet binds.
    """
    mine = entries[entries["quantity"] == quantity]
    if scope != "all":
        mine = mine[mine["of"].isna() == (scope == "property")]
    if not len(mine):
        return pd.DataFrame({"value": np.full(count, np.nan), "code": np.full(count, None, dtype=object)})
    inner = mine["of"] == "provision_area"
    sums = mine[inner].groupby("row")[[column]].sum().rename(columns={column: "value"})
    sums["code"] = mine[inner & (mine[column] != 0)].groupby("row")["code"].agg(_joined).reindex(sums.index)
    # An unknown part makes the sum unknown, and not smaller.
    sums.loc[mine.loc[inner & mine[column].isna(), "row"].unique(), "value"] = np.nan
    single = mine.loc[~inner, ["row", "code"]].assign(value=mine.loc[~inner, column])
    both = pd.concat([single, sums.reset_index()[["row", "code", "value"]]], ignore_index=True)
    both = both.sort_values(["row", "value", "code"], kind="stable", na_position="first")
    first = both.drop_duplicates("row").set_index("row").reindex(range(count))
    return pd.DataFrame(
        {"value": first["value"].astype(float), "code": first["code"].astype(object).where(first["code"].notna(), None)}
    )


def counted(entries: pd.DataFrame) -> pd.DataFrame:
    """Add ``counts``: what each entry gives, less the land within provision areas where another is tighter."""
    result = entries.assign(counts=entries["gives"])
    inner = entries[entries["of"] == "provision_area"]
    several = inner[inner.duplicated(["row", "quantity"], keep=False)]
    for _, group in several.groupby(["row", "quantity"], sort=True):
        rate = (group["gives"] / group["area_m2"]).to_numpy()
        order = group.index[np.argsort(rate, kind="stable")]
        covered: Any = shapely.Polygon()
        for index, shape, gives in zip(order, group.loc[order, "shape"], group.loc[order, "gives"], strict=True):
            left = float(shapely.area(shapely.difference(shape, covered)) / shapely.area(shape))
            result.loc[index, "counts"] = float(gives) * left
            covered = shapely.union(covered, shape)
    return result


def property_names(parcels: pd.DataFrame) -> npt.NDArray[Any]:
    """Return what tells which areas are one property: ``property``, or the area's own id where it is not known."""
    known = optional(parcels, "property")
    return known.where(known.notna(), parcels["id"]).to_numpy(dtype=object)


def split_among_parts(entries: pd.DataFrame, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share what a property may build among its parts by their size; of dwellings the largest part has the rest.

    Parameters
    ----------
    entries
        As in :func:`limit`, before ``counts``.
    parcels
        The properties' parts; ``property`` tells which belong together, where it is known.
    """
    if "property" not in parcels:
        return entries
    name = property_names(parcels)
    size = parcels.geometry.area.to_numpy()
    split = (entries["per"] == "property") & entries["of"].isna()
    split &= entries["quantity"].isin(["building_area", "gross_floor_area", "dwellings"])
    mine = entries[split].assign(
        name=name[entries.loc[split, "row"].to_numpy(dtype=int)],
        size=size[entries.loc[split, "row"].to_numpy(dtype=int)],
    )
    key = ["name", "feature", "code"]
    mine = mine[mine.duplicated(key, keep=False)].sort_values(["size", "row"], ascending=[False, True], kind="stable")
    if not len(mine):
        return entries
    mine["part"] = mine["gives"] * mine["size"] / mine.groupby(key)["size"].transform("sum")
    homes = mine["quantity"] == "dwellings"
    mine["part"] = mine["part"].where(~homes, np.floor(mine["part"] + 1e-9))
    rest = mine["gives"] - mine.groupby(key)["part"].transform("sum")
    mine["part"] += rest.where(homes & ~mine.duplicated(key), 0.0)
    result = entries.copy()
    result.loc[mine.index, "gives"] = mine["part"]
    return result


def whole_parts(parts: npt.NDArray[np.float64], groups: npt.ArrayLike, names: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Round the parts of each group to whole numbers that add up to the whole part of their sum.

    Parameters
    ----------
    parts
        Numbers from zero up; NaN stays NaN and counts as none in the sum.
    groups
        The group of each.
    names
        What settles a tie: the part whose name comes first is rounded up. Unique within a group.

    Returns
    -------
    numpy.ndarray
        The largest remainders are rounded up (the method of Hamilton, or Hare and Niemeyer), whatever the order of
        rows.
    """
    known = pd.DataFrame({"part": parts, "group": groups, "name": names}).dropna(subset=["part"])
    known["whole"] = np.floor(known["part"] + _ROUNDING)
    known["rest"] = (known["part"] - known["whole"]).round(9)
    known = known.sort_values(["rest", "name"], ascending=[False, True], kind="stable")
    grouped = known.groupby("group", sort=False)
    more = np.floor(grouped["part"].transform("sum") + _ROUNDING) - grouped["whole"].transform("sum")
    result = np.full(len(parts), np.nan)
    result[known.index] = known["whole"] + (grouped.cumcount() < more)
    return result


def _joined(codes: pd.Series[str]) -> str:
    return " + ".join(sorted(set(codes)))
