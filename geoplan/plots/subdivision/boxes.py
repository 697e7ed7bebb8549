"""Land halved again and again across its smallest turned box, with access for every half.

After Vanegas, Kelly, Weber, Halatsch, Aliaga and Müller, "Procedural generation of parcels in urban modeling"
(Computer Graphics Forum 31, 2012), whose recursive split prefers access but does not promise it. Here a cut that
would leave land without access draws a strip through the half that has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.plots.subdivision.layout import Ground, Layout, usable
from geoplan.plots.subdivision.shape import frontages, short_sides
from geoplan.plots.subdivision.sweep import Axis, box_axes, cut_at, cut_positions, polygons_of, slab, without

__all__ = ["divide_by_boxes"]

Shapes = npt.NDArray[Any]

# A strip has to be joined to the access with most of its width.
_JOINED = 0.75

# No cut makes pieces narrower than this share of a square plot's side: needles have their area, and serve nobody.
_SLENDER = 0.6


@dataclass(frozen=True)
class _Part:
    """A piece on the way: its shape, all access so far, and how much more access it may take."""

    shape: shapely.Polygon
    front: Shapes
    budget: float


@dataclass(frozen=True)
class _Line:
    """A line across an axis, to cut along."""

    axis: Axis
    position: float

    def chord(self, low: float, high: float) -> shapely.LineString:
        """Return the line between two positions across the axis, a unit longer at each end."""
        x, y = self.axis.x, self.axis.y
        ends = [(self.position * x - c * y, self.position * y + c * x) for c in (low - 1.0, high + 1.0)]
        return shapely.LineString(ends)


@dataclass(frozen=True)
class _Found:
    lots: tuple[shapely.Polygon, ...] = ()
    strips: tuple[shapely.Polygon, ...] = ()


@dataclass(frozen=True)
class _Cut:
    """A cut that leaves every larger piece with access."""

    pieces: Shapes
    front: Shapes
    budget: float
    strip: shapely.Polygon | None = None
    lost: float = 0.0


def divide_by_boxes(ground: Ground) -> Layout:
    """Divide land by halving it.

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
    A cut goes across the longer side of the smallest turned box, or else across the shorter, where it leaves each side
    with a whole number of wanted plots; positions are exact (:mod:`geoplan.plots.subdivision.sweep`). It is taken where
    all larger pieces have frontage and can be wide enough. Otherwise a strip of the access's width is drawn through
    the side with access, wherever least land is lost to it and to needles beside it: behind the middle of its front,
    along one of its edges, or in its middle. Land whose pieces do not give two plots stays one.
    """
    standards = ground.standards
    part = _Part(ground.shape, ground.front, standards.road_share_limit * ground.shape.area)
    found = _divide(ground, part, standards.access_width(ground.lots))
    return Layout(ground, found.lots, found.strips, "boxes")


def _divide(ground: Ground, part: _Part, width: float) -> _Found:
    lots = ground.standards.count(part.shape.area)
    if lots >= 2:
        for cut in _cuts(ground, part, lots, width):
            whole = sum(piece.area for piece in cut.pieces)
            found = [
                _divide(ground, _Part(piece, cut.front, cut.budget * piece.area / whole), width) for piece in cut.pieces
            ]
            divided = tuple(lot for each in found for lot in each.lots)
            if len(divided) >= 2:
                own = () if cut.strip is None else (cut.strip,)
                return _Found(divided, own + tuple(strip for each in found for strip in each.strips))
    good = usable([part.shape], part.front, ground.standards)[0]
    return _Found((part.shape,)) if good else _Found()


def _cuts(ground: Ground, part: _Part, lots: int, width: float) -> Iterator[_Cut]:
    """Give the possible cuts, those without a strip first."""
    share = (lots // 2) / lots
    halved = []
    for axis in box_axes(part.shape):
        (position,) = cut_positions(part.shape, axis, np.array([share]))
        sides = cut_at(part.shape, axis, np.array([position]))
        halved.append((axis, position, sides))
        pieces = np.concatenate(sides)
        large = pieces[_large(ground, pieces)]
        if _wide(ground, large).all() and _reached(ground, large, part.front):
            yield _Cut(large, part.front, part.budget)
    drawn = [
        cut
        for axis, position, sides in halved
        for cut in _with_strip(ground, part, _Line(axis, position), np.concatenate(sides), width)
    ]
    yield from sorted(drawn, key=lambda cut: cut.lost)


def _large(ground: Ground, pieces: Shapes) -> Shapes:
    return np.asarray(shapely.area(pieces) >= ground.standards.min_area)


def _wide(ground: Ground, pieces: Shapes) -> Shapes:
    standards = ground.standards
    return np.asarray(short_sides(pieces) >= max(standards.min_width, _SLENDER * standards.target_area**0.5))


def _reached(ground: Ground, pieces: Shapes, front: Shapes) -> bool:
    """Tell whether these are two pieces or more, and all have frontage."""
    return len(pieces) >= 2 and bool((frontages(pieces, front) >= ground.standards.min_frontage).all())


def _with_strip(ground: Ground, part: _Part, line: _Line, pieces: Shapes, width: float) -> Iterator[_Cut]:
    """Give the cuts whose strip brings access to pieces that lack it, through a piece that has it."""
    large = pieces[_large(ground, pieces)]
    with_access = frontages(large, part.front) >= ground.standards.min_frontage
    if with_access.all() or not with_access.any():
        return
    across = line.axis.turned
    reached = ground.thin(large[~with_access])
    for host in large[with_access]:
        others = pieces[~shapely.equals_identical(pieces, host)]
        for low in _places(ground, part, host, line, width):
            lane = slab(across, low, low + width, _ends(host, across.turned))
            for strip in polygons_of(shapely.intersection(host, lane)):
                if strip.area > part.budget:
                    continue
                alone = np.array([strip], dtype=object)
                if min(frontages(alone, part.front)[0], frontages(alone, reached)[0]) < _JOINED * width:
                    continue
                every = np.r_[without(host, [strip]), others]
                front = np.r_[part.front, ground.thin(alone)]
                # Needles beside a strip are lost, and tell one place for it from another.
                good = every[_large(ground, every)]
                good = good[_wide(ground, good)]
                if _reached(ground, good, front):
                    lost = part.shape.area - float(shapely.area(good).sum())
                    yield _Cut(good, front, part.budget - strip.area, strip, lost)


def _places(ground: Ground, part: _Part, host: shapely.Polygon, line: _Line, width: float) -> list[float]:
    """Return where strips may begin across the cut: behind the front, at the cut's ends, in its middle."""
    across = line.axis.turned
    low, high = across.reach(host)
    chord = shapely.intersection(host, ground.thin(np.array([line.chord(low, high)]))[0])
    if not shapely.is_empty(chord):
        low, high = across.reach(chord)
    edges, middle = [low, high - width], [(low + high - width) / 2]
    own = shapely.get_coordinates(shapely.intersection(part.front, host))
    if len(own):
        seen = across.along(own)
        behind = (float(seen.min()) + float(seen.max()) - width) / 2
        middle.insert(0, min(max(behind, low), high - width))
    return list(dict.fromkeys(middle + edges))


def _ends(shape: shapely.Polygon, axis: Axis) -> tuple[float, float]:
    low, high = axis.reach(shape)
    return low - 1.0, high + 1.0
