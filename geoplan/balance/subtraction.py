"""Supply against demand: homes on plots against the need for homes, by area and year."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.frames import check_frame
from geoplan.places import UNASSIGNED, WHOLE

__all__ = ["BALANCE_COLUMNS", "balance"]

BALANCE_COLUMNS = (
    "area",
    "area_name",
    "year",
    "population",
    "households",
    "need",
    "plots",
    "supply_homes",
    "supply_available",
    "supply_unplanned",
    "balance",
)


def balance(
    plots: gpd.GeoDataFrame | None,
    need: pd.DataFrame,
    *,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return supply minus need, by area and year, with a row ``*`` for the whole.

    Parameters
    ----------
    plots
        ``area``, ``homes``, ``status``, ``plan_homes``; ``None`` where plots are unknown, which is not the same as
        none.
    need
        ``area``, ``year``, ``population``, ``households``, ``need`` (dwellings, may be negative).
    names
        Area names by id.

    Returns
    -------
    DataFrame
        :data:`BALANCE_COLUMNS`. ``supply_homes`` is nominal: what the plots where a plan allows homes could hold,
        whatever their status (the field's *planberedskap*, Kolada N07923, counts the same); ``supply_available``
        is the part whose status is ``available``. ``supply_unplanned`` stands beside it: homes on plots outside
        every plan, each of which still needs its own decision (*förhandsbesked*). ``balance = supply_homes −
        need``. Plots outside all areas stand in the area :data:`UNASSIGNED`; nothing is dropped, so each year's
        areas add up to its ``*``.

    Raises
    ------
    FrameError
        Columns are missing.
    """
    check_frame(need, name="need", columns=["area", "year", "population", "households", "need"])
    table = need[["area", "year", "population", "households", "need"]].copy()
    if plots is None:
        table = table.assign(plots=np.nan, supply_homes=np.nan, supply_available=np.nan, supply_unplanned=np.nan)
    else:
        check_frame(plots, name="plots", columns=["area", "homes", "status", "plan_homes"])
        table = _with_supply(table, plots)
    table["balance"] = table["supply_homes"] - table["need"]
    only_whole = set(table["area"]) == {WHOLE}
    rows = table if only_whole else pd.concat([table, _whole(table)], ignore_index=True)
    rows["area_name"] = rows["area"].map(lambda area: (names or {}).get(area, area))
    rows["plots"] = rows["plots"].astype("Int64")
    rank = rows["area"].map({WHOLE: 2, UNASSIGNED: 1}).fillna(0)
    ordered = rows.assign(rank=rank).sort_values(["year", "rank", "area"], kind="stable")
    return ordered[list(BALANCE_COLUMNS)].reset_index(drop=True)


def _with_supply(table: pd.DataFrame, plots: gpd.GeoDataFrame) -> pd.DataFrame:
    if set(table["area"]) == {WHOLE}:
        areas = pd.Series(WHOLE, index=plots.index)
    else:
        areas = plots["area"].astype(object).where(plots["area"].notna(), UNASSIGNED)
    homes = plots["homes"].astype(float)
    planned = plots["plan_homes"] == "allowed"
    supply = pd.DataFrame(
        {
            "area": areas,
            "plots": 1,
            "supply_homes": homes.where(planned, 0.0),
            "supply_available": homes.where(planned & (plots["status"] == "available"), 0.0),
            "supply_unplanned": homes.where(~planned, 0.0),
        }
    )
    sums = supply.groupby("area", as_index=False).sum()
    every = pd.MultiIndex.from_product(
        [pd.unique(pd.concat([table["area"], sums["area"]])), pd.unique(table["year"])],
        names=["area", "year"],
    ).to_frame(index=False)
    merged = every.merge(table, on=["area", "year"], how="left").merge(sums, on="area", how="left")
    numbers = ["population", "households", "need", "plots", "supply_homes", "supply_available", "supply_unplanned"]
    merged[numbers] = merged[numbers].fillna(0.0)
    return merged


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    numbers = [name for name in table.columns if name not in ("area", "year")]
    known = [name for name in numbers if table[name].notna().all()]
    sums = table.groupby("year", as_index=False)[known].sum()
    return sums.assign(area=WHOLE).reindex(columns=table.columns)
