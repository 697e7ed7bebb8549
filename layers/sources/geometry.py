"""Geometry as the catalogue wants it: present, valid, flat and of the right kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.frames import GeometryKind

__all__ = ["Cleaned", "clean", "flatten", "repeated"]

Geometries = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]

_TYPES: dict[GeometryKind, tuple[int, ...]] = {"point": (0, 4), "line": (1, 2, 5), "polygon": (3, 6)}
_COLLECTION = 7
_NAMES = (
    "point",
    "line",
    "ring",
    "polygon",
    "multipoint",
    "multiline",
    "multipolygon",
    "geometry collection",
)


@dataclass(slots=True)
class Cleaned:
    """Geometry after cleaning.

    Attributes
    ----------
    geometry
        The geometries; those of rejected rows are of no use.
    rejected, repaired
        Position → (reason, detail).
    """

    geometry: Geometries
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)
    repaired: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def usable(self) -> Mask:
        """Where the geometry was not rejected."""
        mask = np.ones(len(self.geometry), dtype=bool)
        mask[list(self.rejected)] = False
        return mask

    def reject(self, hit: Mask, reason: str, details: Iterable[str] | None = None) -> None:
        """Reject where a mask is set, unless rejected before."""
        positions = np.flatnonzero(hit)
        for position, detail in zip(positions, details or [""] * len(positions), strict=True):
            self.rejected.setdefault(int(position), (reason, detail))
            self.repaired.pop(int(position), None)


def flatten(geometry: Geometries) -> tuple[Geometries, int]:
    """Drop heights and measures; return the geometry and how many had any."""
    high = shapely.has_z(geometry) | shapely.has_m(geometry)
    return (shapely.force_2d(geometry) if high.any() else geometry), int(high.sum())


def clean(
    geometry: Geometries,
    kinds: tuple[GeometryKind, ...],
    *,
    invalid: Literal["repair", "reject"],
    as_points: bool = False,
    square_metres: float = 1.0,
) -> Cleaned:
    """Repair or reject what is missing, invalid or of another kind.

    Parameters
    ----------
    geometry
        Two-dimensional geometry in a projected CRS.
    kinds
        The kinds that the layer may have.
    invalid
        ``repair`` makes invalid geometry valid (GEOS ``MakeValid``, method *structure*: shells are joined and
        holes are cut out) and keeps the parts of the wanted kind; ``reject`` rejects it.
    as_points
        Replace lines and polygons by a point on them.
    square_metres
        m² per square unit of the CRS, for the report.

    Returns
    -------
    Cleaned
        Geometries and what was done, with the change in area in m².
    """
    result = Cleaned(geometry.copy())
    result.reject(shapely.is_missing(geometry), "there is no geometry")
    result.reject(shapely.is_empty(geometry), "the geometry is empty")
    result.reject(_not_finite(geometry), "coordinates are missing or infinite")
    _repair(result, invalid, square_metres)
    if as_points:
        usable = result.usable
        extended = usable & ~np.isin(shapely.get_type_id(result.geometry), _TYPES["point"])
        result.geometry[extended] = shapely.point_on_surface(result.geometry[extended])
    _sort_out(result, kinds)
    return result


def _not_finite(geometry: Geometries) -> Mask:
    coordinates, owners = shapely.get_coordinates(geometry, return_index=True)
    bad = np.zeros(len(geometry), dtype=bool)
    bad[owners[~np.isfinite(coordinates).all(axis=1)]] = True
    return bad


def _repair(result: Cleaned, invalid: Literal["repair", "reject"], square_metres: float) -> None:
    broken = result.usable & ~shapely.is_valid(result.geometry)
    if not broken.any():
        return
    reasons = [_reason(geometry) for geometry in result.geometry[broken]]
    if invalid == "reject":
        result.reject(broken, "the geometry is invalid", reasons)
        return
    before = result.geometry[broken]
    after = shapely.make_valid(before, method="structure", keep_collapsed=False)
    # GEOS 3.14 leaves parts that share an edge side by side, which is invalid still; a union joins them.
    again = ~shapely.is_valid(after)
    after[again] = shapely.unary_union(after[again, np.newaxis], axis=1)
    result.geometry[broken] = after
    areas = zip(shapely.area(before) * square_metres, shapely.area(after) * square_metres, strict=True)
    for position, reason, (old, new) in zip(np.flatnonzero(broken), reasons, areas, strict=True):
        result.repaired[int(position)] = (
            "the geometry was invalid",
            f"{reason}; area {old:.2f} m² became {new:.2f} m² ({new - old:+.2f} m²)",
        )
    empty = shapely.is_empty(after) | ~shapely.is_valid(after)
    gone = np.zeros(len(broken), dtype=bool)
    gone[np.flatnonzero(broken)[empty]] = True
    lost = [reason for reason, was in zip(reasons, empty, strict=True) if was]
    result.reject(gone, "nothing was left of an invalid geometry", lost)


def _reason(geometry: shapely.Geometry) -> str:
    return str(shapely.is_valid_reason(geometry)).split("[")[0].strip().lower()


def _sort_out(result: Cleaned, kinds: tuple[GeometryKind, ...]) -> None:
    """Keep the wanted kinds; of collections, the parts of the first kind that there are any of."""
    wanted = " or ".join(kinds)
    allowed = [code for kind in kinds for code in _TYPES[kind]]
    types = shapely.get_type_id(result.geometry)
    for position in np.flatnonzero(result.usable & (types == _COLLECTION)):
        parts = _flat_parts(result.geometry[position])
        part_types = shapely.get_type_id(parts)
        for kind in kinds:
            fitting = parts[np.isin(part_types, _TYPES[kind])]
            if len(fitting):
                result.geometry[position] = _joined(fitting, kind)
                lost = len(parts) - len(fitting)
                reason, detail = result.repaired.get(int(position), ("parts of another kind were left out", ""))
                more = f"{len(fitting)} of {len(parts)} parts kept" if lost else ""
                result.repaired[int(position)] = (reason, "; ".join(text for text in (detail, more) if text))
                break
    types = shapely.get_type_id(result.geometry)
    other = result.usable & ~np.isin(types, allowed)
    result.reject(other, f"the geometry is no {wanted}", [f"a {_NAMES[code]}" for code in types[other]])


def _flat_parts(collection: shapely.Geometry) -> Geometries:
    parts = shapely.get_parts([collection])
    while np.isin(shapely.get_type_id(parts), (4, 5, 6, _COLLECTION)).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts, dtype=object)


def _joined(parts: Geometries, kind: GeometryKind) -> shapely.Geometry:
    joined: shapely.Geometry
    if len(parts) == 1:
        joined = parts[0]
    elif kind == "polygon":
        # Parts of one feature may overlap; a multipolygon's may not.
        joined = shapely.union_all(parts)
    elif kind == "line":
        joined = shapely.MultiLineString(list(parts))
    else:
        joined = shapely.MultiPoint(list(parts))
    return joined


def repeated(geometry: Geometries) -> dict[int, int]:
    """Find geometries that are there before, vertex by vertex: position → position of the first."""
    first: dict[bytes, int] = {}
    again: dict[int, int] = {}
    for position, wkb in enumerate(shapely.to_wkb(geometry)):
        known = first.setdefault(wkb, position)
        if known != position:
            again[position] = known
    return again
