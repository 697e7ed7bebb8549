"""Cut land into pieces of a wanted size, the way that owners have: across, again and again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.noise import Floats

__all__ = ["Shapes", "Target", "polygons", "split", "tile"]

Target = Callable[[Floats, Floats], Floats]
"""The wanted area, m², at places given by their east and north."""

Shapes = npt.NDArray[np.object_]


def split(
    rng: np.random.Generator,
    shapes: Shapes,
    target: Target,
    *,
    uneven: float = 0.1,
    turn: float = 0.05,
    spread: float = 0.25,
) -> Shapes:
    """Halve polygons across their longer side until they are of the wanted size.

    Parameters
    ----------
    rng
        Where the chance comes from.
    shapes
        Polygons.
    target
        The wanted area.
    uneven
        How far a cut may lie from the middle, as a share of the length.
    turn
        How far a cut may be turned, radians.
    spread
        Standard deviation of the logarithm of the wanted area.

    Returns
    -------
    numpy.ndarray
        Polygons that fill the same ground; each is at most 1.5 times what was wanted there.
    """
    done: list[Shapes] = []
    left = shapes
    while len(left):
        middle = shapely.centroid(left)
        wanted = target(shapely.get_x(middle), shapely.get_y(middle)) * np.exp(
            spread * np.clip(rng.standard_normal(len(left)), -1.5, 1.5)
        )
        small = shapely.area(left) < 1.5 * wanted
        done.append(left[small])
        left = left[~small]
        if len(left):
            left = _halve(rng, left, uneven, turn)
    return np.concatenate(done) if done else shapes


def _halve(rng: np.random.Generator, shapes: Shapes, uneven: float, turn: float) -> Shapes:
    count = len(shapes)
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapes)).reshape(count, 5, 2)
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    length = np.maximum(np.hypot(*first.T), np.hypot(*second.T))
    along = np.where((np.hypot(*first.T) >= np.hypot(*second.T))[:, None], first, second)
    angle = np.arctan2(along[:, 1], along[:, 0]) + turn * rng.uniform(-1, 1, count)
    along = np.column_stack([np.cos(angle), np.sin(angle)])
    across = np.column_stack([-along[:, 1], along[:, 0]])
    at = corners[:, :4].mean(axis=1) + along * (length * uneven * rng.uniform(-1, 1, count))[:, None]
    reach = length[:, None] * 1.6
    ring = np.stack(
        [
            at - across * reach,
            at + across * reach,
            at + (across + along) * reach,
            at + (along - across) * reach,
        ],
        axis=1,
    )
    half = shapely.polygons(ring)
    parts = np.concatenate([shapely.intersection(shapes, half), shapely.difference(shapes, half)])
    return polygons(parts, 0.01)


def polygons(shapes: BaseGeometry | Shapes, over_m2: float) -> Shapes:
    """Return the polygons among the parts of shapes, those larger than an area."""
    parts = shapely.get_parts(shapes)
    kept: Shapes = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > over_m2)]
    return kept


def tile(shapes: Shapes, islands: Shapes, *, grid_m: float, smallest_m2: float) -> tuple[Shapes, npt.NDArray[np.intp]]:
    """Make pieces that nearly fit into a partition: shared edges, no gap, no overlap.

    Parameters
    ----------
    shapes
        The pieces.
    islands
        The land that they fill.
    grid_m
        The grid that coordinates are rounded to, metres.
    smallest_m2
        A smaller piece joins the neighbour with the longest common edge, where it has one.

    Returns
    -------
    polygons
        The faces of all the edges, noded; every face lies in the land.
    origin
        The piece that a face comes from.
    """
    edges = shapely.union_all(shapely.boundary(np.concatenate([shapes, islands])), grid_size=grid_m)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    inner = shapely.point_on_surface(faces)
    tree = shapely.STRtree(inner)
    # Asked this way round, each large piece is prepared once and not walked through for every point.
    dry = np.unique(tree.query(islands, predicate="intersects")[1])
    piece = np.full(len(faces), -1, dtype=np.intp)
    source, face = tree.query(shapes, predicate="intersects")
    piece[face] = source
    faces, piece = faces[dry], piece[dry]
    # A place between two pieces, a rounding wide, belongs to neither; it is land all the same.
    lost = np.flatnonzero(piece < 0)
    if len(lost):
        piece[lost] = shapely.STRtree(shapes).query_nearest(inner[dry][lost], all_matches=False)[1]
    for _ in range(4):
        faces, piece, changed = _merge(faces, piece, smallest_m2)
        if not changed:
            break
    return faces, piece


def _merge(faces: Shapes, piece: npt.NDArray[np.intp], smallest_m2: float) -> tuple[Shapes, npt.NDArray[np.intp], bool]:
    area = shapely.area(faces)
    thin = area / np.maximum(shapely.length(faces), 1e-9) < 2.2
    small = np.flatnonzero((area < smallest_m2) | (thin & (area < 4 * smallest_m2)))
    if not len(small):
        return faces, piece, False
    one, other = shapely.STRtree(faces).query(faces[small], predicate="touches")
    shared = shapely.length(shapely.intersection(faces[small[one]], faces[other]))
    order = np.lexsort((-shared, one))
    one, other, shared = one[order], other[order], shared[order]
    one, once = np.unique(one, return_index=True)
    other, shared = other[once], shared[once]
    into = np.arange(len(faces))
    gone = np.zeros(len(faces), bool)
    takers: set[int] = set()
    for item, neighbour, edge in zip(small[one].tolist(), other.tolist(), shared.tolist(), strict=True):
        # What takes in another in this round is not itself taken in.
        if (edge > 0.5 or (edge > 0 and area[item] < 5.0)) and not gone[neighbour] and item not in takers:
            into[item] = neighbour
            gone[item] = True
            takers.add(neighbour)
    if not gone.any():
        return faces, piece, False
    merged = faces.copy()
    for target in np.unique(into[gone]):
        joined = shapely.get_parts(shapely.coverage_union_all(faces[into == target]))
        merged[target] = joined[0]
    return merged[~gone], piece[~gone], True
