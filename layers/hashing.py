"""The address of a layer's content: the same rows give the same digits, on any machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

__all__ = ["cell_faults", "content_hash", "plain_rows", "plain_value"]


def plain_value(value: Any) -> Any:
    """Return a cell as a JSON value.

    Missing values of every kind (None, NaN, NaT, pandas.NA) become ``None``; NumPy scalars their Python
    equals; an integral float becomes an integer, because a column of integers with a gap is floats in pandas
    and must not change its address for that; minus zero becomes zero; dates become ISO 8601 text.

    Raises
    ------
    TypeError
        JSON has no word for it: an infinite number, a set, a geometry.
    """
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            if math.isnan(value):
                return None
            if math.isinf(value):
                raise TypeError("A layer's cell cannot be infinite.")
            # float(): NumPy's own float is a float, too, and writes itself otherwise.
            return int(value) if value.is_integer() else float(value)
        case dt.datetime() | dt.date():
            return None if value is pd.NaT else value.isoformat()
        case dict():
            return {str(key): plain_value(item) for key, item in value.items()}
        case list() | tuple() | np.ndarray():
            return [plain_value(item) for item in value]
        case np.generic():
            return plain_value(value.item())
        case _ if value is pd.NA or value is pd.NaT:
            return None
    raise TypeError(f"A layer's cell cannot be a {type(value).__name__}.")


def plain_rows(frame: pd.DataFrame | gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    """Yield every row's attributes (geometry left out) as JSON values, in the frame's order."""
    columns = [column for column in frame.columns if column != _geometry_column(frame)]
    cells = [[plain_value(value) for value in frame[column].tolist()] for column in columns]
    names = [str(column) for column in columns]
    if not cells:
        yield from ({} for _ in range(len(frame)))
        return
    for row in zip(*cells, strict=True):
        yield dict(zip(names, row, strict=True))


def content_hash(frame: pd.DataFrame | gpd.GeoDataFrame) -> str:
    """Return the SHA-256 over a layer's content.

    Hashed are, row by row in the frame's order, the attributes as canonical JSON (columns sorted by name) and
    the geometry as ISO WKB in little-endian order, east and north only; then the column names and the CRS.

    Parameters
    ----------
    frame
        A layer, with or without geometry.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    TypeError
        A cell holds something that JSON has no word for.
    """
    digest = hashlib.sha256()
    geometry = _geometry_column(frame)
    names = sorted(str(column) for column in frame.columns if column != geometry)
    crs = frame.crs.to_epsg() if geometry is not None and frame.crs is not None else None
    digest.update(json.dumps([names, crs]).encode())
    if geometry is None:
        shapes: list[bytes | None] = [None] * len(frame)
    else:
        shapes = shapely.to_wkb(
            np.asarray(frame[geometry].to_numpy(), dtype=object),
            output_dimension=2,
            byte_order=1,
            flavor="iso",
        ).tolist()
    for row, shape in zip(plain_rows(frame), shapes, strict=True):
        text = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digest.update(text.encode("utf-8", "surrogatepass"))
        digest.update(b"\0" if shape is None else shape)
    return digest.hexdigest()


def cell_faults(frame: pd.DataFrame | gpd.GeoDataFrame) -> list[str]:
    """Return what keeps a layer from being stored, one sentence a column; empty where nothing does."""
    faults = []
    geometry = _geometry_column(frame)
    for column in frame.columns:
        if column == geometry:
            continue
        for row, value in enumerate(frame[column].tolist()):
            try:
                text = json.dumps(plain_value(value), ensure_ascii=False)
                text.encode()
            except (TypeError, ValueError):
                faults.append(f"{column} holds what cannot be stored (row {row}: {value!r})")
                break
            # An escaped backslash before u0000 is a backslash.
            if "\\u0000" in text.replace("\\\\", ""):
                faults.append(f"{column} holds a null character (row {row}: {value!r})")
                break
    return faults


def _geometry_column(frame: pd.DataFrame | gpd.GeoDataFrame) -> str | None:
    return str(frame.geometry.name) if isinstance(frame, gpd.GeoDataFrame) else None
