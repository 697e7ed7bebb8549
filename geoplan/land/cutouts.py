"""Areas out of areas: only what meets is cut, and only by what it meets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["cut_out"]


def cut_out(shapes: npt.NDArray[Any], areas: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Take areas out of shapes.

    Parameters
    ----------
    shapes
        Polygons and MultiPolygons.
    areas
        What is taken out; lines and points among them take nothing.

    Returns
    -------
    numpy.ndarray
        One for each of ``shapes``: the very same where no area overlaps it, empty where areas cover it.
    """
    areas = areas[shapely.get_dimensions(areas) == 2]
    result = shapes.copy()
    shape, area = shapely.STRtree(areas).query(shapes, predicate="intersects")
    if not len(shape):
        return result
    hit, first = np.unique(shape, return_index=True)
    # Pairs come in the order of the shapes, so those of a shape stand together.
    taken = [shapely.union_all(areas[mine]) for mine in np.split(area, first[1:])]
    rest = shapely.difference(shapes[hit], np.array(taken, dtype=object))
    # What only touches an edge is left to the bit, without the vertices that an overlay would add.
    overlaps = shapely.area(rest) < shapely.area(shapes[hit])
    result[hit[overlaps]] = rest[overlaps]
    return result
