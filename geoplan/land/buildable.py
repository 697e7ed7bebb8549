"""What is left of every parcel when the rules have taken theirs, and what took the rest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import check_frame, metres_per_unit, same_crs
from geoplan.land.constraints import Constraints
from geoplan.land.rules import BLOCKING, SEVERITIES, Severity

__all__ = ["REASON_COLUMNS", "Buildable", "buildable_land"]

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
    "taken_m2",
)

_NAMED_FEATURES = 3


@dataclass(frozen=True)
class Buildable:
    """Buildable land, and why the rest is not.

    Attributes
    ----------
    parcels
        ``id``, ``area_m2``, ``buildable_m2``, ``taken_m2`` and, as geometry, the buildable remainder, which may
        be empty. One row a parcel, in the parcels' order; ``area_m2 = buildable_m2 + taken_m2``.
    reasons
        One row a parcel, rule and basis: ``feature`` (up to three of the causing features' ids), ``blocks``,
        ``area_m2`` and ``share`` that it concerns by itself, and ``taken_m2``, what it took first when the
        rules are applied strongest first. Over the blocking rows ``taken_m2`` adds up to the parcel's.
    """

    parcels: gpd.GeoDataFrame
    reasons: pd.DataFrame


def buildable_land(
    parcels: gpd.GeoDataFrame,
    constraints: Constraints,
    *,
    blocking: Collection[Severity] = BLOCKING,
) -> Buildable:
    """Take from each parcel the area of every rule that blocks building.

    Parameters
    ----------
    parcels
        Valid polygons with a unique ``id``, in a projected CRS of any unit.
    constraints
        From :func:`geoplan.land.constraints.build_constraints`, in the same CRS.
    blocking
        Severities that take land; the others are told as reasons and take nothing.

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
    touches it. Slivers are kept: they are land; whether they make a plot is decided in
    :mod:`geoplan.land.plots`.
    """
    check_frame(parcels, name="parcels", columns=["id"], geometry=["polygon"], unique="id")
    crs = same_crs(parcels, constraints.pieces)
    unit_area = metres_per_unit(crs) ** 2
    shapes = parcels.geometry.to_numpy()
    whole = shapely.area(shapes)
    left = shapes.copy()
    groups = _groups(shapes, constraints)
    rows: list[pd.DataFrame] = []
    for group, pairs in groups:
        blocks = group["severity"] in blocking
        concerned, union, swallowed = _concerned(pairs, constraints.pieces.geometry.to_numpy())
        before = shapely.area(left[concerned])
        alone = whole[concerned].copy()
        cut = ~swallowed
        alone[cut] = shapely.area(shapely.intersection(shapes[concerned[cut]], union[cut]))
        taken = np.zeros(len(concerned))
        if blocks:
            after = left[concerned]
            after[swallowed] = shapely.Polygon()
            after[cut] = shapely.difference(after[cut], union[cut])
            left[concerned] = after
            taken = before - shapely.area(after)
        rows.append(
            pd.DataFrame(
                {
                    "parcel": parcels["id"].to_numpy()[concerned],
                    **{name: group[name] for name in ("rule", "severity", "layer", "basis")},
                    "feature": _features(pairs, constraints.pieces["feature"].to_numpy()),
                    "blocks": blocks,
                    "area_m2": alone * unit_area,
                    "share": alone / whole[concerned],
                    "taken_m2": taken * unit_area,
                }
            )[alone > 0]
        )
    remaining = shapely.area(left) * unit_area
    result = gpd.GeoDataFrame(
        {
            "id": parcels["id"].to_numpy(),
            "area_m2": whole * unit_area,
            "buildable_m2": remaining,
            "taken_m2": whole * unit_area - remaining,
        },
        geometry=left,
        crs=crs,
    )
    return Buildable(result, _in_parcel_order(rows, parcels["id"]))


def _groups(shapes: npt.NDArray[Any], constraints: Constraints) -> list[tuple[dict[str, Any], npt.NDArray[np.intp]]]:
    """Return (parcel, piece, swallowed) triples for each rule and basis, strongest first, then in file order."""
    pieces = constraints.pieces
    if pieces.empty:
        return []
    order = {rule.id: number for number, rule in enumerate(constraints.rules.rules)}
    keys = pieces[["rule", "severity", "layer", "basis"]]
    code = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    kinds = keys.iloc[np.unique(code, return_index=True)[1]].to_dict("records")
    areas = pieces.geometry.to_numpy()
    shapely.prepare(shapes)
    shapely.prepare(areas)
    parcel, piece = shapely.STRtree(areas).query(shapes)
    touching = shapely.intersects(shapes[parcel], areas[piece])
    parcel, piece = parcel[touching], piece[touching]
    swallowed = shapely.covers(areas[piece], shapes[parcel])
    triples = np.column_stack([parcel, piece, swallowed])
    ranked = sorted(range(len(kinds)), key=lambda i: (SEVERITIES.index(kinds[i]["severity"]), order[kinds[i]["rule"]]))
    chosen = [(kinds[number], triples[code[piece] == number]) for number in ranked]
    return [(kind, pairs) for kind, pairs in chosen if len(pairs)]


def _concerned(
    pairs: npt.NDArray[np.intp], areas: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the parcels of one group, the union of the pieces on each, and whether one piece swallows it."""
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    concerned, start, count = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    swallowed = np.logical_or.reduceat(pairs[:, 2].astype(bool), start)
    union = areas[pairs[start, 1]]
    for number in np.flatnonzero((count > 1) & ~swallowed):
        union[number] = shapely.union_all(areas[pairs[start[number] : start[number] + count[number], 1]])
    return concerned, union, swallowed


def _features(pairs: npt.NDArray[np.intp], features: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Name up to three causing features for every parcel of one group."""
    named = pd.DataFrame({"parcel": pairs[:, 0], "feature": features[pairs[:, 1]]}).sort_values("parcel", kind="stable")
    first = named.dropna().drop_duplicates()
    first = first[first.groupby("parcel").cumcount() < _NAMED_FEATURES]
    texts = first.groupby("parcel")["feature"].agg(lambda names: ", ".join(map(str, names)))
    result: npt.NDArray[Any] = texts.reindex(np.unique(pairs[:, 0])).to_numpy(dtype=object, copy=True)
    result[pd.isna(result)] = None
    return result


def _in_parcel_order(rows: list[pd.DataFrame], ids: pd.Series[Any]) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame({name: [] for name in REASON_COLUMNS}).astype({"parcel": object})
    reasons = pd.concat(rows, ignore_index=True)
    position = pd.Series(np.arange(len(ids)), index=ids.to_numpy())
    order = np.argsort(reasons["parcel"].map(position).to_numpy(), kind="stable")
    return reasons.iloc[order].reset_index(drop=True)[list(REASON_COLUMNS)]
