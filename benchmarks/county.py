"""A synthetic county for benchmarks: parcels on a fractal archipelago, and what takes land from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.synthetic.contours import faces_above
from layers.synthetic.noise import Field, power_law, warp, warp_fields
from layers.synthetic.splitting import Shapes, split

__all__ = ["CRS", "RANKS", "SIDE_KM", "County", "build_county"]

CRS = "EPSG:3006"
RANKS = ("buildings", "nature", "flood", "shore", "railway", "roads")
"""The constraints' kinds, strongest first."""

SIDE_KM = 84
"""Side of the whole county: 7,056 km², half of it land, 27,500 constraints and a little over 300,000 parcels."""

_CELL_M = 70.0
_ORIGIN = (600_000.0, 6_800_000.0)
_LONGEST_M = 15_000.0
_BUILDINGS_PER_KM2 = 2.88
_ROADS_PER_KM = 1.43
_SMALLEST_M2, _LARGEST_M2 = 1_000.0, 100_000.0


@dataclass(frozen=True)
class County:
    """What the contenders compute on.

    Attributes
    ----------
    parcels
        ``id`` and polygons of 1,000 m² to 10 ha that tile the land, less the few of other sizes, and overlap by less
        than a thousandth; in an order drawn at random, so that the first thousand are spread as evenly as all.
    constraints
        ``kind`` (of :data:`RANKS`) and valid polygons, buffers already made.
    """

    parcels: gpd.GeoDataFrame
    constraints: gpd.GeoDataFrame


def build_county(*, side_km: float = SIDE_KM, seed: int = 7) -> County:
    """Make the county.

    Parameters
    ----------
    side_km
        Side of the square that it fills, kilometres; a smaller one is as dense.
    seed
        The same seed and side give the same county.
    """
    rng = np.random.default_rng(seed)
    points = round(side_km * 1000 / _CELL_M) + 1
    side_m = (points - 1) * _CELL_M
    height = Field(power_law(rng, points, cell_m=_CELL_M, longest_m=_LONGEST_M, exponent=1.6), _ORIGIN, _CELL_M)
    faces, above = faces_above(height)
    constraints = pd.concat(
        [
            _frame("buildings", _buildings(rng, height, side_m)),
            _frame("nature", _nature(rng, side_m)),
            _frame("flood", _flood(height)),
            _frame("shore", _shore(rng, faces[above], side_m)),
            _frame("railway", _lines(rng, side_m, 3, 30.0, vertices_m=200)),
            _frame("roads", _lines(rng, side_m, round(_ROADS_PER_KM * side_km), 12.0, vertices_m=400)),
        ],
        ignore_index=True,
    )
    return County(_parcels(rng, height, side_m), constraints)


def _frame(kind: str, shapes: Shapes) -> gpd.GeoDataFrame:
    parts = shapely.get_parts(shapes)
    return gpd.GeoDataFrame({"kind": kind}, index=range(len(parts)), geometry=parts, crs=CRS)


def _parcels(rng: np.random.Generator, height: Field, side_m: float) -> gpd.GeoDataFrame:
    density = _field(rng, side_m, 300, longest_m=8_000, exponent=1.6)

    def wanted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # Small by the water, where people want to live, and larger inland.
        inland = np.clip(0.25 + 1.5 * height.at(x, y), 0.25, 1.0)
        return np.clip(26_000 * inland * np.exp(1.2 * density.at(x, y)), 1_700, 70_000)

    shapes = split(rng, np.array([_square(side_m)]), wanted, turn=0.2)
    middle = shapely.centroid(shapes)
    shapes = shapes[height.at(shapely.get_x(middle), shapely.get_y(middle)) > 0]
    bend = warp_fields(rng, origin=_ORIGIN, extent_m=side_m, longest_m=1_500)
    shapes = warp(shapes, bend, shift_m=25.0, step_m=60.0)
    area = shapely.area(shapes)
    shapes = rng.permutation(shapes[shapely.is_valid(shapes) & (area >= _SMALLEST_M2) & (area <= _LARGEST_M2)])
    return gpd.GeoDataFrame({"id": [f"P{number}" for number in range(len(shapes))]}, geometry=shapes, crs=CRS)


def _buildings(rng: np.random.Generator, height: Field, side_m: float) -> Shapes:
    count = round(_BUILDINGS_PER_KM2 * side_m**2 / 1e6)
    places = _ORIGIN + rng.uniform(0, side_m, (count * 4, 2))
    places = places[height.at(*places.T) > 0][:count]
    angle = rng.uniform(0, np.pi, len(places))
    half = rng.uniform(4, 9, (len(places), 2))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half[:, None, :]
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1).reshape(-1, 2, 2)
    houses = shapely.polygons(np.einsum("nij,nkj->nki", turn, corners) + places[:, None, :])
    return np.asarray(shapely.buffer(houses, 4.5, quad_segs=1))


def _nature(rng: np.random.Generator, side_m: float) -> Shapes:
    field = _field(rng, side_m, 600, longest_m=6_000, exponent=2.0)
    faces, above = faces_above(Field(field.values - 1.6, field.origin, field.cell_m))
    return faces[above]


def _flood(height: Field) -> Shapes:
    low = np.minimum(height.values, 0.1 - height.values)
    faces, above = faces_above(Field(low, height.origin, height.cell_m))
    return faces[above & (shapely.area(faces) > 20_000)]


def _shore(rng: np.random.Generator, land: Shapes, side_m: float) -> Shapes:
    """Return a zone along every shore, of 100 m, and of 300 m in half of the county; those of neighbours overlap."""
    rings = shapely.get_parts(shapely.boundary(land))
    faces, extended = faces_above(_field(rng, side_m, 300, longest_m=10_000, exponent=2.0))
    area = shapely.union_all(faces[extended])
    shapely.prepare(area)
    zones = shapely.buffer(rings, 100.0, quad_segs=2)
    far = shapely.intersects(area, rings)
    wide = shapely.intersection(shapely.buffer(rings[far], 300.0, quad_segs=2), area)
    zones[far] = shapely.union(zones[far], wide)
    return shapely.get_parts(zones)


def _lines(rng: np.random.Generator, side_m: float, count: int, half_width_m: float, *, vertices_m: float) -> Shapes:
    angle = rng.uniform(0, np.pi, count)
    middle = _ORIGIN + rng.uniform(0, side_m, (count, 2))
    reach = np.column_stack([np.cos(angle), np.sin(angle)]) * side_m
    lines = shapely.linestrings(np.stack([middle - reach, middle + reach], axis=1))
    lines = shapely.get_parts(shapely.intersection(lines, _square(side_m)))
    bend = warp_fields(rng, origin=_ORIGIN, extent_m=side_m, longest_m=5_000)
    return shapely.buffer(warp(lines, bend, shift_m=300.0, step_m=vertices_m), half_width_m, quad_segs=8)


def _field(rng: np.random.Generator, side_m: float, points: int, *, longest_m: float, exponent: float) -> Field:
    """Return chance over the county; ``points`` is its side in cells for the whole one."""
    cell_m = SIDE_KM * 1000 / points
    count = math.ceil(side_m / cell_m) + 1
    return Field(power_law(rng, count, cell_m=cell_m, longest_m=longest_m, exponent=exponent), _ORIGIN, cell_m)


def _square(side_m: float) -> shapely.Polygon:
    return shapely.box(*_ORIGIN, _ORIGIN[0] + side_m, _ORIGIN[1] + side_m)
