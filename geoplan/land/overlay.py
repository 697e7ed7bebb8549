"""The engine: what pieces take from parcels, on arrays, tile by tile.

Parcels are cut into tiles of neighbours. A tile carries the pieces that may touch its parcels, and its computation
shares nothing with that of another: threads, processes and other machines compute them alike. What comes out for a
parcel depends on nothing but the pieces that touch it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["DROPPED", "KEPT", "Grant", "Index", "Remainder", "Taken", "Tile", "cut_tiles", "remaining", "taken"]

Shapes: TypeAlias = npt.NDArray[Any]
Numbers: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

_TILE_PARCELS = 2048
_EMPTY = shapely.Polygon()


@dataclass(frozen=True)
class Index:
    """Pieces to take from parcels, and where they are.

    Attributes
    ----------
    shapes, part, window
        As of :class:`geoplan.land.pieces.Pieces`; ``part`` is unique over all that the pieces were cut from.
    group
        For every piece the number of its group; groups with lower numbers take first.
    tree
        The pieces' boxes.
    """

    shapes: Shapes
    part: Numbers
    window: Floats
    group: Numbers
    tree: shapely.STRtree


KEPT = -2
"""A decision that leaves a rule's pieces in their groups."""

DROPPED = -1
"""A decision that leaves a rule nothing; also: no group."""


@dataclass(frozen=True)
class Grant:
    """What officials have decided of single parcels.

    Attributes
    ----------
    parcel, rule
        Position of the parcel, and number of the rule that the decision speaks of.
    becomes
        The group that the rule's pieces count as there, or :data:`KEPT` or :data:`DROPPED`.
    whole
        The group that has the whole parcel where no piece of the rule touches it, or :data:`DROPPED`.
    """

    parcel: Numbers
    rule: Numbers
    becomes: Numbers
    whole: Numbers


@dataclass(frozen=True)
class Tile:
    """Parcels that are neighbours, and every piece that may touch one of them.

    Attributes
    ----------
    name
        Where it is: its box as text, west south east north.
    parcels, position
        Polygons, and their positions among all parcels.
    shapes, part, window, group, number
        The pieces (see :class:`Index`), and their positions there.
    blocking, rule
        For every group whether it takes land, and the number of its rule.
    grant
        Decisions on single parcels, with positions within the tile.
    """

    name: str
    parcels: Shapes
    position: Numbers
    shapes: Shapes
    part: Numbers
    window: Floats
    group: Numbers
    number: Numbers
    blocking: Flags
    rule: Numbers | None = None
    grant: Grant | None = None


@dataclass(frozen=True)
class Remainder:
    """What is left of a tile's parcels: ``position`` among all parcels, and ``left``, their remainders."""

    position: Numbers
    left: Shapes


@dataclass(frozen=True)
class Taken:
    """What every group takes from a tile's parcels. Areas are in the square of the CRS's unit.

    Attributes
    ----------
    position, left
        As of :class:`Remainder`.
    row_parcel, row_group
        One row for every parcel and group that touch: position among all parcels, and group.
    alone, only, first
        What the group concerns by itself; what no other blocking group takes too; what it takes when groups are
        applied in order.
    after
        What is left when the row's group and all before it have taken theirs.
    pair_row, pair_piece
        Which pieces made a row: its number within this answer, and the piece's position in the index.
    """

    position: Numbers
    left: Shapes
    row_parcel: Numbers
    row_group: Numbers
    alone: Floats
    only: Floats
    first: Floats
    after: Shapes
    pair_row: Numbers
    pair_piece: Numbers


def cut_tiles(
    parcels: Shapes,
    index: Index,
    blocking: Flags,
    *,
    positions: Numbers | None = None,
    rule: Numbers | None = None,
    grant: Grant | None = None,
    size: int = _TILE_PARCELS,
) -> Iterator[Tile]:
    """Cut parcels into tiles of neighbours.

    Parameters
    ----------
    parcels
        Valid polygons.
    index
        The pieces, in the same CRS.
    blocking
        For every group whether it takes land.
    positions
        Only these parcels; default: all.
    rule, grant
        For every group the number of its rule, and decisions on single parcels.
    size
        Most parcels of a tile.
    """
    chosen = np.arange(len(parcels)) if positions is None else positions
    box = shapely.bounds(parcels[chosen])
    middle = box[:, :2] + box[:, 2:]
    for rows in _halves(middle, np.arange(len(chosen)), size):
        west, south = box[rows, :2].min(axis=0)
        east, north = box[rows, 2:].max(axis=0)
        number = np.sort(index.tree.query(shapely.box(west, south, east, north)))
        position = chosen[rows]
        yield Tile(
            name=f"{west:.0f} {south:.0f} {east:.0f} {north:.0f}",
            parcels=parcels[position],
            position=position,
            shapes=index.shapes[number],
            part=index.part[number],
            window=index.window[number],
            group=index.group[number],
            number=number,
            blocking=blocking,
            rule=rule,
            grant=None if grant is None else _within(grant, position),
        )


def remaining(tile: Tile) -> Remainder:
    """Compute what is left of a tile's parcels when all blocking groups have taken theirs."""
    shapes, parcel, piece, covered = _pairs(tile)
    blocks = tile.blocking[tile.group[piece]]
    parcel, piece, covered = parcel[blocks], piece[blocks], covered[blocks]
    left = tile.parcels.copy()
    swallowed = np.zeros(len(left), dtype=bool)
    swallowed[parcel[covered]] = True
    left[swallowed] = _EMPTY
    parcel, piece = parcel[~swallowed[parcel]], piece[~swallowed[parcel]]
    order = _order(tile, parcel, piece)
    _subtract(left, parcel[order], shapes[piece[order]])
    return Remainder(tile.position, left)


def taken(tile: Tile) -> Taken:
    """Compute what is left of a tile's parcels, and what every group has to do with it."""
    shapes, parcel, piece, covered = _pairs(tile)
    group = tile.group[piece]
    if tile.grant is not None and tile.rule is not None:
        parcel, piece, covered, group = _granted(tile.grant, tile.rule, parcel, piece, covered, group)
    order = _order(tile, parcel, piece, group)
    parcel, piece, covered, group = parcel[order], piece[order], covered[order], group[order]
    begins = _changes(parcel, group)
    rows = _Rows(parcel[begins], shapes, piece, np.cumsum(begins) - 1, covered)
    blocking = np.flatnonzero(tile.blocking[group[begins]])
    whole = shapely.area(tile.parcels)
    by_itself = rows.take(tile.parcels[rows.parcel], np.arange(len(rows.parcel)))
    left, before, after = _in_order(rows, blocking, tile.parcels, by_itself)
    real = piece >= 0
    return Taken(
        position=tile.position,
        left=left,
        row_parcel=tile.position[rows.parcel],
        row_group=group[begins],
        alone=whole[rows.parcel] - shapely.area(by_itself),
        only=_only(rows, blocking, before, by_itself, shapely.area(left)),
        first=shapely.area(before) - shapely.area(after),
        after=after,
        pair_row=rows.row[real],
        pair_piece=tile.number[piece[real]],
    )


class _Rows:
    """A tile's parcels with the groups that touch them: a row each, made by consecutive pairs with pieces."""

    def __init__(self, parcel: Numbers, shapes: Shapes, piece: Numbers, row: Numbers, covered: Flags) -> None:
        self.parcel, self.row = parcel, row
        self._shapes, self._piece = shapes, piece
        self._count = np.bincount(row, minlength=len(parcel))
        self._start = np.cumsum(self._count) - self._count
        self._swallowed = np.zeros(len(parcel), dtype=bool)
        self._swallowed[row[covered]] = True

    def take(self, shapes: Shapes, rows: Numbers, target: Numbers | None = None) -> Shapes:
        """Take from each shape the pieces of its row; with ``target``, from the shapes there, which may repeat."""
        target = np.arange(len(shapes)) if target is None else target
        left = shapes.copy()
        swallowed = np.zeros(len(shapes), dtype=bool)
        swallowed[target[self._swallowed[rows]]] = True
        left[swallowed] = _EMPTY
        alive = ~swallowed[target]
        rows, target = rows[alive], target[alive]
        pairs = np.repeat(self._start[rows], self._count[rows]) + _ranks(
            np.repeat(np.arange(len(rows)), self._count[rows])
        )
        _subtract(left, np.repeat(target, self._count[rows]), self._shapes[self._piece[pairs]])
        return left


def _in_order(rows: _Rows, blocking: Numbers, parcels: Shapes, by_itself: Shapes) -> tuple[Shapes, Shapes, Shapes]:
    """Apply the blocking rows of each parcel one after the other.

    Returns what is left of the parcels, and what each row found and left; a row that does not block finds nothing.
    """
    left, begun = parcels.copy(), np.zeros(len(parcels), dtype=bool)
    before, after = np.full((2, len(rows.parcel)), _EMPTY, dtype=object)
    for chosen in _rounds(rows.parcel[blocking], blocking):
        parcel = rows.parcel[chosen]
        found, rest = left[parcel], by_itself[chosen]
        # The first of a parcel finds it whole: what it leaves is known already.
        used = begun[parcel]
        rest[used] = rows.take(found[used], chosen[used])
        begun[parcel] = True
        before[chosen], after[chosen], left[parcel] = found, rest, rest
    return left, before, after


def _only(rows: _Rows, blocking: Numbers, before: Shapes, by_itself: Shapes, left: Floats) -> Floats:
    """Measure what only a row takes: what it found less what all later ones take, over what is left."""
    only = np.zeros(len(rows.parcel))
    parcel = rows.parcel[blocking]
    place = _ranks(parcel)
    ahead = np.bincount(parcel, minlength=len(left))[parcel] - place - 1
    spared = before[blocking]
    # The first of two: what the second leaves of the whole is known already.
    known = np.flatnonzero((place == 0) & (ahead == 1))
    spared[known] = by_itself[blocking[known + 1]]
    ahead[known] = 0
    target = np.repeat(np.arange(len(blocking)), ahead)
    spared = rows.take(spared, blocking[target + 1 + _ranks(target)], target)
    only[blocking] = shapely.area(spared) - left[parcel]
    return np.maximum(only, 0.0)


def _pairs(tile: Tile) -> tuple[Shapes, Numbers, Numbers, Flags]:
    """Return the pieces prepared, parcels and pieces that touch, and whether the piece covers the parcel."""
    parcel, piece = shapely.STRtree(tile.shapes).query(tile.parcels)
    keep = _needed(tile, parcel, piece)
    parcel, piece = parcel[keep], piece[keep]
    order = np.argsort(piece, kind="stable")
    parcel, piece = parcel[order], piece[order]
    used = np.unique(piece)
    # Copies, for this tile alone to prepare: GEOS crashes when two threads use one prepared geometry.
    shapes = tile.shapes.copy()
    shapes[used] = shapely.set_srid(shapes[used], 0)
    shapely.prepare(shapes[used])
    touching = shapely.intersects(shapes[piece], tile.parcels[parcel])
    parcel, piece = parcel[touching], piece[touching]
    return shapes, parcel, piece, shapely.covers(shapes[piece], tile.parcels[parcel])


def _needed(tile: Tile, parcel: Numbers, piece: Numbers) -> Flags:
    """Pass over pieces of a polygon that another piece of it makes needless: a window around the parcel suffices."""
    box, window = shapely.bounds(tile.parcels)[parcel], tile.window[piece]
    cut = np.isfinite(window).any(axis=1)
    fits = cut & (window[:, :2] <= box[:, :2]).all(axis=1) & (window[:, 2:] >= box[:, 2:]).all(axis=1)
    _, part = np.unique(tile.part, return_inverse=True)
    key = parcel * (part.max(initial=0) + 1) + part[piece]
    enough, first = np.unique(key[fits], return_index=True)
    place = np.searchsorted(enough, key)
    place[place == len(enough)] = 0
    if not len(enough):
        return np.ones(len(parcel), dtype=bool)
    chosen = np.flatnonzero(fits)[first]
    needed: Flags = (enough[place] != key) | (chosen[place] == np.arange(len(parcel)))
    return needed


def _order(tile: Tile, parcel: Numbers, piece: Numbers, group: Numbers | None = None) -> Numbers:
    """Return the order by parcel, group and falling overlap of the boxes, the same whatever else the tile has."""
    box, other = shapely.bounds(tile.parcels)[parcel], shapely.bounds(tile.shapes)[piece]
    sides = np.minimum(box[:, 2:], other[:, 2:]) - np.maximum(box[:, :2], other[:, :2])
    keys = [other[:, 1], other[:, 0], -sides.prod(axis=1)]
    return np.lexsort([*keys, *([] if group is None else [group]), parcel])


def _subtract(shapes: Shapes, target: Numbers, pieces: Shapes) -> None:
    """Take pieces, prepared, from the shapes at ``target``, which is ascending: all firsts, all seconds, and so on."""
    for pairs in _rounds(target, np.arange(len(target))):
        at, piece = target[pairs], pieces[pairs]
        touching = shapely.intersects(piece, shapes[at])
        at = at[touching]
        shapes[at] = shapely.difference(shapes[at], piece[touching])


def _granted(
    grant: Grant, rule: Numbers, parcel: Numbers, piece: Numbers, covered: Flags, group: Numbers
) -> tuple[Numbers, Numbers, Flags, Numbers]:
    """Put decisions in place of what was computed; a piece of -1 is the whole parcel."""
    asked = rule[group]
    keep, added = np.ones(len(parcel), dtype=bool), np.zeros(len(grant.parcel), dtype=bool)
    group = group.copy()
    for number, becomes in enumerate(grant.becomes.tolist()):
        mine = (parcel == grant.parcel[number]) & (asked == grant.rule[number])
        added[number] = grant.whole[number] != DROPPED and not mine.any()
        if becomes == DROPPED:
            keep &= ~mine
        elif becomes != KEPT:
            group[mine] = becomes
    return (
        np.concatenate([parcel[keep], grant.parcel[added]]),
        np.concatenate([piece[keep], np.full(added.sum(), -1)]),
        np.concatenate([covered[keep], np.ones(added.sum(), dtype=bool)]),
        np.concatenate([group[keep], grant.whole[added]]),
    )


def _within(grant: Grant, position: Numbers) -> Grant | None:
    """Return the decisions on a tile's parcels, with positions within the tile."""
    place = {number: at for at, number in enumerate(position.tolist())}
    mine = np.array([number in place for number in grant.parcel.tolist()], dtype=bool)
    if not mine.any():
        return None
    at = np.array([place[number] for number in grant.parcel[mine].tolist()], dtype=np.intp)
    return Grant(at, grant.rule[mine], grant.becomes[mine], grant.whole[mine])


def _halves(middle: Floats, rows: Numbers, size: int) -> Iterator[Numbers]:
    """Halve a set of points across its longer side until at most ``size`` are together."""
    if len(rows) <= size:
        if len(rows):
            yield np.sort(rows)
        return
    spread = np.ptp(middle[rows], axis=0)
    half = len(rows) // 2
    order = rows[np.argpartition(middle[rows, int(np.argmax(spread))], half)]
    yield from _halves(middle, order[:half], size)
    yield from _halves(middle, order[half:], size)


def _changes(*keys: npt.NDArray[Any]) -> Flags:
    """Tell where a row differs from the one before it; the first does."""
    if not len(keys[0]):
        return np.empty(0, dtype=bool)
    changes: Flags = np.r_[True, np.logical_or.reduce([key[1:] != key[:-1] for key in keys])]
    return changes


def _ranks(key: Numbers) -> Numbers:
    """Return for every entry of an ascending array how many equal ones stand before it."""
    starts = np.flatnonzero(_changes(key))
    lengths = np.diff(np.r_[starts, len(key)])
    return np.arange(len(key)) - np.repeat(starts, lengths)


def _rounds(key: Numbers, values: Numbers) -> Iterable[Numbers]:
    """Yield the values of all firsts of equal keys, then of all seconds, and so on; keys are ascending."""
    rank = _ranks(key)
    for number in range(int(rank.max(initial=-1)) + 1):
        yield values[rank == number]
