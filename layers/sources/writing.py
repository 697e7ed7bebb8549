"""Write a layer to a file; the file's ending says the format."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoplan.errors import InputError
from layers.hashing import plain_rows

__all__ = ["FORMATS", "write_file"]

FORMATS = {
    ".gpkg": "GPKG",
    ".fgb": "FlatGeobuf",
    ".geojson": "GeoJSON",
    ".parquet": "GeoParquet",
    ".shp.zip": "ESRI Shapefile",
    ".csv": "CSV",
    ".json": "JSON",
}
"""Formats by the file's ending. Tables without geometry go to .csv, .json, .parquet and .gpkg."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_file(frame: pd.DataFrame, path: Path, *, layer: str) -> None:
    """Write a layer to a file, whole or not at all.

    Parameters
    ----------
    frame
        The layer, with or without geometry. GeoJSON is written in WGS 84 longitude and latitude, as RFC 7946
        asks; every other format keeps the CRS. CSV has the geometry as WKT, and text that a spreadsheet would
        run as a formula is preceded by an apostrophe.
    path
        Where to; what is there is replaced.
    layer
        The layer's name inside the file.

    Raises
    ------
    InputError
        The ending is unknown, the layer does not fit the format, or the file cannot be written.
    """
    ending = next((ending for ending in FORMATS if path.name.lower().endswith(ending)), None)
    if ending is None:
        raise InputError(f"{path.name} has no ending that geoplan writes.", hint=f"Choose one of {', '.join(FORMATS)}.")
    spatial = isinstance(frame, gpd.GeoDataFrame)
    if not spatial and ending in {".fgb", ".geojson", ".shp.zip"}:
        raise InputError(f"{layer} has no geometry for {ending}.", hint="Choose .csv, .json, .parquet or .gpkg.")
    if spatial and ending == ".json":
        raise InputError(f"{layer} has geometry.", hint="Choose .geojson.")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".geoplan-") as folder:
            made = _write(_flat(frame), Path(folder), ending, layer)
            made.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _write(frame: pd.DataFrame, folder: Path, ending: str, layer: str) -> Path:
    file = folder / f"{layer}{ending}"
    if ending == ".csv":
        table = pd.DataFrame(frame.drop(columns="geometry")) if "geometry" in frame else frame
        table = pd.DataFrame({name: [_harmless(cell) for cell in table[name]] for name in table.columns})
        if isinstance(frame, gpd.GeoDataFrame):
            table = table.assign(geometry=frame.geometry.to_wkt())
        table.to_csv(file, index=False, encoding="utf-8")
    elif ending == ".json":
        file.write_text(json.dumps(list(plain_rows(frame)), ensure_ascii=False, indent=1), encoding="utf-8")
    elif ending == ".parquet":
        frame.to_parquet(file, index=False)
    elif ending == ".shp.zip":
        inside = folder / "shape"
        inside.mkdir()
        gpd.GeoDataFrame(frame).to_file(inside / f"{layer}.shp", driver="ESRI Shapefile", encoding="utf-8")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(inside.iterdir()):
                archive.write(part, part.name)
    elif isinstance(frame, gpd.GeoDataFrame):
        shaped = frame.to_crs(4326) if ending == ".geojson" else frame
        shaped.to_file(file, driver=FORMATS[ending], layer=layer, engine="pyogrio")
    else:
        gpd.GeoDataFrame(frame.assign(geometry=None), geometry="geometry").to_file(
            file, driver="GPKG", layer=layer, engine="pyogrio"
        )
    return file


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Write lists as text, which is all that most formats have for them."""
    flat = frame.copy()
    for name in flat.columns:
        if flat[name].dtype == object and flat[name].map(lambda cell: isinstance(cell, list | tuple)).any():
            flat[name] = flat[name].map(lambda cell: ", ".join(map(str, cell)) if cell is not None else None)
    return flat
