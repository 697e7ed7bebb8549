"""Plots: vacant parcels, what built ones have to spare, and what larger pieces of land are divided into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import area_m2, metres_per_unit, optional, same_crs
from geoplan.land.areas import AREA_KINDS, AreaKind, area_kinds, containing
from geoplan.land.buildable import Buildable
from geoplan.land.pieces import QUADRANT_SEGMENTS
from geoplan.plots.lots import ACCESS, LEFT_OVER, NO_HOUSE, TOO_NARROW, TOO_SMALL, Lots, weigh
from geoplan.plots.planning import deciding_ground, lies_in, main_plan, plans_in_force
from geoplan.plots.standards import PlotStandards
from geoplan.plots.subdivision.access import Roads, find_roads
from geoplan.plots.subdivision.division import piece_fronts
from geoplan.plots.subdivision.shape import inscribed_widths
from geoplan.plots.subdivision.standards import SubdivisionStandards
from geoplan.plots.surroundings import utility_of, water_distance_m

__all__ = [
    "ACCESS",
    "BUILT",
    "BUILT_UNKNOWN",
    "LEFT_OVER",
    "MAIN_BUILDING_M2",
    "NO_HOUSE",
    "TOO_NARROW",
    "TOO_SMALL",
    "PlotSearch",
    "PlotStandards",
    "find_plots",
    "inscribed_widths",
    "main_buildings",
]

MAIN_BUILDING_M2 = 30.0
"""A smaller footprint is a shed and leaves a parcel vacant (an assumption of ours about *lucktomter*)."""

# With those of geoplan.plots.lots a fixed vocabulary of why buildable land gives no plot.
BUILT, BUILT_UNKNOWN = "built", "built_place_unknown"


@dataclass(frozen=True)
class PlotSearch:
    """The plots, and what became of the buildable land that is none.

    Attributes
    ----------
    plots
        One row a plot; columns as documented in ``docs/derived.md``.
    dropped
        ``parcel``, ``reason`` (``too_small``, ``too_narrow``, ``no_house``, ``access``, ``left_over``, ``built`` or
        ``built_place_unknown``) and ``area_m2``: buildable land that makes no plot. With the plots it adds up to the
        buildable land.
    accesses
        ``id``, ``parcel``, ``kind`` (``strip`` or ``street``), ``area_m2``, ``plots`` (how many are reached by it
        alone) and geometry: new access in divided land. None where that is not known.
    """

    plots: gpd.GeoDataFrame
    dropped: pd.DataFrame
    accesses: gpd.GeoDataFrame | None = None


def find_plots(
    parcels: gpd.GeoDataFrame,
    buildable: Buildable,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    standards: Mapping[AreaKind, PlotStandards] | None = None,
    unknown: tuple[str, ...] = (),
    as_of: dt.date | None = None,
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
        ``settlements``, ``municipality`` and ``roads`` are used where present.
    standards
        What makes a plot, by kind of area; a kind left out has the defaults.
    unknown
        Ids of rules that were never asked (see :class:`geoplan.land.constraints.Constraints`).
    as_of
        The day on which plans must be in force; without one no date is asked
        (:func:`geoplan.plots.planning.plans_in_force`).

    Returns
    -------
    PlotSearch

    Notes
    -----
    A parcel without a main building (footprint of 30 m² or more; a point counts as one) and without assessed
    improvements is vacant, and its sufficiently large and wide buildable parts together are one plot. A built parcel
    keeps a garden around each main building: a buffer as wide as the radius of a circle of the minimum plot area, and
    where roads are known the shortest way from it to the road. Each sufficient part outside is a plot of its own. Where
    a piece of a parcel is divided, its other sufficient pieces are plots of their own too. Where improvements are
    assessed but no building is on the map, and without a layer of buildings wherever improvements are not known to be
    none, nobody knows what is free, and there is no plot. Pieces that hold two plots of the wanted area are divided
    where the standards say so and it is known where roads are (:mod:`geoplan.plots.subdivision`). Every plot has to
    hold the standards' house (:mod:`geoplan.plots.fit`). What is on a road is read by the standards of the countryside.
    A parcel is read by the plan that half of its buildable land lies in, as its building right is
    (:func:`geoplan.plots.rights.rights.building_rights`); of a plot of which less than half lies there that plan says
    nothing.
    """
    crs = same_crs(parcels, buildable.parcels, *layers.values())
    unit = metres_per_unit(crs)
    frame = buildable.parcels.copy()
    frame["kind_of_area"] = area_kinds(parcels.geometry, layers).to_numpy()
    house_parcel, houses = _houses(parcels, layers.get("buildings"))
    frame["built"] = np.isin(np.arange(len(frame)), house_parcel)
    rules = {kind: (standards or {}).get(kind, PlotStandards()) for kind in AREA_KINDS}
    frame["min_area"] = frame["kind_of_area"].map(lambda kind: rules[kind].min_area_m2)
    frame["min_width"] = frame["kind_of_area"].map(lambda kind: rules[kind].min_width_m)
    plans = plans_in_force(layers.get("plans"), as_of=as_of)
    plan = main_plan(deciding_ground(parcels, frame), plans)
    if "min_plot_m2" in plan:
        asked = pd.to_numeric(plan["min_plot_m2"], errors="coerce").fillna(0.0).to_numpy()
        frame["min_area"] = np.maximum(frame["min_area"], asked)
    roads = find_roads({**layers, "parcels": parcels}, rules["rural"].subdivision, crs=crs)
    drive_m = rules["rural"].subdivision.strip_width
    spare = _outside_gardens(frame, parcels.geometry.to_numpy(), (house_parcel, houses), roads, drive_m)
    unknown_place = _unknown_place(parcels, layers.get("buildings"), frame["built"].to_numpy())
    spare[unknown_place] = shapely.Polygon()

    frame["homes"] = plan["homes"].to_numpy()
    lots = weigh(frame, spare, parcels.geometry.to_numpy(), roads, rules=rules, unit=unit)
    accesses = _accesses(lots, frame)
    plots = _plots(lots, frame, parcels, accesses)
    mine = plan.iloc[plots["row"].to_numpy()].reset_index(drop=True)
    outside = ~lies_in(plots.geometry, plans, mine["position"])
    mine = mine.where(pd.Series(~outside), None)
    mine.loc[outside, "homes"] = "none"
    plots = _describe(plots, frame, parcels, mine, layers, rules, roads, unknown)
    return PlotSearch(plots, _dropped(frame, spare, unknown_place, lots, unit), accesses)


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


def _unknown_place(
    parcels: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None, built: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell where nobody knows what is built, or where: it is assessed and on no map, or nobody has told of anything."""
    improvements = pd.to_numeric(optional(parcels, "improvement_value"), errors="coerce").to_numpy(dtype=float)
    lost = improvements > 0
    return ~built & (lost | np.isnan(improvements) if buildings is None else lost)


def _outside_gardens(
    frame: gpd.GeoDataFrame,
    parcels: npt.NDArray[Any],
    houses: tuple[npt.NDArray[np.intp], npt.NDArray[Any]],
    roads: Roads | None,
    drive_m: float,
) -> npt.NDArray[Any]:
    """Take from each parcel's free land the garden around each of its main buildings, and the way from it to a road."""
    unit = metres_per_unit(frame.crs)
    free: npt.NDArray[Any] = frame.geometry.to_numpy().copy()
    parcel, shapes = houses
    if not len(parcel):
        return free
    least = frame["min_area"].to_numpy()
    gardens = shapely.buffer(shapes, (np.sqrt(least / np.pi) / unit)[parcel], quad_segs=QUADRANT_SEGMENTS)
    built, start = np.unique(parcel, return_index=True)
    unions = np.array([shapely.union_all(group) for group in np.split(gardens, start[1:])], dtype=object)
    free[built] = shapely.difference(free[built], unions)
    if roads is not None:
        # Where nothing is left for a plot, no plot can shut a house in.
        left = shapely.area(free[built]) * unit**2 >= least[built]
        drives = _drives(unions[left], parcels[built[left]], roads, drive_m)
        free[built[left]] = shapely.difference(free[built[left]], drives)
    return free


def _drives(gardens: npt.NDArray[Any], parcels: npt.NDArray[Any], roads: Roads, width_m: float) -> npt.NDArray[Any]:
    """Return the shortest way from each garden of a parcel to its road; empty where they meet, or there is no road."""
    result = np.full(len(parcels), shapely.Polygon(), dtype=object)
    fronts = roads.fronts(parcels)
    for place in np.flatnonzero(~shapely.is_empty(fronts)):
        own = shapely.get_parts(shapely.intersection(gardens[place], parcels[place]))
        apart = own[shapely.distance(own, fronts[place]) > 0]
        ways = shapely.shortest_line(apart, fronts[place])
        result[place] = shapely.union_all(shapely.buffer(ways, width_m / roads.unit / 2, cap_style="square"))
    return result


def _plots(
    lots: Lots, frame: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, accesses: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Make one plot of each vacant parcel's pieces, and of each lot and good piece of a parcel built or divided."""
    table = lots.table
    row = table["row"].to_numpy()
    ids = frame["id"].to_numpy()[row]
    numbered = frame["built"].to_numpy()[row] | np.isin(row, row[table["divided"].to_numpy()])
    number = pd.Series(row[numbered]).groupby(row[numbered]).cumcount().to_numpy() + 1
    names = ids.astype(object).copy()
    names[numbered] = [f"{name}-{n}" for name, n in zip(ids[numbered], number, strict=True)]
    kind = np.where(table["divided"], "subdivided", np.where(numbered, "remainder", "vacant_parcel"))
    access = table["access"].to_numpy()
    pieces = pd.DataFrame(
        {
            "id": pd.Series(names, dtype=object).astype(str),
            "row": row,
            "piece": table["piece"].to_numpy(),
            "kind": kind,
            "width_m": table["width_m"].to_numpy(),
            "front_m": table["front_m"].to_numpy(),
            "access": access,
            "fits": table["fits"].to_numpy(),
            "place": np.arange(len(table)),
        }
    )
    named = pieces.groupby("id", sort=True)
    plots = named.agg(
        row=("row", "first"),
        kind=("kind", "first"),
        width_m=("width_m", "max"),
        front_m=("front_m", "first"),
        access=("access", "first"),
        fits=("fits", "first"),
        places=("place", list),
    )
    shapes = table.geometry.to_numpy()
    plots["geometry"] = [
        shapes[chosen[0]] if len(chosen) == 1 else shapely.multipolygons(shapes[chosen])
        for chosen in plots.pop("places")
    ]
    plots = gpd.GeoDataFrame(plots.reset_index(), geometry="geometry", crs=frame.crs)
    whole = parcels.geometry.to_numpy()[plots["row"].to_numpy()]
    ground = np.where(plots["kind"] == "vacant_parcel", whole, plots.geometry.to_numpy())
    names = accesses["id"].to_numpy()
    return plots.assign(
        lot_m2=shapely.area(ground) * metres_per_unit(frame.crs) ** 2,
        access_id=[names[n] if n >= 0 else None for n in plots["access"]],
    )


def _accesses(lots: Lots, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the new access of every parcel, and count the plots on it."""
    ways = lots.accesses
    row = ways["row"].to_numpy()
    number = ways.groupby("row").cumcount().to_numpy() + 1
    parcel = frame["id"].to_numpy()[row]
    on_it = lots.table["access"].to_numpy()
    columns = {
        "id": [f"{name}-a{n}" for name, n in zip(parcel, number, strict=True)],
        "parcel": parcel,
        "kind": np.where(ways["street"], "street", "strip").astype(object),
        "area_m2": area_m2(ways).to_numpy(),
        "plots": np.bincount(on_it[on_it >= 0], minlength=len(ways)).astype(int),
    }
    result = gpd.GeoDataFrame(columns, geometry=ways.geometry.to_numpy(), crs=frame.crs)
    return result.astype({"id": object, "parcel": object, "kind": object})


def _fronts(
    plots: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    roads: Roads | None,
    least_m: npt.NDArray[np.float64],
    asked: list[SubdivisionStandards],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return of every plot how much of its boundary is on a road, in metres, and what access that is."""
    front = plots["front_m"].to_numpy(dtype=float).copy()
    access = np.where(plots["access"] >= 0, "shared", "road").astype(object)
    undivided = (plots["kind"] != "subdivided").to_numpy()
    if roads is None:
        access[undivided], front[undivided] = "unknown", np.nan
        return front, access
    whole = parcels.geometry.to_numpy()[plots["row"].to_numpy()]
    of_parcel = np.zeros(len(plots))
    of_parcel[undivided] = shapely.length(roads.fronts(whole[undivided])) * roads.unit
    front[undivided] = of_parcel[undivided]
    behind = (plots["kind"] == "remainder").to_numpy()
    shapes = plots.geometry.to_numpy()[behind]
    chosen = [asked[n] for n in np.flatnonzero(behind)]
    front[behind] = shapely.length(piece_fronts(shapes, roads, chosen, within=whole[behind])) * roads.unit
    none = undivided & (front < least_m)
    access[none] = "none" if roads.complete else "unknown"
    # Whether one gets past the house to what lies behind it, nobody knows.
    access[none & behind & (of_parcel >= least_m)] = "unknown"
    return front, access


def _describe(
    plots: gpd.GeoDataFrame,
    frame: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    mine: pd.DataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    rules: Mapping[AreaKind, PlotStandards],
    roads: Roads | None,
    unknown: tuple[str, ...],
) -> gpd.GeoDataFrame:
    """Add what a household or a planner asks of a plot."""
    row = plots["row"].to_numpy()
    kind = frame["kind_of_area"].to_numpy()[row]
    own = [rules[name] for name in kind]
    standard = np.array([rule.homes_per_plot for rule in own], dtype=int)
    allowed = pd.to_numeric(mine["max_homes_per_plot"], errors="coerce") if "max_homes_per_plot" in mine else None
    by_plan = allowed.to_numpy(dtype=float) if allowed is not None else np.full(len(plots), np.nan)
    asked = [rule.subdivision for rule in own]
    front, access = _fronts(plots, parcels, roads, np.array([each.min_frontage for each in asked]), asked)
    columns: dict[str, Any] = {
        "id": plots["id"].to_numpy(),
        "parcel": frame["id"].to_numpy()[row],
        "kind": plots["kind"].to_numpy(),
        "area_kind": kind,
        "area": containing(plots.geometry, layers.get("statistical_areas")).to_numpy(),
        "area_m2": area_m2(plots).to_numpy(),
        "lot_m2": plots["lot_m2"].to_numpy(),
        "width_m": plots["width_m"].to_numpy(),
        "frontage_m": front,
        "access": access,
        "access_id": plots["access_id"].to_numpy(dtype=object),
        "house_fits": np.where(plots["fits"], "yes", "unknown").astype(object),
        "homes": np.where(np.isnan(by_plan), standard, np.nan_to_num(by_plan)).astype(int),
        "homes_basis": np.where(np.isnan(by_plan), "standard", "plan"),
        "plan_id": mine["id"].to_numpy(dtype=object) if "id" in mine else None,
        "plan_use": mine["use_code"].to_numpy(dtype=object),
        "plan_homes": mine["homes"].to_numpy(dtype=object),
        "utility": utility_of(plots.geometry, layers.get("utility_areas")),
        "water_distance_m": water_distance_m(plots.geometry, layers.get("water")),
        "status": np.array([rule.default_status for rule in own], dtype=object),
        "certainty": "preliminary" if unknown else "confirmed",
        "unknown": [list(unknown)] * len(plots),
    }
    result = gpd.GeoDataFrame(columns, geometry=plots.geometry.to_numpy(), crs=plots.crs)
    return result.astype({"id": object, "certainty": object, "kind": object, "homes_basis": object})


def _dropped(
    frame: gpd.GeoDataFrame, free: npt.NDArray[Any], unknown_place: npt.NDArray[np.bool_], lots: Lots, unit: float
) -> pd.DataFrame:
    """Account for the buildable land that makes no plot."""
    ids = frame["id"].to_numpy()
    kept = (frame["buildable_m2"].to_numpy() - shapely.area(free) * unit**2).clip(min=0.0)
    lost = lots.losses
    rows = [
        pd.DataFrame(
            {"parcel": ids[lost["row"].to_numpy(dtype=np.intp)], "reason": lost["reason"], "area_m2": lost["area_m2"]}
        ),
        pd.DataFrame({"parcel": ids, "reason": np.where(unknown_place, BUILT_UNKNOWN, BUILT), "area_m2": kept}),
    ]
    table = pd.concat(rows, ignore_index=True)
    return table[table["area_m2"] > 0].groupby(["parcel", "reason"], sort=True, as_index=False).sum()
