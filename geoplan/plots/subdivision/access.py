"""Where land meets a road: from road centre lines, or from parcels that are streets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.pieces import chunk_lines
from geoplan.plots.subdivision.standards import SubdivisionStandards

__all__ = ["HAIR_M", "Roads", "find_roads", "thin"]

HAIR_M = 0.02
"""Boundaries this near to each other are one: a cut is computed to far less, and no register draws so finely."""

_FACING = np.cos(np.radians(50))
_STREET_REACH_M = 0.5
_SIGHT_HAIRS = 5

Shapes = npt.NDArray[Any]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Roads:
    """Roads as short straight lines, each with how far it reaches.

    Attributes
    ----------
    lines
        LineStrings of two points: centre lines, and boundaries of parcels that are streets.
    half_width
        Half of the road's own width, in the unit of the CRS; zero for a boundary.
    reach
        How far from the line a boundary still is on the road, in the unit of the CRS.
    tree
        An index of the lines.
    unit
        Metres in a unit of the CRS.
    complete
        Whether there is a layer of roads: streets among the parcels alone are not all of them.
    """

    lines: Shapes
    half_width: npt.NDArray[np.float64]
    reach: npt.NDArray[np.float64]
    tree: shapely.STRtree
    unit: float
    complete: bool = True

    def fronts(self, shapes: Shapes) -> Shapes:
        """Return the parts of each shape's boundary that face a road, and the roads' middles inside of it.

        Parameters
        ----------
        shapes
            Polygons and MultiPolygons.

        Returns
        -------
        numpy.ndarray
            MultiLineStrings, empty where no road is.
        """
        result = np.full(len(shapes), shapely.MultiLineString(), dtype=object)
        owner, line = self._near(shapes)
        if not len(owner):
            return result
        # A line along a boundary is not inside, and zones are made a hair wider, so that they hold what touches.
        zones = shapely.buffer(self.lines[line], self.reach[line], quad_segs=8)
        some, start = np.unique(owner, return_index=True)
        zone = np.array([shapely.union_all(group) for group in np.split(zones, start[1:])], dtype=object)
        rims, rim_owner = _segments(shapely.intersection(shapely.boundary(shapes[some]), zone))
        facing = self.facing(rims)
        inner_lines = self.half_width[line] > 0
        inner = shapely.intersection(self.lines[line[inner_lines]], shapes[owner[inner_lines]])
        inside, inside_of = _segments(inner)
        pieces = np.r_[rims[facing], inside]
        owners = np.r_[some[rim_owner[facing]], owner[inner_lines][inside_of]]
        order = np.argsort(owners, kind="stable")
        for who, group in _groups(owners[order], pieces[order]):
            result[who] = shapely.multilinestrings(group)
        return result

    def seen(
        self, rim: shapely.Geometry, *, front: shapely.Geometry, land: shapely.Geometry, parcel: shapely.Geometry
    ) -> shapely.MultiLineString:
        """Return the straight segments of a boundary that run along their nearest road and see it.

        Parameters
        ----------
        rim
            Of a piece's boundary.
        front
            What of the parcel's boundary is on a road.
        land, parcel
            The piece, and the parcel that it is part of: from a segment to the front one crosses no more of the
            piece, and nothing of others'.
        """
        on_it = shapely.union_all(thin(front, self.unit))
        # What goes on along the same edge is apart: it is not on the road itself.
        whole = np.array([shapely.intersection(rim, on_it), shapely.difference(rim, on_it)], dtype=object)
        segments, _ = _segments(whole)
        segments = segments[self.facing(segments)]
        middle = shapely.line_interpolate_point(segments, 0.5, normalized=True)
        sight = shapely.shortest_line(middle, front)
        hair = _SIGHT_HAIRS * HAIR_M / self.unit
        own = shapely.length(shapely.intersection(sight, parcel))
        free = (shapely.length(shapely.intersection(sight, land)) <= hair) & (shapely.length(sight) - own <= hair)
        return shapely.MultiLineString(list(segments[free]))

    def facing(self, segments: Shapes) -> npt.NDArray[np.bool_]:
        """Tell which straight segments run along their nearest road rather than away from it."""
        if not len(segments):
            return np.zeros(0, dtype=bool)
        middle = shapely.line_interpolate_point(segments, 0.5, normalized=True)
        (place, line), _ = self.tree.query_nearest(middle, return_distance=True, all_matches=False)
        nearest = np.zeros(len(segments), dtype=np.intp)
        nearest[place] = line
        return np.asarray(np.abs((_directions(segments) * _directions(self.lines[nearest])).sum(axis=1)) >= _FACING)

    def bodies(self, shapes: Shapes) -> Shapes:
        """Return the ground of the roads that cross each shape; empty where none does."""
        result = np.full(len(shapes), shapely.Polygon(), dtype=object)
        owner, line = self.tree.query(shapes, predicate="intersects")
        wide = self.half_width[line] > 0
        owner, line = owner[wide], line[wide]
        order = np.lexsort((line, owner))
        beds = shapely.buffer(self.lines[line[order]], self.half_width[line[order]], quad_segs=4)
        for who, group in _groups(owner[order], beds):
            result[who] = shapely.union_all(group)
        return result

    def _near(self, shapes: Shapes) -> tuple[Numbers, Numbers]:
        most = float(self.reach.max()) if len(self.reach) else 0.0
        owner, line = self.tree.query(shapes, predicate="dwithin", distance=most)
        near = shapely.distance(shapes[owner], self.lines[line]) <= self.reach[line]
        owner, line = owner[near], line[near]
        order = np.lexsort((line, owner))
        return owner[order], line[order]


def find_roads(layers: Mapping[str, gpd.GeoDataFrame], standards: SubdivisionStandards, *, crs: object) -> Roads | None:
    """Find the roads that give access.

    Parameters
    ----------
    layers
        Layers by catalogue id: ``roads`` (paths are none) and, of ``parcels``, those whose ``use`` is a street.
    standards
        Widths, reach and the uses of streets, in metres.
    crs
        The layers' CRS.

    Returns
    -------
    Roads or None
        None where neither is known: then nobody knows which land has access. A ``roads`` layer that is empty is
        known, and gives none.
    """
    unit = metres_per_unit(crs)
    lines: list[Shapes] = []
    half: list[npt.NDArray[np.float64]] = []
    reach: list[npt.NDArray[np.float64]] = []
    roads, parcels = layers.get("roads"), layers.get("parcels")
    if roads is not None:
        driven = roads[roads["kind"] != "path"] if "kind" in roads else roads
        width = pd.Series(np.nan, index=driven.index)
        if "width_m" in driven:
            width = pd.to_numeric(driven["width_m"], errors="coerce")
        middle, owner = chunk_lines(driven.geometry.to_numpy(), vertices=2)
        own = width.fillna(standards.road_width).to_numpy(dtype=float)[owner] / 2 / unit
        lines, half, reach = [middle], [own], [own + standards.road_reach / unit]
    if parcels is not None and "use" in parcels:
        streets = parcels[parcels["use"].isin(standards.street_uses)]
        if len(streets):
            rim, _ = chunk_lines(streets.geometry.to_numpy(), vertices=2)
            lines.append(rim)
            half.append(np.zeros(len(rim)))
            reach.append(np.full(len(rim), _STREET_REACH_M / unit))
    if not lines:
        return None
    every = np.concatenate(lines)
    return Roads(every, np.concatenate(half), np.concatenate(reach), shapely.STRtree(every), unit, roads is not None)


def thin(lines: Any, unit: float) -> Shapes:
    """Draw lines as areas of a hair's width, in which boundaries can be measured.

    Parameters
    ----------
    lines
        A MultiLineString.
    unit
        Metres in a unit of the CRS.
    """
    parts = shapely.get_parts(lines)
    return np.asarray(shapely.buffer(parts, HAIR_M / unit, quad_segs=1, cap_style="flat"))


def _segments(lines: Shapes) -> tuple[Shapes, Numbers]:
    """Cut lines into their straight segments, and tell which line each comes from."""
    flat = np.asarray(shapely.get_dimensions(lines))
    place = np.flatnonzero(flat >= 1)
    pieces, owner = chunk_lines(lines[place], vertices=2)
    long = shapely.length(pieces) > 0
    return pieces[long], place[owner[long]]


def _directions(segments: Shapes) -> npt.NDArray[np.float64]:
    ends = shapely.get_coordinates(segments).reshape(-1, 2, 2)
    run = ends[:, 1] - ends[:, 0]
    length = np.hypot(run[:, 0], run[:, 1])[:, None]
    return np.divide(run, length, out=np.zeros_like(run), where=length > 0)


def _groups(owners: Numbers, values: Shapes) -> list[tuple[int, Shapes]]:
    """Return the values of each owner; owners are sorted."""
    some, start = np.unique(owners, return_index=True)
    return list(zip(some.tolist(), np.split(values, start[1:]), strict=True)) if len(some) else []
