"""Strips of plots along the road, or along lanes that lead from it into the land."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.plots.subdivision.layout import Ground, Layout, usable
from geoplan.plots.subdivision.shape import frontages
from geoplan.plots.subdivision.sweep import Axis, cut_at, cut_positions, polygons_of, slab, without

__all__ = ["direction", "divide_by_frontage", "equal_lots"]

Shapes = npt.NDArray[Any]

_MOST_LANES = 12
_JOINED = 0.75


def divide_by_frontage(ground: Ground) -> Layout:
    """Divide land into strips of plots along its front, or along lanes across it.

    Parameters
    ----------
    ground
        The land, its front and the standards.

    Returns
    -------
    Layout
        Its lots have area, width and frontage; what is neither a lot nor a strip is left over.

    Notes
    -----
    Tried are one strip of plots along the road; lanes as far apart as two plots are deep and a lane is wide, with a
    strip of plots on either side of each; one lane fewer; and a lane along either edge. Strips are cut into plots of
    equal area. The best by :attr:`Layout.worth` is returned.
    """
    if shapely.is_empty(ground.lines):
        return Layout(ground, (), (), "frontage")
    along = direction(ground.lines)
    tries = [_row(ground, along)]
    low, high = along.reach(ground.shape)
    width = ground.standards.access_width(ground.lots)
    period = 2 * ground.standards.depth + width
    count = int(min(max(round((high - low) / period), 1), _MOST_LANES))
    lanes = [_even(low, high, count, width)]
    if count > 1:
        lanes.append(_even(low, high, count - 1, width))
    lanes += [[low], [high - width]]
    tries += [_comb(ground, along, places, width) for places in lanes]
    return max(tries, key=lambda layout: layout.worth)


def direction(lines: shapely.Geometry) -> Axis:
    """Return the direction in which most of the front runs: the mean of doubled angles, by length."""
    total = 0j
    for line in shapely.get_parts(lines):
        run = np.diff(shapely.get_coordinates(line), axis=0)
        step = run[:, 0] + 1j * run[:, 1]
        size = np.abs(step)
        total += complex((step[size > 0] ** 2 / size[size > 0]).sum())
    half = np.angle(total) / 2 if total else 0.0
    return Axis(float(np.cos(half)), float(np.sin(half)))


def _even(low: float, high: float, count: int, width: float) -> list[float]:
    column = (high - low) / count
    return [low + column * (number + 0.5) - width / 2 for number in range(count)]


def _row(ground: Ground, along: Axis) -> Layout:
    """Cut the whole into plots side by side."""
    lots = equal_lots(ground.shape, along, ground.lots)
    good = lots[usable(lots, ground.front, ground.standards)]
    return Layout(ground, tuple(good), (), "frontage")


def _comb(ground: Ground, along: Axis, places: list[float], width: float) -> Layout:
    """Lay lanes away from the front, and cut what lies on either side of each into plots along it."""
    low, high = along.reach(ground.shape)
    ends = along.turned.reach(ground.shape)
    lanes = [slab(along, place, place + width, (ends[0] - 1, ends[1] + 1)) for place in places]
    strips = [_joined(ground, lane, width) for lane in lanes]
    if not any(strips) or sum(s.area for group in strips for s in group) > (
        ground.standards.road_share_limit * ground.shape.area
    ):
        return Layout(ground, (), (), "frontage")
    edges = [low - 1, *((a + b + width) / 2 for a, b in itertools.pairwise(places)), high + 1]
    lots, kept = [], []
    for number, group in enumerate(strips):
        if not group:
            continue
        own = ground.thin(np.array(group, dtype=object))
        front = np.r_[ground.front, own]
        column = slab(along, edges[number], edges[number + 1], (ends[0] - 1, ends[1] + 1))
        found = [
            lot
            for band in without(shapely.intersection(ground.shape, column), group)
            for lot in equal_lots(band, along.turned, ground.standards.count(band.area))
        ]
        good = np.array(found, dtype=object)[usable(found, front, ground.standards)]
        behind = good[frontages(good, ground.front) < ground.standards.min_frontage]
        # A lane that no plot needs is not laid: its plots are cut side by side instead.
        if not len(behind):
            return Layout(ground, (), (), "frontage")
        lots += list(good)
        kept += [strip for strip, rim in zip(group, own, strict=True) if frontages(good, np.array([rim])).any()]
    return Layout(ground, tuple(lots), tuple(kept), "frontage")


def _joined(ground: Ground, lane: shapely.Polygon, width: float) -> list[shapely.Polygon]:
    """Return the parts of a lane in the land that meet the front."""
    parts = polygons_of(shapely.intersection(ground.shape, lane))
    if not len(parts):
        return []
    return list(parts[frontages(parts, ground.front) >= _JOINED * width])


def equal_lots(shape: shapely.Polygon, axis: Axis, count: int) -> Shapes:
    """Cut a polygon into plots of equal area; pieces that fall apart are plots of their own."""
    if count <= 1:
        return np.array([shape], dtype=object)
    positions = cut_positions(shape, axis, np.arange(1, count) / count)
    return np.concatenate(cut_at(shape, axis, positions))
