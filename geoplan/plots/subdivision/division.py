"""Many pieces of land divided, each by whichever method does it better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.plots.subdivision.access import HAIR_M, Roads, thin
from geoplan.plots.subdivision.boxes import divide_by_boxes
from geoplan.plots.subdivision.frontage import direction, divide_by_frontage
from geoplan.plots.subdivision.layout import Ground, Layout, usable
from geoplan.plots.subdivision.shape import frontages
from geoplan.plots.subdivision.standards import SubdivisionStandards
from geoplan.plots.subdivision.sweep import polygons_of

__all__ = ["METHODS", "Access", "Divided", "Lot", "best_layout", "divide", "piece_fronts"]

Shapes = npt.NDArray[Any]

METHODS = {"boxes": divide_by_boxes, "frontage": divide_by_frontage}
"""The methods by name, in the order in which the first of equals is kept."""


@dataclass(frozen=True)
class Access:
    """New access: strips that meet, drawn as one area."""

    shape: shapely.Geometry
    street: bool


@dataclass(frozen=True)
class Lot:
    """A plot that was cut.

    Attributes
    ----------
    shape
        Its ground.
    front
        How much of its boundary is on a road or on new access, in the unit of the CRS.
    access
        The place in :attr:`Divided.accesses` of the access that it is on; None where it is on the road itself.
    """

    shape: shapely.Polygon
    front: float
    access: int | None


@dataclass(frozen=True)
class Divided:
    """A piece of land divided.

    Attributes
    ----------
    lots
        In the order along the front, then away from it.
    accesses
        New access in the order of the lots that first need it.
    roadbed
        The area of existing roads inside of the piece, in the square of the CRS's unit.
    method
        ``boxes``, ``frontage``, or ``mixed`` where a road inside parts the land.
    """

    lots: tuple[Lot, ...]
    accesses: tuple[Access, ...]
    roadbed: float
    method: str


def best_layout(ground: Ground, methods: Sequence[str] = tuple(METHODS)) -> Layout:
    """Divide land by every method and return the layout of most worth.

    Parameters
    ----------
    ground
        The land, its front and the standards.
    methods
        Of :data:`METHODS`.

    Returns
    -------
    Layout
        The land itself, as the method ``whole``, where no method gives two plots; without lots where it is none.
    """
    best = max((METHODS[name](ground) for name in methods), key=lambda layout: layout.worth)
    if len(best.lots) >= 2:
        return best
    whole = (ground.shape,) if usable([ground.shape], ground.front, ground.standards)[0] else ()
    return Layout(ground, whole, (), "whole")


def divide(
    shapes: Shapes,
    roads: Roads,
    standards: Sequence[SubdivisionStandards],
    *,
    within: Shapes,
    methods: Sequence[str] = tuple(METHODS),
) -> list[Divided | None]:
    """Divide pieces of land into plots with access.

    Parameters
    ----------
    shapes
        Polygons.
    roads
        From :func:`geoplan.plots.subdivision.access.find_roads`.
    standards
        For every piece, in metres.
    within
        For every piece the parcel that it is part of: its own ground may be crossed to reach the road.
    methods
        Of :data:`METHODS`.

    Returns
    -------
    list
        For every piece how it is divided, or None where it does not give two plots: too small for two of the wanted
        area, without frontage, or of a shape that allows none. Lots neither overlap each other nor access, and
        lie inside of their piece.

    Notes
    -----
    What a piece gives depends on nothing but itself, its parcel, its standards and the roads that touch it.
    """
    unit = roads.unit
    own = [each.in_units(unit) for each in standards]
    result: list[Divided | None] = [None] * len(shapes)
    areas = shapely.area(shapes)
    large = np.flatnonzero([areas[n] >= 2 * own[n].target_area for n in range(len(shapes))])
    if not len(large):
        return result
    pieces = shapes[large]
    beds = roads.bodies(pieces)
    fronts = piece_fronts(pieces, roads, [standards[n] for n in large.tolist()], within=within[large])
    for number, piece, bed, front in zip(large, pieces, beds, fronts, strict=True):
        if not shapely.is_empty(front):
            result[number] = _divided(piece, bed, front, own[number], unit, methods)
    return result


def piece_fronts(shapes: Shapes, roads: Roads, standards: Sequence[SubdivisionStandards], *, within: Shapes) -> Shapes:
    """Return what of each piece's boundary faces the road, across its parcel's own ground where that is narrow.

    Parameters
    ----------
    shapes, roads, standards, within
        As in :func:`divide`.

    Returns
    -------
    numpy.ndarray
        MultiLineStrings, empty where the parcel is on no road or the piece too far behind.
    """
    parcel_fronts = roads.fronts(within)
    result = np.full(len(shapes), shapely.MultiLineString(), dtype=object)
    on_road = np.flatnonzero(~shapely.is_empty(parcel_fronts))
    approach = np.array([each.approach for each in standards]) / roads.unit
    zones = shapely.buffer(parcel_fronts[on_road], approach[on_road] + HAIR_M / roads.unit, quad_segs=8)
    # A road inside of a piece is its front on both sides.
    land = shapely.difference(shapes[on_road], roads.bodies(shapes[on_road]))
    rims = shapely.intersection(shapely.boundary(land), zones)
    for place, rim, piece in zip(on_road, rims, land, strict=True):
        result[place] = roads.seen(rim, front=parcel_fronts[place], land=piece, parcel=within[place])
    return result


def _divided(
    piece: shapely.Polygon, bed: Any, front: Any, standards: SubdivisionStandards, unit: float, methods: Sequence[str]
) -> Divided | None:
    thinly, hair = thin(front, unit), HAIR_M / unit
    land = polygons_of(shapely.difference(piece, bed))
    layouts = [best_layout(Ground(each, thinly, front, standards, hair), methods) for each in land]
    if sum(len(layout.lots) for layout in layouts) < 2:
        return None
    lots: list[Lot] = []
    accesses: list[Access] = []
    for layout in layouts:
        joined = _joined(layout)
        lots += _lots(layout, joined, len(accesses))
        accesses += [Access(shape, layout.ground.lots >= standards.street_from) for shape in joined]
    ways = {layout.method for layout in layouts if len(layout.lots) >= 2}
    roadbed = float(shapely.area(shapely.intersection(piece, bed)))
    return Divided(tuple(lots), tuple(accesses), roadbed, ways.pop() if len(ways) == 1 else "mixed")


def _joined(layout: Layout) -> list[Any]:
    """Make one access of strips that meet."""
    groups: list[list[Any]] = []
    for strip in layout.strips:
        near = [group for group in groups if shapely.dwithin(strip, group, layout.ground.hair).any()]
        merged = [strip, *(other for group in near for other in group)]
        groups = [group for group in groups if not any(group is each for each in near)] + [merged]
    return [shapely.union_all(group) for group in groups]


def _lots(layout: Layout, joined: list[Any], first: int) -> list[Lot]:
    """Return the lots in order, each with its frontage and access; accesses are counted from ``first``."""
    ground = layout.ground
    lots = np.array(layout.lots, dtype=object)
    if not len(lots):
        return []
    lots = lots[_order(lots, ground)]
    on_road = frontages(lots, ground.front)
    on_new = np.array([frontages(lots, ground.thin(np.array([shape], dtype=object))) for shape in joined])
    shared = (on_road < ground.standards.min_frontage).tolist()
    result = []
    for number, shape in enumerate(lots):
        new = on_new[:, number] if len(joined) else np.zeros(1)
        access = first + int(new.argmax()) if shared[number] else None
        result.append(Lot(shape, float(on_road[number] + new.sum()), access))
    return result


def _order(lots: Shapes, ground: Ground) -> npt.NDArray[np.intp]:
    """Return the order of lots along the front, then away from it."""
    along = direction(ground.lines)
    middle = shapely.get_coordinates(shapely.centroid(lots))
    ranks = [np.round(axis.along(middle) / ground.hair) for axis in (along.turned, along)]
    return np.asarray(np.lexsort(ranks))
