"""The engine: what pieces take from parcels, on arrays, tile by tile.

What comes out for a parcel depends on nothing but the pieces that touch it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.land.tiles import DROPPED, KEPT, Flags, Floats, Grant, Numbers, Shapes, Tile

__all__ = ["NEGLIGIBLE", "Remainder", "Taken", "remaining", "taken"]

_EMPTY = shapely.Polygon()

NEGLIGIBLE = 1e-9
"""Of a parcel's area: what rounding leaves of shapes that only touch."""

_MANY = 8
"""From more pieces than these on, their union is cheaper than one difference after the other."""


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


def remaining(tile: Tile) -> Remainder:
    """Compute what is left of a tile's parcels when all blocking groups have taken theirs."""
    pairs = _pairs(tile, tile.blocking)
    left = tile.parcels.copy()
    swallowed = np.zeros(len(left), dtype=bool)
    swallowed[pairs.parcel[pairs.covered]] = True
    left[swallowed] = _EMPTY
    cut = np.flatnonzero(~swallowed[pairs.parcel])
    cut = cut[pairs.order(tile, cut)]
    _subtract(left, *_united(pairs.parcel[cut], pairs.shapes[pairs.local[cut]]), fresh=True)
    return Remainder(tile.position, left)


def taken(tile: Tile) -> Taken:
    """Compute what is left of a tile's parcels, and what every group has to do with it."""
    pairs = _pairs(tile, np.ones(len(tile.blocking), dtype=bool))
    if tile.grant is not None and tile.rule is not None:
        pairs = _granted(tile, tile.grant, tile.rule, pairs)
    pairs = pairs.at(pairs.order(tile, np.arange(len(pairs.parcel)), by_group=True))
    begins = _changes(pairs.parcel, pairs.group)
    rows = _Rows(pairs, np.flatnonzero(begins), np.cumsum(begins) - 1)
    group = pairs.group[begins]
    blocking = np.flatnonzero(tile.blocking[group])
    whole = shapely.area(tile.parcels)
    by_itself = rows.take(tile.parcels[rows.parcel], np.arange(len(rows.parcel)), fresh=True)
    left, before, after = _in_order(rows, blocking, tile.parcels, by_itself)
    real = pairs.piece >= 0
    piece = pairs.piece[real]
    return Taken(
        position=tile.position,
        left=left,
        row_parcel=tile.position[rows.parcel],
        row_group=group,
        alone=whole[rows.parcel] - shapely.area(by_itself),
        only=_only(rows, blocking, before, by_itself, shapely.area(left)),
        first=shapely.area(before) - shapely.area(after),
        after=after,
        pair_row=rows.row[real],
        pair_piece=piece if tile.number is None else tile.number[piece],
    )


@dataclass(frozen=True)
class _Pairs:
    """Parcels and pieces that touch.

    ``shapes`` are the pieces, prepared, ``local`` a pair's place among them, ``piece`` its number in the index (-1:
    an official's word on the whole parcel, which covers it).
    """

    shapes: Shapes
    parcel: Numbers
    piece: Numbers
    local: Numbers
    group: Numbers
    covered: Flags

    def at(self, chosen: Numbers | Flags) -> _Pairs:
        """Return some of the pairs."""
        return _Pairs(
            self.shapes,
            self.parcel[chosen],
            self.piece[chosen],
            self.local[chosen],
            self.group[chosen],
            self.covered[chosen],
        )

    def order(self, tile: Tile, chosen: Numbers, *, by_group: bool = False) -> Numbers:
        """Return the order of chosen pairs by parcel, group and falling overlap of the boxes.

        It is the same whatever else the tile and the index have: ties go by the pieces' own measures.
        """
        parcel, local = self.parcel[chosen], self.local[chosen]
        box, other = shapely.bounds(tile.parcels)[parcel], shapely.bounds(self.shapes)[local]
        sides = np.minimum(box[:, 2:], other[:, 2:]) - np.maximum(box[:, :2], other[:, :2])
        keys = [shapely.area(self.shapes)[local], *other.T, -sides.prod(axis=1)]
        keys += [*([self.group[chosen]] if by_group else []), parcel]
        order = np.lexsort(keys)
        if len(order) and not _changes(*(key[order] for key in keys)).all():
            # Of equal boxes and areas: the shapes themselves decide.
            shape = pd.util.hash_array(shapely.to_wkb(self.shapes))[local]
            order = np.lexsort([shape, *keys])
        return order


class _Rows:
    """A tile's parcels with the groups that touch them: a row each, made by consecutive pairs with pieces."""

    def __init__(self, pairs: _Pairs, start: Numbers, row: Numbers) -> None:
        self.parcel, self.row = pairs.parcel[start], row
        united, self._pieces = _united(row, pairs.shapes[pairs.local])
        self._start = np.flatnonzero(_changes(united))
        self._count = np.diff(np.r_[self._start, len(united)])
        self._swallowed = np.zeros(len(start), dtype=bool)
        self._swallowed[row[pairs.covered]] = True

    def take(self, shapes: Shapes, rows: Numbers, target: Numbers | None = None, *, fresh: bool = False) -> Shapes:
        """Take from each shape the pieces of its row; with ``target``, from the shapes there, which may repeat.

        ``fresh`` says that the shapes are whole parcels, which every piece is known to touch.
        """
        target = np.arange(len(shapes)) if target is None else target
        left = shapes.copy()
        swallowed = np.zeros(len(shapes), dtype=bool)
        swallowed[target[self._swallowed[rows]]] = True
        left[swallowed] = _EMPTY
        alive = ~swallowed[target]
        rows, target = rows[alive], target[alive]
        count = self._count[rows]
        pairs = np.repeat(self._start[rows], count) + _ranks(np.repeat(np.arange(len(rows)), count))
        _subtract(left, np.repeat(target, count), self._pieces[pairs], fresh=fresh)
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


def _pairs(tile: Tile, wanted: Flags) -> _Pairs:
    """Return the parcels and pieces of the wanted groups that touch."""
    index = tile.index
    parcel, piece = index.query(tile.parcels)
    keep = wanted[index.group[piece]] & _needed(tile, parcel, piece)
    parcel, piece = parcel[keep], piece[keep]
    used, local = np.unique(piece, return_inverse=True)
    # Copies, for this tile alone to prepare: GEOS crashes when two threads use one prepared geometry.
    shapes = shapely.set_srid(index.shapes[used], 0)
    shapely.prepare(shapes)
    touching = shapely.intersects(shapes[local], tile.parcels[parcel])
    parcel, piece, local = parcel[touching], piece[touching], local[touching]
    covered = shapely.covers(shapes[local], tile.parcels[parcel])
    return _Pairs(shapes, parcel, piece, local, index.group[piece], covered)


def _needed(tile: Tile, parcel: Numbers, piece: Numbers) -> Flags:
    """Pass over pieces of a polygon that another piece of it makes needless: a window around the parcel suffices."""
    needed = np.ones(len(piece), dtype=bool)
    window = tile.index.window[piece]
    cut = np.flatnonzero(np.isfinite(window).any(axis=1))
    if not len(cut):
        return needed
    box, window = shapely.bounds(tile.parcels)[parcel[cut]], window[cut]
    fits = (window[:, :2] <= box[:, :2]).all(axis=1) & (window[:, 2:] >= box[:, 2:]).all(axis=1)
    part = tile.index.part[piece[cut]]
    key = parcel[cut] * (part.max() + 1) + part
    # Pairs come by rising number of the piece, so that the first that fits is the same in every tile.
    enough, first = np.unique(key[fits], return_index=True)
    needed[cut] = ~np.isin(key, enough)
    needed[cut[np.flatnonzero(fits)[first]]] = True
    return needed


def _subtract(shapes: Shapes, target: Numbers, pieces: Shapes, *, fresh: bool) -> None:
    """Take pieces, prepared, from the shapes at ``target``, which is ascending: all firsts, all seconds, and so on.

    ``fresh`` says that each shape touches its first piece, so that nobody need ask.
    """
    for number, pairs in enumerate(_rounds(target, np.arange(len(target)))):
        at, piece = target[pairs], pieces[pairs]
        if number or not fresh:
            touching = shapely.intersects(piece, shapes[at])
            at, piece = at[touching], piece[touching]
        shapes[at] = shapely.difference(shapes[at], piece)


def _united(target: Numbers, pieces: Shapes) -> tuple[Numbers, Shapes]:
    """Unite the pieces of targets that have many: taken one by one, each would pay for the whole target again."""
    start = np.flatnonzero(_changes(target))
    many = np.diff(np.r_[start, len(target)]) > _MANY
    if not many.any():
        return target, pieces
    keep = np.ones(len(target), dtype=bool)
    area, united = shapely.area(pieces), pieces.copy()
    for first, last in zip(start[many], np.r_[start, len(target)][1:][many], strict=True):
        union = shapely.union_all(pieces[first:last])
        # Rarely GEOS loses polygons of a union: then one by one after all.
        if union.area >= area[first:last].max() * (1 - NEGLIGIBLE):
            united[first], keep[first + 1 : last] = union, False
    return target[keep], united[keep]


def _granted(tile: Tile, grant: Grant, rule: Numbers, pairs: _Pairs) -> _Pairs:
    """Put decisions in place of what was computed."""
    asked = rule[pairs.group]
    keep, added = np.ones(len(asked), dtype=bool), np.zeros(len(grant.parcel), dtype=bool)
    group = pairs.group.copy()
    for number, becomes in enumerate(grant.becomes.tolist()):
        mine = (pairs.parcel == grant.parcel[number]) & (asked == grant.rule[number])
        # What only touches the parcel's edge has nothing of it; nor has what only tells that the rule was lifted.
        found = pairs.at(mine & ~grant.lifted[pairs.group])
        added[number] = grant.whole[number] != DROPPED and not _overlapping(tile, found).any()
        if becomes == DROPPED:
            keep &= ~mine
        elif becomes == KEPT:
            group[mine & grant.unsure[pairs.group]] = grant.whole[number]
        else:
            group[mine] = becomes
    count = int(added.sum())
    kept = replace(pairs, group=group).at(keep)
    return _Pairs(
        shapes=np.concatenate([pairs.shapes, np.array([_EMPTY], dtype=object)]),
        parcel=np.concatenate([kept.parcel, grant.parcel[added]]),
        piece=np.concatenate([kept.piece, np.full(count, -1)]),
        local=np.concatenate([kept.local, np.full(count, len(pairs.shapes))]),
        group=np.concatenate([kept.group, grant.whole[added]]),
        covered=np.concatenate([kept.covered, np.ones(count, dtype=bool)]),
    )


def _overlapping(tile: Tile, pairs: _Pairs) -> Flags:
    """Tell which pairs have area in common, more than rounding makes."""
    parcels = tile.parcels[pairs.parcel]
    common = shapely.area(shapely.intersection(pairs.shapes[pairs.local], parcels))
    overlapping: Flags = common > NEGLIGIBLE * shapely.area(parcels)
    return overlapping


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
