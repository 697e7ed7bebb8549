"""Reading any supported file as it is: cells, geometry, and what the file says of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geoplan.errors import InputError
from layers.faults import did_you_mean
from layers.sources.raw import Raw
from layers.sources.source import LayerPart
from layers.sources.tables import read_parquet, read_text
from layers.sources.vector import read_vector

__all__ = ["FORMATS", "Raw", "read_file"]

FORMATS = {
    ".gpkg": "GeoPackage",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".fgb": "FlatGeobuf",
    ".shp": "Shapefile",
    ".zip": "Shapefile",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".geojsonl": "GeoJSON",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".pbf": "OSM PBF",
    ".osm": "OSM XML",
}
"""File name endings that are read, and the format that each stands for."""


def read_file(path: Path, part: LayerPart, *, key: str, spatial: bool) -> Raw:
    """Read one file of any supported format.

    Parameters
    ----------
    path
        Where the file is.
    part
        Its settings: ``layer``, ``encoding``, ``delimiter``, ``where``.
    key
        The key of the settings for messages, such as ``layers.parcels``.
    spatial
        Whether geometry is wanted; of several layers in a file the only one of that sort is then taken.

    Raises
    ------
    InputError
        The file or layer is missing, empty, of no known format or damaged, or its text is in another
        encoding.
    """
    name = part.file
    _check_file(path, name, key)
    driver = FORMATS[path.suffix.lower()]
    reader: Callable[..., Raw] = {"CSV": read_text, "GeoParquet": read_parquet}.get(driver, read_vector)
    return reader(path, part, driver=driver, key=key, spatial=spatial)


def _check_file(path: Path, name: str, key: str) -> None:
    try:
        found = path.exists()
        folder = path.is_dir()
    except (OSError, ValueError) as error:
        # Names that are too long or have a NUL.
        raise InputError(f"{name!r} is no name of a file ({error}).", hint=f"Mend {key}.file.") from error
    if not found:
        near = path.parent if path.parent.is_dir() else None
        files = sorted(f.name for f in near.iterdir() if f.suffix.lower() in FORMATS) if near else []
        hint = f"The folder has: {did_you_mean(path.name, files)}" if near else f"Nor is there a folder {path.parent}."
        raise InputError(f"{path} does not exist.", hint=f"{hint} Mend {key}.file.")
    if folder:
        raise InputError(f"{path} is a folder, not a file.", hint=f"Name a file in it in {key}.file.")
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise InputError(f"{path} is of no format that geoplan reads.", hint=f"It reads files that end in {known}.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes).", hint="Fetch or export it again.")
