"""Pieces of land that suffice alone, and pieces that do where they meet their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.plots.search import inscribed_widths

__all__ = ["TOUCH_M", "Joined", "join_pieces"]

TOUCH_M = 0.05
"""Pieces closer than this meet: two remainders along one boundary rarely share every vertex to the last bit."""


@dataclass(frozen=True)
class Joined:
    """What became of each piece.

    Attributes
    ----------
    site
        The number of the site that a piece belongs to: its own where it suffices alone, or that of the pieces that
        it is joined to; the smallest position among them.
    alone
        Whether the piece suffices by itself.
    area_m2, width_m
        Of the site: area in one piece in m², and the diameter of the largest circle that fits in, in metres.
        A joined site that is too small has no width: NaN.
    """

    site: npt.NDArray[np.intp]
    alone: npt.NDArray[np.bool_]
    area_m2: npt.NDArray[np.float64]
    width_m: npt.NDArray[np.float64]


def join_pieces(
    pieces: npt.NDArray[Any],
    *,
    area_m2: float,
    width_m: float,
    unit: float,
    together: bool = True,
    known_m: npt.NDArray[np.float64] | None = None,
) -> Joined:
    """Find which pieces suffice alone, and join those that do not to their like next to them.

    Parameters
    ----------
    pieces
        Polygons.
    area_m2, width_m
        What suffices, in m² and metres.
    unit
        Metres per unit of the CRS.
    together
        Whether pieces are joined at all.
    known_m
        Widths in metres that are known to be no more than the true ones; NaN where none is. One that suffices is
        not measured again.

    Notes
    -----
    Two pieces meet where the boundary of one runs along the other for at least ``width_m`` in all: a neck narrower
    than what is asked for does not make one piece of two. Only pieces that do not suffice alone are joined, and
    all that hang together are one site: a sufficient piece needs no neighbour, and the site of its small
    neighbours must not borrow from it.
    """
    area = shapely.area(pieces) * unit**2
    width = np.full(len(pieces), np.nan)
    large = area >= area_m2
    if known_m is not None:
        width[large] = known_m[large]
    open_ = large & ~(width >= width_m)
    width[open_] = inscribed_widths(pieces[open_], np.full(int(open_.sum()), width_m), unit)
    alone = large & (width >= width_m)
    site = np.arange(len(pieces))
    if together:
        rest = np.flatnonzero(~alone)
        site[rest] = rest[_components(len(rest), *_meeting(pieces[rest], width_m / unit, TOUCH_M / unit))]
        order = np.argsort(site, kind="stable")
        for mine in np.split(order, np.flatnonzero(np.diff(site[order])) + 1):
            if len(mine) > 1:
                area[mine], width[mine] = _together(pieces[mine], area_m2, width_m, unit)
    return Joined(site, alone, area, width)


def _meeting(pieces: npt.NDArray[Any], front: float, touch: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the pairs of pieces that meet along a front of at least a length."""
    one, other = shapely.STRtree(pieces).query(pieces, predicate="dwithin", distance=touch)
    one, other = one[one < other], other[one < other]
    reach = shapely.buffer(pieces[one], touch, quad_segs=1)
    shared = shapely.length(shapely.intersection(shapely.boundary(pieces[other]), reach))
    # Around a corner that only touches, the reach itself holds this much of the other's boundary.
    enough = shared >= front + 4 * touch
    return one[enough], other[enough]


def _components(size: int, one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return for every node the smallest node that hangs together with it."""
    label = np.arange(size)
    while True:
        before = label.copy()
        np.minimum.at(label, one, label[other])
        np.minimum.at(label, other, label[one])
        label = label[label]
        if np.array_equal(label, before):
            return label


def _together(pieces: npt.NDArray[Any], area_m2: float, width_m: float, unit: float) -> tuple[float, float]:
    """Return the area of pieces together in m², each place counted once, and their width in metres."""
    area = float(shapely.area(shapely.union_all(pieces)) * unit**2)
    if area < area_m2:
        return area, np.nan
    # Closed over the hairline between them, which would part the circle.
    touch = TOUCH_M / unit
    whole = shapely.union_all(shapely.buffer(pieces, touch, join_style="mitre"))
    closed = np.array([shapely.buffer(whole, -touch, join_style="mitre")], dtype=object)
    return area, float(inscribed_widths(closed, np.array([width_m]), unit)[0])
