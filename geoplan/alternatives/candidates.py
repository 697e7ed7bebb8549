"""Every parcel of a search as a candidate: what it loses at each criterion, and what of it is a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.alternatives.criteria import Criterion
from geoplan.alternatives.guarded import LEFT, Unguarded
from geoplan.alternatives.joining import Joined, join_pieces
from geoplan.frames import area_m2, metres_per_unit
from geoplan.land.pieces import chunk_lines
from geoplan.land.rules import Severity
from geoplan.plots.search import BUILT, BUILT_UNKNOWN, PlotSearch

__all__ = ["NOTHING_M2", "Assessment", "add_surroundings", "assess"]

NOTHING_M2 = 1e-6
"""Less than this is nothing: what rounding leaves of land that is taken wholly."""

_HOMES: Mapping[str, str] = {"allowed": "yes", "special": "yes", "none": "yes", "prohibited": "no"}
_UTILITY: Mapping[str, str] = {"public": "yes", "private": "no"}


@dataclass(frozen=True)
class Assessment:
    """What a search came to on one kind of land.

    Attributes
    ----------
    losses
        m² that fall out: one row a parcel, one column a step: a criterion's id, with ``:unknown`` behind it for what
        falls out because nobody knows.
    plots
        The plots with what was asked of them: a column ``answer_`` for every criterion that excludes (``yes``,
        ``no``, ``unknown``), and ``row``, the parcel's place.
    pieces
        ``plot`` and ``row`` (places), ``meets``, ``site``, ``alone``, ``site_area_m2``, ``site_width_m`` and
        geometry: the parts of the plots that satisfy every criterion before the area.
    """

    losses: pd.DataFrame
    plots: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


def add_surroundings(
    places: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame], site: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Add the distances in metres to the nearest settlement and road, and to the site that is wanted.

    Parameters
    ----------
    places
        Areas.
    layers
        ``settlements`` and ``roads`` are used; where one is missing the distance is NaN: unknown.
    site
        In the CRS of the places.

    Returns
    -------
    GeoDataFrame
        With ``settlement_m``, ``road_m`` and ``distance_m``.
    """
    roads = layers.get("roads")
    if roads is not None and "kind" in roads:
        roads = roads[roads["kind"] != "path"]
    shapes = places.geometry.to_numpy()
    return places.assign(
        settlement_m=_nearest(shapes, layers.get("settlements"), places.crs),
        road_m=_nearest(shapes, roads, places.crs),
        distance_m=shapely.distance(shapes, site) * metres_per_unit(places.crs),
    )


def assess(
    unguarded: Unguarded,
    where: npt.NDArray[np.bool_],
    counting: Severity,
    search: PlotSearch,
    criteria: Sequence[Criterion],
    *,
    together: bool = True,
) -> Assessment:
    """Take from every parcel what falls out at each criterion, and see what is left.

    Parameters
    ----------
    unguarded
        What is left of every parcel outside the guarded land.
    where
        Which parcels.
    counting
        The weakest severity of the other rules that takes land.
    search
        The plots on what these rules leave, and what of it makes none; with the columns of
        :func:`add_surroundings` and ``owner_kind``. Plots of other parcels are passed over.
    criteria
        In the order in which land falls out.
    together
        Whether pieces of neighbouring parcels are joined.

    Returns
    -------
    Assessment
        Of the parcels ``where``, in their order; ``losses`` has their places as its index.
    """
    positions = np.flatnonzero(where)
    ids = pd.Index(unguarded.areas["id"].to_numpy()[positions])
    losses = {**_by_rules(unguarded.areas.iloc[positions], counting), **_by_plots(search.dropped, ids)}
    plots = _of(search.plots, ids)
    area = area_m2(plots).to_numpy()
    row = plots["row"].to_numpy(dtype=np.intp)
    alive = np.ones(len(plots), dtype=bool)
    for criterion in criteria:
        if not criterion.excludes or criterion.id not in _QUESTIONS:
            continue
        answer = _QUESTIONS[criterion.id](plots, criterion)
        plots[f"answer_{criterion.id}"] = answer
        for word, step in (("no", criterion.id), ("unknown", f"{criterion.id}:unknown")):
            falls = alive & (answer == word)
            losses[step] = _sums(row[falls], area[falls], len(ids))
        alive &= answer == "yes"
    wanted = {criterion.id: float(criterion.threshold or 0) for criterion in criteria if criterion.id in _SIZE}
    pieces, met = _pieces(plots, alive, wanted, together)
    size = shapely.area(pieces.geometry.to_numpy()) * metres_per_unit(plots.crs) ** 2
    small = met.area_m2 < wanted["area"]
    for step, falls in (("area", small), ("width", ~small & ~pieces["meets"].to_numpy())):
        losses[step] = _sums(pieces["row"].to_numpy()[falls], size[falls], len(ids))
    table = pd.DataFrame(losses, index=positions)
    return Assessment(table, plots.assign(row=positions[row]), pieces.assign(row=positions[pieces["row"].to_numpy()]))


_SIZE = ("area", "width")


def _by_rules(areas: pd.DataFrame, counting: Severity) -> dict[str, npt.NDArray[np.float64]]:
    """Return what the guarding rule and then the others take."""
    losses = {}
    before = areas["area_m2"].to_numpy()
    for step, column in LEFT.items():
        after = areas[column].to_numpy()
        losses[step] = before - after
        before = after
        if step == counting:
            break
    return losses


def _by_plots(dropped: pd.DataFrame, ids: pd.Index[Any]) -> dict[str, npt.NDArray[np.float64]]:
    """Return what makes no plot."""
    mine = dropped.assign(row=ids.get_indexer(pd.Index(dropped["parcel"])))
    mine = mine[mine["row"] >= 0]
    losses = {step: np.zeros(len(ids)) for step in ("free", "free:unknown", "plot")}
    step_of = mine["reason"].map({BUILT: "free", BUILT_UNKNOWN: "free:unknown"}).fillna("plot")
    for step in losses:
        part = mine[step_of == step]
        losses[step] += _sums(part["row"].to_numpy(), part["area_m2"].to_numpy(dtype=float), len(ids))
    return losses


def _sums(row: npt.NDArray[Any], area: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Add up areas by row."""
    return np.bincount(row, weights=area, minlength=size).astype(float)


def _of(plots: gpd.GeoDataFrame, ids: pd.Index[Any]) -> gpd.GeoDataFrame:
    row = ids.get_indexer(pd.Index(plots["parcel"]))
    return plots.assign(row=row)[row >= 0].reset_index(drop=True)


def _pieces(
    plots: gpd.GeoDataFrame, alive: npt.NDArray[np.bool_], wanted: Mapping[str, float], together: bool
) -> tuple[gpd.GeoDataFrame, Joined]:
    """Cut the plots that are left into pieces, and see which suffice alone or joined."""
    kept = np.flatnonzero(alive)
    parts, owner = shapely.get_parts(plots.geometry.to_numpy()[kept], return_index=True)
    # A plot of several parts has the width of its widest one.
    single = np.bincount(owner, minlength=len(kept))[owner] == 1
    known = np.where(single, plots["width_m"].to_numpy(dtype=float)[kept][owner], np.nan)
    met = join_pieces(
        parts,
        known_m=known,
        area_m2=wanted["area"],
        width_m=wanted["width"],
        unit=metres_per_unit(plots.crs),
        together=together,
    )
    columns = {
        "plot": kept[owner],
        "row": plots["row"].to_numpy(dtype=np.intp)[kept][owner],
        "meets": (met.area_m2 >= wanted["area"]) & (met.width_m >= wanted["width"]),
        "site": met.site,
        "alone": met.alone,
        "site_area_m2": met.area_m2,
        "site_width_m": met.width_m,
    }
    return gpd.GeoDataFrame(columns, geometry=parts, crs=plots.crs), met


def _plan(plots: gpd.GeoDataFrame, _criterion: Criterion) -> npt.NDArray[Any]:
    return _words(plots["plan_homes"], _HOMES)


def _utility(plots: gpd.GeoDataFrame, _criterion: Criterion) -> npt.NDArray[Any]:
    return _words(plots["utility"], _UTILITY)


def _at_most(plots: gpd.GeoDataFrame, criterion: Criterion) -> npt.NDArray[Any]:
    metres = plots[f"{criterion.id}_m"].to_numpy(dtype=float)
    within = np.where(metres <= float(criterion.threshold or 0), "yes", "no")
    return np.where(np.isnan(metres), "unknown", within).astype(object)


def _owner(plots: gpd.GeoDataFrame, criterion: Criterion) -> npt.NDArray[Any]:
    owner = plots["owner_kind"]
    return np.where(owner.isna(), "unknown", np.where(owner == criterion.threshold, "yes", "no")).astype(object)


def _words(values: pd.Series[Any], answers: Mapping[str, str]) -> npt.NDArray[Any]:
    return values.map(answers).fillna("unknown").to_numpy(dtype=object)


_QUESTIONS = {"plan": _plan, "utility": _utility, "settlement": _at_most, "road": _at_most, "owner": _owner}


def _nearest(shapes: npt.NDArray[Any], frame: gpd.GeoDataFrame | None, crs: object) -> npt.NDArray[np.float64]:
    result = np.full(len(shapes), np.nan)
    if frame is None or not len(frame) or not len(shapes):
        return result
    # Against short pieces of their lines: a distance to the whole of a town or a road costs many times as much.
    lines, _ = chunk_lines(frame.geometry.to_numpy())
    (place, _), distance = shapely.STRtree(lines).query_nearest(shapes, return_distance=True, all_matches=False)
    result[place] = distance * metres_per_unit(crs)
    result[shapely.STRtree(frame.geometry.to_numpy()).query(shapes, predicate="intersects")[0]] = 0.0
    return result
