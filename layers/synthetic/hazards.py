"""What has to be found out before building: slides, erosion, noise, radon, power lines and old industry."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.frames import layer
from layers.synthetic.network import Road
from layers.synthetic.noise import warp
from layers.synthetic.parcels import Parcels
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.terrain import Terrain

__all__ = [
    "contaminated_layer",
    "erosion_layer",
    "landslide_layer",
    "power_line_layer",
    "radon_layer",
    "traffic_noise_layer",
]

_NOISE = {"road": ((55, 230.0), (60, 110.0), (65, 50.0)), "railway": ((55, 150.0), (60, 70.0), (65, 30.0))}
"""By cause: lowest equivalent level in dBA, and how far it reaches in metres."""

_CONTAMINATED = {"industry": 0.3, "public": 0.1, "homes": 0.003, "farm": 0.004}
"""The share of parcels by use that the register has an object on."""

_TRADES = ("Sågverk med doppning", "Verkstadsindustri", "Drivmedelshantering", "Deponi", "Kemtvätt", "Plantskola")


def landslide_layer(terrain: Terrain, size: Size) -> gpd.GeoDataFrame:
    """Return areas of caution: along the river above the town, and in some low places of the country."""
    (x0, y0), side = size.origin, size.extent_m
    above = shapely.box(x0, y0, terrain.town.x - 1.3 * size.town_radius_m, y0 + side)
    banks = terrain.river_line.intersection(above).buffer(90.0, quad_segs=4).difference(terrain.river)
    spots = [(0.25, 0.35, 0.02), (0.33, 0.66, 0.016), (0.42, 0.18, 0.018), (0.2, 0.85, 0.014)]
    discs = [shapely.Point(x0 + u * side, y0 + v * side).buffer(reach * side) for u, v, reach in spots]
    bent = warp(discs, terrain.bend, shift_m=side * 0.006, step_m=60.0)
    shapes = shapely.intersection(np.array([banks, *shapely.buffer(bent, 0)]), terrain.mainland)
    kinds = ["near_shore", *["revised"] * len(spots)]
    there = ~shapely.is_empty(shapes)
    kept = [kind for kind, has in zip(kinds, there, strict=True) if has]
    return layer("landslide", shapes[there], id=[f"SK{n + 1}" for n in range(len(kept))], kind=kept)


def erosion_layer(terrain: Terrain, places: Places, size: Size) -> gpd.GeoDataFrame:
    """Return shores that erode, as lines, and shores that water is expected to cover, as areas."""
    coast = shapely.boundary(terrain.mainland)
    near = [shapely.Point(x, y).buffer(0.014 * size.extent_m, quad_segs=4) for x, y in places.shores]
    active = [coast.intersection(disc) for disc in near[::2][:3]]
    covered = [coast.intersection(disc).buffer(40.0, quad_segs=4) for disc in near[1::2][:3]]
    forecast = [shape.intersection(terrain.mainland) for shape in covered]
    return layer(
        "coastal_erosion",
        [*active, *forecast],
        id=[f"E{number + 1}" for number in range(len(active) + len(forecast))],
        kind=["active"] * len(active) + ["forecast"] * len(forecast),
    )


def traffic_noise_layer(terrain: Terrain, roads: list[Road], railway: BaseGeometry) -> gpd.GeoDataFrame:
    """Return bands of noise along the main road and the railway."""
    main = shapely.union_all([road.line for road in roads if road.number == "E4"])
    shapes: list[BaseGeometry] = []
    levels: list[float] = []
    causes: list[str] = []
    for cause, line in (("road", main), ("railway", railway)):
        reaches = [line.buffer(reach, quad_segs=4).intersection(terrain.municipality) for _, reach in _NOISE[cause]]
        for number, (level, _) in enumerate(_NOISE[cause]):
            inner = reaches[number + 1] if number + 1 < len(reaches) else shapely.Polygon()
            shapes.append(reaches[number].difference(inner))
            levels.append(float(level))
            causes.append(cause)
    return layer(
        "traffic_noise",
        shapes,
        id=[f"BU{number + 1}" for number in range(len(shapes))],
        level_dba=levels,
        cause=causes,
    )


def radon_layer(terrain: Terrain, size: Size) -> gpd.GeoDataFrame:
    """Return a ridge of gravel where the risk is high, and the plain by the river where it is low."""
    (x0, y0), side = size.origin, size.extent_m
    ridge = shapely.LineString([(x0 + 0.1 * side, y0 + 0.95 * side), (x0 + 0.4 * side, y0 + 0.05 * side)])
    plain = terrain.river_line.simplify(20.0).buffer(0.012 * side, quad_segs=4)
    bent = warp([ridge.buffer(0.009 * side, quad_segs=4)], terrain.bend, shift_m=side * 0.012, step_m=120.0)
    high = bent[0].buffer(0)
    shapes = shapely.intersection(np.array([high, plain.difference(high)]), terrain.mainland)
    return layer("radon", shapes, id=["RA1", "RA2"], risk=["high", "low"])


def power_line_layer(terrain: Terrain, size: Size) -> gpd.GeoDataFrame:
    """Return lines of several voltages in the west, and one whose voltage nobody knows."""
    (x0, y0), side, town = size.origin, size.extent_m, terrain.town
    west, edge = x0 + 0.12 * side, town.x - 1.7 * size.town_radius_m
    ways = [
        [(west, y0), (west + 0.04 * side, y0 + side)],
        [(west + 0.02 * side, y0 + 0.55 * side), (edge, town.y + 0.03 * side)],
        [(west + 0.03 * side, y0 + 0.8 * side), (edge, y0 + 0.72 * side)],
        [(west + 0.01 * side, y0 + 0.3 * side), (edge, y0 + 0.2 * side)],
    ]
    bent = warp([shapely.LineString(way) for way in ways], terrain.bend, shift_m=side * 0.01, step_m=side / 40)
    return layer(
        "power_lines",
        shapely.intersection(bent, terrain.municipality),
        id=[f"KL{number + 1}" for number in range(len(ways))],
        voltage_kv=[400, 220, 130, np.nan],
        owner=["Stamnätet (påhittat)", "Stamnätet (påhittat)", "Regionnätet (påhittat)", None],
    )


def contaminated_layer(rng: np.random.Generator, parcels: Parcels) -> gpd.GeoDataFrame:
    """Return the register's points: mostly on industry, a few elsewhere."""
    share = np.array([_CONTAMINATED.get(use, 0.0) for use in parcels.use.tolist()])
    chosen = np.flatnonzero(rng.uniform(size=len(share)) < share)
    # The small municipality has few parcels of each kind: one of its industry is always there.
    chosen = np.union1d(chosen, np.flatnonzero(parcels.use == "industry")[:1])
    trade = rng.integers(0, len(_TRADES), len(chosen))
    return layer(
        "contaminated_land",
        shapely.point_on_surface(parcels.polygons[chosen]),
        id=[f"EBH{number + 1}" for number in range(len(chosen))],
        name=[f"Objekt {number + 1} (påhittat)" for number in range(len(chosen))],
        kind=[_TRADES[number] for number in trade],
        risk_class=rng.choice(["1", "2", "3", "4"], len(chosen), p=[0.05, 0.25, 0.4, 0.3]).tolist(),
    )
