"""From rules and layers to the areas that they hold in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import FrameError, SettingsError
from geoplan.frames import metres_per_unit, same_crs
from geoplan.land.overlay import Index
from geoplan.land.pieces import QUADRANT_SEGMENTS, subdivide
from geoplan.land.rules import SEVERITIES, Condition, Rule, RuleSet, Severity
from geoplan.land.shoreline import ShoreRule, shore_zone
from geoplan.land.workers import in_parallel

__all__ = ["PIECE_COLUMNS", "Constraints", "Group", "build_constraints", "read_layers", "select_features"]

PIECE_COLUMNS = (
    "rule",
    "severity",
    "layer",
    "feature",
    "basis",
    "distance_m",
    "part",
    "west",
    "south",
    "east",
    "north",
    "geometry",
)

_WINDOW = ["west", "south", "east", "north"]

# Measured with `python -m benchmarks.land`: a wider margin makes more of each piece, a narrower one more cuts through
# parcels; a smaller waste makes more pieces, a larger one more needless tests.
_MARGIN_M = 60.0
_WASTE_M2 = 1_000_000.0

_NAMED_ROWS = 5


@dataclass(frozen=True)
class Group:
    """What is taken together and told as one reason."""

    rule: str
    severity: Severity
    layer: str
    basis: str


@dataclass(frozen=True)
class Constraints:
    """Where which rule holds.

    Attributes
    ----------
    pieces
        ``rule``, ``severity``, ``layer``, ``feature`` (the causing feature's id, or None), ``basis``,
        ``distance_m`` and ``geometry``: small overlapping polygons. A rule holds in the union of its pieces.
        ``part`` numbers what within the rule a piece was cut from, and ``west``, ``south``, ``east``, ``north``
        bound where the piece is all that there is of it (missing: unbounded).
    rules
        The rules in force.
    unknown
        Ids of the rules that could not be asked because their layer is missing: never asked differs from
        asked and clear.
    """

    pieces: gpd.GeoDataFrame
    rules: RuleSet
    unknown: tuple[str, ...]

    def of(self, rule_id: str) -> gpd.GeoDataFrame:
        """Return one rule's pieces."""
        return self.pieces[self.pieces["rule"] == rule_id]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """What takes together: strongest first, then in the rules' order."""
        order = {rule.id: number for number, rule in enumerate(self.rules.rules)}
        kinds = self.pieces[["rule", "severity", "layer", "basis"]].drop_duplicates().itertuples(index=False)
        groups = [Group(*map(str, kind)) for kind in kinds]  # type: ignore[arg-type]
        groups.sort(key=lambda group: (SEVERITIES.index(group.severity), order[group.rule], group.basis))
        return tuple(groups)

    @cached_property
    def index(self) -> Index:
        """The pieces for the engine; ``group`` numbers :attr:`groups`."""
        number = {group: place for place, group in enumerate(self.groups)}
        pieces = self.pieces
        kinds = zip(pieces["rule"], pieces["severity"], pieces["layer"], pieces["basis"], strict=True)
        window = pieces[_WINDOW].to_numpy(dtype=float)
        unbounded = np.array([-np.inf, -np.inf, np.inf, np.inf])
        shapes = pieces.geometry.to_numpy()
        return Index(
            shapes=shapes,
            part=pieces.groupby(["rule", "part"], sort=False).ngroup().to_numpy(dtype=np.intp),
            window=np.where(np.isnan(window), unbounded, window),
            group=np.array([number[Group(*map(str, kind))] for kind in kinds], dtype=np.intp),  # type: ignore[arg-type]
            tree=shapely.STRtree(shapes),
        )


def build_constraints(
    rules: RuleSet,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    as_of: dt.date | None = None,
    ready: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> Constraints:
    """Compute where each rule holds.

    Parameters
    ----------
    rules
        The rule set, its settings decided.
    layers
        Layers by catalogue id, all in one projected CRS; a layer that is absent was never asked.
    as_of
        The day whose law holds; default: today.
    ready
        Pieces by rule id that an earlier call made of the same rule and layers; they are taken as they are.

    Returns
    -------
    Constraints

    Raises
    ------
    CRSError
        Layers differ in CRS, or it is not a projected one.
    FrameError
        A layer has geometries that are missing, empty or invalid; the rows are named.
    SettingsError
        A required setting is not decided, or a rule names a field that its layer lacks.
    """
    in_force = rules.as_of(as_of or dt.date.today())
    asked = [rule for rule in in_force.rules if rule.layer in layers]
    crs = same_crs(*(layers[name] for name in sorted(layers))) if layers else None
    made = ready or {}
    new = [rule for rule in asked if rule.id not in made]
    for name in sorted({layer for rule in new for layer in read_layers(rule) if layer in layers}):
        _check(name, layers[name])
    frames = [made[rule.id] if rule.id in made else _pieces(rule, in_force, layers) for rule in asked]
    frames = [frame for frame in frames if len(frame)]
    pieces = (
        pd.concat(frames, ignore_index=True)
        if frames
        else gpd.GeoDataFrame({name: [] for name in PIECE_COLUMNS[:-1]}, geometry=[], crs=crs)
    )
    unknown = tuple(dict.fromkeys(rule.id for rule in in_force.rules if rule.layer not in layers))
    return Constraints(pieces, in_force, unknown)


def read_layers(rule: Rule) -> tuple[str, ...]:
    """Return the layers whose content decides where a rule holds.

    A rule that holds ``outside`` its layer depends on the box around all layers besides.
    """
    return (rule.layer, "municipality", "shore_protection") if rule.operation == "shore_zone" else (rule.layer,)


def select_features(frame: gpd.GeoDataFrame, conditions: tuple[Condition, ...]) -> gpd.GeoDataFrame:
    """Return the features that satisfy every condition.

    Raises
    ------
    KeyError
        The layer lacks a field.
    """
    keep = np.ones(len(frame), dtype=bool)
    for condition in conditions:
        values = frame[condition.field]
        if condition.one_of is not None:
            keep &= values.isin(condition.one_of).to_numpy()
        for bound, low in ((condition.min, True), (condition.max, False)):
            if bound is None:
                continue
            if isinstance(bound, dt.date):
                comparable = pd.to_datetime(values, errors="coerce")
                limit: Any = pd.Timestamp(bound)
            else:
                comparable, limit = pd.to_numeric(values, errors="coerce"), bound
            keep &= (comparable >= limit if low else comparable <= limit).to_numpy(dtype=bool, na_value=False)
    return frame[keep]


def _pieces(rule: Rule, rules: RuleSet, layers: Mapping[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    frame = layers[rule.layer]
    try:
        chosen = select_features(frame, rule.where)
        distance = _distances(rule, rules, chosen)
    except KeyError as error:
        raise SettingsError(
            f"Rule {rule.id} asks for the field {error.args[0]!r}, which layer {rule.layer} lacks.",
            hint="Map a column to it in geoplan.toml.",
        ) from error
    unit = metres_per_unit(frame.crs)
    basis: str | npt.NDArray[Any] = rule.basis
    severity: str | npt.NDArray[Any] = rule.severity
    features = chosen["id"].to_numpy(dtype=object) if "id" in chosen else np.full(len(chosen), None)
    shapes = chosen.geometry.to_numpy()
    if rule.operation == "shore_zone":
        zone = shore_zone(
            chosen,
            distance_m=float(distance[0]) if len(distance) else 0.0,
            rule=ShoreRule.model_validate(rule.parameters),
            extent=layers.get("municipality"),
            decisions=layers.get("shore_protection"),
        )
        shapes, features = zone.geometry.to_numpy(), zone["feature"].to_numpy()
        basis = zone["basis"].to_numpy(dtype=object)
        severity = np.where(basis == "lifted", "noted", rule.severity).astype(object)
        distance = np.full(len(zone), distance[0] if len(distance) else np.nan)
    elif rule.operation == "within_distance":
        keep = ~np.isnan(distance)
        shapes, features, distance = shapes[keep], features[keep], distance[keep]
        shapes = shapely.buffer(shapes, distance / unit, quad_segs=QUADRANT_SEGMENTS)
    elif rule.operation == "outside":
        shapes, features = _outside(shapes, layers), np.array([None], dtype=object)
        distance = np.array([np.nan])
    parts = subdivide(shapes, margin=_MARGIN_M / unit, max_waste=_WASTE_M2 / unit**2)
    owner = parts.owner
    bounded = np.where(np.isfinite(parts.window), parts.window, np.nan)
    return gpd.GeoDataFrame(
        {
            "rule": pd.Series([rule.id] * len(parts), dtype=object),
            "severity": severity if isinstance(severity, str) else severity[owner],
            "layer": rule.layer,
            "feature": features[owner],
            "basis": basis if isinstance(basis, str) else basis[owner],
            "distance_m": distance[owner],
            "part": parts.part,
            **dict(zip(_WINDOW, bounded.T, strict=True)),
        },
        geometry=parts.shapes,
        crs=frame.crs,
    )


def _check(name: str, frame: gpd.GeoDataFrame) -> None:
    """Refuse a layer whose geometries would give wrong areas without a word."""
    shapes = frame.geometry.to_numpy()
    metres_per_unit(frame.crs)
    lacking = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    wrong = np.flatnonzero(lacking | ~in_parallel(shapely.is_valid, shapes))
    if len(wrong):
        names = frame["id"].to_numpy(dtype=object) if "id" in frame else frame.index.to_numpy()
        faults = [
            f"row {names[row]}: {'no geometry' if lacking[row] else shapely.is_valid_reason(shapes[row])}"
            for row in wrong[:_NAMED_ROWS]
        ]
        more = len(wrong) - len(faults)
        raise FrameError(
            name,
            [*faults, *([f"and {more} more rows"] if more else [])],
            hint="`geoplan import` repairs what can be repaired; in code: shapely.make_valid.",
        )


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


def _outside(shapes: npt.NDArray[Any], layers: Mapping[str, gpd.GeoDataFrame]) -> npt.NDArray[Any]:
    """Return the part of the known world that no shape covers; the world is the box around all layers."""
    bounds = np.array([frame.total_bounds for frame in layers.values() if len(frame)])
    low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
    world = shapely.box(*low, *high)
    return np.array([shapely.difference(world, shapely.union_all(shapes))], dtype=object)
