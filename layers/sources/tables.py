"""Reading tables: delimited text, and Parquet with or without geometry."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geoplan.errors import InputError
from layers.sources.raw import Raw, digest, raise_empty, without_crs
from layers.sources.report import Issue
from layers.sources.source import LayerPart
from layers.sources.text import decode, parse_table

__all__ = ["read_parquet", "read_text"]


def read_text(path: Path, part: LayerPart, *, driver: str, key: str, spatial: bool) -> Raw:  # noqa: ARG001
    """Read delimited text; all cells stay text. See :func:`layers.sources.files.read_file`."""
    _no_layers(path, part, key)
    text = decode(path.read_bytes(), encoding=part.encoding, name=str(path), key=key)
    table = parse_table(text, delimiter=part.delimiter, name=str(path), key=key)
    if len(table.frame) == 0 and not table.ragged:
        raise InputError(f"{path} has a header but no rows.", hint="Fetch or export it again.")
    reason = "the line has another number of cells than the header"
    issues = tuple(
        Issue(severity="rejected", reason=reason, detail=what, row=line, file=part.file) for line, what in table.ragged
    )
    frame = _where(table.frame, part, path, key)
    return _raw(path, part, key, frame, driver=driver, issues=issues)


def read_parquet(path: Path, part: LayerPart, *, driver: str, key: str, spatial: bool) -> Raw:  # noqa: ARG001
    """Read Parquet, with geometry if it is GeoParquet. See :func:`layers.sources.files.read_file`."""
    _no_layers(path, part, key)
    broken: dict[int, str] = {}
    try:
        if b"geo" in (pq.read_schema(path).metadata or {}):
            try:
                frame: pd.DataFrame = gpd.read_parquet(path)
            except shapely.errors.GEOSException:
                frame, broken = _read_geometry_by_row(path)
        else:
            frame = pd.read_parquet(path)
            driver = "Parquet"
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="It is damaged; fetch or export it again.") from error
    crs = None
    if isinstance(frame, gpd.GeoDataFrame):
        crs = frame.crs
        frame = frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame
    frame = frame.reset_index(drop=frame.index.names[0] is None)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    frame = _where(frame, part, path, key)
    return _raw(path, part, key, without_crs(frame), driver=driver, crs=crs, broken=broken)


def _no_layers(path: Path, part: LayerPart, key: str) -> None:
    if part.layer is not None:
        raise InputError(f"{path} is one table and has no layers.", hint=f"Remove {key}.layer.")


def _raw(path: Path, part: LayerPart, key: str, frame: pd.DataFrame, **known: Any) -> Raw:
    if len(frame) == 0 and not known.get("issues"):
        raise_empty(path, None, part, key)
    return Raw(
        **{
            "crs": None,
            "broken": {},
            "issues": (),
            "layer": None,
            "sha256": digest(path),
            **known,
            "frame": frame,
        }
    )


def _read_geometry_by_row(path: Path) -> tuple[gpd.GeoDataFrame, dict[int, str]]:
    """Read GeoParquet of which GEOS refuses some geometry."""
    table = pq.read_table(path)
    meta = json.loads(table.schema.metadata[b"geo"])
    name = meta["primary_column"]
    wkb = np.array(table.column(name).to_pylist(), dtype=object)
    geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    broken = {
        int(n) + 1: "the geometry cannot be built"
        for n in np.flatnonzero(shapely.is_missing(geometry))
        if wkb[n] is not None
    }
    crs = meta["columns"][name].get("crs", "OGC:CRS84")
    cells = table.drop_columns([name]).to_pandas()
    return gpd.GeoDataFrame(cells, geometry=geometry, crs=crs), broken


def _where(frame: pd.DataFrame, part: LayerPart, path: Path, key: str) -> pd.DataFrame:
    """Apply ``where`` as a GeoPackage would: in SQLite, text that is numbers being numbers."""
    if part.where is None or len(frame) == 0:
        return frame
    columns = [column for column in frame.columns if column != "geometry"]
    data = {column: _sql_values(frame[column]) for column in columns}
    # With a type, a column of numbers equals '20' as well as 20.
    names = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}" {_sql_type(values)}' for name, values in data.items())
    marks = ", ".join("?" * (len(columns) + 1))
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE TABLE rows (_position INTEGER PRIMARY KEY, {names})")
        database.executemany(
            f"INSERT INTO rows VALUES ({marks})",  # noqa: S608
            zip(range(len(frame)), *data.values(), strict=True),
        )
        # The condition is the workspace owner's own, and runs on a copy in memory.
        kept = database.execute(f"SELECT _position FROM rows WHERE {part.where} ORDER BY 1").fetchall()  # noqa: S608
    except sqlite3.Error as error:
        raise InputError(f"{path}: {key}.where is not understood: {error}.", hint=f"Mend {key}.where.") from error
    finally:
        database.close()
    return frame.iloc[np.array([position for (position,) in kept], dtype=int)]


def _sql_type(values: list[Any]) -> str:
    return "TEXT" if any(isinstance(value, str) for value in values) else "NUMERIC"


def _sql_values(column: pd.Series[Any]) -> list[Any]:
    if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
        text = column.dropna().astype(str)
        # 0180 is a code, not the number 180.
        if len(text) and text.str.fullmatch(r"\s*-?(0|[1-9]\d*)(\.\d+)?\s*").all():
            column = pd.to_numeric(column)
    values: npt.NDArray[np.object_] = column.astype(object).to_numpy()
    return [
        None
        if value is None or value is pd.NA or value != value
        else value
        if isinstance(value, int | float | str)
        else str(value)
        for value in values
    ]
