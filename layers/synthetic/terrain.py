"""Land and water: a coast with an archipelago, lakes, a river, streams, and the municipality's border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.contours import faces_above, smooth
from layers.synthetic.noise import Field, Floats, power_law, warp, warp_fields
from layers.synthetic.size import Size

__all__ = ["SMALLEST_ISLAND_M2", "Terrain", "build_terrain"]

SMALLEST_ISLAND_M2 = 500.0

_RIVER_WIDTH_M = 34.0
_GRID_M = 0.01


@dataclass(frozen=True)
class Terrain:
    """Land and water.

    Attributes
    ----------
    height
        Above zero on land; without a unit.
    bend
        The fields that bend straight lines.
    municipality
        The municipality with its sea.
    land
        Polygons of land, mainland first, then islands by falling area.
    lakes
        Lakes, the last of them dug after 1975.
    river
        The river's surface.
    river_line
        Its middle, from its source to its mouth.
    streams
        Small watercourses.
    town, mouth
        Where the town's square and the river's mouth lie.
    mainland
        The mainland with the river, without lakes.
    """

    height: Field
    bend: tuple[Field, Field]
    municipality: shapely.Polygon
    land: npt.NDArray[np.object_]
    lakes: npt.NDArray[np.object_]
    river: BaseGeometry
    river_line: shapely.LineString
    streams: npt.NDArray[np.object_]
    town: shapely.Point
    mouth: shapely.Point
    mainland: shapely.Polygon


def build_terrain(rng: np.random.Generator, size: Size) -> Terrain:
    """Make the ground that all else stands on."""
    origin, extent = size.origin, size.extent_m
    bend = warp_fields(rng, origin=origin, extent_m=extent, longest_m=extent / 10)
    height = _height(rng, size)
    faces, above = faces_above(height)
    municipality = _municipality(size, bend)
    east = shapely.box(origin[0] + extent - 1, origin[1], origin[0] + extent + 1, origin[1] + extent)
    sea = ~above & shapely.intersects(faces, east)
    lakes = faces[~above & ~sea]
    inside = shapely.contains_properly(municipality, lakes)
    lakes = lakes[inside & (shapely.area(lakes) > 3_000)]
    lakes = lakes[np.argsort(-shapely.area(lakes), kind="stable")]
    lakes = np.concatenate([lakes[:12], lakes[12:][shapely.area(lakes[12:]) < 9_000][:2]])
    ground = shapely.intersection(municipality, shapely.difference(
        shapely.box(origin[0], origin[1], origin[0] + extent, origin[1] + extent),
        shapely.union_all(faces[sea]),
    ))  # fmt: skip
    mainland = _largest(ground)
    mouth, town = _town(mainland, size)
    river_line = _river(size, bend, mouth)
    river = shapely.buffer(river_line, _RIVER_WIDTH_M / 2)
    pits = _dug(mainland, lakes, river_line, town, size)
    lakes = np.concatenate([lakes[shapely.distance(lakes, town) > size.town_radius_m * 0.5], pits])
    water = shapely.union_all([*lakes, river], grid_size=_GRID_M)
    land = shapely.get_parts(shapely.difference(ground, water, grid_size=_GRID_M))
    land = land[shapely.area(land) >= SMALLEST_ISLAND_M2]
    land = land[np.argsort(-shapely.area(land), kind="stable")]
    streams = _streams(rng, height, land, size)
    streams = streams[shapely.distance(streams, town) > size.town_radius_m]
    return Terrain(
        height=height,
        bend=bend,
        municipality=municipality,
        land=land,
        lakes=lakes,
        river=shapely.intersection(river, mainland),
        river_line=river_line,
        streams=streams,
        town=town,
        mouth=mouth,
        mainland=_largest(shapely.difference(ground, shapely.union_all(lakes))),
    )


def _largest(shape: BaseGeometry) -> shapely.Polygon:
    parts = shapely.get_parts(shape)
    largest: shapely.Polygon = parts[int(np.argmax(shapely.area(parts)))]
    return largest


def _height(rng: np.random.Generator, size: Size) -> Field:
    points = round(size.extent_m / size.cell_m) + 1
    tilt = np.interp(np.linspace(0, 1, points), [0, 0.3, 0.47, 0.9, 1], [2.2, 1.3, 0.2, -1.1, -2.2])
    rough = power_law(
        rng, points, cell_m=size.cell_m, longest_m=size.relief_m, exponent=1.5, grain=1.7
    )  # fmt: skip
    return Field(0.8 * rough + tilt[None, :], size.origin, size.cell_m)


def _municipality(size: Size, bend: tuple[Field, Field]) -> shapely.Polygon:
    (x0, y0), side = size.origin, size.extent_m
    gap = side * 0.03
    square = shapely.box(x0 + gap, y0 + gap, x0 + side - gap, y0 + side - gap)
    bent = warp([square], bend, shift_m=side * 0.009, step_m=side / 60)[0]
    border: shapely.Polygon = shapely.set_precision(bent, _GRID_M)
    return border


def _town(mainland: shapely.Polygon, size: Size) -> tuple[shapely.Point, shapely.Point]:
    """Return the river's mouth, at the head of the deepest bay of the middle, and the town beside it."""
    (x0, y0), side = size.origin, size.extent_m
    shore = shapely.get_coordinates(mainland.exterior)
    middle = (abs(shore[:, 1] - y0 - 0.5 * side) < 0.17 * side) & (shore[:, 0] > x0 + 0.3 * side)
    xy = shore[middle]
    x, y = xy[np.argmin(xy[:, 0] + 0.4 * abs(xy[:, 1] - y0 - 0.5 * side))]
    return shapely.Point(x, y), shapely.Point(x - 0.5 * size.town_radius_m, y + 0.25 * size.town_radius_m)


def _river(size: Size, bend: tuple[Field, Field], mouth: shapely.Point) -> shapely.LineString:
    x0, side = size.origin[0], size.extent_m
    t = np.linspace(0, 1, 400)
    fade = np.clip((1 - t) * 5, 0, 1)
    x = x0 + (mouth.x + 60 - x0) * t
    y = mouth.y + 0.05 * side * (1 - t) + fade * side * 0.012 * (np.sin(17 * t) + 0.6 * np.sin(41 * t + 1))
    shift = side * 0.012 * fade
    x, y = x + shift * bend[0].at(x, y), y + shift * bend[1].at(x, y)
    return shapely.LineString(np.column_stack([x, y]))


def _dug(
    mainland: shapely.Polygon,
    lakes: npt.NDArray[np.object_],
    river: shapely.LineString,
    town: shapely.Point,
    size: Size,
) -> npt.NDArray[np.object_]:
    """Return a pond of less than a hectare and, last, a water that was dug."""
    found: list[shapely.Polygon] = []
    for radius, bearing in ((42.0, 2.2), (75.0, 3.6)):
        for step in range(60):
            distance = size.town_radius_m * 1.35 + 40 * step
            at = shapely.Point(
                town.x + distance * np.cos(bearing + 0.15 * step),
                town.y + distance * np.sin(bearing + 0.15 * step),
            )
            turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
            reach = radius * (1 + 0.16 * np.sin(2 * turn + bearing) + 0.09 * np.sin(3 * turn + 1))
            pond = shapely.Polygon(np.column_stack([at.x + 1.25 * reach * np.cos(turn), at.y + reach * np.sin(turn)]))
            wide = pond.buffer(120)
            if mainland.contains(wide) and not wide.intersects(river) and not shapely.intersects(lakes, wide).any():
                found.append(pond)
                break
    return np.array(found, dtype=object)


def _streams(
    rng: np.random.Generator, height: Field, land: npt.NDArray[np.object_], size: Size
) -> npt.NDArray[np.object_]:
    """Let water run downhill from springs until it meets water."""
    every = max(1, round(200 / size.cell_m))
    calm = height.values[::every, ::every]
    north, east = (np.asarray(part, float) for part in np.gradient(calm))
    cell = size.cell_m * every
    fall = Field(-east, height.origin, cell), Field(-north, height.origin, cell)
    ground = shapely.union_all(land[:2])
    shapely.prepare(ground)
    streams: list[shapely.LineString] = []
    wanted = 26 if size.extent_m > 20_000 else 6
    while len(streams) < wanted:
        at = np.array(size.origin) + size.extent_m * rng.uniform([0.05, 0.08], [0.5, 0.92])
        course = _course(at, fall, ground, size)
        if course is None:
            continue
        if any(course.distance(other) < 150 for other in streams):
            # It joins the other where it meets it, or it is one too many.
            wanted -= 1 if len(streams) > wanted // 2 else 0
            continue
        streams.append(course)
    return np.array(streams, dtype=object)


def _course(at: Floats, fall: tuple[Field, Field], ground: BaseGeometry, size: Size) -> shapely.LineString | None:
    step, way, heading = 45.0, [at], np.array([0.6, 0.0])
    if not shapely.contains_xy(ground, *at):
        return None
    for _ in range(round(size.extent_m / 2 / step)):
        x, y = way[-1]
        slope = np.array([fall[0].at(x, y), fall[1].at(x, y)]).ravel()
        heading = 0.55 * heading + slope / (np.hypot(*slope) + 0.05) * 0.6 + np.array([0.4, 0.0])
        heading /= np.hypot(*heading)
        way.append(way[-1] + step * heading)
        if not shapely.contains_xy(ground, *way[-1]):
            course = smooth(shapely.LineString(way))
            return course if len(way) > 12 and course.is_simple else None
    return None
