"""Roads that follow the ground: least-cost ways on a coarse grid, joined into a tree and smoothed."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely

from layers.synthetic.contours import smooth
from layers.synthetic.noise import Floats
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.terrain import Terrain

__all__ = ["Road", "rural_roads"]

Node = tuple[int, int]

_STEPS: Final = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
_COUNTY_NUMBERS: Final = ("583", "585", "762", "758", "771", "774", "780", "782")


@dataclass(frozen=True, kw_only=True)
class Road:
    """A road's middle.

    Attributes
    ----------
    line
        The middle.
    kind, number, name, width_m
        As in the catalogue.
    """

    line: shapely.LineString
    kind: str
    number: str | None = None
    name: str | None = None
    width_m: float


@dataclass
class _Grid:
    """A coarse grid over the terrain, and what it costs to cross a cell."""

    terrain: Terrain
    size: Size
    rng: np.random.Generator
    cell_m: float = field(init=False)
    xy: Floats = field(init=False)
    cost: Floats = field(init=False)

    def __post_init__(self) -> None:
        count = 150 if self.size.extent_m > 20_000 else 90
        self.cell_m = self.size.extent_m / count
        steps = (np.arange(count) + 0.5) * self.cell_m
        east, north = np.meshgrid(self.size.origin[0] + steps, self.size.origin[1] + steps)
        self.xy = np.stack([east, north], axis=-1)
        self.xy += self.rng.uniform(-0.3, 0.3, self.xy.shape) * self.cell_m
        height = self.terrain.height.at(self.xy[..., 0], self.xy[..., 1])
        rise = np.hypot(*np.gradient(height)) / self.cell_m * 1000
        dry = shapely.contains_xy(self.terrain.mainland.simplify(10.0).buffer(-30.0), self.xy[..., 0], self.xy[..., 1])
        wet = shapely.contains_xy(self.terrain.river.buffer(60), self.xy[..., 0], self.xy[..., 1])
        self.cost = np.where(dry, 1 + rise, np.where(wet, 6.0, 30.0))

    def node(self, x: float, y: float) -> Node:
        last = len(self.cost) - 1
        i, j = ((np.array([y, x]) - np.array(self.size.origin)[::-1]) // self.cell_m).astype(int)
        return min(max(int(i), 0), last), min(max(int(j), 0), last)

    def tree(self, start: Node) -> dict[Node, Node]:
        """Return every node's predecessor on the least-cost way from the start (Dijkstra 1959)."""
        cost = self.cost.tolist()
        count = len(cost)
        best: dict[Node, float] = {start: 0.0}
        before: dict[Node, Node] = {}
        queue = [(0.0, start)]
        while queue:
            spent, (i, j) = heapq.heappop(queue)
            if spent > best[i, j]:
                continue
            for di, dj in _STEPS:
                k, m = i + di, j + dj
                if not (0 <= k < count and 0 <= m < count):
                    continue
                total = spent + (cost[i][j] + cost[k][m]) * (0.5 if di == 0 or dj == 0 else 0.70710678)
                if total < best.get((k, m), float("inf")):
                    best[k, m] = total
                    before[k, m] = (i, j)
                    heapq.heappush(queue, (total, (k, m)))
        return before


def rural_roads(rng: np.random.Generator, terrain: Terrain, places: Places, size: Size) -> list[Road]:
    """Lay the E4, county roads to the villages and the border, and private roads to farms and shores."""
    grid = _Grid(terrain, size, rng)
    (x0, y0), side = size.origin, size.extent_m
    town = terrain.town
    past = grid.node(town.x - 0.72 * size.town_radius_m, town.y)
    graph: dict[tuple[Node, Node], str] = {}

    def lay(before: dict[Node, Node], goal: Node, label: str) -> None:
        while goal in before:
            edge = (min(goal, before[goal]), max(goal, before[goal]))
            graph.setdefault(edge, label)
            goal = before[goal]

    main = grid.tree(past)
    lay(main, grid.node(town.x - 0.06 * side, y0 + side), "E4")
    lay(main, grid.node(town.x - 0.10 * side, y0), "E4")
    # What is laid is cheap, so that later roads join it rather than run beside it.
    for edge in graph:
        for node in edge:
            grid.cost[node] *= 0.5
    from_town = grid.tree(grid.node(town.x, town.y))
    goals = [*places.villages, (x0, town.y + 0.02 * side), (x0, y0 + 0.78 * side)]
    for number, (x, y) in zip(_COUNTY_NUMBERS, goals, strict=False):
        lay(from_town, grid.node(x, y), number)
    for x, y in [*places.shores, *places.farms]:
        lay(from_town, grid.node(x, y), "private")
    return [_road(line, label, terrain) for label, line in _chains(graph, grid)]


def _road(line: shapely.LineString, label: str, terrain: Terrain) -> Road:
    inside = line.intersection(terrain.municipality)
    line = max(shapely.get_parts(inside), key=lambda part: part.length) if not inside.is_empty else line
    if label == "E4":
        return Road(line=line, kind="state", number="E4", name=None, width_m=18.0)
    if label == "private":
        return Road(line=line, kind="private", width_m=3.5)
    return Road(line=line, kind="state", number=label, name=None, width_m=7.0)


def _chains(graph: dict[tuple[Node, Node], str], grid: _Grid) -> list[tuple[str, shapely.LineString]]:
    """Join edges of the same road between junctions, and smooth what lies between."""
    meeting: dict[Node, list[Node]] = {}
    for first, second in graph:
        meeting.setdefault(first, []).append(second)
        meeting.setdefault(second, []).append(first)

    def label(first: Node, second: Node) -> str:
        return graph[min(first, second), max(first, second)]

    def ends(node: Node) -> bool:
        near = meeting[node]
        return len(near) != 2 or label(node, near[0]) != label(node, near[1])

    chains: list[tuple[str, shapely.LineString]] = []
    for start in meeting:
        if not ends(start):
            continue
        for following in meeting[start]:
            way = [start, following]
            while not ends(way[-1]):
                way.append(next(node for node in meeting[way[-1]] if node != way[-2]))
            if way[0] < way[-1]:
                line = shapely.LineString([grid.xy[node] for node in way])
                chains.append((label(start, following), smooth(line, times=3)))
    return chains
