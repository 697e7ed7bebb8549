"""A synthetic network of streets for benchmarks: a bent grid, places on it, and what is to be reached."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["KINDS", "SPEEDS", "Streets", "make_streets"]

KINDS = 8
SPEEDS = {"state": 70.0, "municipal": 50.0, "private": 30.0}
"""km/h by kind of road."""

_SPACING_M = 90.0
_SHARES = (0.05, 0.6, 0.35)
_CRS = "EPSG:3006"
_ORIGIN = (600_000.0, 6_800_000.0)

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Streets:
    """The network as files in a folder give it.

    Attributes
    ----------
    xy
        Nodes, east and north, m; shape (n, 2).
    start, end, minutes
        Edges, open both ways.
    kind
        Each edge's kind of road, by its number in :data:`SPEEDS`.
    plots
        The nodes that are asked from.
    goals, goal_kind
        The nodes to reach, and which of :data:`KINDS` kinds each is of.
    """

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "streets.npz") as stored:
            self.xy: Floats = stored["xy"]
            self.start: Indices = stored["start"]
            self.end: Indices = stored["end"]
            self.minutes: Floats = stored["minutes"]
            self.kind: Indices = stored["kind"]
            self.plots: Indices = stored["plots"]
            self.goals: Indices = stored["goals"]
            self.goal_kind: Indices = stored["goal_kind"]

    def goals_of(self, kind: int) -> Indices:
        """Return the nodes of one kind."""
        goals: Indices = self.goals[self.goal_kind == kind]
        return goals

    def roads(self) -> gpd.GeoDataFrame:
        """Return the edges as a layer of roads."""
        lines = shapely.linestrings(np.stack([self.xy[self.start], self.xy[self.end]], axis=1))
        return gpd.GeoDataFrame({"kind": np.array(list(SPEEDS))[self.kind]}, geometry=lines, crs=_CRS)


def make_streets(folder: Path, *, edges: int, plots: int, seed: int = 11) -> None:
    """Write a network; the same figures give the same one.

    Parameters
    ----------
    edges
        How many edges: a square grid's, less some at random.
    plots
        How many nodes are asked from.
    """
    rng = np.random.default_rng(seed)
    side = int(np.ceil((1 + np.sqrt(1 + 2 * edges)) / 2))
    number = np.arange(side * side).reshape(side, side)
    east, north = np.meshgrid(np.arange(side), np.arange(side))
    xy = np.column_stack([east.ravel(), north.ravel()]) * _SPACING_M + rng.uniform(-25, 25, (side * side, 2)) + _ORIGIN
    start = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = np.sort(rng.permutation(len(start))[:edges])
    start, end = start[kept], end[kept]
    kind = rng.choice(len(SPEEDS), len(start), p=_SHARES)
    length = np.hypot(*(xy[end] - xy[start]).T)
    # From few to many, as hospitals and stops are.
    counts = [round(3 * 2**step * max(edges / 200_000, 0.02)) or 1 for step in range(KINDS)]
    reached = np.unique(np.concatenate([start, end]))
    np.savez(
        folder / "streets.npz",
        xy=xy,
        start=start,
        end=end,
        minutes=length / 1000 / np.array(list(SPEEDS.values()))[kind] * 60,
        kind=kind,
        plots=rng.choice(reached, plots),
        goals=np.concatenate([rng.choice(reached, count) for count in counts]),
        goal_kind=np.repeat(np.arange(KINDS), counts),
    )
