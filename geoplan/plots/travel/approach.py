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


def approach(places: Shapes, shapes: Shapes, *, limit: float, land: DryLand | None = None) -> Approach:
    """Find the nearest shape of a network to each place.

    Parameters
    ----------
    places
        Points or polygons.
    shapes
        Lines or points. Of two that are equally near, the first.
    limit
        The longest straight way, in units of the CRS, above zero.
    land
        Where given, the straight way must be dry: the nearest shape that it is dry to.
    """
    result = _none(len(places))
    if not len(places) or not len(shapes):
        return result
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
