"""A first sketch of a whole development area: streets, plots on both sides of them, and what is left."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.frames import area_m2, check_frame, metres_per_unit
from geoplan.plots.subdivision.access import HAIR_M, Roads, thin
from geoplan.plots.subdivision.frontage import equal_lots
from geoplan.plots.subdivision.layout import Ground, Layout, usable
from geoplan.plots.subdivision.shape import frontages, inscribed_widths
from geoplan.plots.subdivision.standards import SubdivisionStandards
from geoplan.plots.subdivision.sweep import Axis, box_axes, polygons_of, slab, without

__all__ = ["Sketch", "sketch_area"]

Shapes = npt.NDArray[Any]


@dataclass(frozen=True)
class Sketch:
    """Streets and plots drawn in an area.

    Attributes
    ----------
    plots
        ``number``, ``area_m2``, ``width_m``, ``frontage_m`` on the streets and geometry, in order along the streets.
    streets
        ``area_m2`` and geometry: streets that meet are one.
    areas_m2
        ``plots``, ``streets`` (new ones) and ``rest``, existing roads included; together the area.
    shares
        The same as shares of the area.
    connected
        Whether the streets reach a road: ``yes``, ``no``, or ``unknown`` where nobody knows where roads are.
    """

    plots: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    areas_m2: Mapping[str, float]
    shares: Mapping[str, float]
    connected: Literal["yes", "no", "unknown"]


def sketch_area(area: gpd.GeoSeries, roads: Roads | None, standards: SubdivisionStandards) -> Sketch:
    """Sketch streets and plots in a development area.

    Parameters
    ----------
    area
        One or more polygons in a projected CRS, which are one area; usually its buildable land.
    roads
        From :func:`geoplan.plots.subdivision.access.find_roads`, or None where nobody knows.
    standards
        Measures, in metres.

    Returns
    -------
    Sketch

    Raises
    ------
    FrameError
        A polygon is invalid or missing, or the CRS is not projected.

    Notes
    -----
    Of each polygon, streets run along one side of its smallest turned box, as far apart as two plots are deep and a
    street is wide; a street across joins them, in the middle of what faces a road, or of the polygon. Only streets that
    meet the one across are kept. Both sides of the box and both middles are tried, and the best by the worth of the
    plots (:attr:`geoplan.plots.subdivision.layout.Layout.worth`) is kept. It is a sketch: heights, soil, pipes and
    trees are not looked at, and no park is set aside.
    """
    frame = area.to_frame("geometry")
    check_frame(frame, name="area", geometry=["polygon"])
    unit = metres_per_unit(area.crs)
    own = standards.in_units(unit)
    whole = shapely.union_all(area.to_numpy())
    pieces = polygons_of(whole)
    fronts = np.full(len(pieces), shapely.MultiLineString(), dtype=object)
    if roads is not None:
        pieces = polygons_of(shapely.difference(whole, roads.bodies(np.array([whole], dtype=object))[0]))
        fronts = roads.fronts(pieces)
    layouts = []
    for piece, front in zip(pieces, fronts, strict=True):
        ground = Ground(piece, thin(front, unit), front, own, HAIR_M / unit)
        along, across = box_axes(piece)
        tries = [_laid(ground, axis, by_front) for axis in (along, across) for by_front in (True, False)]
        layouts.append(max(tries, key=lambda layout: layout.worth))
    return _sketch(layouts, whole, roads, unit, area.crs)


def _laid(ground: Ground, axis: Axis, by_front: bool) -> Layout:
    """Lay streets across an axis and one along it, behind the front or in the middle, and cut what lies between."""
    own, shape = ground.standards, ground.shape
    low, high = axis.reach(shape)
    left, right = axis.turned.reach(shape)
    width, period = own.street_width, 2 * own.depth + own.street_width
    count = max(1, round((high - low) / period))
    column = (high - low) / count
    middles = low + column * (np.arange(count) + 0.5)
    ways = [slab(axis, middle - width / 2, middle + width / 2, (left - 1, right + 1)) for middle in middles]
    if count > 1:
        seen = axis.turned.along(shapely.get_coordinates(ground.lines))
        centre = (seen.min() + seen.max()) / 2 if by_front and len(seen) else (left + right) / 2
        centre = min(max(centre, left + own.depth), right - own.depth) if right - left > 2 * own.depth else centre
        ways.append(slab(axis.turned, centre - width / 2, centre + width / 2, (-high - 1, -low + 1)))
    streets = _network(shapely.intersection(shape, shapely.union_all(ways)), ground)
    if not len(streets):
        return Layout(ground, (), (), "sketch")
    land = shapely.multipolygons(without(shape, list(streets)))
    edges = [low - 1, *(low + column * np.arange(1, count)), high + 1]
    lots: list[Any] = []
    for start, stop in itertools.pairwise(edges):
        for band in polygons_of(shapely.intersection(land, slab(axis, start, stop, (left - 1, right + 1)))):
            lots += list(equal_lots(band, axis.turned, own.count(band.area)))
    good = usable(lots, ground.thin(streets), own)
    return Layout(ground, tuple(np.array(lots, dtype=object)[good]), tuple(streets), "sketch")


def _network(streets: Any, ground: Ground) -> Shapes:
    """Return the streets that hang together: all that meet a road, or else the largest."""
    parts = polygons_of(streets)
    if not len(parts):
        return parts
    on_road = frontages(parts, ground.front) > 0
    return parts[on_road] if on_road.any() else parts[[int(np.argmax(shapely.area(parts)))]]


def _sketch(layouts: list[Layout], whole: Any, roads: Roads | None, unit: float, crs: object) -> Sketch:
    lots = np.array([lot for layout in layouts for lot in layout.lots], dtype=object)
    streets = np.array([street for layout in layouts for street in layout.strips], dtype=object)
    own = [frontages(np.array(each.lots, dtype=object), each.ground.thin(np.array(each.strips))) for each in layouts]
    plots = gpd.GeoDataFrame({"number": np.arange(1, len(lots) + 1)}, geometry=lots, crs=crs)
    plots = plots.assign(
        area_m2=area_m2(plots),
        width_m=inscribed_widths(lots, np.full(len(lots), np.inf), unit),
        frontage_m=np.concatenate([*own, np.zeros(0)]) * unit,
    )
    ways = gpd.GeoDataFrame(geometry=streets, crs=crs)
    ways = ways.assign(area_m2=area_m2(ways))
    total = float(shapely.area(whole)) * unit**2
    areas = {"plots": float(plots["area_m2"].sum()), "streets": float(ways["area_m2"].sum())}
    areas["rest"] = total - areas["plots"] - areas["streets"]
    shares = {name: value / total if total else 0.0 for name, value in areas.items()}
    met = [frontages(np.array(each.strips), each.ground.front).any() for each in layouts if each.strips]
    reached: Literal["yes", "no", "unknown"] = "yes" if met and all(met) else "no"
    if roads is None or (reached == "no" and not roads.complete):
        reached = "unknown"
    return Sketch(plots, ways, areas, shares, reached)
