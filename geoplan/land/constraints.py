"""From rules and layers to the areas that they hold in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.errors import FrameError
from geoplan.frames import metres_per_unit, same_crs
from geoplan.land.operations import rule_area
from geoplan.land.pieces import subdivide
from geoplan.land.prepared import Prepared
from geoplan.land.rules import Rule, RuleSet
from geoplan.land.selection import select_features
from geoplan.land.workers import in_parallel

__all__ = [
    "PIECE_COLUMNS",
    "Constraints",
    "build_constraints",
    "check_layer",
    "deciding",
    "read_layers",
    "rule_pieces",
    "select_features",
]

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
        Ids of the rules that could not be asked because a layer that they need is missing: never asked differs
        from asked and clear.
    """

    pieces: gpd.GeoDataFrame
    rules: RuleSet
    unknown: tuple[str, ...]

    def of(self, rule_id: str) -> gpd.GeoDataFrame:
        """Return one rule's pieces."""
        return self.pieces[self.pieces["rule"] == rule_id]

    @cached_property
    def prepared(self) -> Prepared:
        """The pieces as the engine takes them."""
        return Prepared.of(self.pieces, self.rules)


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
    asked = [rule for rule in in_force.rules if set(rule.needs) <= set(layers)]
    crs = same_crs(*(layers[name] for name in sorted(layers))) if layers else None
    made = ready or {}
    new = [rule for rule in asked if rule.id not in made]
    for name in sorted({layer for rule in new for layer in read_layers(rule) if layer in layers}):
        check_layer(name, layers[name])
    frames = [made[rule.id] if rule.id in made else rule_pieces(rule, in_force, layers) for rule in asked]
    frames = [frame for frame in frames if len(frame)]
    pieces = (
        pd.concat(frames, ignore_index=True)
        if frames
        else gpd.GeoDataFrame({name: [] for name in PIECE_COLUMNS[:-1]}, geometry=[], crs=crs)
    )
    unknown = tuple(dict.fromkeys(rule.id for rule in in_force.rules if not set(rule.needs) <= set(layers)))
    return Constraints(pieces, in_force, unknown)


def read_layers(rule: Rule) -> tuple[str, ...]:
    """Return the layers whose content decides where a rule holds.

    A rule that holds ``outside`` its layer depends on the box around all layers besides.
    """
    more = ("municipality", "shore_protection") if rule.operation == "shore_zone" else ()
    return tuple(dict.fromkeys([*rule.needs, *more, *rule.except_in]))


def deciding(rule: Rule, rules: RuleSet) -> dict[str, Any]:
    """Return what of a rule decides its pieces, besides the layers: JSON values, its settings' numbers among them."""
    told = {"title", "legal_basis", "source", "valid_from", "valid_to", "exemption", "change", "opens", "settle"}
    settings = {name: rules.settings[name].default for name in rule.settings}
    return {**rule.model_dump(mode="json", exclude=told), "settings": settings}


def rule_pieces(rule: Rule, rules: RuleSet, layers: Mapping[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return one rule's pieces (see :class:`Constraints`); the layers that it reads are checked and among ``layers``.

    Raises
    ------
    SettingsError
        A required setting is not decided, or the rule names a field that its layer lacks.
    """
    crs = layers[rule.layer].crs
    unit = metres_per_unit(crs)
    area = rule_area(rule, rules, layers)
    parts = subdivide(area.shapes, margin=_MARGIN_M / unit, max_waste=_WASTE_M2 / unit**2)
    owner = parts.owner
    bounded = np.where(np.isfinite(parts.window), parts.window, np.nan)
    return gpd.GeoDataFrame(
        {
            "rule": pd.Series([rule.id] * len(parts), dtype=object),
            "severity": area.severity[owner],
            "layer": pd.Series([rule.layer] * len(parts), dtype=object),
            "feature": area.feature[owner],
            "basis": area.basis[owner],
            "distance_m": area.distance_m[owner],
            "part": parts.part,
            **dict(zip(_WINDOW, bounded.T, strict=True)),
        },
        geometry=parts.shapes,
        crs=crs,
    )


def check_layer(name: str, frame: gpd.GeoDataFrame) -> None:
    """Refuse a layer whose geometries would give wrong areas without a word.

    Raises
    ------
    FrameError
        Geometries are missing, empty or invalid; the rows are named.
    CRSError
        The CRS is missing or not a projected one.
    """
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
