"""How far it is to the object that causes a rule to hold, or that would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.rules import Rule, RuleSet
from geoplan.land.selection import select_features
from geoplan.land.shoreline import ShoreRule, protected_waters, shoreline, unsure_waters

__all__ = ["nearest_m"]

Layers = Mapping[str, gpd.GeoDataFrame]


def nearest_m(
    rule: Rule,
    rules: RuleSet,
    shape: shapely.Geometry,
    layers: Layers,
    *,
    basis: str | None = None,
    reach_m: float | None = None,
) -> float | None:
    """Return the distance from a shape to the nearest object that a rule asks about, in metres.

    Parameters
    ----------
    rule, rules
        The rule and its set, with the settings decided.
    shape
        A parcel or a place.
    layers
        Features around the shape, whole ones.
    basis
        For a shore zone: only waters that are protected for sure (``computed_general``), or only those that nobody
        can tell of (``computed_unsure``); default: both.
    reach_m
        How far around the shape the features reach, in metres; default: without bound.

    Returns
    -------
    float or None
        For a shore zone the distance to the shore of a water that the rule protects. ``None`` where there is no such
        object, or where the rule holds outside its layer and so is caused by none.
    """
    frame = layers.get(rule.layer)
    if frame is None or not len(frame) or rule.operation == "outside" or shapely.is_empty(shape):
        return None
    # These are some features of the layer: whether a bound is among its steps was asked of all of it.
    conditions = [condition.model_copy(update={"mapped": False}) for condition in rules.conditions(rule)]
    chosen = select_features(frame, tuple(conditions))
    if rule.operation == "shore_zone":
        shapes: npt.NDArray[Any] = _shore(rule, chosen, shape, layers, basis, reach_m)
    else:
        shapes = chosen.geometry.to_numpy()
    if not len(shapes):
        return None
    return float(shapely.distance(shapes, shape).min() * metres_per_unit(frame.crs))


def _shore(
    rule: Rule,
    water: gpd.GeoDataFrame,
    shape: shapely.Geometry,
    layers: Layers,
    basis: str | None,
    reach_m: float | None,
) -> npt.NDArray[Any]:
    """Return the shore of protected waters around a shape as lines."""
    extent, law = layers.get("municipality"), ShoreRule.model_validate(rule.parameters)
    chosen = protected_waters(water, law, extent=extent)
    unsure = unsure_waters(chosen, law)
    if basis in ("computed_general", "computed_unsure"):
        chosen = chosen[unsure if basis == "computed_unsure" else ~unsure]
    if reach_m is not None and len(chosen):
        # A sea is large: only what is around is looked at, and where that ends is no shore.
        margin = reach_m / metres_per_unit(water.crs)
        west, south, east, north = shapely.bounds(shape)
        around = gpd.GeoDataFrame(
            geometry=[shapely.box(west - margin, south - margin, east + margin, north + margin)], crs=water.crs
        )
        chosen = _within(chosen, around)
        extent = around if extent is None else _within(extent, around)
    return shoreline(chosen, extent=extent) if len(chosen) else np.empty(0, dtype=object)


def _within(frame: gpd.GeoDataFrame, box: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the parts of features within a box: of areas areas, of lines lines."""
    shapes = frame.geometry.to_numpy()
    parts, owner = shapely.get_parts(shapely.intersection(shapes, box.geometry.iloc[0]), return_index=True)
    alike = shapely.get_dimensions(parts) == shapely.get_dimensions(shapes)[owner]
    return frame.iloc[owner[alike]].set_geometry(parts[alike])
