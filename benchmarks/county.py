"""A synthetic county for benchmarks: parcels on a fractal archipelago, and what takes land from them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.synthetic.contours import faces_above
from layers.synthetic.noise import Field, power_law, warp, warp_fields
from layers.synthetic.splitting import split

__all__ = ["CRS", "RANKS", "County", "build_county"]

CRS = "EPSG:3006"
RANKS = ("buildings", "nature", "flood", "shore", "railway", "roads")
"""The constraints' kinds, strongest first."""

_POINTS, _CELL_M = 1200, 70.0
_SIDE_M = (_POINTS - 1) * _CELL_M
_ORIGIN = (600_000.0, 6_800_000.0)
_BUILDINGS = 20_000


@dataclass(frozen=True)
class County:
    """What the contenders compute on.

    Attributes
    ----------
    parcels
        ``id`` and polygons of about 1,000 m² to 10 ha that tile the land.
    constraints
        ``kind`` (of :data:`RANKS`) and valid polygons, buffers already made.
    """

    parcels: gpd.GeoDataFrame
    constraints: gpd.GeoDataFrame


def build_county(parcels: int, *, seed: int = 7) -> County:
    """Make the county.

    Parameters
    ----------
    parcels
        How many of its 300,000 or so parcels, drawn evenly at random; the constraints are always the same.
    seed
        The same seed gives the same county.
    """
    rng = np.random.default_rng(seed)
    height = Field(power_law(rng, _POINTS, cell_m=_CELL_M, longest_m=25_000, exponent=1.6), _ORIGIN, _CELL_M)
    faces, above = faces_above(height)
    land = faces[above]
    constraints = pd.concat(
        [
            _frame("buildings", _buildings(rng, height)),
            _frame("nature", _nature(rng)),
            _frame("flood", _flood(height)),
            _frame("shore", _shore(land)),
            _frame("railway", _lines(rng, 3, 30.0, vertices_m=200)),
            _frame("roads", _lines(rng, 120, 12.0, vertices_m=400)),
        ],
        ignore_index=True,
    )
    return County(_parcels(rng, height, parcels), constraints)


def _frame(kind: str, shapes: object) -> gpd.GeoDataFrame:
    parts = shapely.get_parts(shapes)
    return gpd.GeoDataFrame({"kind": kind}, index=range(len(parts)), geometry=parts, crs=CRS)


def _parcels(rng: np.random.Generator, height: Field, count: int) -> gpd.GeoDataFrame:
    density = Field(power_law(rng, 300, cell_m=_SIDE_M / 299, longest_m=8_000, exponent=1.6), _ORIGIN, _SIDE_M / 299)

    def wanted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.clip(22_000 * np.exp(1.2 * density.at(x, y)), 1_500, 80_000)

    square = shapely.box(*_ORIGIN, _ORIGIN[0] + _SIDE_M, _ORIGIN[1] + _SIDE_M)
    shapes = split(rng, np.array([square]), wanted, turn=0.2)
    middle = shapely.centroid(shapes)
    shapes = shapes[height.at(shapely.get_x(middle), shapely.get_y(middle)) > 0]
    shapes = rng.permutation(shapes)[:count]
    bend = warp_fields(rng, origin=_ORIGIN, extent_m=_SIDE_M, longest_m=1_500)
    shapes = warp(shapes, bend, shift_m=25.0, step_m=60.0)
    shapes = shapes[shapely.is_valid(shapes)]
    return gpd.GeoDataFrame({"id": [f"P{number}" for number in range(len(shapes))]}, geometry=shapes, crs=CRS)


def _buildings(rng: np.random.Generator, height: Field) -> np.ndarray:
    places = _ORIGIN + rng.uniform(0, _SIDE_M, (_BUILDINGS * 3, 2))
    places = places[height.at(*places.T) > 0][:_BUILDINGS]
    angle = rng.uniform(0, np.pi, len(places))
    half = rng.uniform(4, 9, (len(places), 2))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half[:, None, :]
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1).reshape(-1, 2, 2)
    houses = shapely.polygons(np.einsum("nij,nkj->nki", turn, corners) + places[:, None, :])
    return shapely.buffer(houses, 4.5, quad_segs=2)


def _nature(rng: np.random.Generator) -> np.ndarray:
    field = Field(power_law(rng, 600, cell_m=_SIDE_M / 599, longest_m=6_000, exponent=2.0), _ORIGIN, _SIDE_M / 599)
    faces, above = faces_above(Field(field.values - 1.6, field.origin, field.cell_m))
    return faces[above]


def _flood(height: Field) -> np.ndarray:
    low = np.minimum(height.values, 0.08 - height.values)
    faces, above = faces_above(Field(low, height.origin, height.cell_m))
    return faces[above & (shapely.area(faces) > 20_000)]


def _shore(land: np.ndarray) -> np.ndarray:
    rings = shapely.get_parts(shapely.boundary(land))
    return shapely.buffer(rings, 100.0, quad_segs=4)


def _lines(rng: np.random.Generator, count: int, half_width_m: float, *, vertices_m: float) -> np.ndarray:
    angle = rng.uniform(0, np.pi, count)
    middle = _ORIGIN + rng.uniform(0, _SIDE_M, (count, 2))
    reach = np.column_stack([np.cos(angle), np.sin(angle)]) * _SIDE_M
    lines = shapely.linestrings(np.stack([middle - reach, middle + reach], axis=1))
    square = shapely.box(*_ORIGIN, _ORIGIN[0] + _SIDE_M, _ORIGIN[1] + _SIDE_M)
    lines = shapely.get_parts(shapely.intersection(lines, square))
    bend = warp_fields(rng, origin=_ORIGIN, extent_m=_SIDE_M, longest_m=5_000)
    return shapely.buffer(warp(lines, bend, shift_m=300.0, step_m=vertices_m), half_width_m, quad_segs=8)
