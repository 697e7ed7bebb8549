"""Small pieces of large geometries: what makes an index and a prepared predicate pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.land.workers import in_parallel

__all__ = ["MAX_VERTICES", "QUADRANT_SEGMENTS", "Pieces", "chunk_lines", "subdivide"]

QUADRANT_SEGMENTS = 16
"""Segments of a quarter circle in every buffer: at 100 m the polygon lies at most 0.12 m inside the circle."""

MAX_VERTICES = 256
"""Pieces have at most this many vertices; between 64 and 256 the engine's time hardly differs."""

_LINE_VERTICES = 32
_CLIP_TOLERANCE = 1e-9

# Where between two thousandths of the CRS's unit a cut lies; any number that coordinates do not have will do.
_BETWEEN = 0.000377

# Of a polygon's box: where many edges meet in one point, no halving ever leaves few.
_LEAST = 1e-4


@dataclass(frozen=True)
class Pieces:
    """Pieces of polygons.

    Attributes
    ----------
    shapes
        Polygons and MultiPolygons; the union of those of one owner is the owner.
    owner
        For every piece the position of the shape that it was cut from.
    part
        For every piece the number of the single polygon, among all those of the shapes, that it was cut from.
    window
        For every piece west, south, east and north of a box within which the piece is all that there is of its
        polygon; infinite where nothing was cut off.
    """

    shapes: npt.NDArray[Any]
    owner: npt.NDArray[np.intp]
    part: npt.NDArray[np.intp]
    window: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shapes)


def chunk_lines(
    shapes: npt.NDArray[Any], *, vertices: int = _LINE_VERTICES
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Cut lines, and the boundaries of areas, into consecutive lines of at most ``vertices`` vertices.

    Parameters
    ----------
    shapes
        Lines and areas; points are passed over.
    vertices
        Most vertices of a piece; neighbours share their end.

    Returns
    -------
    pieces : numpy.ndarray
        LineStrings: together the same point set as the lines and boundaries.
    owner : numpy.ndarray
        For every piece the position in ``shapes`` of what it was cut from.
    """
    flat = shapely.get_dimensions(shapes) == 2
    lines = shapes.copy()
    lines[flat] = shapely.boundary(shapes[flat])
    lines, source = shapely.get_parts(lines, return_index=True)
    linear = shapely.get_dimensions(lines) == 1
    lines, source = lines[linear], source[linear]
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    if not len(line):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.intp)
    changes = line[1:] != line[:-1]
    start = np.flatnonzero(np.r_[True, changes])
    position = np.arange(len(line)) - np.repeat(start, np.diff(np.r_[start, len(line)]))
    # A vertex on a cut stands twice: as the end of one piece and as the beginning of the next.
    cut = (position > 0) & (position % (vertices - 1) == 0) & ~np.r_[changes, True]
    index = np.repeat(np.arange(len(line)), 1 + cut)
    begins = np.zeros(len(index), dtype=bool)
    begins[np.cumsum(np.r_[0, (1 + cut)[:-1]])[cut] + 1] = True
    begins |= np.r_[True, line[index][1:] != line[index][:-1]]
    pieces = np.asarray(shapely.linestrings(coordinates[index], indices=np.cumsum(begins) - 1))
    return pieces, source[line[index[begins]]]


def subdivide(
    shapes: npt.NDArray[Any],
    *,
    max_vertices: int = MAX_VERTICES,
    max_waste: float = np.inf,
    margin: float = 0.0,
) -> Pieces:
    """Cut polygons into pieces of few vertices that fill their boxes, halving the boxes again and again.

    Parameters
    ----------
    shapes
        Polygons and MultiPolygons.
    max_vertices
        Most vertices of a piece.
    max_waste
        Largest part of a piece's box that it may leave empty, in the square of the CRS's unit: a long diagonal
        piece meets the boxes of many parcels that it does not touch.
    margin
        How far pieces reach over the cut, in the unit of the CRS. What is smaller than the margin then meets a
        single piece whole, and no cut goes through it. Boxes are not halved below four margins, nor below a
        ten-thousandth of the polygon's box, whatever their vertices.

    Returns
    -------
    Pieces
        A polygon's pieces depend on nothing but the polygon.
    """
    todo, owner = _polygons(shapes)
    polygons = todo
    part = np.arange(len(todo))
    least = np.maximum(
        4 * margin, _LEAST * np.ptp(shapely.bounds(todo).reshape(-1, 2, 2), axis=1).max(axis=1, initial=0)
    )
    window = np.tile([-np.inf, -np.inf, np.inf, np.inf], (len(todo), 1))
    done: list[tuple[npt.NDArray[Any], ...]] = []
    while len(todo):
        box = shapely.bounds(todo)
        width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
        large = shapely.get_num_coordinates(todo) > max_vertices
        large |= width * height - shapely.area(todo) > max_waste
        large &= np.maximum(width, height) > least[part]
        done.append((todo[~large], part[~large], window[~large]))
        halves, window = _halve(todo[large], box[large], window[large], margin)
        there = ~shapely.is_empty(halves)
        todo, part, window = halves[there], np.tile(part[large], 2)[there], window[there]
    if not done:
        return Pieces(todo, owner, part, window)
    pieces, parts, windows = (np.concatenate(column) for column in zip(*done, strict=True))
    cut = np.flatnonzero(np.isfinite(windows).any(axis=1))
    invalid = cut[~in_parallel(shapely.is_valid, pieces[cut])]
    if len(invalid):
        world = shapely.total_bounds(polygons)
        boxes = np.where(np.isfinite(windows[invalid]), windows[invalid], world)
        pieces[invalid] = _cut(polygons[parts[invalid]], boxes)
    return Pieces(pieces, owner[parts], parts, windows)


def _polygons(shapes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Return the single polygons of shapes, those in collections among them, each with the position of its shape."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > 3).any():
        parts, outer = shapely.get_parts(parts, return_index=True)
        owner = owner[outer]
    polygonal = shapely.get_type_id(parts) == 3
    return parts[polygonal], owner[polygonal]


def _halve(
    shapes: npt.NDArray[Any], box: npt.NDArray[np.float64], window: npt.NDArray[np.float64], margin: float
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Cut shapes across the longer side of their boxes; both halves reach over the cut by the margin."""
    if not len(shapes):
        return shapes, window
    west, south, east, north = box.T
    axis = np.where(east - west >= north - south, 0, 1)
    row = np.arange(len(shapes))
    # Where a vertex lies on the rectangle that it is clipped to, GEOS can return polygons that are valid and wrong, and
    # wrong in both halves alike. So no side but the cut touches the shape, and the cut lies between the millimetres
    # that coordinates are given in.
    middle = np.round((box[row, axis] + box[row, axis + 2]) / 2, 3) + _BETWEEN
    box = box + np.array([-1.0, -1.0, 1.0, 1.0])
    windows, boxes = np.concatenate([window, window]), np.concatenate([box, box])
    for target in (windows, boxes):
        target[row, axis + 2] = middle + margin
        target[len(shapes) + row, axis] = middle - margin
    strips = boxes[: len(shapes)].copy()
    strips[row, axis] = middle - margin
    halves = _clip(np.concatenate([shapes, shapes]), boxes)
    # Clipping to a rectangle is ten times faster than an overlay and, rarely, wrong. What both halves have and the
    # whole tell each other; where they disagree the overlay decides.
    overlap = (strips[:, :2] < strips[:, 2:]).all()
    both = shapely.area(_clip(shapes, strips)) if overlap else 0.0
    first, second = shapely.area(halves).reshape(2, -1)
    whole = shapely.area(shapes)
    wrong = np.flatnonzero(np.tile(np.abs(first + second - both - whole) > _CLIP_TOLERANCE * whole, 2))
    halves[wrong] = _cut(shapes[wrong % len(shapes)], boxes[wrong])
    return halves, windows


def _cut(shapes: npt.NDArray[Any], boxes: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Cut shapes to boxes by overlay: slow and sure."""
    parts, owner = shapely.get_parts(shapely.intersection(shapes, shapely.box(*boxes.T)), return_index=True)
    polygonal = shapely.get_type_id(parts) == 3
    result = np.full(len(shapes), shapely.MultiPolygon())
    shapely.multipolygons(parts[polygonal], indices=owner[polygonal], out=result)
    return result


def _clip(shapes: npt.NDArray[Any], boxes: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    # The ufunc behind shapely.clip_by_rect, which itself takes one rectangle a call: a third of the time.
    return in_parallel(lambda some, rectangles: shapely.lib.clip_by_rect(some, *rectangles.T), shapes, boxes)
