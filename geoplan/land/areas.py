"""Where a place lies: town, countryside or archipelago, and in which statistical area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import same_crs

__all__ = ["AREA_KINDS", "AreaKind", "area_kinds", "containing", "islands"]

AreaKind = Literal["town", "rural", "archipelago"]

AREA_KINDS: tuple[AreaKind, ...] = get_args(AreaKind)


def area_kinds(places: gpd.GeoSeries, layers: Mapping[str, gpd.GeoDataFrame]) -> pd.Series[str]:
    """Tell for each place whether it is in a town, in the archipelago or in the countryside.

    Parameters
    ----------
    places
        Points, or areas that are represented by a point inside.
    layers
        Layers by catalogue id. ``settlements`` of the kind ``urban`` (*tätort*) make a town. Islands (see
        :func:`islands`) make the archipelago; they need ``municipality`` and ``water``. A town on an island is a
        town. Where a layer is absent its kind does not occur.

    Returns
    -------
    Series
        ``town``, ``archipelago`` or ``rural``, with the index of ``places``.

    Raises
    ------
    CRSError
        Layers differ in CRS.
    """
    same_crs(places, *layers.values())
    points = shapely.point_on_surface(places.to_numpy())
    kinds = np.full(len(points), "rural", dtype=object)
    out_there = islands(layers)
    kinds[_in_any(points, out_there)] = "archipelago"
    settlements = layers.get("settlements")
    if settlements is not None:
        urban = settlements[settlements["kind"] == "urban"].geometry.to_numpy()
        kinds[_in_any(points, urban)] = "town"
    return pd.Series(kinds, index=places.index)


def islands(layers: Mapping[str, gpd.GeoDataFrame]) -> npt.NDArray[Any]:
    """Return the islands in the sea.

    The land is the municipality minus the sea; the mainland are the parts of it that reach the municipality's
    border, and the largest part; every other part is an island. Lakes do not make islands, and bridges do not
    unmake them.

    Parameters
    ----------
    layers
        Layers by catalogue id; ``municipality`` and ``water`` are used.

    Returns
    -------
    numpy.ndarray
        Polygons; empty where a layer or the sea is missing.
    """
    municipality, water = layers.get("municipality"), layers.get("water")
    if municipality is None or water is None:
        return np.empty(0, dtype=object)
    sea = water[water["kind"] == "sea"].geometry.to_numpy()
    if not len(sea):
        return np.empty(0, dtype=object)
    whole = shapely.union_all(municipality.geometry.to_numpy())
    parts: npt.NDArray[Any] = shapely.get_parts(shapely.difference(whole, shapely.union_all(sea)))
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    if not len(parts):
        return parts
    mainland = shapely.intersects(parts, shapely.boundary(whole))
    mainland[np.argmax(shapely.area(parts))] = True
    isles: npt.NDArray[Any] = parts[~mainland]
    return isles


def containing(places: gpd.GeoSeries, areas: gpd.GeoDataFrame | None, column: str = "id") -> pd.Series[Any]:
    """Return for each place a column of the area that its inner point lies in.

    Parameters
    ----------
    places
        Points, or areas that are represented by a point inside.
    areas
        Polygons; where they overlap the first counts. ``None``: no place is in any.
    column
        The column to return.

    Returns
    -------
    Series
        With the index of ``places``; ``None`` outside all areas.
    """
    result = np.full(len(places), None, dtype=object)
    if areas is not None and len(areas):
        same_crs(places, areas)
        points = shapely.point_on_surface(places.to_numpy())
        place, area = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
        order = np.lexsort((-area, place))
        values = areas[column].to_numpy(dtype=object)
        result[place[order]] = values[area[order]]
    return pd.Series(result, index=places.index, dtype=object)


def _in_any(points: npt.NDArray[Any], shapes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(points), dtype=bool)
    if len(shapes):
        inside[shapely.STRtree(shapes).query(points, predicate="intersects")[0]] = True
    return inside
