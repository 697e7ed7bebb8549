"""Incremental land: what a change of a layer, a rule, a plan, a parcel or a decision touches is computed anew.

A parcel's result depends on nothing but the parcel, the pieces that touch it, the order of the rules and the decisions
on it. So what differs in these tells which parcels to compute, and the rest is taken over, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.land.assembly import STAGES
from geoplan.land.buildable import Buildable, buildable_of
from geoplan.land.constraints import Constraints
from geoplan.land.mappers import Mapper, on_threads
from geoplan.land.tiles import Flags, Numbers, Shapes

__all__ = ["LandInputs", "differing_pieces", "hit_parcels", "splice", "touched_parcels", "update_land"]

_DECIDES = ["rule", "severity", "layer", "basis", "feature", "west", "south", "east", "north"]


@dataclass(frozen=True)
class LandInputs:
    """What buildable land is computed from.

    Attributes
    ----------
    parcels, constraints, overrides
        As :func:`geoplan.land.buildable.buildable_land` takes them.
    """

    parcels: gpd.GeoDataFrame
    constraints: Constraints
    overrides: pd.DataFrame | None = None


def update_land(
    before: Buildable,
    was: LandInputs,
    now: LandInputs,
    *,
    mapper: Mapper = on_threads,
    advance: Callable[[int], object] | None = None,
) -> tuple[Buildable, int]:
    """Bring buildable land up to date by computing only the parcels that a change touches.

    Parameters
    ----------
    before
        What :func:`geoplan.land.buildable.buildable_land` gave for ``was``, with its defaults.
    was, now
        The inputs then and now, checked.
    mapper, advance
        As in :func:`geoplan.land.buildable.buildable_land`.

    Returns
    -------
    land : Buildable
        The same, to the bit, as computed anew from ``now``.
    count : int
        How many parcels were computed.
    """
    touched = touched_parcels(was, now)
    if not touched.any():
        return _in_order(before, now.parcels["id"]), 0
    part = buildable_of(
        now.parcels[touched], now.constraints.prepared, overrides=now.overrides, mapper=mapper, advance=advance
    )
    return splice(before, part, now.parcels["id"]), int(touched.sum())


def touched_parcels(was: LandInputs, now: LandInputs) -> Flags:
    """Tell which of the parcels of ``now`` a change may have altered."""
    if was.parcels.crs != now.parcels.crs or not _same_order(was.constraints, now.constraints):
        return np.ones(len(now.parcels), dtype=bool)
    shapes = now.parcels.geometry.to_numpy()
    touched = _changed_parcels(was.parcels, now.parcels)
    gone, come = differing_pieces(was.constraints.pieces, now.constraints.pieces)
    pieces = [was.constraints.pieces.geometry.to_numpy()[gone], now.constraints.pieces.geometry.to_numpy()[come]]
    touched[hit_parcels(shapely.STRtree(shapes), np.concatenate(pieces))] = True
    # Decisions are few: whether they changed is not asked.
    touched |= now.parcels["id"].isin(_decided(was.overrides) | _decided(now.overrides)).to_numpy()
    return touched


def hit_parcels(tree: shapely.STRtree, pieces: Shapes) -> Numbers:
    """Return the positions of the parcels, of which ``tree`` is the index, that pieces touch."""
    return np.unique(tree.query(pieces, predicate="intersects")[1])


def differing_pieces(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> tuple[Numbers, Numbers]:
    """Return the positions of the pieces that only the old, and only the new constraints have."""
    old_keys, new_keys = _keys(old), _keys(new)
    return np.flatnonzero(~old_keys.isin(new_keys)), np.flatnonzero(~new_keys.isin(old_keys))


def splice(before: Buildable, part: Buildable, ids: pd.Series[str]) -> Buildable:
    """Put computed parcels in the place of their former selves.

    Parameters
    ----------
    before
        All parcels.
    part
        Some of them, or new ones, computed.
    ids
        The parcels of the result, in its order; those not in ``part`` are taken from ``before``.
    """
    new = set(part.parcels["id"])
    return _in_order(
        Buildable(
            parcels=_joined(before.parcels, part.parcels, before.parcels["id"].isin(new)),
            reasons=_joined(before.reasons, part.reasons, before.reasons["parcel"].isin(new)),
            remainders=_joined(before.remainders, part.remainders, before.remainders["parcel"].isin(new)),
        ),
        ids,
    )


def _joined(before: Any, part: Any, replaced: pd.Series[bool]) -> Any:
    # An empty table has no say in what kind of column there is.
    frames = [frame for frame in (before[~replaced], part) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else part


def _in_order(land: Buildable, ids: pd.Series[str]) -> Buildable:
    """Return the rows of the parcels in an order; a parcel's own rows stay as they stand."""
    order = pd.Index(ids)
    parcel = order.get_indexer(pd.Index(land.reasons["parcel"]))
    stage = land.remainders["severity"].map({severity: number for number, severity in enumerate(STAGES)})
    place = order.get_indexer(pd.Index(land.remainders["parcel"]))
    return Buildable(
        parcels=_rows(land.parcels, pd.Index(land.parcels["id"]).get_indexer(order)).assign(
            id=ids.reset_index(drop=True)
        ),
        reasons=_rows(land.reasons, _there(np.argsort(parcel, kind="stable"), parcel)),
        remainders=_rows(land.remainders, _there(np.lexsort([place, stage.to_numpy(dtype=int)]), place)),
    )


def _there(rows: Numbers, place: Numbers) -> Numbers:
    """Return the rows of parcels that still are."""
    return rows[place[rows] >= 0]


def _rows(frame: Any, rows: Numbers) -> Any:
    return frame.iloc[rows].reset_index(drop=True)


def _same_order(was: Constraints, now: Constraints) -> bool:
    """Tell whether rules that are in both stand in the same order, which decides what a rule takes first."""
    first, second = ([rule.id for rule in constraints.rules.rules] for constraints in (was, now))
    both = set(first) & set(second)
    return [rule for rule in first if rule in both] == [rule for rule in second if rule in both]


def _changed_parcels(was: gpd.GeoDataFrame, now: gpd.GeoDataFrame) -> Flags:
    place = pd.Index(was["id"]).get_indexer(pd.Index(now["id"]))
    changed: Flags = place < 0
    known = np.flatnonzero(~changed)
    old, new = was.geometry.to_numpy()[place[known]], now.geometry.to_numpy()[known]
    changed[known] = ~shapely.equals_identical(old, new)
    return changed


def _keys(pieces: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Return what makes a piece the piece it is; of equal ones, the first, the second and so on."""
    told = pd.util.hash_pandas_object(pieces[_DECIDES].astype(object).astype(str), index=False).to_numpy()
    shapes = pd.util.hash_array(shapely.to_wkb(pieces.geometry.to_numpy()))
    number = pd.Series(told).groupby([told, shapes]).cumcount()
    return pd.Series(list(zip(told, shapes, number, strict=True)), dtype=object)


def _decided(overrides: pd.DataFrame | None) -> set[str]:
    return set() if overrides is None else set(overrides["parcel"])
