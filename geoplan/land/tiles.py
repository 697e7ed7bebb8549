"""Tiles: parcels that are neighbours, with the index of the pieces that may touch them.

A tile's computation shares nothing with that of another, so threads, processes and other machines compute tiles
alike; :meth:`Tile.packed` makes one that carries only its own pieces, to be sent away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["DROPPED", "KEPT", "Flags", "Floats", "Grant", "Index", "Numbers", "Shapes", "Tile", "cut_tiles"]

Shapes: TypeAlias = npt.NDArray[Any]
Numbers: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

_TILE_PARCELS = 2048
_TILE_VERTICES = 100_000


@dataclass(frozen=True)
class Index:
    """Pieces to take from parcels, and where they are.

    Attributes
    ----------
    shapes, part, window
        As of :class:`geoplan.land.pieces.Pieces`; ``part`` is unique over all that the pieces were cut from.
    group
        For every piece the number of its group; groups with lower numbers take first.
    gone
        Pieces that count no more; ``None`` where all count.
    """

    shapes: Shapes
    part: Numbers
    window: Floats
    group: Numbers
    gone: Flags | None = None
    _trees: tuple[tuple[shapely.STRtree, int], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self._trees:
            object.__setattr__(self, "_trees", ((shapely.STRtree(self.shapes), 0),))

    @property
    def trees(self) -> int:
        """How many trees a query asks: one, and one more for every change."""
        return len(self._trees)

    def query(self, shapes: Shapes) -> tuple[Numbers, Numbers]:
        """Return pairs of shape and piece whose boxes meet, by rising number of the piece."""
        found = [tree.query(shapes) + np.array([[0], [start]]) for tree, start in self._trees]
        shape, piece = np.concatenate(found, axis=1)
        if self.gone is not None:
            there = ~self.gone[piece]
            shape, piece = shape[there], piece[there]
        order = np.argsort(piece, kind="stable")
        return shape[order], piece[order]

    def changed(self, *, without: Numbers, extra: Index) -> Index:
        """Return the index without some pieces and with others behind; the trees that are there serve on."""
        count = len(self.shapes)
        gone = np.zeros(count + len(extra.shapes), dtype=bool)
        gone[:count] = False if self.gone is None else self.gone
        gone[without] = True
        return Index(
            shapes=np.concatenate([self.shapes, extra.shapes]),
            part=np.concatenate([self.part, extra.part + self.part.max(initial=-1) + 1]),
            window=np.concatenate([self.window, extra.window]),
            group=np.concatenate([self.group, extra.group]),
            gone=gone,
            _trees=(*self._trees, *((tree, start + count) for tree, start in extra._trees)),
        )

    def only(self, pieces: Numbers) -> Index:
        """Return an index of some of the pieces."""
        return Index(self.shapes[pieces], self.part[pieces], self.window[pieces], self.group[pieces])


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
        The group that has the whole parcel where no piece of the rule touches it, or :data:`DROPPED`. What is unsure
        becomes of that group, too, where the decision leaves the pieces in theirs: that it holds settles it.
    unsure
        For every group whether it hangs on something unknown.
    lifted
        For every group whether it only tells that the rule does not hold there.
    """

    parcel: Numbers
    rule: Numbers
    becomes: Numbers
    whole: Numbers
    unsure: Flags
    lifted: Flags

    def on(self, position: Numbers) -> Grant | None:
        """Return the decisions on some parcels, with positions among these; ``None`` where there are none."""
        place = {number: at for at, number in enumerate(position.tolist())}
        mine = np.array([number in place for number in self.parcel.tolist()], dtype=bool)
        if not mine.any():
            return None
        at = np.array([place[number] for number in self.parcel[mine].tolist()], dtype=np.intp)
        return replace(self, parcel=at, rule=self.rule[mine], becomes=self.becomes[mine], whole=self.whole[mine])


@dataclass(frozen=True)
class Tile:
    """Parcels that are neighbours, and the pieces that may touch one of them.

    Attributes
    ----------
    name
        Where it is: its box as text, west south east north.
    parcels, position
        Polygons, and their positions among all parcels.
    index
        Pieces, among them all that may touch one of the parcels.
    blocking, rule
        For every group whether it takes land, and the number of its rule.
    grant
        Decisions on single parcels, with positions within the tile.
    number
        The index's pieces' positions in the index that it was taken from; ``None`` where it is that index.
    """

    name: str
    parcels: Shapes
    position: Numbers
    index: Index
    blocking: Flags
    rule: Numbers | None = None
    grant: Grant | None = None
    number: Numbers | None = None

    def packed(self) -> Self:
        """Return the tile with only its own pieces in its index, to be sent elsewhere."""
        own = np.unique(self.index.query(self.parcels)[1])
        return replace(self, index=self.index.only(own), number=own)


def cut_tiles(
    parcels: Shapes,
    index: Index,
    blocking: Flags,
    *,
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
    rule, grant
        For every group the number of its rule, and decisions on single parcels.
    size
        Most parcels of a tile; fewer where they have many vertices.
    """
    box = shapely.bounds(parcels)
    middle = box[:, :2] + box[:, 2:]
    weight = np.maximum(shapely.get_num_coordinates(parcels) / _TILE_VERTICES, 1 / size)
    for position in _halves(middle, np.arange(len(parcels)), weight):
        west, south = box[position, :2].min(axis=0)
        east, north = box[position, 2:].max(axis=0)
        yield Tile(
            name=f"{west:.0f} {south:.0f} {east:.0f} {north:.0f}",
            parcels=parcels[position],
            position=position,
            index=index,
            blocking=blocking,
            rule=rule,
            grant=None if grant is None else grant.on(position),
        )


def _halves(middle: Floats, rows: Numbers, weight: Floats) -> Iterator[Numbers]:
    """Halve a set of points across its longer side until those together weigh one at most."""
    if len(rows) <= 1 or weight[rows].sum() <= 1:
        if len(rows):
            yield np.sort(rows)
        return
    spread = np.ptp(middle[rows], axis=0)
    half = len(rows) // 2
    order = rows[np.argpartition(middle[rows, int(np.argmax(spread))], half)]
    yield from _halves(middle, order[:half], weight)
    yield from _halves(middle, order[half:], weight)
