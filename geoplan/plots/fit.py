"""Whether a plot holds a house of a given footprint with the distances to its boundaries that the rules ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.errors import InputError

__all__ = ["House", "fits"]

Shapes = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_TOLERANCE_M = 0.01
_COARSE = 0.01

# Directions that are tried besides those of the edges, and how many edges: a quarter turn is all there is to try.
_STEPS = 12
_MOST_EDGES = 8


@dataclass(frozen=True, kw_only=True)
class House:
    """The house that a plot has to hold, and how far from the plot's boundaries.

    The defaults are those of ``layers/assumptions/fit.toml``; the size is ours, the distance has its source there.

    Attributes
    ----------
    house_width, house_depth
        Sides of the footprint, m; either may be the longer.
    setback
        Distance to every boundary of the plot, m.
    """

    house_width: float = 8.0
    house_depth: float = 12.0
    setback: float = 4.5

    def __post_init__(self) -> None:
        for name in ("house_width", "house_depth"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} must be more than zero, not {getattr(self, name)}.")
        if not 0 <= self.setback < float("inf"):
            raise InputError(f"setback must be zero or more, not {self.setback}.")

    @property
    def least_width(self) -> float:
        """The narrowest plot that could hold it, m."""
        return min(self.house_width, self.house_depth) + 2 * self.setback

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Read the house from the values of the assumptions.

        Raises
        ------
        InputError
            A name is none of these, or a number cannot be.
        """
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(set(values) - known):
            raise InputError(f"A house has no measure {unknown[0]!r}.", hint=f"There are: {', '.join(sorted(known))}.")
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(f"A measure of the house is not a number: {error}.") from error


def fits(lots: Shapes, *, house: House, unit: float, buildable: Shapes | None = None) -> npt.NDArray[np.bool_]:
    """Tell which plots hold the house.

    Parameters
    ----------
    lots
        Polygons and MultiPolygons: the plots with all their ground.
    house
        Footprint and distance, in metres.
    unit
        Metres in a unit of the CRS.
    buildable
        For every plot the ground that may be built on; default: all of it. It needs no distance of its own: the
        rules that took the rest have theirs.

    Returns
    -------
    numpy.ndarray
        Truth for each.

    Notes
    -----
    The house has to lie in one part of the plot without its rim, where that is buildable. First the sure answers by
    the largest circle that fits there: as wide as the house's diagonal it holds the house however turned; narrower
    than its shorter side it cannot. What is left is settled for the directions of the longest edges, and for every
    7.5 degrees: at one direction the places where the house's middle may be are the ground minus the sum (Minkowski)
    of every edge and the house, and the house fits where anything of it is left. The house is drawn a centimetre
    smaller for that. Slope is not looked at.
    """
    ground = shapely.buffer(lots, -house.setback / unit, join_style="mitre") if house.setback else lots
    if buildable is not None:
        ground = shapely.intersection(ground, buildable)
    sides = np.array([house.house_width, house.house_depth]) / unit
    answer = np.zeros(len(lots), dtype=bool)
    parts, owner = shapely.get_parts(ground, return_index=True)
    large = (shapely.get_dimensions(parts) == 2) & (shapely.area(parts) >= sides.prod())
    parts, owner = parts[large], owner[large]
    tolerance = _COARSE * sides.min()
    width = 2 * shapely.length(shapely.maximum_inscribed_circle(parts, tolerance=tolerance))
    # The circle is never overstated, and may miss the largest by the tolerance on either side.
    sure = width >= np.hypot(*sides)
    answer[owner[sure]] = True
    doubtful = ~sure & (width + 2 * tolerance >= sides.min()) & ~answer[owner]
    hair = _TOLERANCE_M / unit
    for part, who in zip(parts[doubtful], owner[doubtful], strict=True):
        if not answer[who]:
            answer[who] = _turned(part, sides - hair)
    return answer


def _turned(part: shapely.Polygon, sides: Floats) -> bool:
    """Tell whether a rectangle fits in a polygon in any of the directions that are tried."""
    edges = _edges(part)
    directions = _directions(edges)
    middle = shapely.get_coordinates(shapely.maximum_inscribed_circle(part, tolerance=0.01 * sides.min()))[0]
    shapely.prepare(part)
    if shapely.contains(part, _rectangles(middle, directions, sides)).any():
        return True
    return any(_place_left(part, edges, direction, sides) for direction in directions)


def _edges(part: shapely.Polygon) -> Floats:
    """Return all edges as begin and end, shape (n, 2, 2)."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(part), return_index=True)
    same = ring[1:] == ring[:-1]
    return np.stack([xy[:-1][same], xy[1:][same]], axis=1)


def _directions(edges: Floats) -> Floats:
    """Return the angles to try, radians: those of the longest edges first."""
    run = edges[:, 1] - edges[:, 0]
    length = np.hypot(run[:, 0], run[:, 1])
    longest = np.argsort(-length, kind="stable")[:_MOST_EDGES]
    along = np.arctan2(run[longest, 1], run[longest, 0])
    # A rectangle of two different sides is the same again after half a turn.
    quarter = np.r_[along, np.arange(_STEPS) * (np.pi / 2 / _STEPS)]
    return np.unique(np.round(np.r_[quarter, quarter + np.pi / 2] % np.pi, 6))


def _rectangles(middle: Floats, directions: Floats, sides: Floats) -> Shapes:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * sides / 2
    turns = np.array([[np.cos(directions), -np.sin(directions)], [np.sin(directions), np.cos(directions)]])
    return np.asarray(shapely.polygons(np.einsum("ijd,kj->dki", turns, corners) + middle))


def _place_left(part: shapely.Polygon, edges: Floats, direction: float, sides: Floats) -> bool:
    """Tell whether there is a place for the rectangle's middle from which it crosses no edge."""
    turn = np.array([[np.cos(direction), -np.sin(direction)], [np.sin(direction), np.cos(direction)]])
    corners = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * sides / 2) @ turn.T
    swept = shapely.convex_hull(shapely.multipoints((edges[:, :, None, :] + corners).reshape(len(edges), 8, 2)))
    return not shapely.difference(part, shapely.union_all(swept)).is_empty
