"""What joins places that the ground keeps apart: junctions, paths on islands, and ferries."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from shapely.geometry.base import BaseGeometry

from layers.synthetic.contours import smooth
from layers.synthetic.frames import layer
from layers.synthetic.network import Road
from layers.synthetic.noise import Floats
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.splitting import Shapes
from layers.synthetic.terrain import Terrain

__all__ = ["ferry_layer", "island_roads", "joined", "quays"]

# Streets stop short of the main road by 12 m, and what is cut at a settlement's edge by half a block.
_JUNCTION_M, _LINK_M = 20.0, 150.0
_MET_M = 0.01
_SHORE_M = 25.0
_KNOTS_10_M_PER_MIN = 18_520 / 60
_CELLS = 160


def quays(terrain: Terrain, places: Places) -> Floats:
    """Return the ferry quays, shape (n, 2): the town's first, then the islands'."""
    return np.vstack([[terrain.mouth.x, terrain.mouth.y], places.islands[:7]])


def joined(lines: list[BaseGeometry]) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Let roads that end near one another meet.

    Parameters
    ----------
    lines
        Roads and streets.

    Returns
    -------
    lines
        The same, each loose end drawn out to the nearest other line where that is within 20 m.
    links
        The shortest lines that then connect what is still apart, up to 150 m each.
    """
    shapes = np.array(lines, dtype=object)
    grown: list[BaseGeometry] = [_drawn_out(line, number, shapes) for number, line in enumerate(lines)]
    links: list[BaseGeometry] = []
    while True:
        link = _next_link(np.array([*grown, *links], dtype=object))
        if link is None:
            return grown, links
        links.append(link)


def island_roads(terrain: Terrain, at: Floats) -> list[Road]:
    """Return a way around each island that has a quay, and one from each quay to the nearest.

    The largest of the islands has a road; on the others one walks.
    """
    points = np.asarray(shapely.points(at[1:]))
    island = _island(terrain, at)
    roads: list[Road] = []
    for number in np.unique(island[island >= 0]):
        inner = shapely.get_parts(terrain.land[number].buffer(-_SHORE_M))
        if not len(inner):
            continue
        ring = max(inner, key=lambda part: part.area).exterior.simplify(5.0)
        # Land is sorted by falling area.
        wide = number == island[island >= 0].min()
        lines = [shapely.LineString(ring.coords)]
        lines += [shapely.shortest_line(point, ring) for point in points[island == number]]
        roads += [Road(line=line, kind="private" if wide else "path", width_m=3.5 if wide else 1.5) for line in lines]
    return roads


def ferry_layer(rng: np.random.Generator, terrain: Terrain, at: Floats, size: Size) -> gpd.GeoDataFrame:
    """Return the ferries: from the town to each quay, the smallest island's from the largest.

    The largest island's carries cars, the smallest's does not tell how often it sails, and one of many sails in summer
    alone.
    """
    island, count = _island(terrain, at), len(at) - 1
    by_area = np.argsort(island, kind="stable")[(island < 0).sum() :]
    car, last = int(by_area[0]), int(by_area[-1])
    summer = int(by_area[1]) if len(by_area) > 2 else -1
    starts = [1 + car if number == last and car != last else 0 for number in range(count)]
    lines = [_course(terrain, at[start], at[number + 1], size) for number, start in enumerate(starts)]
    minutes = [float(5 * np.ceil(line.length / _KNOTS_10_M_PER_MIN / 5)) for line in lines]
    icy = rng.random(count) < 0.5
    departures = rng.integers(3, 9, count).astype(float)
    return layer(
        "ferries",
        lines,
        id=[f"L{number + 1}" for number in range(count)],
        name=[f"Färjeläge {start + 1}–{number + 2}" for number, start in enumerate(starts)],
        minutes=minutes,
        winter_minutes=[time + 10 if ice else np.nan for time, ice in zip(minutes, icy, strict=True)],
        headway_minutes=[60.0 if number == car else np.nan for number in range(count)],
        departures_per_day=[np.nan if number in (car, last) else departures[number] for number in range(count)],
        season=["summer" if number == summer else "all_year" for number in range(count)],
        cars=["yes" if number == car else "no" for number in range(count)],
    )


def _island(terrain: Terrain, at: Floats) -> npt.NDArray[np.intp]:
    """Return for each quay but the town's the number of its island in the land, -1 on the mainland."""
    number = shapely.STRtree(terrain.land).query_nearest(shapely.points(at[1:]), all_matches=False)[1]
    on_mainland = shapely.intersects(terrain.mainland, shapely.point_on_surface(terrain.land[number]))
    return np.where(on_mainland, -1, number)


def _drawn_out(line: BaseGeometry, number: int, shapes: Shapes) -> BaseGeometry:
    others = np.delete(shapes, number)
    near = others[shapely.dwithin(others, line, _JUNCTION_M)]
    xy = [tuple(point) for point in line.coords]
    for end in (0, -1):
        point = shapely.Point(xy[end])
        gap = shapely.distance(near, point)
        if len(gap) and _MET_M < gap.min() <= _JUNCTION_M:
            to = shapely.shortest_line(point, near[int(np.argmin(gap))]).coords[1]
            xy.insert(0, to) if end == 0 else xy.append(to)
    return shapely.LineString(xy)


def _next_link(lines: Shapes) -> shapely.LineString | None:
    """Return the shortest line from a part that is apart to the rest, or None where all that can be is joined."""
    one, other = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=_MET_M)
    _, part = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(len(lines),) * 2))
    least: shapely.LineString | None = None
    for number in range(1, part.max() + 1):
        here, there = shapely.multilinestrings(lines[part == number]), shapely.multilinestrings(lines[part != number])
        link = shapely.shortest_line(here, there)
        if link.length <= _LINK_M and (least is None or link.length < least.length):
            least = link
    return least


def _course(terrain: Terrain, start: Floats, end: Floats, size: Size) -> shapely.LineString:
    """Return a way over water: the least-cost one on a grid, land being dear."""
    cell = size.extent_m / _CELLS
    steps = size.origin[0] + (np.arange(_CELLS) + 0.5) * cell
    east, north = np.meshgrid(steps, steps - size.origin[0] + size.origin[1])
    xy = np.column_stack([east.ravel(), north.ravel()])
    ground: BaseGeometry = shapely.union_all(terrain.land)
    shapely.prepare(ground)
    cost = np.where(shapely.contains_xy(ground, xy[:, 0], xy[:, 1]), 50.0, 1.0)
    number = np.arange(_CELLS**2).reshape(_CELLS, _CELLS)
    pairs = [
        (number[:, :-1], number[:, 1:], 1.0),
        (number[:-1], number[1:], 1.0),
        (number[:-1, :-1], number[1:, 1:], np.sqrt(2)),
        (number[:-1, 1:], number[1:, :-1], np.sqrt(2)),
    ]
    one, other = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    length = np.concatenate([np.full(pair[0].size, pair[2]) for pair in pairs])
    graph = coo_array((length * (cost[one] + cost[other]) / 2, (one, other)), shape=(len(xy),) * 2).tocsr()
    first, last = (int(np.argmin(np.hypot(*(xy - point).T))) for point in (start, end))
    _, before = dijkstra(graph, directed=False, indices=first, return_predecessors=True)
    way = [last]
    while way[-1] != first:
        way.append(int(before[way[-1]]))
    return smooth(shapely.LineString([start, *xy[way[::-1]][1:-1], end]))
