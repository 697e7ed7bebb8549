"""The straight way from a place to the nearest road, on dry land."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.land.pieces import chunk_lines, subdivide
from geoplan.plots.travel.network import Floats, Indices, Shapes

__all__ = ["Approach", "DryLand", "approach"]

# Lines are indexed in parts of so many vertices: the box of a long road holds half a county.
_VERTICES = 16
# Segments to a quarter of a circle: at 500 m its outline is 0.6 m within.
_ROUND = 16
# Pairs of places and shapes are looked at this many places at a time, to bound the memory.
_AT_ONCE = 200


@dataclass(frozen=True, eq=False)
class Approach:
    """Where places meet a network.

    Attributes
    ----------
    shape
        Which shape, or -1 where none is near.
    at
        How far along it, in units of the CRS.
    distance
        The straight way there, in units of the CRS; NaN where there is none.
    """

    shape: Indices
    at: Floats
    distance: Floats

    @property
    def found(self) -> Indices:
        """The places that meet the network."""
        return np.flatnonzero(self.shape >= 0)

    def filled(self, rows: Indices, other: Approach) -> Approach:
        """Return this with some rows taken from another, which has just those."""
        shape, at, distance = self.shape.copy(), self.at.copy(), self.distance.copy()
        shape[rows], at[rows], distance[rows] = other.shape, other.at, other.distance
        return Approach(shape, at, distance)


class DryLand:
    """Tells how much water a straight way crosses.

    Parameters
    ----------
    water
        The layer ``water``; its polygons count, and its lines do not.
    most
        How much water a way may cross, in units of the CRS.
    """

    def __init__(self, water: gpd.GeoDataFrame, most: float) -> None:
        shapes = water.geometry.to_numpy()
        # A sea is large: its pieces answer much faster, and a length does not mind how it was cut.
        self._water, self._most = subdivide(shapes[shapely.get_dimensions(shapes) == 2]).shapes, most

    def crossed(self, links: Shapes) -> npt.NDArray[np.bool_]:
        """Tell which ways stay on dry land."""
        if not len(links) or not len(self._water):
            return np.ones(len(links), bool)
        water, link = shapely.STRtree(links).query(self._water, predicate="intersects")
        wet = shapely.length(shapely.intersection(links[link], self._water[water]))
        dry: npt.NDArray[np.bool_] = np.bincount(link, wet, minlength=len(links)) <= self._most
        return dry


def approach(
    places: Shapes, shapes: Shapes, *, limit: float, tolerance: float = 0.0, land: DryLand | None = None
) -> Approach:
    """Find where each place meets the nearest shape of a network.

    Parameters
    ----------
    places
        Points or polygons.
    shapes
        Lines or points. Of two that are equally near, the first.
    limit
        The longest straight way, in units of the CRS, above zero.
    tolerance
        What is farther away than the nearest by less than this counts as near as that, in units of the CRS. A polygon
        meets lines in the middle of all that is as near; with zero, and for points, at the very nearest point.
    land
        Where given, the straight way must be dry: the nearest shape that it is dry to.

    Notes
    -----
    Where a side of a polygon runs along a line, which end of it is nearest hangs on the last decimals. The middle of
    what is about as near (the point of it that is nearest to its centre of gravity) does not.
    """
    if not len(places) or not len(shapes):
        return _none(len(places))
    result = _nearest(places, shapes, limit, land)
    if tolerance <= 0:
        return result
    return result.filled(*_middle(result, places, shapes, tolerance, land))


def _nearest(places: Shapes, shapes: Shapes, limit: float, land: DryLand | None) -> Approach:
    """Return where places meet the nearest shape, at the very nearest point."""
    result = _none(len(places))
    short, line = chunk_lines(shapes, vertices=_VERTICES)
    points = np.flatnonzero(shapely.get_dimensions(shapes) == 0)
    parts, owner = np.concatenate([short, shapes[points]]), np.concatenate([line, points])
    tree = shapely.STRtree(parts)
    place, part = tree.query_nearest(places, max_distance=limit)
    shape = owner[part]
    result = result.filled(*_first(place, shape, places, shapes))
    if land is None:
        return result
    found = result.found
    wet = found[~land.crossed(shapely.shortest_line(places[found], shapes[result.shape[found]]))]
    for start in range(0, len(wet), _AT_ONCE):
        rows = wet[start : start + _AT_ONCE]
        near, part = tree.query(places[rows], predicate="dwithin", distance=limit)
        near, shape = np.unique(np.column_stack([near, owner[part]]), axis=0).T
        dry = land.crossed(shapely.shortest_line(places[rows[near]], shapes[shape]))
        result = result.filled(rows, _none(len(rows)).filled(*_first(near[dry], shape[dry], places[rows], shapes)))
    return result


def _none(count: int) -> Approach:
    return Approach(np.full(count, -1, dtype=np.intp), np.zeros(count), np.full(count, np.nan))


def _first(place: Indices, shape: Indices, places: Shapes, shapes: Shapes) -> tuple[Indices, Approach]:
    """Return of pairs the nearest a place: the places, and how they meet the network."""
    distance = shapely.distance(places[place], shapes[shape])
    order = np.lexsort((shape, distance, place))
    rows, once = np.unique(place[order], return_index=True)
    chosen, distance = shape[order][once], distance[order][once]
    foot = shapely.get_point(shapely.shortest_line(places[rows], shapes[chosen]), 1)
    at = np.zeros(len(rows))
    lines = np.flatnonzero(shapely.get_dimensions(shapes[chosen]) == 1)
    at[lines] = shapely.line_locate_point(shapes[chosen[lines]], foot[lines])
    return rows, Approach(chosen, at, distance)


def _middle(
    met: Approach, places: Shapes, shapes: Shapes, tolerance: float, land: DryLand | None
) -> tuple[Indices, Approach]:
    """Return the polygons that meet lines, and how: in the middle of all that is about as near as the nearest."""
    parts, owner = chunk_lines(shapes, vertices=_VERTICES)
    flat = shapely.get_dimensions(places[met.found]) == 2
    rows = met.found[flat & (shapely.get_dimensions(shapes[met.shape[met.found]]) == 1)]
    around = shapely.buffer(places[rows], met.distance[rows] + tolerance, quad_segs=_ROUND)
    near, part = shapely.STRtree(parts).query(around, predicate="intersects")
    # An order of its own, so that sums do not hang on the tree's.
    near, part = np.unique(np.column_stack([near, part]), axis=0).T
    # A line that is nearer than the one that was met has no dry way there.
    ready = shapely.distance(places[rows[near]], shapes[owner[part]]) >= met.distance[rows[near]]
    near, part = near[ready], part[ready]
    stretch = shapely.intersection(parts[part], around[near])
    long = shapely.length(stretch) > 0
    near, part, stretch = near[long], part[long], stretch[long]
    middle = _centre(near, stretch, len(rows))[near]
    order = np.lexsort((part, shapely.distance(stretch, middle), near))
    near, once = np.unique(near[order], return_index=True)
    rows, chosen = rows[near], order[once]
    shape = owner[part[chosen]]
    foot = shapely.get_point(shapely.shortest_line(stretch[chosen], middle[chosen]), 0)
    way = shapely.shortest_line(places[rows], foot)
    # What is dry to the nearest point need not be dry to the middle.
    dry = np.ones(len(rows), bool) if land is None else land.crossed(way)
    at = shapely.line_locate_point(shapes[shape], foot)
    return rows[dry], Approach(shape[dry], at[dry], shapely.length(way)[dry])


def _centre(near: Indices, stretch: Shapes, count: int) -> Shapes:
    """Return the centre of gravity of the stretches near each place."""
    weight, xy = shapely.length(stretch), shapely.get_coordinates(shapely.centroid(stretch))
    total = np.maximum(np.bincount(near, weight, minlength=count), np.finfo(float).tiny)
    x, y = (np.bincount(near, weight * values, minlength=count) / total for values in xy.T)
    return np.asarray(shapely.points(x, y))
