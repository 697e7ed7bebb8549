"""Stored rows as the table that they were: columns in order, with the dtypes that they had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

__all__ = ["GEOMETRY", "column_types", "restore_column", "restore_frame"]

GEOMETRY = "geometry"


def column_types(frame: pd.DataFrame | gpd.GeoDataFrame) -> list[list[str]]:
    """Return a table's columns in order, each as name and dtype."""
    return [[str(name), str(kind)] for name, kind in frame.dtypes.items()]


def restore_frame(
    rows: Sequence[tuple[dict[str, Any], bytes | None]],
    columns: Sequence[tuple[str, str]],
    *,
    crs: object | None,
) -> pd.DataFrame | gpd.GeoDataFrame:
    """Return stored rows as a table.

    Parameters
    ----------
    rows
        Each row's attributes, and its geometry as WKB.
    columns
        As :func:`column_types` gave them when the rows were stored, or some of them.
    crs
        The geometry's CRS; ``None`` for a table without geometry.

    Returns
    -------
    GeoDataFrame or DataFrame
        With a RangeIndex; a GeoDataFrame where the geometry is among the columns.
    """
    spatial = crs is not None and any(name == GEOMETRY for name, _ in columns)
    data = {
        name: restore_column([row[0].get(name) for row in rows], kind)
        for name, kind in columns
        if not (spatial and name == GEOMETRY)
    }
    frame = pd.DataFrame(data, index=pd.RangeIndex(len(rows)))
    if not spatial:
        return frame
    wkb = np.empty(len(rows), dtype=object)
    wkb[:] = [None if row[1] is None else bytes(row[1]) for row in rows]
    geometry = gpd.GeoSeries(shapely.from_wkb(wkb), index=frame.index, crs=crs)
    restored: gpd.GeoDataFrame = gpd.GeoDataFrame(frame, geometry=geometry)[[name for name, _ in columns]]
    return restored


def restore_column(values: list[Any], kind: str) -> pd.Series[Any]:
    """Return JSON values (``None`` where missing) as the column of a dtype that they were."""
    if kind.startswith("datetime64"):
        # Text in ISO 8601, some with fractions of a second, some in summer time.
        moments = pd.to_datetime(pd.Series(values, dtype=object), format="ISO8601", utc="," in kind)
        restored: pd.Series[Any] = moments.astype(pd.api.types.pandas_dtype(kind))
        return restored
    if kind.startswith("float"):
        # An integral number came out of JSON as an integer, of any size.
        return pd.Series([np.nan if value is None else float(value) for value in values], dtype=kind)
    return pd.Series(values, dtype=kind)
