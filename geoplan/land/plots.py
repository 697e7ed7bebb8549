"""A first cut of plots: vacant parcels, and what built ones have to spare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import area_m2, metres_per_unit, same_crs
from geoplan.land.areas import AREA_KINDS, AreaKind, area_kinds, containing
from geoplan.land.buildable import Buildable
from geoplan.land.pieces import QUADRANT_SEGMENTS, chunk_lines
from geoplan.land.planning import main_plan

__all__ = ["MAIN_BUILDING_M2", "PlotSearch", "PlotStandards", "find_plots", "inscribed_widths", "main_buildings"]

MAIN_BUILDING_M2 = 30.0
"""A smaller footprint is a shed and leaves a parcel vacant (an assumption of ours about *lucktomter*)."""

_COARSE, _FINE_M = 0.005, 0.01

# A fixed vocabulary of why a parcel with buildable land gives no plot; docs/method-land.md explains them.
TOO_SMALL, TOO_NARROW, BUILT, BUILT_UNKNOWN = "too_small", "too_narrow", "built", "built_place_unknown"


@dataclass(frozen=True)
class PlotStandards:
    """What makes a plot, in one kind of area.

    Attributes
    ----------
    min_area_m2
        Smallest buildable area in one piece, in m².
    min_width_m
        Smallest width: the diameter of the largest circle that fits, in metres.
    homes_per_plot
        Homes on a plot where no plan says more.
    default_status
        Status of a plot that no source tells of.
    """

    min_area_m2: float = 600.0
    min_width_m: float = 18.0
    homes_per_plot: int = 1
    default_status: str = "unknown"


@dataclass(frozen=True)
class PlotSearch:
    """The plots, and what became of the buildable land that is none.

    Attributes
    ----------
    plots
        One row a plot; columns as documented in ``docs/derived.md``.
    dropped
        ``parcel``, ``reason`` (``too_small``, ``too_narrow``, ``built`` or ``built_place_unknown``) and
        ``area_m2``: buildable land that makes no plot. With the plots it adds up to the buildable land.
    """

    plots: gpd.GeoDataFrame
    dropped: pd.DataFrame


def find_plots(
    parcels: gpd.GeoDataFrame,
    buildable: Buildable,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    standards: Mapping[AreaKind, PlotStandards] | None = None,
    unknown: tuple[str, ...] = (),
) -> PlotSearch:
    """Find plots among the buildable remainders.

    Parameters
    ----------
    parcels
        ``id``, and where known ``improvement_value``; the same rows as in ``buildable``.
    buildable
        From :func:`geoplan.land.buildable.buildable_land`.
    layers
        Layers by catalogue id: ``buildings``, ``plans``, ``utility_areas``, ``statistical_areas``, ``water``,
        ``settlements`` and ``municipality`` are used where present.
    standards
        What makes a plot, by kind of area; a kind left out has the defaults.
    unknown
        Ids of rules that were never asked (see :class:`geoplan.land.constraints.Constraints`).

    Returns
    -------
    PlotSearch

    Notes
    -----
    A parcel without a main building (footprint of 30 m² or more; a point counts as one) and without assessed
    improvements is vacant, and its sufficiently large and wide buildable parts together are one plot. A built
    parcel keeps a garden around each main building: a buffer as wide as the radius of a circle of the minimum
    plot area. Each sufficient part outside is a plot of its own. Where improvements are assessed but no building
    is on the map, nobody knows what is free, and there is no plot.
    """
    crs = same_crs(parcels, buildable.parcels, *layers.values())
    unit = metres_per_unit(crs)
    frame = buildable.parcels.copy()
    frame["kind_of_area"] = area_kinds(parcels.geometry, layers).to_numpy()
    house_parcel, houses = _houses(parcels, layers.get("buildings"))
    frame["built"] = np.isin(np.arange(len(frame)), house_parcel)
    improved = np.zeros(len(frame), dtype=bool)
    if "improvement_value" in parcels:
        improved = (pd.to_numeric(parcels["improvement_value"], errors="coerce") > 0).to_numpy()
    rules = {kind: (standards or {}).get(kind, PlotStandards()) for kind in AREA_KINDS}
    frame["min_area"] = frame["kind_of_area"].map(lambda kind: rules[kind].min_area_m2)
    frame["min_width"] = frame["kind_of_area"].map(lambda kind: rules[kind].min_width_m)
    plan = main_plan(frame.geometry, layers.get("plans"))
    if "min_plot_m2" in plan:
        asked = pd.to_numeric(plan["min_plot_m2"], errors="coerce").fillna(0.0).to_numpy()
        frame["min_area"] = np.maximum(frame["min_area"], asked)
    free = frame.geometry.to_numpy()
    radius = np.sqrt(frame["min_area"].to_numpy() / np.pi) / unit
    spare = _outside_gardens(free, house_parcel, houses, radius)
    unknown_place = improved & ~frame["built"].to_numpy()
    spare[unknown_place] = shapely.Polygon()

    parts, owner = shapely.get_parts(spare, return_index=True)
    solid = shapely.area(parts) > 0
    parts, owner = parts[solid], owner[solid]
    large = shapely.area(parts) * unit**2 >= frame["min_area"].to_numpy()[owner]
    width = np.zeros(len(parts))
    min_width = frame["min_width"].to_numpy()[owner]
    width[large] = inscribed_widths(parts[large], min_width[large], unit)
    good = large & (width >= min_width)
    plots = _assemble(frame, parts[good], owner[good], width[good], crs)
    plots = _describe(plots, frame, plan, layers, rules, unknown)
    dropped = _dropped(frame, spare, unknown_place, (parts, owner, large, good), unit)
    return PlotSearch(plots, dropped)


def main_buildings(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the buildings that make a parcel built: not complements, and not footprints below 30 m²."""
    small = (shapely.get_dimensions(buildings.geometry.to_numpy()) == 2) & (
        area_m2(buildings).to_numpy() < MAIN_BUILDING_M2
    )
    complement = (buildings["use"] == "complement").to_numpy() if "use" in buildings else False
    return buildings[~(small | complement)]


def _houses(
    parcels: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None
) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    """Return the main buildings with the position of the parcel that each stands on, in the parcels' order."""
    if buildings is None or not len(buildings):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
    houses = main_buildings(buildings).geometry.to_numpy()
    tree = shapely.STRtree(parcels.geometry.to_numpy())
    house, parcel = tree.query(shapely.point_on_surface(houses), predicate="intersects")
    order = np.argsort(parcel, kind="stable")
    return parcel[order], houses[house[order]]


def inscribed_widths(parts: npt.NDArray[Any], asked: npt.NDArray[np.float64], unit: float) -> npt.NDArray[np.float64]:
    """Return the diameter of each part's largest circle in metres.

    Coarsely first (to half a percent of the square root of the area), and to a centimetre where that leaves it
    open whether the part is as wide as asked: a fine search over a forest takes a hundred times as long.
    """
    tolerance = _COARSE * np.sqrt(shapely.area(parts))
    width = 2 * shapely.length(shapely.maximum_inscribed_circle(parts, tolerance=tolerance)) * unit
    # The search may miss the centre by the tolerance, and never overstates the radius.
    open_ = (width < asked) & (width + 2 * tolerance * unit >= asked)
    fine = shapely.maximum_inscribed_circle(parts[open_], tolerance=_FINE_M / unit)
    width[open_] = 2 * shapely.length(fine) * unit
    return np.asarray(width)


def _outside_gardens(
    free: npt.NDArray[Any],
    parcel: npt.NDArray[np.intp],
    houses: npt.NDArray[Any],
    radius: npt.NDArray[np.float64],
) -> npt.NDArray[Any]:
    """Take a garden around each main building from its own parcel's free land."""
    result = free.copy()
    if not len(parcel):
        return result
    gardens = shapely.buffer(houses, radius[parcel], quad_segs=QUADRANT_SEGMENTS)
    built, start = np.unique(parcel, return_index=True)
    unions = [shapely.union_all(group) for group in np.split(gardens, start[1:])]
    result[built] = shapely.difference(free[built], unions)
    return result


def _assemble(
    frame: gpd.GeoDataFrame,
    parts: npt.NDArray[Any],
    owner: npt.NDArray[np.intp],
    width: npt.NDArray[np.float64],
    crs: object,
) -> gpd.GeoDataFrame:
    """Make one plot of each vacant parcel, and one of each good part of a built one."""
    built = frame["built"].to_numpy()[owner]
    ids = frame["id"].to_numpy()
    number = pd.Series(owner).groupby(owner).cumcount().to_numpy() + 1
    pieces = pd.DataFrame(
        {
            "id": [f"{ids[o]}-{n}" if b else str(ids[o]) for o, n, b in zip(owner, number, built, strict=True)],
            "row": owner,
            "kind": np.where(built, "remainder", "vacant_parcel"),
            "width_m": width,
            "part": np.arange(len(parts)),
        }
    )
    plots = pieces.groupby("id", sort=True).agg(
        row=("row", "first"), kind=("kind", "first"), width_m=("width_m", "max"), parts=("part", list)
    )
    shapes = [
        parts[chosen[0]] if len(chosen) == 1 else shapely.multipolygons(parts[chosen]) for chosen in plots.pop("parts")
    ]
    return gpd.GeoDataFrame(plots.reset_index(), geometry=np.array(shapes, dtype=object), crs=crs)


def _describe(
    plots: gpd.GeoDataFrame,
    frame: gpd.GeoDataFrame,
    plan: pd.DataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    rules: Mapping[AreaKind, PlotStandards],
    unknown: tuple[str, ...],
) -> gpd.GeoDataFrame:
    """Add what a household or a planner asks of a plot."""
    row = plots["row"].to_numpy()
    kind = frame["kind_of_area"].to_numpy()[row]
    mine = plan.iloc[row].reset_index(drop=True)
    standard = np.array([rules[name].homes_per_plot for name in kind], dtype=int)
    allowed = pd.to_numeric(mine["max_homes_per_plot"], errors="coerce") if "max_homes_per_plot" in mine else None
    by_plan = allowed.to_numpy(dtype=float) if allowed is not None else np.full(len(plots), np.nan)
    columns: dict[str, Any] = {
        "id": plots["id"].to_numpy(),
        "parcel": frame["id"].to_numpy()[row],
        "kind": plots["kind"].to_numpy(),
        "area_kind": kind,
        "area": containing(plots.geometry, layers.get("statistical_areas")).to_numpy(),
        "area_m2": area_m2(plots).to_numpy(),
        "width_m": plots["width_m"].to_numpy(),
        "homes": np.where(np.isnan(by_plan), standard, np.nan_to_num(by_plan)).astype(int),
        "homes_basis": np.where(np.isnan(by_plan), "standard", "plan"),
        "plan_id": mine["id"].to_numpy(dtype=object) if "id" in mine else None,
        "plan_use": mine["use_code"].to_numpy(dtype=object),
        "plan_homes": mine["homes"].to_numpy(dtype=object),
        "utility": _utility(plots.geometry, layers.get("utility_areas")),
        "water_distance_m": _water_distance(plots.geometry, layers.get("water")),
        "status": np.array([rules[name].default_status for name in kind], dtype=object),
        "certainty": "preliminary" if unknown else "confirmed",
        "unknown": [list(unknown)] * len(plots),
    }
    result = gpd.GeoDataFrame(columns, geometry=plots.geometry.to_numpy(), crs=plots.crs)
    return result.astype({"id": object, "certainty": object, "kind": object, "homes_basis": object})


def _utility(places: gpd.GeoSeries, areas: gpd.GeoDataFrame | None) -> npt.NDArray[Any]:
    """Tell whether public water and sewer reach each place: ``public`` only where both do."""
    if areas is None:
        return np.full(len(places), "unknown", dtype=object)
    existing = areas[areas["status"].isna() | (areas["status"] == "existing")]
    has = {
        kind: containing(places, existing[existing["kind"].isin([kind, "both"])], "kind").notna().to_numpy()
        for kind in ("water", "sewer")
    }
    return np.where(has["water"] & has["sewer"], "public", "private").astype(object)


def _water_distance(places: gpd.GeoSeries, water: gpd.GeoDataFrame | None) -> npt.NDArray[np.float64]:
    """Return the distance to the nearest water in metres; NaN where there is no water layer."""
    result = np.full(len(places), np.nan)
    if water is None or not len(water) or not len(places):
        return result
    shapes = places.to_numpy()
    # Against short pieces of shore: one distance to a whole archipelago costs as much as a thousand of these.
    edges, _ = chunk_lines(water.geometry.to_numpy())
    (place, _), distance = shapely.STRtree(edges).query_nearest(shapes, return_distance=True, all_matches=False)
    result[place] = distance * metres_per_unit(places.crs)
    result[shapely.STRtree(shapes).query(water.geometry.to_numpy(), predicate="intersects")[1]] = 0.0
    return result


def _dropped(
    frame: gpd.GeoDataFrame,
    spare: npt.NDArray[Any],
    unknown_place: npt.NDArray[np.bool_],
    found: tuple[npt.NDArray[Any], npt.NDArray[np.intp], npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
    unit: float,
) -> pd.DataFrame:
    """Account for the buildable land that makes no plot."""
    parts, owner, large, good = found
    ids = frame["id"].to_numpy()
    areas = shapely.area(parts) * unit**2
    kept = (frame["buildable_m2"].to_numpy() - shapely.area(spare) * unit**2).clip(min=0.0)
    rows = [
        pd.DataFrame({"parcel": ids[owner[~large]], "reason": TOO_SMALL, "area_m2": areas[~large]}),
        pd.DataFrame({"parcel": ids[owner[large & ~good]], "reason": TOO_NARROW, "area_m2": areas[large & ~good]}),
        pd.DataFrame({"parcel": ids, "reason": np.where(unknown_place, BUILT_UNKNOWN, BUILT), "area_m2": kept}),
    ]
    table = pd.concat(rows, ignore_index=True)
    return table[table["area_m2"] > 0].groupby(["parcel", "reason"], sort=True, as_index=False).sum()
