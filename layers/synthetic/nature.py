"""Water and protected nature."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.synthetic.frames import layer
from layers.synthetic.noise import warp
from layers.synthetic.parcels import Parcels
from layers.synthetic.size import Size
from layers.synthetic.terrain import Terrain

__all__ = ["nature_layer", "water_layer"]

_LAKES = ("Storsjön", "Långsjön", "Gransjön", "Abborrtjärn", "Hällsjön", "Mörttjärn", "Björnsjön")


def water_layer(rng: np.random.Generator, terrain: Terrain, parcels: Parcels) -> gpd.GeoDataFrame:
    """Return the sea, river and lakes, which with the parcels fill the municipality, and streams as lines."""
    land = shapely.coverage_union_all(parcels.polygons)
    wet = shapely.difference(terrain.municipality, land)
    dug = terrain.lakes[-1]
    inland = shapely.union_all([*terrain.lakes, terrain.river])
    # Noding moved the shores by up to the grid; each water takes what is next to it.
    parts = shapely.get_parts(shapely.difference(wet, inland.buffer(0.05)))
    parts = parts[shapely.area(parts) > 1.0]
    sea = shapely.union_all(parts)
    inner = shapely.get_parts(shapely.difference(wet, sea))
    inner = inner[shapely.area(inner) > 1.0]
    is_river = shapely.area(shapely.intersection(inner, terrain.river)) > 0.5 * shapely.area(inner)
    still = inner[~is_river]
    constructed = shapely.intersects(still, dug.centroid)
    river = shapely.union_all(inner[is_river])
    widths = np.round(rng.uniform(1.2, 5.5, len(terrain.streams)), 1)
    widths[0] = 1.4
    # Nobody has measured the second: whether its shore is protected is unknown.
    widths[1:2] = np.nan
    n, lines = len(still), len(terrain.streams)
    names = [_LAKES[item] if item < len(_LAKES) else None for item in range(n)]
    return layer(
        "water",
        [sea, river, *still, *terrain.streams],
        id=[f"V{item + 1}" for item in range(2 + n + lines)],
        name=["Bottenhavet (påhittat)", "Almån", *names, *[f"Bäck {item + 1}" for item in range(lines)]],
        kind=["sea", "stream", *np.where(constructed, "constructed", "lake").tolist(), *["stream"] * lines],
        width_m=[np.nan, 34.0, *[np.nan] * n, *widths.tolist()],
        constructed_after=[
            None,
            None,
            *[("1988-06-01" if new else None) for new in constructed],
            *[None] * lines,
        ],
    )


def nature_layer(terrain: Terrain, size: Size) -> gpd.GeoDataFrame:
    """Return reserves on the coast and inland, Natura 2000, a biotope, water protection and one of another kind."""
    (x0, y0), side = size.origin, size.extent_m
    largest = terrain.land[min(4, len(terrain.land) - 1)]
    places: list[tuple[str, str, float, float, float]] = [
        ("Utskärens naturreservat", "nature_reserve", x0 + 0.82 * side, y0 + 0.26 * side, 0.07),
        ("Storskogens naturreservat", "nature_reserve", x0 + 0.17 * side, y0 + 0.22 * side, 0.045),
        ("Kustens naturreservat", "nature_reserve", *_xy(largest.centroid), 0.02),
        ("Utskären", "natura_2000", x0 + 0.83 * side, y0 + 0.29 * side, 0.085),
        ("Myrens biotopskydd", "biotope_protection", x0 + 0.28 * side, y0 + 0.7 * side, 0.012),
        ("Åsens landskapsbildsskydd", "other", x0 + 0.2 * side, y0 + 0.6 * side, 0.014),
    ]
    discs = [shapely.Point(x, y).buffer(radius * side) for *_, x, y, radius in places]
    shapes = shapely.intersection(warp(discs, terrain.bend, shift_m=side * 0.012, step_m=120.0), terrain.municipality)
    source = shapely.Point(terrain.lakes[0].centroid).buffer(0.028 * side).union(terrain.lakes[0].buffer(250.0))
    return layer(
        "protected_nature",
        [*shapes, source.intersection(terrain.municipality)],
        id=[f"N{number + 1}" for number in range(len(places) + 1)],
        name=[*[name for name, *_ in places], "Storsjöns vattenskyddsområde"],
        kind=[*[kind for _, kind, *_ in places], "water_protection"],
    )


def _xy(point: shapely.Point) -> tuple[float, float]:
    return point.x, point.y
