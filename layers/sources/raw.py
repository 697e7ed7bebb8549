"""A file as read, before anything is mapped or checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Never

import geopandas as gpd
import pandas as pd
import pyproj

from geoplan.errors import InputError
from layers.sources.report import Issue
from layers.sources.source import LayerPart

__all__ = ["Raw", "digest", "raise_empty", "without_crs"]

_SHAPEFILE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A file as read.

    Attributes
    ----------
    frame
        The cells; the index is the row's number in the file (see :class:`~layers.sources.report.Issue`).
        With a geometry column ``geometry``, its CRS not set, where the file has geometry.
    crs
        What the file states, or ``None``.
    driver, layer, sha256
        Format, the layer read, and the file's digest.
    broken
        Row number → why its geometry could not be built; these rows have none.
    issues
        What was found while reading. Rows that are rejected here are not in the frame.
    """

    frame: pd.DataFrame
    crs: pyproj.CRS | None
    driver: str
    layer: str | None
    sha256: str
    broken: dict[int, str]
    issues: tuple[Issue, ...]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; of a Shapefile, of all its files."""
    if path.suffix.lower() != ".shp":
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    siblings = {f.suffix.lower(): f for f in path.parent.iterdir() if f.stem == path.stem}
    for suffix in _SHAPEFILE_PARTS:
        if suffix in siblings:
            total.update(suffix.encode() + b"\0" + siblings[suffix].read_bytes())
    return total.hexdigest()


def without_crs(frame: pd.DataFrame) -> pd.DataFrame:
    """Take the CRS away: which one holds is decided by the checks."""
    if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None:
        bare: pd.DataFrame = frame.set_crs(None, allow_override=True)
        return bare
    return frame


def raise_empty(path: Path, layer: str | None, part: LayerPart, key: str) -> Never:
    """Raise that there are no rows, blaming ``where`` if there is one."""
    place = f"{path}, layer {layer}," if layer else f"{path}"
    if part.where:
        raise InputError(f"{place} has no rows that meet {part.where!r}.", hint=f"Mend {key}.where.")
    raise InputError(f"{place} has no rows.", hint="Fetch or export it again.")
