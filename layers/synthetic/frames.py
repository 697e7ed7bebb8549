"""Rows in the catalogue's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layers.catalogue import layer_type
from layers.synthetic.size import CRS

__all__ = ["layer", "table"]

_GRID_M = 0.001


def layer(layer_id: str, geometry: Sequence[BaseGeometry] | Any, /, **columns: Any) -> gpd.GeoDataFrame:
    """Return a layer with exactly the catalogue's fields; what is not given is missing.

    Coordinates are rounded to a millimetre, so that they are the same after a round trip through any format. The grid
    stays with them until all layers are made; see :func:`layers.precision.without_grid`.
    """
    shapes = np.asarray(geometry, dtype=object)
    if layer_id != "parcels":
        shapes = shapely.set_precision(shapes, _GRID_M)
    return gpd.GeoDataFrame(_columns(layer_id, columns, len(shapes)), geometry=shapes, crs=CRS)


def table(layer_id: str, /, **columns: Any) -> pd.DataFrame:
    """Return a table with exactly the catalogue's fields; what is not given is missing."""
    count = max(len(value) for value in columns.values() if not isinstance(value, str | int | float))
    return pd.DataFrame(_columns(layer_id, columns, count))


def _columns(layer_id: str, given: Mapping[str, Any], count: int) -> dict[str, Any]:
    names = layer_type(layer_id).field_names
    unknown = set(given) - set(names)
    if unknown:
        raise KeyError(f"{layer_id} has no fields {sorted(unknown)}")
    columns: dict[str, Any] = {}
    for name in names:
        value = given.get(name)
        if value is None or isinstance(value, str | int | float):
            columns[name] = pd.Series(
                [value] * count, dtype=object if value is None or isinstance(value, str) else None
            )
        else:
            kept = list(value)
            text = any(item is None or isinstance(item, str) for item in kept)
            columns[name] = pd.Series(kept, dtype=object if text else None)
    return columns
