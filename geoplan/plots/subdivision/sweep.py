"""A line swept over a polygon: where it has to stop to leave so much area behind, and the cut along it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Axis", "box_axes", "cut_at", "cut_positions", "polygons_of", "slab", "without"]

Floats = npt.NDArray[np.float64]

_KNOTS = 64
_SEAM = 1e-6


@dataclass(frozen=True)
class Axis:
    """A direction to sweep in, with the direction across it.

    Attributes
    ----------
    x, y
        The unit vector; that across it is ``(-y, x)``.
    """

    x: float
    y: float

    @property
    def turned(self) -> Axis:
        """The axis across."""
        return Axis(-self.y, self.x)

    def along(self, xy: Floats) -> Floats:
        """Return how far coordinates lie along the axis, in the unit of the CRS."""
        return xy[:, 0] * self.x + xy[:, 1] * self.y

    def reach(self, shape: shapely.Geometry) -> tuple[float, float]:
        """Return the least and the greatest position of a geometry along the axis."""
        positions = self.along(shapely.get_coordinates(shape))
        return float(positions.min()), float(positions.max())


def box_axes(shape: shapely.Polygon) -> tuple[Axis, Axis]:
    """Return the directions of the smallest turned box, the longer one first."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))
    sides = np.diff(corners[:3], axis=0)
    long = max(sides.tolist(), key=lambda side: float(np.hypot(*side)))
    length = float(np.hypot(*long))
    # The sign is fixed, so that where the box begins does not decide what is low and what is high.
    sign = 1.0 if (long[0], long[1]) > (0.0, 0.0) else -1.0
    axis = Axis(sign * long[0] / length, sign * long[1] / length)
    return axis, axis.turned


def slab(axis: Axis, low: float, high: float, across: tuple[float, float]) -> shapely.Polygon:
    """Return the rectangle between two positions along an axis and two across it."""
    corners = [(low, across[0]), (high, across[0]), (high, across[1]), (low, across[1])]
    return shapely.Polygon([(s * axis.x - c * axis.y, s * axis.y + c * axis.x) for s, c in corners])


def polygons_of(shapes: Any) -> npt.NDArray[Any]:
    """Return the single polygons in what an overlay gives; lines and points are nothing."""
    parts = shapely.get_parts(np.atleast_1d(shapes))
    if (shapely.get_type_id(parts) == 7).any():
        parts = shapely.get_parts(parts)
    chosen: npt.NDArray[Any] = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)]
    return chosen


def without(shape: shapely.Geometry, strips: Sequence[shapely.Geometry]) -> npt.NDArray[Any]:
    """Return the single polygons of a shape outside of strips that were cut from it.

    Strips are taken a micrometre wider: their ends were rounded, and on an edge of the shape a seam of no width would
    hold together what lies on both sides.
    """
    wider = shapely.buffer(np.array(strips, dtype=object), _SEAM, quad_segs=1, join_style="mitre")
    return polygons_of(shapely.difference(shape, shapely.union_all(wider)))


def cut_positions(polygon: shapely.Polygon, axis: Axis, shares: Floats) -> Floats:
    """Return the positions along an axis behind which given shares of a polygon's area lie.

    Parameters
    ----------
    polygon
        A valid polygon; holes and bays are fine.
    axis
        The direction in which the line moves.
    shares
        Shares of the area between 0 and 1.

    Notes
    -----
    By Green's theorem the area behind the line is the integral of the position across, over the part of every edge
    that lies behind. Between two vertices it is a quadratic function, so three values of it give the position exactly.
    """
    ring_xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.orient_polygons(polygon)), return_index=True)
    along, across = axis.along(ring_xy), axis.turned.along(ring_xy)
    across = across - across.mean()
    same = ring[1:] == ring[:-1]
    edges = along[:-1][same], across[:-1][same], along[1:][same], across[1:][same]
    knots = np.unique(along)
    whole = _behind(edges, knots[-1:])[0]
    return np.array([_position(edges, knots, share * whole) for share in shares])


def cut_at(polygon: shapely.Polygon, axis: Axis, positions: Floats) -> list[npt.NDArray[Any]]:
    """Cut a polygon at positions along an axis and return the single polygons of each piece, in their order."""
    low, high = axis.reach(polygon)
    left, right = axis.turned.reach(polygon)
    across = left - 1.0, right + 1.0
    ends = [low - 1.0, *positions, high + 1.0]
    slabs = [slab(axis, start, stop, across) for start, stop in itertools.pairwise(ends)]
    return [polygons_of(piece) for piece in shapely.intersection(polygon, np.array(slabs, dtype=object))]


def _behind(edges: tuple[Floats, Floats, Floats, Floats], positions: Floats) -> Floats:
    """Return the area behind each position, with the sign of the exterior's direction."""
    along0, across0, along1, across1 = edges
    start = np.minimum(along0, positions[:, None])
    stop = np.minimum(along1, positions[:, None])
    run = along1 - along0
    slope = np.divide(across1 - across0, run, out=np.zeros_like(run), where=run != 0)
    middle = across0 + slope * ((start + stop) / 2 - along0)
    return np.asarray(-((stop - start) * middle).sum(axis=1))


def _position(edges: tuple[Floats, Floats, Floats, Floats], knots: Floats, wanted: float) -> float:
    while len(knots) > 2:
        every = max(1, (len(knots) - 1) // _KNOTS)
        chosen = np.unique(np.r_[np.arange(0, len(knots), every), len(knots) - 1])
        after = int(np.searchsorted(np.abs(_behind(edges, knots[chosen])), abs(wanted)))
        after = min(max(after, 1), len(chosen) - 1)
        narrowed = knots[chosen[after - 1] : chosen[after] + 1]
        if len(narrowed) == len(knots):
            break
        knots = narrowed
    low, high = knots[0], knots[-1]
    first, middle, last = np.abs(_behind(edges, np.array([low, (low + high) / 2, high])))
    bend = 2 * (last + first - 2 * middle)
    rise = last - first - bend
    more = abs(wanted) - first
    root = rise + np.sqrt(max(rise**2 + 4 * bend * more, 0.0))
    share = 2 * more / root if root > 0 else 0.5
    return float(low + min(max(share, 0.0), 1.0) * (high - low))
