"""What a GeoDataFrame must satisfy before the domain computes on it.

Lengths and areas are reported in metres and square metres whatever the CRS's own unit is;
geometry stays in the CRS that it came in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geoplan.errors import CRSError, FrameError

__all__ = ["GeometryKind", "area_m2", "check_frame", "length_m", "metres_per_unit", "optional", "same_crs"]

GeometryKind = Literal["point", "line", "polygon"]

_KINDS: dict[GeometryKind, frozenset[int]] = {
    "point": frozenset({0, 4}),
    "line": frozenset({1, 2, 5}),
    "polygon": frozenset({3, 6}),
}


def metres_per_unit(crs: object) -> float:
    """Return how many metres one unit of a projected CRS is.

    Parameters
    ----------
    crs
        Anything that :meth:`pyproj.CRS.from_user_input` takes.

    Returns
    -------
    float
        1.0 for EPSG:3006, 0.3048006… for EPSG:2284 (US survey feet).

    Raises
    ------
    CRSError
        The CRS is missing, not projected, or its two axes differ in unit.
    """
    if crs is None:
        raise CRSError("No coordinate reference system is set.", hint="Set one, for example EPSG:3006.")
    projected = pyproj.CRS.from_user_input(crs)
    factors = {axis.unit_conversion_factor for axis in projected.axis_info[:2]}
    if not projected.is_projected or len(factors) != 1:
        raise CRSError(
            f"{projected.to_string()} is not a projected CRS with one unit of length.",
            hint="Areas and distances need one, for example EPSG:3006 in Sweden.",
        )
    return float(factors.pop())


def area_m2(geometry: gpd.GeoSeries | gpd.GeoDataFrame) -> pd.Series[float]:
    """Return planar areas in m², whatever the unit of the CRS."""
    areas: pd.Series[float] = geometry.area * metres_per_unit(geometry.crs) ** 2
    return areas


def length_m(geometry: gpd.GeoSeries | gpd.GeoDataFrame) -> pd.Series[float]:
    """Return planar lengths in metres, whatever the unit of the CRS."""
    lengths: pd.Series[float] = geometry.length * metres_per_unit(geometry.crs)
    return lengths


def optional(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column that need not be there: as it is, or ``None`` in every row."""
    return frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)


def same_crs(*frames: gpd.GeoDataFrame | gpd.GeoSeries | None) -> pyproj.CRS:
    """Return the one CRS that all given frames share; ``None`` entries are passed over.

    Raises
    ------
    CRSError
        Two frames differ, or none has a CRS.
    """
    found: list[pyproj.CRS] = [frame.crs for frame in frames if frame is not None]
    if not found or any(crs is None for crs in found):
        raise CRSError("A layer has no coordinate reference system.", hint="Set it before computing.")
    if any(crs != found[0] for crs in found[1:]):
        names = ", ".join(dict.fromkeys(crs.to_string() for crs in found))
        raise CRSError(f"The layers have different CRSs ({names}).", hint="Reproject them to one.")
    return found[0]


def check_frame(
    frame: gpd.GeoDataFrame | pd.DataFrame,
    *,
    name: str,
    columns: Iterable[str] = (),
    geometry: Iterable[GeometryKind] | None = None,
    unique: str | None = None,
) -> None:
    """Check a table against its contract and report every fault at once.

    Parameters
    ----------
    frame
        The table.
    name
        Its name in messages.
    columns
        Columns that must exist.
    geometry
        Allowed geometry kinds; ``None`` for a table without geometry. With kinds given the frame must be
        a GeoDataFrame with a projected CRS, and every geometry present, not empty and valid.
    unique
        A column whose values must be present and unique.

    Raises
    ------
    FrameError
        With all faults found.
    """
    faults: list[str] = []
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        faults.append(f"missing columns {', '.join(missing)}")
    if unique is not None and unique in frame.columns:
        values = frame[unique]
        if values.isna().any():
            faults.append(f"{int(values.isna().sum())} rows have no {unique}")
        if values.dropna().duplicated().any():
            first = values[values.duplicated()].iloc[0]
            faults.append(f"{unique} is not unique (first: {first!r})")
    if geometry is not None:
        if not isinstance(frame, gpd.GeoDataFrame):
            faults.append("has no geometry")
        else:
            faults.extend(_geometry_faults(frame, tuple(geometry)))
    if faults:
        raise FrameError(name, faults)


def _geometry_faults(frame: gpd.GeoDataFrame, kinds: tuple[GeometryKind, ...]) -> list[str]:
    faults: list[str] = []
    try:
        metres_per_unit(frame.crs)
    except CRSError as error:
        faults.append(error.message.rstrip("."))
    geometries = frame.geometry.to_numpy()
    allowed = np.array(sorted(code for kind in kinds for code in _KINDS[kind]))
    checks: dict[str, npt.NDArray[np.bool_]] = {
        "no geometry": shapely.is_missing(geometries),
        "an empty geometry": shapely.is_empty(geometries),
        f"a geometry other than {' or '.join(kinds)}": ~shapely.is_missing(geometries)
        & ~np.isin(shapely.get_type_id(geometries), allowed),
        "an invalid geometry": ~shapely.is_missing(geometries) & ~shapely.is_valid(geometries),
    }
    for what, hit in checks.items():
        if hit.any():
            row = frame.index[int(np.flatnonzero(hit)[0])]
            faults.append(f"{int(hit.sum())} rows have {what} (first: row {row})")
    return faults
