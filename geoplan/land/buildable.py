"""What is left of every parcel when the rules have taken theirs, and what took the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import check_frame, metres_per_unit, same_crs
from geoplan.land.constraints import Constraints
from geoplan.land.decisions import Decided, decide
from geoplan.land.overlay import Taken, taken
from geoplan.land.rules import BLOCKING, SEVERITIES, Severity
from geoplan.land.tiles import Tile, cut_tiles
from geoplan.land.workers import worker_count

__all__ = ["REASON_COLUMNS", "SLIVER_WIDTH_M", "STAGES", "Buildable", "Mapper", "buildable_land", "on_threads"]

REASON_COLUMNS = (
    "parcel",
    "rule",
    "severity",
    "layer",
    "basis",
    "feature",
    "blocks",
    "area_m2",
    "share",
    "only_m2",
    "taken_m2",
)

STAGES: tuple[Severity, ...] = BLOCKING[:-1]
"""Severities with a remainder of their own; with the last one that blocks it is the buildable land."""

SLIVER_WIDTH_M = 0.1
"""Parts of a remainder narrower than this on average are slivers: boundaries of two sources that almost agree.

Our own number: nothing stands on ten centimetres, and registers do not know a boundary better than that.
"""

Mapper: TypeAlias = Callable[[Callable[[Tile], Taken], Iterable[Tile]], Iterable[Taken]]
"""Applies a function to tiles, somewhere; the answers may come in any order."""

_NAMED_FEATURES = 3

_NONE: npt.NDArray[Any] = np.empty(0, dtype=np.intp)
_NOTHING = Taken(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE)


@dataclass(frozen=True)
class Buildable:
    """Buildable land, and why the rest is not.

    Attributes
    ----------
    parcels
        ``id``, ``area_m2``, ``buildable_m2``, ``taken_m2``, ``sliver_m2``, ``left_forbidden_m2`` and
        ``left_needs_exemption_m2`` and, as geometry, the buildable remainder, which may be empty. One row a parcel,
        in the parcels' order. ``area_m2 = buildable_m2 + taken_m2``; slivers are part of what is taken;
        ``left_*`` is what is left when only rules of that severity and stronger count.
    reasons
        One row a parcel, rule and basis: ``feature`` (up to three of the causing features' ids), ``blocks``,
        ``area_m2`` and ``share`` that it concerns by itself, ``only_m2``, what no other blocking row concerns too,
        and ``taken_m2``, what it took first when the rules are applied strongest first. Over a parcel's blocking
        rows ``taken_m2`` adds up to ``taken_m2 - sliver_m2`` of the parcel.
    remainders
        ``parcel``, ``severity`` (of :data:`STAGES`), ``area_m2`` and geometry: what is left when only rules of that
        severity and stronger count, for the parcels where it is more than the buildable land.
    """

    parcels: gpd.GeoDataFrame
    reasons: pd.DataFrame
    remainders: gpd.GeoDataFrame

    def left(self, severity: Severity) -> gpd.GeoDataFrame:
        """Return every parcel's remainder when only rules of a severity and stronger count.

        Parameters
        ----------
        severity
            One that blocks building.

        Returns
        -------
        GeoDataFrame
            ``id``, ``area_m2`` and geometry, one row a parcel in the parcels' order.
        """
        shapes = self.parcels.geometry.to_numpy().copy()
        if severity in STAGES:
            mine = self.remainders[self.remainders["severity"] == severity]
            place = pd.Index(self.parcels["id"]).get_indexer(mine["parcel"])
            shapes[place] = mine.geometry.to_numpy()
        unit_area = metres_per_unit(self.parcels.crs) ** 2
        columns = {"id": self.parcels["id"].to_numpy(), "area_m2": shapely.area(shapes) * unit_area}
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=self.parcels.crs)


def on_threads(function: Callable[[Tile], Taken], tiles: Iterable[Tile]) -> Iterator[Taken]:
    """Apply a function to tiles on one thread a processor."""
    with ThreadPoolExecutor(worker_count()) as pool:
        yield from pool.map(function, tiles)


def buildable_land(
    parcels: gpd.GeoDataFrame,
    constraints: Constraints,
    *,
    blocking: Collection[Severity] = BLOCKING,
    overrides: pd.DataFrame | None = None,
    sliver_width_m: float = SLIVER_WIDTH_M,
    mapper: Mapper = on_threads,
    advance: Callable[[int], object] | None = None,
) -> Buildable:
    """Take from each parcel the area of every rule that blocks building.

    Parameters
    ----------
    parcels
        Valid polygons with a unique ``id``, in a projected CRS of any unit. They may overlap: each is by itself.
    constraints
        From :func:`geoplan.land.constraints.build_constraints`, in the same CRS.
    blocking
        Severities that take land; the others are told as reasons and take nothing.
    overrides
        What officials decided of single parcels (see :mod:`geoplan.land.decisions`).
    sliver_width_m
        Parts of a remainder that are narrower on average (twice the area over the perimeter) are dropped and told
        as ``sliver_m2``; 0 keeps all.
    mapper
        Who computes the tiles; default: threads of this process.
    advance
        Told how many parcels are done.

    Returns
    -------
    Buildable

    Raises
    ------
    FrameError
        Parcels are invalid or their ids not unique.
    CRSError
        Parcels and constraints differ in CRS.

    Notes
    -----
    Pairs of parcel and constraint piece come from an index and are sorted by prepared predicates into untouched,
    swallowed and cut; only cut ones pay for an overlay. Rules are applied strongest first and in file order
    within a severity, each to what the ones before left over. A parcel's result depends on nothing but what
    touches it.
    """
    check_frame(parcels, name="parcels", columns=["id"], geometry=["polygon"], unique="id")
    same_crs(parcels, constraints.pieces)
    shapes = parcels.geometry.to_numpy()
    decided = decide(constraints, parcels["id"], overrides)
    flags = np.array([group.severity in blocking for group in decided.groups], dtype=bool)
    tiles = cut_tiles(shapes, decided.index, flags, rule=decided.rule, grant=decided.grant)
    answers = []
    for answer in mapper(taken, tiles):
        answers.append(answer)
        if advance is not None:
            advance(len(answer.position))
    return _Assembly(parcels, constraints, decided, flags, answers).result(sliver_width_m)


class _Assembly:
    """The tables, put together from the tiles' answers."""

    def __init__(
        self,
        parcels: gpd.GeoDataFrame,
        constraints: Constraints,
        decided: Decided,
        blocking: npt.NDArray[np.bool_],
        answers: list[Taken],
    ) -> None:
        self._ids, self._crs = parcels["id"].to_numpy(), parcels.crs
        self._shapes = parcels.geometry.to_numpy()
        self._unit = metres_per_unit(parcels.crs)
        self._pieces, self._groups, self._blocking = constraints.pieces, decided.groups, blocking
        self._left = self._shapes.copy()
        for answer in answers:
            self._left[answer.position] = answer.left
        answers = answers or [_NOTHING]
        sizes = np.cumsum([0, *(len(answer.row_parcel) for answer in answers)])
        parcel, group = (_join(answers, name) for name in ("row_parcel", "row_group"))
        # By parcel, then strongest first; parcels come in tiles.
        self._order = np.lexsort([group, parcel])
        self._parcel, self._group = parcel[self._order].astype(int), group[self._order].astype(int)
        self._alone, self._only, self._first = (
            _join(answers, name)[self._order].astype(float) for name in ("alone", "only", "first")
        )
        self._after = _join(answers, "after")[self._order]
        place = np.empty(len(parcel), dtype=np.intp)
        place[self._order] = np.arange(len(parcel))
        pairs = [answer.pair_row + start for answer, start in zip(answers, sizes, strict=False)]
        self._pair_row = place[np.concatenate(pairs)]
        self._pair_piece = _join(answers, "pair_piece")

    def result(self, sliver_width_m: float) -> Buildable:
        """Return the tables."""
        square = self._unit**2
        whole, exact = shapely.area(self._shapes), shapely.area(self._left)
        cut = np.unique(self._parcel[self._blocking[self._group]])
        left, slivers = _without_slivers(self._left, cut, sliver_width_m / self._unit)
        stages = {severity: self._stage(severity) for severity in STAGES}
        remaining = exact - slivers
        table = {
            "id": self._ids,
            "area_m2": whole * square,
            "buildable_m2": remaining * square,
            "taken_m2": (whole - remaining) * square,
            "sliver_m2": slivers * square,
            **{f"left_{severity}_m2": shapely.area(stage) * square for severity, stage in stages.items()},
        }
        return Buildable(
            parcels=gpd.GeoDataFrame(table, geometry=left, crs=self._crs),
            reasons=self._reasons(whole, square),
            remainders=self._remainders(stages, exact, square),
        )

    def _stage(self, severity: Severity) -> npt.NDArray[Any]:
        """Return what is left when rules of a severity and stronger have taken theirs."""
        limit = SEVERITIES.index(severity)
        strong = [SEVERITIES.index(group.severity) <= limit for group in self._groups]
        rows = np.flatnonzero((np.array(strong, dtype=bool) & self._blocking)[self._group])
        stage: npt.NDArray[Any] = self._shapes.copy()
        # Rows stand strongest first: a parcel's last one of these stays.
        stage[self._parcel[rows]] = self._after[rows]
        return stage

    def _remainders(
        self, stages: dict[Severity, npt.NDArray[Any]], exact: npt.NDArray[np.float64], square: float
    ) -> gpd.GeoDataFrame:
        frames = []
        for severity, stage in stages.items():
            area = shapely.area(stage)
            more = np.flatnonzero(area > exact)
            columns = {"parcel": self._ids[more], "severity": severity, "area_m2": area[more] * square}
            frames.append(gpd.GeoDataFrame(columns, geometry=stage[more], crs=self._crs))
        return pd.concat(frames, ignore_index=True)

    def _reasons(self, whole: npt.NDArray[np.float64], square: float) -> pd.DataFrame:
        groups = self._groups
        kinds = {
            name: np.array([getattr(group, name) for group in groups], dtype=object)[self._group]
            for name in ("rule", "severity", "layer", "basis")
        }
        table = pd.DataFrame(
            {
                "parcel": self._ids[self._parcel],
                **kinds,
                "feature": self._features(),
                "blocks": self._blocking[self._group],
                "area_m2": self._alone * square,
                "share": self._alone / whole[self._parcel],
                "only_m2": self._only * square,
                "taken_m2": self._first * square,
            },
            columns=list(REASON_COLUMNS),
        )
        return table[self._alone > 0].reset_index(drop=True)

    def _features(self) -> npt.NDArray[Any]:
        """Name up to three causing features of every row, in the order of their names."""
        names = self._pieces["feature"].to_numpy(dtype=object)[self._pair_piece]
        named = pd.DataFrame({"row": self._pair_row, "feature": names}).dropna().drop_duplicates()
        named = named.assign(feature=named["feature"].astype(str)).sort_values(["row", "feature"])
        named = named[named.groupby("row").cumcount() < _NAMED_FEATURES]
        texts = named.groupby("row")["feature"].agg(", ".join)
        result = np.full(len(self._parcel), None, dtype=object)
        result[texts.index.to_numpy(dtype=int)] = texts.to_numpy(dtype=object)
        return result


def _join(answers: list[Taken], name: str) -> npt.NDArray[Any]:
    joined: npt.NDArray[Any] = np.concatenate([getattr(answer, name) for answer in answers])
    return joined


def _without_slivers(
    left: npt.NDArray[Any], places: npt.NDArray[np.intp], width: float
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Drop what is narrower than a width from the remainders at places; return what is left, and what went."""
    dropped = np.zeros(len(left))
    parts, owner = shapely.get_parts(left[places], return_index=True)
    area, around = shapely.area(parts), shapely.length(parts)
    thin = 2 * area < width * around
    if not thin.any():
        return left, dropped
    left = left.copy()
    np.add.at(dropped, places[owner[thin]], area[thin])
    concerned = np.unique(owner[thin])
    keep = ~thin & np.isin(owner, concerned)
    rest = np.full(len(places), shapely.Polygon(), dtype=object)
    shapely.multipolygons(parts[keep], indices=owner[keep], out=rest)
    single = np.bincount(owner[keep], minlength=len(places)) == 1
    rest[single] = shapely.get_geometry(rest[single], 0)
    left[places[concerned]] = rest[concerned]
    return left, dropped
