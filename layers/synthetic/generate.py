"""All layers of the synthetic municipality."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layers.precision import without_grid
from layers.progress import Progress, silent
from layers.synthetic.buildings import Buildings, put_up_buildings
from layers.synthetic.completions import completion_table
from layers.synthetic.demography import demography_tables
from layers.synthetic.frames import layer
from layers.synthetic.hazards import (
    contaminated_layer,
    erosion_layer,
    landslide_layer,
    power_line_layer,
    radon_layer,
    traffic_noise_layer,
)
from layers.synthetic.indicators import indicator_table
from layers.synthetic.interests import biotope_layer, farmland_layer, national_interest_layer, remain_layer
from layers.synthetic.lowland import flood_layer, low_land, sea_level_layer
from layers.synthetic.nature import nature_layer, water_layer
from layers.synthetic.network import Road, rural_roads
from layers.synthetic.noise import Floats
from layers.synthetic.parcels import Parcels, cut_parcels
from layers.synthetic.people import people_tables
from layers.synthetic.places import Places, find_places
from layers.synthetic.planning import (
    lis_layer,
    plan_layer,
    provision_layer,
    shore_protection_layer,
    utility_layer,
)
from layers.synthetic.public import (
    railway_line,
    road_layer,
    service_layer,
    settlement_layer,
    statistical_layer,
)
from layers.synthetic.queueing import island_gate_table, plot_queue_table
from layers.synthetic.register import VILLAGES, parcel_layer
from layers.synthetic.renewal import renewal_table, stock_by_period
from layers.synthetic.rights import building_right_layer
from layers.synthetic.size import CODE, NAME, Size, SizeName, size_of
from layers.synthetic.streets import Settlement, lay_out
from layers.synthetic.terrain import Terrain, build_terrain
from layers.synthetic.traffic import ferry_layer, island_roads, quays

__all__ = ["generate"]


def generate(
    *, size: SizeName = "full", seed: int = 2026, progress: Progress = silent
) -> dict[str, gpd.GeoDataFrame | pd.DataFrame]:
    """Make the layers of Almskär, a municipality that does not exist.

    Parameters
    ----------
    size
        ``"full"``: 30 x 30 km and some 15,000 parcels. ``"small"``: 9 x 9 km and some 800, for tests.
    seed
        The same seed gives the same layers.
    progress
        Told of every step.

    Returns
    -------
    dict
        A layer for each id of the catalogue but ``land``, which the water layer makes needless. Columns are
        the catalogue's fields; geometry is in EPSG:3006, east and north, in the open sea off the real coast.

    Raises
    ------
    SettingsError
        There is no such size.
    """
    figures = size_of(size)
    rng = np.random.default_rng(seed)
    with progress("Almskär (synthetic)", total=4) as advance:
        terrain = build_terrain(rng, figures)
        places = find_places(rng, terrain, figures)
        advance(1)
        roads = rural_roads(rng, terrain, places, figures)
        railway = railway_line(terrain, figures)
        settlements = _settlements(terrain, places, figures, railway, [road.line for road in roads if road.number])
        advance(1)
        parcels = cut_parcels(rng, terrain, places, roads, railway, settlements, figures)
        buildings = put_up_buildings(rng, parcels)
        advance(1)
        low = low_land(terrain)
        areas = statistical_layer(terrain, settlements, figures)
        homes = np.repeat(shapely.get_coordinates(shapely.centroid(buildings.footprints)), buildings.dwellings, axis=0)
        frames: dict[str, gpd.GeoDataFrame | pd.DataFrame] = {
            "municipality": layer("municipality", [terrain.municipality], id=[CODE], name=[NAME]),
            "parcels": parcel_layer(rng, terrain, parcels, buildings, settlements),
            "water": water_layer(rng, terrain, parcels),
            "roads": road_layer(roads, settlements, island_roads(terrain, quays(terrain, places))),
            "railways": layer("railways", [railway], id=["J1"], name=["Kustbanan (påhittad)"]),
            "buildings": layer(
                "buildings",
                buildings.footprints,
                id=[f"B{number + 1}" for number in range(len(buildings.use))],
                use=buildings.use.tolist(),
                year_built=buildings.year_built.tolist(),
                dwellings=buildings.dwellings.tolist(),
            ),
            "plans": plan_layer(rng, parcels, settlements),
            "utility_areas": utility_layer(settlements),
            "shore_protection": shore_protection_layer(terrain, settlements, figures.extent_m),
            "protected_nature": nature_layer(terrain, figures),
            "flood": flood_layer(terrain, low),
            "sea_levels": sea_level_layer(terrain, low),
            "lis_areas": lis_layer(terrain, places, figures),
            "services": service_layer(rng, terrain, places, settlements),
            "settlements": settlement_layer(settlements, homes, figures.population / len(homes)),
            "statistical_areas": areas,
        }
        rights = building_right_layer(np.random.default_rng([seed, 50]), frames["plans"], parcels)
        ground = provision_layer(frames["plans"], parcels).astype({"value": float})
        frames["plan_provisions"] = pd.concat([ground, rights], ignore_index=True)
        # Chance of their own, so that a new layer changes none of the old ones.
        frames |= _findings(
            np.random.default_rng([seed, 1]), terrain, places, roads, railway, parcels, buildings, figures
        )
        frames["ferries"] = ferry_layer(np.random.default_rng([seed, 8]), terrain, quays(terrain, places), figures)
        frames["completions"] = completion_table(np.random.default_rng([seed, 7]), figures)
        frames |= people_tables(rng, areas["id"].tolist(), *_homes_by_area(areas, buildings), figures.population)
        frames |= demography_tables(np.random.default_rng([seed, 41]), figures.population)
        standing = gpd.GeoDataFrame(frames["buildings"])
        frames["dwelling_stock"] = stock_by_period(frames["dwelling_stock"], areas, standing)
        frames["renewal_actions"] = renewal_table(
            np.random.default_rng([seed, 62]), areas, standing, gpd.GeoDataFrame(frames["parcels"])
        )
        frames["indicators"] = indicator_table(
            np.random.default_rng([seed, 61]), dwellings=buildings.dwellings.sum(), population=figures.population
        )
        frames["plot_queue"] = plot_queue_table(
            np.random.default_rng([seed, 63]), areas["id"].tolist(), figures.population
        )
        frames["island_gates"] = island_gate_table(
            np.random.default_rng([seed, 64]), areas, gpd.GeoDataFrame(frames["ferries"]), frames["dwelling_stock"]
        )
        advance(1)
    # As they come back from the store: the same figures, whether the layers are written in between or not.
    return {name: without_grid(frames[name]) for name in sorted(frames)}


def _findings(
    rng: np.random.Generator,
    terrain: Terrain,
    places: Places,
    roads: list[Road],
    railway: BaseGeometry,
    parcels: Parcels,
    buildings: Buildings,
    size: Size,
) -> dict[str, gpd.GeoDataFrame]:
    """Return what registers and surveys know of the land."""
    return {
        "ancient_remains": remain_layer(rng, terrain, size),
        "coastal_erosion": erosion_layer(terrain, places, size),
        "contaminated_land": contaminated_layer(rng, parcels),
        "farmland": farmland_layer(rng, parcels, buildings, places, size),
        "forest_biotopes": biotope_layer(rng, parcels, size),
        "landslide": landslide_layer(terrain, size),
        "national_interests": national_interest_layer(terrain, places, roads, railway, size),
        "power_lines": power_line_layer(terrain, size),
        "radon": radon_layer(terrain, size),
        "traffic_noise": traffic_noise_layer(terrain, roads, railway),
    }


def _settlements(
    terrain: Terrain, places: Places, size: Size, railway: BaseGeometry, main: list[shapely.LineString]
) -> list[Settlement]:
    barriers = shapely.union_all([railway.buffer(16.0), terrain.river.buffer(15.0), *shapely.buffer(main, 12.0)])
    sites = [(NAME, "urban", terrain.town, size.town_radius_m, 0.5)]
    sites += [
        (name, "small", shapely.Point(x, y), size.village_radius_m * (1.0 - 0.1 * number), 0.4 + 1.1 * number)
        for number, (name, (x, y)) in enumerate(zip(VILLAGES, places.villages, strict=False))
    ]
    return [
        lay_out(
            terrain,
            name=name,
            kind=kind,
            centre=centre,
            radius_m=radius,
            angle=angle,
            barriers=barriers,
        )
        for name, kind, centre, radius, angle in sites
    ]


def _homes_by_area(areas: gpd.GeoDataFrame, buildings: Buildings) -> tuple[Floats, Floats]:
    middle = shapely.centroid(buildings.footprints)
    area = shapely.STRtree(areas.geometry.to_numpy()).query_nearest(middle, all_matches=False)[1]
    flats = buildings.dwellings > 2
    one, many = (
        np.bincount(area[chosen], buildings.dwellings[chosen], minlength=len(areas)) for chosen in (~flats, flats)
    )
    return one.astype(float), many.astype(float)
