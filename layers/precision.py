"""Geometry as the store gives it back: coordinates, and no grid that results snap to."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

__all__ = ["without_grid"]


def without_grid(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a layer whose geometries carry no precision model.

    A geometry that ``shapely.set_precision`` or a ``grid_size`` has made rounds all that is computed from it to its
    grid, which neither WKB nor any file keeps. The same coordinates would give other figures once they were stored.

    Parameters
    ----------
    frame
        A layer or a table.

    Returns
    -------
    DataFrame
        The frame itself where no geometry has such a grid; else a copy with the same coordinates, in the same order.
    """
    layer: Any = frame
    if not isinstance(layer, gpd.GeoDataFrame) or layer.active_geometry_name is None:
        return frame
    shapes = layer.geometry.to_numpy()
    if not (shapely.get_precision(shapes) > 0).any():
        return frame
    # Pointwise: no topology is touched, so that not even the first point of a ring moves.
    plain = shapely.set_precision(np.asarray(shapes, dtype=object), 0.0, mode="pointwise")
    geometry = gpd.GeoSeries(plain, index=layer.index, crs=layer.crs, name=layer.geometry.name)
    result: pd.DataFrame = layer.set_geometry(geometry)
    return result
