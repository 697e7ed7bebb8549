"""Small pieces of large geometries: what makes an index and a prepared predicate pay."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["MAX_VERTICES", "QUADRANT_SEGMENTS", "chunk_lines", "subdivide"]

QUADRANT_SEGMENTS = 16
"""Segments of a quarter circle in every buffer: at 100 m the polygon lies at most 0.12 m inside the circle."""

MAX_VERTICES = 128
"""Pieces have at most this many vertices; between 64 and 256 the engine's time hardly differs."""

_LINE_VERTICES = 32


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
    shapes: npt.NDArray[Any], *, max_vertices: int = MAX_VERTICES, margin: float = 0.0
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Cut polygons into pieces of at most ``max_vertices`` vertices, halving their boxes again and again.

    Parameters
    ----------
    shapes
        Polygons and MultiPolygons.
    max_vertices
        Most vertices of a piece.
    margin
        How far neighbouring pieces overlap, in the unit of the CRS: pieces that only touch would leave slivers
        along the cut when something is taken from a parcel that it crosses.

    Returns
    -------
    pieces : numpy.ndarray
        Polygons and MultiPolygons; their union is that of ``shapes``.
    owner : numpy.ndarray
        For every piece the position in ``shapes`` of what it was cut from.
    """
    done: list[npt.NDArray[Any]] = []
    owners: list[npt.NDArray[np.intp]] = []
    todo, owner = shapely.get_parts(shapes, return_index=True)
    polygonal = shapely.get_type_id(todo) == 3
    todo, owner = todo[polygonal], owner[polygonal]
    for _ in range(64):
        large = shapely.get_num_coordinates(todo) > max_vertices
        done.append(todo[~large])
        owners.append(owner[~large])
        if not large.any():
            break
        halves, of = _halve(todo[large], margin)
        parts, part_of = shapely.get_parts(halves, return_index=True)
        keep = shapely.get_type_id(parts) == 3
        todo, owner = parts[keep], owner[large][of[part_of[keep]]]
    else:
        # Margins wider than the pieces themselves: keep what is left as it is.
        done.append(todo)
        owners.append(owner)
    return np.concatenate(done), np.concatenate(owners)


def _halve(shapes: npt.NDArray[Any], margin: float) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    west, south, east, north = shapely.bounds(shapes).T
    wide = east - west >= north - south
    x, y = (west + east) / 2, (south + north) / 2
    first = shapely.box(west, south, np.where(wide, x + margin, east), np.where(wide, north, y + margin))
    second = shapely.box(np.where(wide, x - margin, west), np.where(wide, south, y - margin), east, north)
    order = np.arange(len(shapes))
    halves = np.concatenate([shapely.intersection(shapes, first), shapely.intersection(shapes, second)])
    return halves, np.concatenate([order, order])
