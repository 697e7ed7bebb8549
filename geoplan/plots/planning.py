"""Which plans give rights, and which of them a place lies in."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

__all__ = ["deciding_ground", "lies_in", "main_plan", "plans_in_force"]


def main_plan(places: gpd.GeoSeries, plans: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return for each place the plan that half of it or more lies in.

    Parameters
    ----------
    places
        Areas, in the projected CRS of the plans.
    plans
        The layer ``plans``, or None where nothing is known.

    Returns
    -------
    pandas.DataFrame
        The plan's attributes, one row a place, numbered from zero in their order, dtype object, None where
        nothing is said. ``homes`` is ``none`` where there is no such plan. ``position``: which row of the layer it is.

    Notes
    -----
    Half, because layers are shifted: a sliver of the neighbouring plan must not decide (a default of ours). Of two
    plans with half each, the one that comes first in the layer.
    """
    if plans is None or not len(plans):
        return pd.DataFrame(
            {"use_code": None, "homes": "none", "position": None}, index=range(len(places)), dtype=object
        )
    shapes, areas = places.to_numpy(), plans.geometry.to_numpy()
    row, plan = shapely.STRtree(areas).query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[row], areas[plan]))
    order = np.lexsort((plan, -share, row))
    row, plan, share = row[order], plan[order], share[order]
    enough = (share > 0) & (share >= shapely.area(shapes[row]) / 2)
    first = np.r_[True, row[1:] != row[:-1]] & enough if len(row) else np.zeros(0, dtype=bool)
    chosen = pd.Series(plan[first], index=row[first]).reindex(range(len(places)))
    attributes = pd.DataFrame(plans.drop(columns=plans.geometry.name)).reset_index(drop=True)
    attributes["position"] = np.arange(len(plans))
    result = attributes.reindex(chosen.to_numpy()).reset_index(drop=True).astype(object)
    result["homes"] = result["homes"].where(chosen.notna().to_numpy(), "none")
    return result.where(result.notna(), None)


def deciding_ground(parcels: gpd.GeoDataFrame, buildable: gpd.GeoDataFrame | None) -> gpd.GeoSeries:
    """Return the ground of each parcel that decides which plan it is read by.

    Parameters
    ----------
    parcels
        Areas.
    buildable
        The same rows with what may be built on (:func:`geoplan.land.buildable.buildable_land`), where computed.

    Returns
    -------
    geopandas.GeoSeries
        What may be built on, and the whole parcel where nothing may. A plan over the rest of a parcel gives no right
        to what is built outside of it.
    """
    if buildable is None:
        return parcels.geometry
    free = buildable.geometry.to_numpy()
    ground = np.where(shapely.is_empty(free), parcels.geometry.to_numpy(), free)
    return gpd.GeoSeries(ground, index=parcels.index, crs=parcels.crs)


def lies_in(places: gpd.GeoSeries, plans: gpd.GeoDataFrame | None, position: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell whether half of each place or more lies in the plan at a position among the plans; not where it is missing.

    Parameters
    ----------
    places
        Areas, in the projected CRS of the plans.
    plans
        As in :func:`main_plan`.
    position
        The position of a plan for each place, NaN or None where there is none.
    """
    at = pd.to_numeric(pd.Series(position, dtype=object), errors="coerce").to_numpy(dtype=float)
    result: npt.NDArray[np.bool_] = ~np.isnan(at)
    if plans is None or not result.any():
        return np.zeros(len(places), dtype=bool)
    shapes = places.to_numpy()[result]
    inside = shapely.area(shapely.intersection(shapes, plans.geometry.to_numpy()[at[result].astype(int)]))
    result[result] = (inside > 0) & (inside >= shapely.area(shapes) / 2)
    return result


def plans_in_force(plans: gpd.GeoDataFrame | None, *, as_of: dt.date | None = None) -> gpd.GeoDataFrame | None:
    """Return the plans that give rights.

    Parameters
    ----------
    plans
        The layer ``plans``; ``status`` and ``in_force`` (a date) are used where present.
    as_of
        The day; without one no date is asked.

    Returns
    -------
    geopandas.GeoDataFrame or None
        The rows whose status is ``in_force`` or missing, and whose date is missing or not after the day: a plan that
        is being prepared, waits for its force, or is repealed, gives no right. None where there is no layer.
    """
    if plans is None:
        return None
    keep = pd.Series(True, index=plans.index)
    if "status" in plans:
        keep &= plans["status"].isna() | (plans["status"] == "in_force")
    if "in_force" in plans and as_of is not None:
        keep &= ~(pd.to_datetime(plans["in_force"], errors="coerce") > pd.Timestamp(as_of))
    return plans[keep]
