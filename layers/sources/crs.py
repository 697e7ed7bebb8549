"""Coordinate reference systems of sources: which one holds, whether the coordinates fit it, reprojection."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError as ProjError
from pyproj.exceptions import ProjError as TransformError

from geoplan.errors import CRSError

__all__ = ["MARGIN_DEG", "Box", "area_of_use", "guess", "outside", "reproject", "settle"]

MARGIN_DEG = 1.0
"""How far outside a CRS's area of use coordinates may lie, in degrees."""

_WGS84 = pyproj.CRS.from_epsg(4326)
_WEB_MERCATOR = pyproj.CRS.from_epsg(3857)
# Of systems that would fit, this many are named, and of the register's this many are tried.
_NAMED, _TRIED = 3, 40
_LOCAL_DEG = 30.0
# A system fits when it puts this share of the features where they should lie.
_FITS = 0.95
_SAMPLE = 500

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """A box in degrees; ``west`` is greater than ``east`` across the date line."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: Array, lat: Array, *, margin: float = 0.0) -> npt.NDArray[np.bool_]:
        """Tell which places lie in the box; places that are not finite do not."""
        with np.errstate(invalid="ignore"):
            south_north = (lat >= self.south - margin) & (lat <= self.north + margin)
            after, before = lon >= self.west - margin, lon <= self.east + margin
            inside = after & before if self.west <= self.east else after | before
            return np.asarray(south_north & inside & np.isfinite(lon) & np.isfinite(lat), dtype=bool)


def area_of_use(crs: pyproj.CRS) -> Box | None:
    """Return the area that a CRS is meant for, ``None`` where the register has none."""
    area = crs.area_of_use
    if area is None and (code := crs.to_epsg()) is not None:
        area = pyproj.CRS.from_epsg(code).area_of_use
    return None if area is None else Box(area.west, area.south, area.east, area.north)


def settle(
    stated: pyproj.CRS | None,
    setting: str | None,
    geometry: npt.NDArray[np.object_],
    *,
    workspace: pyproj.CRS,
    key: str,
    near: Callable[[], Box | None],
) -> tuple[pyproj.CRS, str | None]:
    """Decide which CRS a source's coordinates are in.

    Parameters
    ----------
    stated
        What the file states.
    setting
        The ``crs`` of ``geoplan.toml``, which wins.
    geometry
        The geometry, to guess from where neither says anything.
    workspace
        The CRS that it is to be computed in.
    key
        The key of the settings for messages.
    near
        Gives where the data should lie.

    Returns
    -------
    crs
        The CRS.
    note
        A remark for the report, where setting and file differ.

    Raises
    ------
    CRSError
        Neither says anything.
    """
    if setting is not None:
        wanted = pyproj.CRS.from_user_input(setting)
        if stated is not None and not same(stated, wanted):
            return (
                wanted,
                f"the file states {name_of(stated)}, the settings {name_of(wanted)}, which was used",
            )
        return wanted, None
    if stated is None:
        found = guess(_centres(geometry), None, workspace=workspace, near=near())
        hint = f"Set {key}.crs" + (f", perhaps to {found[0]}: the coordinates fit that." if found else ".")
        raise CRSError(f"The source of {key} states no coordinate reference system.", hint=hint)
    return stated, None


def same(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Tell whether two CRSs are the same but for the order of their axes."""
    if one.to_epsg() is not None and one.to_epsg() == other.to_epsg():
        return True
    return bool(one.equals(other, ignore_axis_order=True))


def name_of(crs: pyproj.CRS) -> str:
    """Return a CRS's code and name."""
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else crs.name


def outside(
    geometry: npt.NDArray[np.object_],
    crs: pyproj.CRS,
    *,
    workspace: pyproj.CRS,
    key: str,
    near: Callable[[], Box | None],
) -> npt.NDArray[np.bool_]:
    """Tell which geometries lie outside the area that their CRS, or the workspace's, is meant for.

    Parameters
    ----------
    geometry
        Geometries in ``crs``; missing and empty ones count as inside.
    crs
        The CRS that they are in.
    workspace
        The CRS that they are to be computed in.
    key
        The key of the settings for messages.
    near
        Gives where the data should lie, for the guess in the message.

    Returns
    -------
    ndarray of bool
        Where the centre of a geometry's box lies further than :data:`MARGIN_DEG` outside.

    Raises
    ------
    CRSError
        More than half lie outside, so that the CRS is wrong and not the features; with a guess at the cause.
    """
    centres = _centres(geometry)
    known = np.isfinite(centres).all(axis=1)
    far = np.zeros(len(geometry), dtype=bool)
    if not known.any():
        return far
    lon, lat = _to_degrees(crs, centres[known])
    for system, whose in ((crs, "its reference system"), (workspace, "the workspace's reference system")):
        area = area_of_use(system)
        if area is None:
            continue
        out = ~area.holds(lon, lat, margin=MARGIN_DEG)
        if out.sum() * 2 > known.sum():
            x, y = centres[known][np.flatnonzero(out)[0]]
            found = guess(centres, crs, workspace=workspace, near=near())
            fit = f"They fit {' or '.join(found)}." if found else "No usual reference system puts them here."
            raise CRSError(
                f"{key}: {int(out.sum())} of {int(known.sum())} features lie outside the area that {whose}, "
                f"{name_of(system)}, is meant for (the first at {x:.9g}, {y:.9g}).",
                hint=f"{fit} Set {key}.crs, or {key}.area_check = false if they are right.",
            )
        far[known] |= out
    return far


def guess(centres: Array, declared: pyproj.CRS | None, *, workspace: pyproj.CRS, near: Box | None) -> list[str]:
    """Guess which CRS coordinates are in, by trying which put them where they should lie.

    Tried first are the usual causes: the declared CRS with its axes swapped, the workspace's CRS, degrees and
    Web Mercator. Only when none of them fits are the projected CRSs tried that the EPSG register has for the
    place, those with names like the declared one's first.

    Parameters
    ----------
    centres
        Coordinates, (n, 2).
    declared
        The CRS that was said, and is wrong.
    workspace
        The workspace's CRS.
    near
        Where the data should lie; without it nothing can be told.

    Returns
    -------
    list of str
        At most three, in words.
    """
    points = centres[np.isfinite(centres).all(axis=1)]
    points = points[:: max(1, len(points) // _SAMPLE)]
    if near is None or len(points) == 0:
        return []
    usual = [crs for crs in (declared, workspace, _WGS84, _WEB_MERCATOR) if crs is not None]
    usual = [crs for n, crs in enumerate(usual) if not any(same(crs, other) for other in usual[:n])]
    found = _fitting(usual, points, declared, near)
    likes = [crs for crs in (declared, workspace) if crs is not None]
    return (found or _fitting(_registered(likes, near), points, declared, near))[:_NAMED]


def _fitting(systems: Iterable[pyproj.CRS], points: Array, declared: pyproj.CRS | None, near: Box) -> list[str]:
    found: list[str] = []
    for crs in systems:
        area = area_of_use(crs)
        for swapped in (False, True):
            if declared is not None and not swapped and same(crs, declared):
                continue
            lon, lat = _to_degrees(crs, points[:, ::-1] if swapped else points)
            fits = near.holds(lon, lat) & (area.holds(lon, lat) if area else True)
            if fits.mean() > _FITS:
                found.append(name_of(crs) + (" with its axes swapped (swap_axes = true)" if swapped else ""))
        if len(found) >= _NAMED:
            break
    return found


def _registered(likes: Iterable[pyproj.CRS], near: Box) -> Iterator[pyproj.CRS]:
    """Return the register's projected CRSs for a place, those with names like the given ones' first."""
    interest = AreaOfInterest(near.west, near.south, near.east, near.north)
    names = [crs.name for crs in likes]
    ranked: list[tuple[float, int]] = []
    for info in query_crs_info(auth_name="EPSG", pj_types=PJType.PROJECTED_CRS, area_of_interest=interest):
        area = info.area_of_use
        # Systems for continents and the world take in anything.
        if area is None or not 0 <= area.east - area.west <= _LOCAL_DEG:
            continue
        likeness = max(difflib.SequenceMatcher(None, info.name, name).ratio() for name in names)
        ranked.append((-likeness, int(info.code)))
    return (pyproj.CRS.from_epsg(code) for _, code in sorted(ranked)[:_TRIED])


def _centres(geometry: npt.NDArray[np.object_]) -> Array:
    bounds = shapely.bounds(geometry)
    return np.column_stack([(bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2])


def _to_degrees(crs: pyproj.CRS, points: Array) -> tuple[Array, Array]:
    if crs.is_geographic:
        return points[:, 0], points[:, 1]
    nowhere = np.full(len(points), np.inf)
    try:
        transformer = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True)
        lon, lat = transformer.transform(points[:, 0], points[:, 1], errcheck=False)
    except (ProjError, TransformError):
        return nowhere, nowhere
    return np.asarray(lon, dtype="float64"), np.asarray(lat, dtype="float64")


def reproject(geometry: npt.NDArray[np.object_], source: pyproj.CRS, target: pyproj.CRS) -> npt.NDArray[np.object_]:
    """Transform geometry, east before north on both sides; vertices are transformed, edges stay straight.

    Parameters
    ----------
    geometry
        Two-dimensional geometry in ``source``.
    source, target
        The CRSs.

    Returns
    -------
    ndarray
        Geometry in ``target``; coordinates that cannot be transformed are infinite.
    """
    if same(source, target):
        return geometry
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)

    def move(points: Array) -> Array:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1], errcheck=False))

    moved: npt.NDArray[np.object_] = shapely.transform(geometry, move)
    return moved
