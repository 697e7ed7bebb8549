"""Explanations from the store: the domain's answer on what the last run derived."""

from __future__ import annotations

import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.explain import Background, Explanation, explain_parcel, explain_point
from geoplan.land.facts import Place
from layers.lastrun import Box, LastRun
from layers.overriding import WITHDRAWN, last_decisions
from layers.store import Store

__all__ = ["explain_place", "explain_stored_parcel"]

_NEARBY_M = 2_000.0
"""How far objects are looked for; farther ones have no bearing on a rule, whose distances end at 300 m."""


def explain_stored_parcel(store: Store, parcel: str) -> Explanation:
    """Explain a parcel of the last run.

    Raises
    ------
    NotFoundError
        There is no run, or no such parcel.
    """
    last = LastRun.of(store)
    shape = last.parcel(parcel).geometry.iloc[0]
    return explain_parcel(
        parcel,
        last.output("buildable", keys=[parcel]),
        last.output("reasons", keys=[parcel]),
        last.constraints(),
        layers=last.around(_box(store, shape)),
        shape=shape,
        background=_background(last, parcel),
    )


def explain_place(store: Store, x: float, y: float) -> Explanation:
    """Explain a place, given east and north in the store's CRS.

    Raises
    ------
    NotFoundError
        There is no run.
    """
    last = LastRun.of(store)
    point = shapely.Point(x, y)
    layers = last.around(_box(store, point))
    parcel = _parcel_at(last, point)
    if not layers or ("municipality" in last.run.inputs and not _lies_in(last, "municipality", point)):
        place: Place = "outside"
    elif "parcels" not in last.run.inputs:
        place = "no_parcels"
    else:
        place = "no_parcel" if parcel is None else "parcel"
    return explain_point(
        x,
        y,
        last.constraints((x, y, x, y)),
        parcel=parcel,
        reasons=None if parcel is None else last.output("reasons", keys=[parcel]),
        place=place,
        layers=layers,
        background=_background(last, parcel),
    )


def _background(last: LastRun, parcel: str | None) -> Background:
    applied, newest = {}, {}
    if parcel is not None:
        version = last.run.inputs.get("overrides")
        applied = {} if version is None else last_decisions(last.store, parcel, version=int(version["number"]))
        newest = last_decisions(last.store, parcel)
    return Background(
        layers=last.notes(),
        decided={rule: decision for rule, decision in applied.items() if decision.holds != WITHDRAWN},
        pending={rule: decision for rule, decision in newest.items() if applied.get(rule) != decision},
        as_of=last.as_of,
        reach_m=_NEARBY_M,
    )


def _box(store: Store, shape: shapely.Geometry) -> Box:
    margin = _NEARBY_M / metres_per_unit(store.crs)
    west, south, east, north = shapely.bounds(shape)
    return (west - margin, south - margin, east + margin, north + margin)


def _parcel_at(last: LastRun, point: shapely.Point) -> str | None:
    if "parcels" not in last.run.inputs:
        return None
    around = last.input("parcels", bbox=(point.x, point.y, point.x, point.y))
    hit = around[shapely.intersects(around.geometry.to_numpy(), point)]
    return str(hit["id"].iloc[0]) if len(hit) else None


def _lies_in(last: LastRun, layer: str, point: shapely.Point) -> bool:
    around = last.input(layer, bbox=(point.x, point.y, point.x, point.y))
    return bool(shapely.intersects(around.geometry.to_numpy(), point).any())
