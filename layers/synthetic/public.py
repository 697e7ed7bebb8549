"""Roads, railway, services, settlements and statistical areas as layers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.frames import layer
from layers.synthetic.network import Road
from layers.synthetic.noise import Floats, warp
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.streets import Settlement
from layers.synthetic.terrain import Terrain
from layers.synthetic.traffic import joined, quays

__all__ = ["railway_line", "road_layer", "service_layer", "settlement_layer", "statistical_layer"]

_STREETS = ("Storgatan", "Kyrkogatan", "Tallvägen", "Björkvägen", "Strandvägen", "Skolgatan", "Hamngatan",
    "Ängsvägen", "Fiskargränd", "Lotsvägen", "Rönnvägen", "Sågvägen")  # fmt: skip


def railway_line(terrain: Terrain, size: Size) -> BaseGeometry:
    """Return the railway's middle: from border to border, through the west of the town."""
    (_, y0), town, radius = size.origin, terrain.town, size.town_radius_m
    points = [
        (town.x - 0.5 * radius - 0.06 * size.extent_m, y0),
        (town.x - 0.55 * radius, town.y),
        (town.x - 0.5 * radius - 0.03 * size.extent_m, y0 + size.extent_m),
    ]
    bent = warp([shapely.LineString(points)], terrain.bend, shift_m=radius * 0.15, step_m=300.0)[0]
    line: BaseGeometry = shapely.intersection(bent, terrain.municipality)
    return line


def road_layer(roads: list[Road], settlements: list[Settlement], more: list[Road]) -> gpd.GeoDataFrame:
    """Return all roads: those between the places, the streets, and more, joined where they end near one another."""
    regions = shapely.union_all([settlement.region for settlement in settlements])
    rows: list[tuple[BaseGeometry, str, str | None, str | None, float]] = []
    for road in roads:
        line = road.line if road.kind == "state" else shapely.difference(road.line, regions)
        rows += [(part, road.kind, road.number, road.name, road.width_m) for part in shapely.get_parts(line)]
    for settlement in settlements:
        rows += [
            (
                street,
                "municipal",
                None,
                f"{_STREETS[n % len(_STREETS)]}{'' if n < len(_STREETS) else f' {n // len(_STREETS) + 1}'}",
                6.5,
            )
            for n, street in enumerate(settlement.streets)
        ]
    rows = [row for row in rows if row[0].length > 1.0]
    rows += [(road.line, road.kind, road.number, road.name, road.width_m) for road in more]
    drawn, links = joined([row[0] for row in rows])
    rows = [(line, *row[1:]) for line, row in zip(drawn, rows, strict=True)]
    rows += [(link, "private", None, None, 3.5) for link in links]
    lines, kinds, numbers, names, widths = zip(*rows, strict=True)
    return layer(
        "roads",
        lines,
        id=[f"R{number + 1}" for number in range(len(rows))],
        number=numbers,
        kind=kinds,
        name=names,
        width_m=widths,
    )


def service_layer(
    rng: np.random.Generator, terrain: Terrain, places: Places, settlements: list[Settlement]
) -> gpd.GeoDataFrame:
    """Return services: all kinds in the town, a few in the villages, and ferry quays on the shores."""
    rows: list[tuple[float, float, str, str]] = []
    in_town = {
        "school": 5,
        "preschool": 8,
        "shop": 9,
        "health": 3,
        "public_transport": 14,
        "culture": 3,
        "sport": 4,
    }
    words = {"school": "skola", "preschool": "förskola", "shop": "butik", "health": "vårdcentral",
        "sport": "idrottsplats", "public_transport": "hållplats", "culture": "bibliotek",
        "ferry": "färjeläge"}  # fmt: skip
    for place, settlement in enumerate(settlements):
        x0, y0, x1, y1 = settlement.region.bounds
        spots = rng.uniform((x0, y0), (x1, y1), (400, 2))
        spots = spots[shapely.contains_xy(settlement.region, spots[:, 0], spots[:, 1])]
        few = {"school": 1, "preschool": 1, "shop": 1, "public_transport": 2} if place % 3 else {"public_transport": 1}
        kinds = [kind for kind, count in (few if place else in_town).items() for _ in range(count)]
        for number, (kind, (x, y)) in enumerate(zip(kinds, spots, strict=False)):
            rows.append((x, y, kind, f"{settlement.name}s {words[kind]} {number + 1}"))
    at = quays(terrain, places).tolist()
    rows += [(x, y, "ferry", f"Färjeläge {number + 1}") for number, (x, y) in enumerate(at)]
    return layer(
        "services",
        shapely.points([row[:2] for row in rows]),
        id=[f"S{number + 1}" for number in range(len(rows))],
        name=[name for *_, name in rows],
        kind=[kind for _, _, kind, _ in rows],
    )


def settlement_layer(settlements: list[Settlement], homes: Floats, per_home: float) -> gpd.GeoDataFrame:
    """Return the built-up localities.

    Parameters
    ----------
    settlements
        The town and the villages.
    homes
        Points of dwellings, shape (n, 2), one row a dwelling.
    per_home
        Persons in a dwelling, on average.
    """
    shapes = [settlement.region.buffer(60.0, quad_segs=4).buffer(-45.0, quad_segs=4) for settlement in settlements]
    count = [int(shapely.contains_xy(shape, homes[:, 0], homes[:, 1]).sum()) for shape in shapes]
    return layer(
        "settlements",
        shapes,
        id=[f"T{number + 1}" for number in range(len(shapes))],
        name=[settlement.name for settlement in settlements],
        kind=[settlement.kind for settlement in settlements],
        population=[round(number * per_home) for number in count],
    )


def statistical_layer(terrain: Terrain, settlements: list[Settlement], size: Size) -> gpd.GeoDataFrame:
    """Return areas that fill the municipality: A in the country, B for villages, C in the town."""
    (x0, y0), side, town = size.origin, size.extent_m, terrain.town
    turn = np.linspace(0.4, 0.4 + 2 * np.pi, 6)[:-1]
    ring = np.column_stack(
        [town.x + 0.75 * size.town_radius_m * np.cos(turn), town.y + 0.75 * size.town_radius_m * np.sin(turn)]
    )
    centre = np.array([[town.x, town.y]])
    villages = np.array([[s.centre.x, s.centre.y] for s in settlements[1:]]).reshape(-1, 2)
    seeds = np.vstack([centre, ring, villages])
    steps = np.linspace(0.1, 0.9, 30)
    spots = np.array([(x0 + side * u, y0 + side * v) for u in steps for v in steps])
    while len(seeds) < size.areas:
        gap = np.min(np.hypot(*(spots[:, None] - seeds[None]).transpose(2, 0, 1)), axis=1)
        seeds = np.vstack([seeds, spots[np.argmax(gap)]])
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(seeds), extend_to=terrain.municipality.buffer(side * 0.1), ordered=True
        )
    )
    bent = warp(cells, terrain.bend, shift_m=side * 0.006, step_m=80.0)
    shapes = shapely.intersection(bent, terrain.municipality, grid_size=0.01)
    letters = ["C"] * 6 + ["B"] * len(villages) + ["A"] * (len(seeds) - 6 - len(villages))
    names = ["Centrum", *[f"Almskär {way}" for way in ("nordost", "norr", "väst", "sydväst", "sydost")]]
    names += [f"{settlement.name} med omnejd" for settlement in settlements[1:]]
    names += [f"Landsbygd och skärgård {number + 1}" for number in range(letters.count("A"))]
    codes = [f"0000{letter}{10 * (1 + letters[:number].count(letter)):04d}" for number, letter in enumerate(letters)]
    order = np.argsort(codes)
    return layer("statistical_areas", shapes[order], id=[codes[n] for n in order], name=[names[n] for n in order])
