"""Explanations from the store: the domain's answer on what the last run derived."""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geoplan.errors import NotFoundError
from geoplan.frames import metres_per_unit
from geoplan.land.constraints import Constraints
from geoplan.land.explain import Explanation, explain_parcel, explain_point
from geoplan.land.rules import RuleSet
from layers.store import Run, Store

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
    run = _run(store)
    buildable = _output(store, run, "buildable", keys=[parcel])
    if not len(buildable):
        raise NotFoundError(
            f"There is no parcel {parcel!r}.", hint="`geoplan export parcels FILE.csv` lists their ids."
        )
    reasons = _output(store, run, "reasons", keys=[parcel])
    shape = _input(store, run, "parcels", keys=[parcel]).geometry.iloc[0]
    layers = _nearby(store, run, shape)
    return explain_parcel(
        parcel,
        buildable,
        reasons,
        _constraints(store, run, None),
        layers=layers,
        shape=shape,
        versions=_versions(run),
    )


def explain_place(store: Store, x: float, y: float) -> Explanation:
    """Explain a place, given east and north in the store's CRS.

    Raises
    ------
    NotFoundError
        There is no run.
    """
    run = _run(store)
    place = shapely.Point(x, y)
    parcel = None
    if "parcels" in run.inputs:
        around = _input(store, run, "parcels", bbox=(x, y, x, y))
        hit = around[shapely.intersects(around.geometry.to_numpy(), place)]
        parcel = str(hit["id"].iloc[0]) if len(hit) else None
    return explain_point(
        x,
        y,
        _constraints(store, run, (x, y, x, y)),
        parcel=parcel,
        layers=_nearby(store, run, place),
        versions=_versions(run),
    )


def _run(store: Store) -> Run:
    run = store.run()
    if run is None:
        raise NotFoundError("Nothing is computed yet.", hint="Run `geoplan plan` first.")
    return run


def _output(store: Store, run: Run, layer: str, **how: Any) -> gpd.GeoDataFrame:
    if layer not in run.outputs:
        raise NotFoundError(f"The last run has no {layer}.", hint="Import parcels, then run `geoplan plan`.")
    return store.read(layer, version=int(run.outputs[layer]["number"]), **how)


def _input(store: Store, run: Run, layer: str, **how: Any) -> gpd.GeoDataFrame:
    return store.read(layer, version=int(run.inputs[layer]["number"]), **how)


def _constraints(store: Store, run: Run, bbox: tuple[float, float, float, float] | None) -> Constraints:
    """Return the run's rules, with the pieces in a box where one is given."""
    day = dt.date.fromisoformat(run.parameters["rules"]["as_of"])
    rules = RuleSet.from_mapping(run.rule_set).as_of(day)
    unknown = tuple(
        dict.fromkeys(rule.id for rule in rules.rules if not all(_asked(layer, run) for layer in rule.needs))
    )
    pieces = _output(store, run, "constraints", bbox=bbox or (np.inf, np.inf, np.inf, np.inf))
    return Constraints(pieces, rules, unknown)


def _asked(layer: str, run: Run) -> bool:
    # The sea is derived where there is land but no water layer.
    return layer in run.inputs or (layer == "water" and {"land", "municipality"} <= set(run.inputs))


def _nearby(store: Store, run: Run, shape: shapely.Geometry) -> dict[str, gpd.GeoDataFrame]:
    """Return the features of the rules' layers around a shape."""
    margin = _NEARBY_M / metres_per_unit(store.crs)
    west, south, east, north = shapely.bounds(shape)
    bbox = (west - margin, south - margin, east + margin, north + margin)
    layers = {}
    for name in {rule["layer"] for rule in run.rule_set["rules"]} & set(run.inputs):
        frame = _input(store, run, name, bbox=bbox)
        if isinstance(frame, gpd.GeoDataFrame) and len(frame):
            layers[name] = frame
    return layers


def _versions(run: Run) -> dict[str, int]:
    return {name: int(identity["number"]) for name, identity in run.inputs.items()}
