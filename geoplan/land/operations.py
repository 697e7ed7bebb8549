"""The geometry operations of rules: from the features that a rule chooses to the areas that it holds in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import SettingsError
from geoplan.frames import metres_per_unit
from geoplan.land.cutouts import cut_out
from geoplan.land.pieces import QUADRANT_SEGMENTS
from geoplan.land.rules import SEVERITIES, Rule, RuleSet
from geoplan.land.selection import select_features
from geoplan.land.shoreline import ShoreRule, shore_zone

__all__ = ["Area", "rule_area"]

Layers = Mapping[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class Area:
    """Where a rule holds: one entry in each array for every polygon.

    Attributes
    ----------
    shapes
        Polygons and MultiPolygons, which may overlap.
    feature
        The causing feature's id, or ``None``.
    basis, severity
        As in :data:`geoplan.land.constraints.PIECE_COLUMNS`.
    distance_m
        The distance applied, in metres; NaN where there is none.
    """

    shapes: npt.NDArray[Any]
    feature: npt.NDArray[Any]
    basis: npt.NDArray[Any]
    severity: npt.NDArray[Any]
    distance_m: npt.NDArray[np.float64]


def rule_area(rule: Rule, rules: RuleSet, layers: Layers) -> Area:
    """Return where a rule holds.

    Parameters
    ----------
    rule
        The rule.
    rules
        Its set, with the settings decided.
    layers
        Layers by id, in one projected CRS; those that the rule needs are among them.

    Raises
    ------
    SettingsError
        A required setting is not decided, a rule names a field that its layer lacks, or a bound is not among the
        steps that a layer is mapped at.
    """
    frame = layers[rule.layer]
    # A setting is asked for only where something hangs on it.
    conditions = rules.conditions(rule) if len(frame) else ()
    try:
        chosen = select_features(frame, conditions)
        distance = _distances(rule, rules, chosen)
    except KeyError as error:
        raise SettingsError(
            f"Rule {rule.id} asks for the field {error.args[0]!r}, which layer {rule.layer} lacks.",
            hint="Map a column to it in geoplan.toml.",
        ) from error
    except SettingsError as error:
        raise SettingsError(f"Rule {rule.id}: {error.message}", hint=error.hint) from error
    if rule.operation == "shore_zone":
        area = _shore_zone(rule, chosen, distance, layers)
    elif rule.operation == "within_distance":
        area = _within_distance(rule, chosen, distance)
    elif rule.operation == "touches":
        area = _touched(rule, chosen, layers["parcels"])
    elif rule.operation == "outside":
        shapes = _outside(chosen.geometry.to_numpy(), layers)
        area = _area(rule, shapes, np.array([None], dtype=object), np.array([np.nan]))
    else:
        area = _area(rule, chosen.geometry.to_numpy(), _ids(chosen), distance)
    excepted = [layers[name].geometry.to_numpy() for name in rule.except_in if name in layers]
    return _without(area, np.concatenate(excepted)) if excepted else area


def _without(area: Area, excepted: npt.NDArray[Any]) -> Area:
    shapes = cut_out(area.shapes, excepted)
    left = ~shapely.is_empty(shapes)
    return Area(shapes[left], area.feature[left], area.basis[left], area.severity[left], area.distance_m[left])


def _area(rule: Rule, shapes: npt.NDArray[Any], feature: npt.NDArray[Any], distance: npt.NDArray[np.float64]) -> Area:
    count = len(shapes)
    basis, severity = np.full(count, rule.basis, dtype=object), np.full(count, rule.severity, dtype=object)
    return Area(shapes, feature, basis, severity, distance)


def _within_distance(rule: Rule, chosen: gpd.GeoDataFrame, distance: npt.NDArray[np.float64]) -> Area:
    known = ~np.isnan(distance)
    reach = distance[known] / metres_per_unit(chosen.crs)
    shapes = shapely.buffer(chosen.geometry.to_numpy()[known], reach, quad_segs=QUADRANT_SEGMENTS)
    return _area(rule, shapes, _ids(chosen)[known], distance[known])


def _touched(rule: Rule, chosen: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> Area:
    """Return the parcels that features touch, each as often as it is touched.

    A point on a boundary touches the parcels on both sides; a line or an area that only follows a boundary is the
    neighbour's.
    """
    shapes, wholes = chosen.geometry.to_numpy(), parcels.geometry.to_numpy()
    feature, parcel = shapely.STRtree(wholes).query(shapes, predicate="intersects")
    beside = (shapely.get_dimensions(shapes[feature]) > 0) & shapely.touches(shapes[feature], wholes[parcel])
    feature, parcel = feature[~beside], parcel[~beside]
    return _area(rule, wholes[parcel], _ids(chosen)[feature], np.full(len(parcel), np.nan))


def _shore_zone(rule: Rule, chosen: gpd.GeoDataFrame, distance: npt.NDArray[np.float64], layers: Layers) -> Area:
    width = float(distance[0]) if len(distance) else 0.0
    zone = shore_zone(
        chosen,
        distance_m=width,
        rule=ShoreRule.model_validate(rule.parameters),
        extent=layers.get("municipality"),
        decisions=layers.get("shore_protection"),
    )
    basis = zone["basis"].to_numpy(dtype=object)
    severity = np.full(len(zone), rule.severity, dtype=object)
    severity[basis == "lifted"] = "noted"
    # Unknown is something to find out, unless the rule weighs less than that where it is known to hold.
    weakest = max(SEVERITIES.index(rule.severity), SEVERITIES.index("investigate"))
    severity[basis == "computed_unsure"] = SEVERITIES[weakest]
    applied = np.full(len(zone), width if len(distance) else np.nan)
    return Area(zone.geometry.to_numpy(), zone["feature"].to_numpy(), basis, severity, applied)


def _outside(shapes: npt.NDArray[Any], layers: Layers) -> npt.NDArray[Any]:
    """Return the part of the known world that no shape covers; the world is the box around all layers."""
    bounds = np.array([frame.total_bounds for frame in layers.values() if len(frame)])
    low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
    world = shapely.box(*low, *high)
    return np.array([shapely.difference(world, shapely.union_all(shapes))], dtype=object)


def _distances(rule: Rule, rules: RuleSet, frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return every feature's distance in metres; NaN where the rule gives it none."""
    distances = np.full(len(frame), np.nan)
    if rule.distance_by is not None:
        by = rule.distance_by
        if by.scale is not None:
            distances = pd.to_numeric(frame[by.field], errors="coerce").to_numpy(dtype=float) * by.scale
        else:
            distances = frame[by.field].map(lambda value: by.values.get(str(value), np.nan)).to_numpy(dtype=float)
    rest = np.isnan(distances)
    # A setting is asked for only where something hangs on it.
    if rest.any() and rule.distance_setting is not None:
        return np.where(rest, rules.setting(rule.distance_setting), distances)
    if rest.any() and rule.distance_m is not None:
        return np.where(rest, rule.distance_m, distances)
    return distances


def _ids(frame: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    names: npt.NDArray[Any] = frame["id"].to_numpy(dtype=object) if "id" in frame else np.full(len(frame), None)
    return names
