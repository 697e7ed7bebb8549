"""What is left of every parcel when the rules have taken theirs, and what took the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.frames import check_frame, metres_per_unit, same_crs
from geoplan.land.assembly import REASON_COLUMNS, STAGES, Assembly
from geoplan.land.constraints import Constraints
from geoplan.land.decisions import decide
from geoplan.land.mappers import Mapper, on_threads
from geoplan.land.overlay import remaining, taken
from geoplan.land.prepared import Prepared
from geoplan.land.rules import BLOCKING, Severity
from geoplan.land.tiles import cut_tiles

__all__ = [
    "REASON_COLUMNS",
    "SLIVER_WIDTH_M",
    "STAGES",
    "Buildable",
    "buildable_land",
    "buildable_of",
    "remaining_land",
]

SLIVER_WIDTH_M = 0.1
"""Parts of a remainder narrower than this on average are slivers: boundaries of two sources that almost agree.

Our own number: nothing stands on ten centimetres, and registers do not know a boundary better than that.
"""


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
    _check(parcels, constraints)
    return buildable_of(
        parcels,
        constraints.prepared,
        blocking=blocking,
        overrides=overrides,
        sliver_width_m=sliver_width_m,
        mapper=mapper,
        advance=advance,
    )


def buildable_of(
    parcels: gpd.GeoDataFrame,
    prepared: Prepared,
    *,
    blocking: Collection[Severity] = BLOCKING,
    overrides: pd.DataFrame | None = None,
    sliver_width_m: float = SLIVER_WIDTH_M,
    mapper: Mapper = on_threads,
    advance: Callable[[int], object] | None = None,
) -> Buildable:
    """Do what :func:`buildable_land` does, with what was checked and prepared before."""
    decided = decide(prepared, parcels["id"], overrides)
    groups = decided.prepared.groups
    flags = np.array([group.severity in blocking for group in groups], dtype=bool)
    shapes, index = parcels.geometry.to_numpy(), decided.prepared.index
    answers = []
    for answer in mapper(taken, cut_tiles(shapes, index, flags, rule=decided.rule, grant=decided.grant)):
        answers.append(answer)
        if advance is not None:
            advance(len(answer.position))
    return Buildable(*Assembly(parcels, decided.prepared, flags, answers).tables(sliver_width_m))


def remaining_land(
    parcels: gpd.GeoDataFrame,
    constraints: Constraints,
    *,
    blocking: Collection[Severity] = BLOCKING,
    mapper: Mapper = on_threads,
) -> gpd.GeoSeries:
    """Return only what is left of each parcel, slivers included: half of the work of :func:`buildable_land`.

    Parameters
    ----------
    parcels, constraints, blocking, mapper
        As in :func:`buildable_land`.

    Returns
    -------
    GeoSeries
        The remainders, which may be empty, with the index of ``parcels``.

    Raises
    ------
    FrameError
        Parcels are invalid or their ids not unique.
    CRSError
        Parcels and constraints differ in CRS.
    """
    _check(parcels, constraints)
    prepared = constraints.prepared
    flags = np.array([group.severity in blocking for group in prepared.groups], dtype=bool)
    left = parcels.geometry.to_numpy().copy()
    for answer in mapper(remaining, cut_tiles(left.copy(), prepared.index, flags)):
        left[answer.position] = answer.left
    return gpd.GeoSeries(left, index=parcels.index, crs=parcels.crs)


def _check(parcels: gpd.GeoDataFrame, constraints: Constraints) -> None:
    check_frame(parcels, name="parcels", columns=["id"], geometry=["polygon"], unique="id")
    same_crs(parcels, constraints.pieces)
