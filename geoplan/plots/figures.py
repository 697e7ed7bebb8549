"""Key figures of a place: how much land, shore and buildable land there is, and in which zone."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.buildable import Buildable
from geoplan.land.constraints import Constraints
from geoplan.plots.search import PlotSearch
from geoplan.text import Text

__all__ = ["FIGURES", "key_figures"]

FIGURES = {
    "municipality_km2": Text(sv="Kommunens yta med hav", en="Municipality with sea"),
    "land_km2": Text(sv="Landyta", en="Land"),
    "sea_km2": Text(sv="Havsyta", en="Sea"),
    "shore_zone_land_km2": Text(sv="Strandskyddat område på land", en="Shore-protected land"),
    "shore_zone_water_km2": Text(sv="Strandskyddat område i vatten", en="Shore-protected water"),
    "parcels": Text(sv="Fastighetsområden", en="Parcels"),
    "buildable_ha": Text(sv="Byggbar mark", en="Buildable land"),
    "buildable_by_use_ha": Text(sv="Byggbar mark efter planens användning", en="Buildable land by the plan's use"),
    "plots": Text(sv="Tomter", en="Plots"),
    "homes": Text(sv="Bostäder på tomter i plan (nominellt)", en="Homes on plots in plans (nominal)"),
    "homes_unplanned": Text(sv="Bostäder på tomter utanför plan", en="Homes on plots outside plans"),
    "population": Text(sv="Folkmängd, basåret", en="Population, base year"),
}

_UNITS = {"km2": "km²", "ha": "ha"}


def key_figures(
    layers: Mapping[str, gpd.GeoDataFrame],
    constraints: Constraints,
    buildable: Buildable | None,
    search: PlotSearch | None,
) -> pd.DataFrame:
    """Return the key figures that the layers at hand allow.

    Parameters
    ----------
    layers
        Layers by catalogue id.
    constraints, buildable, search
        What the chain computed; ``None`` where it could not.

    Returns
    -------
    DataFrame
        ``id`` (of :data:`FIGURES`), ``part`` (such as a zone's code; empty otherwise), ``value``, ``unit``,
        ``title_sv``, ``title_en``.
    """
    rows: list[tuple[str, str, float]] = []
    municipality, water = layers.get("municipality"), layers.get("water")
    if municipality is not None:
        whole = shapely.union_all(municipality.geometry.to_numpy())
        square = (metres_per_unit(municipality.crs) / 1000) ** 2
        rows.append(("municipality_km2", "", whole.area * square))
        if water is not None:
            wet = shapely.union_all(water[water["kind"] == "sea"].geometry.to_numpy()).intersection(whole)
            rows += [("land_km2", "", (whole.area - wet.area) * square), ("sea_km2", "", wet.area * square)]
            rows += _shore(constraints, water, whole, square)
    if buildable is not None:
        rows.append(("parcels", "", float(len(buildable.parcels))))
        rows.append(("buildable_ha", "", float(buildable.parcels["buildable_m2"].sum()) / 10_000))
        rows += _by_use(buildable, layers.get("plans"))
    if search is not None:
        rows.append(("plots", "", float(len(search.plots))))
        planned = search.plots["plan_homes"] == "allowed"
        rows.append(("homes", "", float(search.plots.loc[planned, "homes"].sum())))
        rows.append(("homes_unplanned", "", float(search.plots.loc[~planned, "homes"].sum())))
    table = pd.DataFrame(rows, columns=["id", "part", "value"])
    table["unit"] = table["id"].map(lambda name: _UNITS.get(str(name).rsplit("_", 1)[-1], ""))
    table["title_sv"] = table["id"].map(lambda name: FIGURES[name].sv)
    table["title_en"] = table["id"].map(lambda name: FIGURES[name].en)
    return table


def _shore(
    constraints: Constraints, water: gpd.GeoDataFrame, whole: shapely.Geometry, square: float
) -> list[tuple[str, str, float]]:
    rules = {rule.id for rule in constraints.rules.rules if rule.operation == "shore_zone"}
    pieces = constraints.pieces
    zone = pieces[pieces["rule"].isin(rules) & ~pieces["basis"].isin(["lifted", "computed_unsure"])].geometry.to_numpy()
    if not len(zone):
        return []
    surfaces = water.geometry.to_numpy()
    surfaces = surfaces[shapely.get_dimensions(surfaces) == 2]
    union = shapely.intersection(shapely.union_all(zone), whole)
    wet = float(shapely.intersection(union, shapely.union_all(surfaces)).area)
    return [
        ("shore_zone_land_km2", "", (union.area - wet) * square),
        ("shore_zone_water_km2", "", wet * square),
    ]


def _by_use(buildable: Buildable, plans: gpd.GeoDataFrame | None) -> list[tuple[str, str, float]]:
    """Return buildable land by the plans' uses; the row without a use is what lies in no plan.

    Where plans overlap the land counts for each.
    """
    if plans is None or plans.empty:
        return []
    left, areas = buildable.parcels.geometry.to_numpy(), plans.geometry.to_numpy()
    parcel, plan = shapely.STRtree(left).query(areas, predicate="intersects")[::-1]
    overlap = shapely.area(shapely.intersection(left[parcel], areas[plan])) * metres_per_unit(plans.crs) ** 2
    by_use = pd.Series(overlap / 10_000).groupby(plans["use_code"].to_numpy()[plan]).sum()
    by_use = by_use.reindex(sorted(plans["use_code"].dropna().unique()), fill_value=0.0)
    outside = max(float(buildable.parcels["buildable_m2"].sum()) / 10_000 - float(by_use.sum()), 0.0)
    return [("buildable_by_use_ha", str(use), float(area)) for use, area in by_use.items()] + [
        ("buildable_by_use_ha", "", outside)
    ]
