"""What already stands on each property, as far as anybody knows."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit, optional
from geoplan.plots.rights.limits import property_names
from geoplan.plots.search import main_buildings

__all__ = ["existing_buildings"]

_LIVED_IN: Final = ("dwelling", "leisure")


def existing_buildings(parcels: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return what stands on each property.

    Parameters
    ----------
    parcels
        Properties, or areas of them (``property``); ``improvement_value`` (assessed value of buildings) is used where
        present: without a layer of buildings nothing stands where it is zero.
    buildings
        Footprints or points in the same CRS, with ``use`` and ``dwellings`` where known; ``None``: nobody knows.

    Returns
    -------
    pandas.DataFrame
        One row a property, numbered from zero. ``area_m2``: footprints on it in m². ``main_m2``: those of main
        buildings (:func:`geoplan.plots.search.main_buildings`). ``dwellings``: a house to live in without a number
        counts as unknown, one with the number 0 as one. ``main``, ``lived_in``: how many main buildings, and how many
        of them are to live in or of unknown use. ``why_unknown``: ``no_buildings_layer``, ``building_place_unknown``
        (improvements are assessed, and no main building of the property is on the map), ``building_size_unknown`` (a
        point that is not known to be a house), or None. Areas are NaN where that, or any point, leaves them unknown.

    Notes
    -----
    A footprint on a boundary counts on each side for its part; the building itself stands where its inner point does.
    """
    table = pd.DataFrame(index=range(len(parcels)))
    if buildings is None:
        none = (pd.to_numeric(optional(parcels, "improvement_value"), errors="coerce") == 0).to_numpy()
        amount = np.where(none, 0.0, np.nan)
        why = np.full(len(parcels), "no_buildings_layer", dtype=object)
        why[none] = None
        return table.assign(area_m2=amount, main_m2=amount, dwellings=amount, main=0, lived_in=0, why_unknown=why)
    unit = metres_per_unit(parcels.crs)
    shapes = parcels.geometry.to_numpy()
    is_main = buildings.index.isin(main_buildings(buildings).index)
    use = buildings["use"].to_numpy(dtype=object) if "use" in buildings else np.full(len(buildings), None)
    footprints = buildings.geometry.to_numpy()
    point = shapely.get_dimensions(footprints) < 2

    building, parcel = shapely.STRtree(shapes).query(footprints, predicate="intersects")
    overlap = shapely.area(shapely.intersection(footprints[building], shapes[parcel])) * unit**2
    table["area_m2"] = _sums(parcel, overlap, len(table))
    table["main_m2"] = _sums(parcel[is_main[building]], overlap[is_main[building]], len(table))

    stands, on = shapely.STRtree(shapes).query(shapely.point_on_surface(footprints), predicate="intersects")
    lived_in = is_main & (np.isin(use, _LIVED_IN) | pd.isna(use))
    house, home = is_main[stands], lived_in[stands]
    table["main"] = _sums(on[house], None, len(table)).astype(int)
    table["lived_in"] = _sums(on[home], None, len(table)).astype(int)
    table["dwellings"] = _dwellings(buildings, use, is_main, stands, on, len(table))

    sized = ~point[stands]
    table.loc[np.unique(on[~sized]), ["area_m2", "main_m2"]] = np.nan
    why = np.full(len(table), None, dtype=object)
    why[on[~sized & house & pd.isna(use[stands])]] = "building_size_unknown"
    if "improvement_value" in parcels:
        improved = (pd.to_numeric(parcels["improvement_value"], errors="coerce") > 0).to_numpy()
        # Improvements are assessed for the whole property; its house may stand on another of its areas.
        lost = improved & (table["main"].groupby(property_names(parcels)).transform("sum") == 0).to_numpy()
        why[lost] = "building_place_unknown"
        table.loc[lost, ["area_m2", "main_m2", "dwellings"]] = np.nan
    return table.assign(why_unknown=why)


def _dwellings(
    buildings: gpd.GeoDataFrame,
    use: npt.NDArray[Any],
    is_main: npt.NDArray[np.bool_],
    stands: npt.NDArray[np.intp],
    on: npt.NDArray[np.intp],
    count: int,
) -> npt.NDArray[np.float64]:
    number = np.full(len(buildings), np.nan)
    if "dwellings" in buildings:
        number = pd.to_numeric(buildings["dwellings"], errors="coerce").to_numpy(dtype=float)
    # A leisure home or an empty house uses the right as well as one that somebody is registered in.
    number = np.where(np.isin(use, _LIVED_IN) & ~np.isnan(number), np.maximum(number, 1.0), number)
    other = ~is_main | (~np.isin(use, _LIVED_IN) & ~pd.isna(use))
    number = np.where(other & np.isnan(number), 0.0, number)
    return _sums(on, number[stands], count)


def _sums(at: npt.NDArray[np.intp], weights: npt.NDArray[np.float64] | None, count: int) -> npt.NDArray[np.float64]:
    return np.bincount(at, weights, minlength=count).astype(float)
