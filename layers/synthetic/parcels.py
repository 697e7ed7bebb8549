"""Parcels: a partition of all the land, each with what it is used for and who owns it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from layers.synthetic.network import Road
from layers.synthetic.noise import Field, Floats, warp
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.splitting import Shapes, Target, polygons, split, tile
from layers.synthetic.streets import Settlement
from layers.synthetic.terrain import Terrain

__all__ = ["Parcels", "cut_parcels"]


@dataclass(frozen=True)
class Parcels:
    """The partition, one entry a parcel in each array.

    Attributes
    ----------
    polygons
        The parcels.
    use
        What the parcel is for: ``street``, ``road``, ``railway``, ``homes``, ``flats``, ``centre``,
        ``industry``, ``public``, ``park``, ``development``, ``leisure``, ``farm``, ``forest`` or ``islet``.
    place
        Index of the settlement that the parcel lies in, or -1.
    block
        Index of the block that the parcel was cut from, or -1.
    blocks
        The settlements' blocks.
    """

    polygons: Shapes
    use: npt.NDArray[np.str_]
    place: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    blocks: Shapes


def cut_parcels(
    rng: np.random.Generator,
    terrain: Terrain,
    places: Places,
    roads: list[Road],
    railway: BaseGeometry,
    settlements: list[Settlement],
    size: Size,
) -> Parcels:
    """Cut all the land into parcels."""
    regions = np.array([settlement.region for settlement in settlements], dtype=object)
    pieces = _Pieces()
    taken = _corridors(rng, pieces, terrain, roads, railway, settlements)
    blocks = _settled(rng, pieces, terrain, railway, settlements, shapely.difference(regions, taken), size)
    open_land = shapely.difference(terrain.land, shapely.union_all([*regions, taken]))
    _country(rng, pieces, terrain, places, roads, open_land, size)
    faces, origin = tile(np.concatenate(pieces.shapes), terrain.land, grid_m=0.01, smallest_m2=180.0)
    middle = shapely.point_on_surface(faces)
    place = np.full(len(faces), -1)
    for number, region in enumerate(regions):
        shapely.prepare(region)
        place[shapely.intersects(region, middle)] = number
    return Parcels(faces, np.concatenate(pieces.uses)[origin], place, np.concatenate(pieces.blocks)[origin], blocks)


@dataclass
class _Pieces:
    """What is cut so far: polygons, their use, and the block that they come from."""

    shapes: list[Shapes] = field(default_factory=list)
    uses: list[npt.NDArray[np.str_]] = field(default_factory=list)
    blocks: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def add(self, shapes: Shapes, use: str, block: int = -1) -> None:
        self.shapes.append(shapes)
        self.uses.append(np.full(len(shapes), use, dtype="U12"))
        self.blocks.append(np.full(len(shapes), block))


def _corridors(
    rng: np.random.Generator,
    pieces: _Pieces,
    terrain: Terrain,
    roads: list[Road],
    railway: BaseGeometry,
    settlements: list[Settlement],
) -> BaseGeometry:
    """Cut out the land of roads, railway and streets, and return all of it."""
    wide = [road.line.buffer(20.0 if road.number == "E4" else 8.0) for road in roads if road.kind == "state"]
    road_land = shapely.union_all(wide)
    rail_land = shapely.difference(railway.buffer(12.0), road_land)
    streets = np.concatenate([settlement.streets for settlement in settlements])
    through = shapely.union_all([road_land, rail_land])
    street_land = shapely.difference(shapely.union_all(shapely.buffer(streets, 5.5, cap_style="square")), through)
    for shape, use, wanted in (
        (road_land, "road", 90_000.0),
        (rail_land, "railway", 60_000.0),
        (street_land, "street", 30_000.0),
    ):
        pieces.add(split(rng, _on_land(terrain, shape), _evenly(wanted)), use)
    return shapely.union_all([through, street_land])


def _settled(
    rng: np.random.Generator,
    pieces: _Pieces,
    terrain: Terrain,
    railway: BaseGeometry,
    settlements: list[Settlement],
    open_regions: Shapes,
    size: Size,
) -> Shapes:
    """Cut the settlements' blocks into plots, and return the blocks."""
    known: list[shapely.Polygon] = []
    for settlement, region in zip(settlements, open_regions, strict=True):
        blocks = _on_land(terrain, region)
        uses = _block_uses(rng, blocks, settlement, terrain, railway, size)
        for use, (wanted, uneven) in _PLOTS.items():
            for block in blocks[uses == use]:
                plots = split(rng, np.array([block]), _evenly(wanted), uneven=uneven, turn=0.02)
                pieces.add(plots, use, len(known))
                known.append(block)
    return np.array(known, dtype=object)


def _country(
    rng: np.random.Generator,
    pieces: _Pieces,
    terrain: Terrain,
    places: Places,
    roads: list[Road],
    open_land: Shapes,
    size: Size,
) -> None:
    """Cut the rest: plots by the shore, islets, farms and forest."""
    shore = _shore_pieces(places, open_land)
    pieces.add(split(rng, shore, _evenly(2_200.0), uneven=0.08, turn=0.06), "leisure")
    rest = polygons(shapely.difference(open_land, shapely.union_all(shore)), 0.01)
    islets = (shapely.area(rest) < 25_000) & ~shapely.intersects(rest, terrain.mainland)
    pieces.add(rest[islets], "islet")
    cells = _cells(rng, terrain, roads, size)
    tree, ground = shapely.STRtree(cells), rest[~islets]
    # Most cells lie on dry land whole: only the others are worth an intersection with the coast.
    whole = np.unique(tree.query(ground, predicate="contains_properly")[1])
    part, cell = tree.query(ground, predicate="intersects")
    cut = ~np.isin(cell, whole)
    clipped = polygons(shapely.intersection(ground[part[cut]], cells[cell[cut]]), 0.01)
    rural = np.concatenate([cells[whole], clipped])
    is_farm = shapely.area(rural) < 1.5 * size.farm_m2
    pieces.add(rural[is_farm], "farm")
    pieces.add(rural[~is_farm], "forest")


_PLOTS = {
    "homes": (950.0, 0.05),
    "flats": (4_500.0, 0.1),
    "centre": (1_300.0, 0.12),
    "industry": (5_500.0, 0.12),
    "public": (12_000.0, 0.1),
    "park": (30_000.0, 0.1),
    "development": (1_150.0, 0.05),
}
"""The wanted area of a plot, m², and how uneven the cuts are."""


def _evenly(area_m2: float) -> Target:
    return lambda x, _y: np.full(len(x), area_m2)


def _on_land(terrain: Terrain, shape: BaseGeometry) -> Shapes:
    return polygons(shapely.intersection(terrain.land, shape), 0.01)


def _block_uses(
    rng: np.random.Generator,
    blocks: Shapes,
    settlement: Settlement,
    terrain: Terrain,
    railway: BaseGeometry,
    size: Size,
) -> npt.NDArray[np.str_]:
    """Say what each block is for, by where it lies in the settlement."""
    middle = shapely.centroid(blocks)
    radius = size.town_radius_m if settlement.kind == "urban" else size.village_radius_m
    out = shapely.distance(middle, settlement.centre) / radius
    edge = shapely.distance(middle, shapely.boundary(settlement.region))
    chance = rng.uniform(size=len(blocks))
    use = np.full(len(blocks), "homes", dtype="U12")
    bearing = np.arctan2(shapely.get_y(middle) - settlement.centre.y, shapely.get_x(middle) - settlement.centre.x)
    for way, wide in ((1.15, 0.2), (-1.1, 0.14)):
        use[(out > 0.4) & (abs(bearing - way) < wide) & (edge < 0.24 * radius)] = "development"
    use[chance > 0.93] = "park"
    use[chance < 0.035] = "public"
    if settlement.kind == "urban":
        use[(out < 0.38) & (chance > 0.3) & (chance < 0.72)] = "flats"
        use[out < 0.17] = "centre"
        use[(shapely.distance(middle, railway) < 0.17 * radius) & (out > 0.3)] = "industry"
    use[(shapely.area(blocks) < 2_000) | (shapely.area(blocks) / shapely.length(blocks) < 9)] = "park"
    use[shapely.distance(blocks, terrain.river_line) < 60] = "park"
    return use


def _shore_pieces(places: Places, open_land: Shapes) -> Shapes:
    """Return the strips by the shore around the chosen places."""
    discs = [shapely.Point(x, y).buffer(170.0 + 37.0 * (n % 5)) for n, (x, y) in enumerate(places.shores)]
    discs += [shapely.Point(x, y).buffer(150.0 + 45.0 * (n % 4)) for n, (x, y) in enumerate(places.islands)]
    land, disc = shapely.STRtree(discs).query(open_land, predicate="intersects")
    near = shapely.intersection(open_land[land], np.array(discs, dtype=object)[disc])
    rims = shapely.simplify(shapely.boundary(open_land), 4.0)
    pieces: list[BaseGeometry] = []
    for part, source in zip(near, land, strict=True):
        rim = shapely.clip_by_rect(rims[source], *part.buffer(150).bounds)
        pieces.append(part.intersection(rim.buffer(75.0, quad_segs=4)))
    return polygons(shapely.union_all(pieces), 1_500.0)


def _cells(rng: np.random.Generator, terrain: Terrain, roads: list[Road], size: Size) -> Shapes:
    """Cut the whole square into what becomes farms and forest, with edges that bend.

    The cells are made to share their vertices before they are bent, so that they still meet after.
    """
    ways = shapely.union_all([shapely.simplify(road.line, 15.0) for road in roads if road.number != "E4"])
    shore = shapely.boundary(terrain.land[shapely.area(terrain.land) > 1e5])
    near_m = _distance_field(shapely.union_all([ways, *shapely.simplify(shore, 25.0)]), size)

    def target(x: Floats, y: Floats) -> Floats:
        near = near_m.at(x, y)
        return np.where(near < 280.0, size.farm_m2 * 0.8, size.forest_m2 * np.clip(near / 1_200.0, 0.6, 1.5))

    (x0, y0), side = size.origin, size.extent_m
    turned = shapely.affinity.rotate(shapely.box(x0 - side, y0 - side, x0 + 2 * side, y0 + 2 * side), 24.0)
    square = shapely.box(x0, y0, x0 + side, y0 + side).buffer(side * 0.02, join_style="mitre")
    first = shapely.intersection(split(rng, np.array([turned]), _evenly(4e6), uneven=0.2), square)
    first = first[shapely.area(first) > 1.0]
    cells = split(rng, first, target, uneven=0.2, turn=0.13, spread=0.45)
    cells, _ = tile(cells, np.array([square]), grid_m=0.01, smallest_m2=400.0)
    return warp(cells, terrain.bend, shift_m=side * 0.006, step_m=60.0)


def _distance_field(shape: BaseGeometry, size: Size) -> Field:
    """Return the distance to a shape, metres, on a grid of 100 m."""
    count = round(size.extent_m / 100) + 1
    steps = 100.0 * np.arange(count)
    east, north = np.meshgrid(size.origin[0] + steps, size.origin[1] + steps)
    parts = shapely.get_parts(shape)
    grid = shapely.points(east.ravel(), north.ravel())
    _, distance = shapely.STRtree(parts).query_nearest(grid, return_distance=True, all_matches=False)
    return Field(distance.reshape(east.shape), size.origin, 100.0)
