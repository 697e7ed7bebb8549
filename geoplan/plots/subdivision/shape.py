"""How good the shape of a plot is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["compactness", "frontages", "inscribed_widths", "rectangularity", "short_sides", "wide"]

Floats = npt.NDArray[np.float64]

_COARSE, _FINE_M = 0.005, 0.01


def inscribed_widths(parts: npt.NDArray[Any], asked: Floats, unit: float) -> Floats:
    """Return the diameter of each part's largest circle in metres.

    Coarsely first (to half a percent of the square root of the area), and to a centimetre where that leaves it
    open whether the part is as wide as asked: a fine search over a forest takes a hundred times as long.

    Parameters
    ----------
    parts
        Polygons.
    asked
        The width that matters for each, metres.
    unit
        Metres in a unit of the CRS.
    """
    tolerance = _COARSE * np.sqrt(shapely.area(parts))
    width = 2 * shapely.length(shapely.maximum_inscribed_circle(parts, tolerance=tolerance)) * unit
    # The search may miss the centre by the tolerance, and never overstates the radius.
    open_ = (width < asked) & (width + 2 * tolerance * unit >= asked)
    fine = shapely.maximum_inscribed_circle(parts[open_], tolerance=_FINE_M / unit)
    width[open_] = 2 * shapely.length(fine) * unit
    return np.asarray(width)


def rectangularity(parts: npt.NDArray[Any]) -> Floats:
    """Return the share of each part's smallest turned rectangle that the part fills, 0 to 1."""
    boxes = shapely.area(shapely.oriented_envelope(parts))
    return np.divide(shapely.area(parts), boxes, out=np.zeros(len(parts)), where=boxes > 0)


def compactness(parts: npt.NDArray[Any]) -> Floats:
    """Return 4π × area / perimeter² of each part: 1 for a circle, 0.785 for a square (Polsby and Popper 1991)."""
    around = shapely.length(parts) ** 2
    return np.divide(4 * np.pi * shapely.area(parts), around, out=np.zeros(len(parts)), where=around > 0)


def short_sides(parts: npt.NDArray[Any]) -> Floats:
    """Return the shorter side of each part's smallest turned rectangle, in the unit of the CRS."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(parts)).reshape(-1, 5, 2)
    sides = np.hypot(*np.moveaxis(np.diff(corners[:, :3], axis=1), -1, 0))
    return np.asarray(sides.min(axis=1))


def frontages(parts: npt.NDArray[Any], front: npt.NDArray[Any]) -> Floats:
    """Return how much of each part's boundary lies in a front.

    Parameters
    ----------
    parts
        Polygons.
    front
        Thinly drawn areas that hardly overlap (see :func:`geoplan.plots.subdivision.access.thin`).
    """
    result = np.zeros(len(parts))
    if not len(parts) or not len(front):
        return result
    # By their boxes first: most of a front is far from any one part.
    mine, theirs = shapely.bounds(parts)[:, None, :], shapely.bounds(front)[None, :, :]
    meet = (mine[..., :2] <= theirs[..., 2:]).all(axis=-1) & (mine[..., 2:] >= theirs[..., :2]).all(axis=-1)
    part, piece = np.nonzero(meet)
    length = shapely.length(shapely.intersection(shapely.boundary(parts)[part], front[piece]))
    np.add.at(result, part, length)
    return result


def wide(parts: npt.NDArray[Any], asked: float) -> npt.NDArray[np.bool_]:
    """Tell in which parts a circle of a diameter fits, both in the unit of the CRS.

    The circle around the centroid is tried first; only where it is too large is the largest one searched.
    """
    middle = shapely.centroid(parts)
    answer = np.asarray(
        shapely.contains(parts, middle) & (shapely.distance(shapely.boundary(parts), middle) >= asked / 2)
    )
    rest = np.flatnonzero(~answer)
    answer[rest] = inscribed_widths(parts[rest], np.full(len(rest), asked), 1.0) >= asked
    return answer
