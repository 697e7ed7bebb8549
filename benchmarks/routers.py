"""Ways to compute the minutes from many places to the nearest of several kinds, each in a process of its own."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from benchmarks.grid import KINDS, SPEEDS, Streets
from benchmarks.memory import peak_mb
from geoplan.plots.travel.network import Network, build_network
from geoplan.plots.travel.routes import build_routes, cheapest, shortest
from geoplan.plots.travel.sailings import sailings
from geoplan.plots.travel.standards import TravelStandards

__all__ = ["ROUTERS", "TOLERANCE_MIN", "Router", "RouterError", "Trial", "run_router"]

TOLERANCE_MIN = 0.01
"""How far a time may lie from the reference, minutes."""

_ROOT = Path(__file__).parents[1]
_FAR_MIN = 10_000.0

Floats = npt.NDArray[np.float64]


class RouterError(Exception):
    """A router's process failed; the message is what it said last."""


@dataclass(frozen=True)
class Trial:
    """What one process measured; ``outside`` counts times that differ from the reference."""

    version: str
    prepare_seconds: float
    seconds: float
    peak_mb: float
    outside: int


class Router(ABC):
    """One way to compute; making one loads the network, which is not counted.

    Attributes
    ----------
    name, package
        What the table calls it, and the distribution whose version stands there.
    """

    name: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, streets: Streets) -> None:
        self.streets = streets

    @abstractmethod
    def prepare(self) -> None:
        """Do what needs to be done once for a network."""

    @abstractmethod
    def run(self) -> Floats:
        """Return minutes, shape (kinds, plots)."""

    @classmethod
    def missing(cls) -> bool:
        """Tell whether the package is not installed."""
        try:
            version(cls.package)
        except PackageNotFoundError:
            return True
        return False


class Scipy(Router):
    """Multi-source Dijkstra, a run for each kind from all its goals at once."""

    name, package = "scipy.sparse.csgraph", "scipy"

    def prepare(self) -> None:
        each = self.streets
        here, there = np.concatenate([each.start, each.end]), np.concatenate([each.end, each.start])
        self.graph = cheapest(there, here, np.tile(each.minutes, 2), len(each.xy))

    def run(self) -> Floats:
        each = self.streets
        return np.stack([shortest(self.graph, each.goals_of(kind))[each.plots] for kind in range(KINDS)])


class Igraph(Router):
    """Distances from a node put before all goals of a kind, which igraph sends out over no time."""

    name, package = "igraph", "igraph"

    def __init__(self, streets: Streets) -> None:
        import igraph

        super().__init__(streets)
        self.library: Any = igraph

    def prepare(self) -> None:
        each, count = self.streets, len(self.streets.xy)
        pairs = [np.column_stack([each.start, each.end]), np.column_stack([count + each.goal_kind, each.goals])]
        self.graph = self.library.Graph(n=count + KINDS, edges=np.concatenate(pairs))
        # Nobody should go through such a node, so it lies far from all its goals.
        self.weights = np.concatenate([each.minutes, np.full(len(each.goals), _FAR_MIN)])

    def run(self) -> Floats:
        count = len(self.streets.xy)
        nodes, place = np.unique(self.streets.plots, return_inverse=True)
        far = self.graph.distances(source=range(count, count + KINDS), target=nodes, weights=self.weights)
        return (np.array(far) - _FAR_MIN)[:, place]


class Networkit(Router):
    """Dijkstra from a node put before all goals of a kind."""

    name, package = "networkit", "networkit"

    def __init__(self, streets: Streets) -> None:
        import networkit

        super().__init__(streets)
        self.library: Any = networkit

    def prepare(self) -> None:
        each, count = self.streets, len(self.streets.xy)
        start = np.concatenate([each.start, count + each.goal_kind])
        end = np.concatenate([each.end, each.goals])
        weight = np.concatenate([each.minutes, np.full(len(each.goals), _FAR_MIN)])
        edges = (weight, (start, end))
        self.graph = self.library.GraphFromCoo(edges, n=count + KINDS, weighted=True, directed=False)

    def run(self) -> Floats:
        count = len(self.streets.xy)
        search = self.library.distance.SPSP(self.graph, list(range(count, count + KINDS)))
        search.run()
        return np.asarray(search.getDistances(asarray=True))[:, self.streets.plots] - _FAR_MIN


class Pandana(Router):
    """Contraction hierarchies, built once; then the nearest point of interest of every node."""

    name, package = "pandana", "pandana"
    # It keeps thousandths of whole numbers, so minutes are told in hundredths; it is asked no farther than all lie.
    _scale, _farthest_min = 100.0, 200.0

    def __init__(self, streets: Streets) -> None:
        import pandana

        super().__init__(streets)
        self.library: Any = pandana

    def prepare(self) -> None:
        each = self.streets
        self.network = self.library.Network(
            pd.Series(each.xy[:, 0]),
            pd.Series(each.xy[:, 1]),
            pd.Series(each.start),
            pd.Series(each.end),
            pd.DataFrame({"minutes": each.minutes * self._scale}),
        )

    def run(self) -> Floats:
        each, found, far = self.streets, [], self._farthest_min * self._scale
        for kind in range(KINDS):
            x, y = (pd.Series(axis) for axis in each.xy[each.goals_of(kind)].T)
            self.network.set_pois(str(kind), far, 1, x, y)
            found.append(self.network.nearest_pois(far, str(kind), num_pois=1)[1].to_numpy()[each.plots])
        minutes = np.stack(found) / self._scale
        return np.where(minutes < self._farthest_min, minutes, np.inf)


class Geoplan(Router):
    """All of geoplan: lines are noded, and places find their road and are read along it."""

    name, package = "geoplan, from lines", "geoplan"

    def __init__(self, streets: Streets) -> None:
        super().__init__(streets)
        self.roads, self.points = streets.roads(), np.asarray(shapely.points(streets.xy))
        self.standards = TravelStandards(
            walking_speed=5.0, bike_speed={}, car_speed=SPEEDS, snapping=1.0, longest_access=500.0, access_detour=1.3,
            access_speed={"bike": 5.0, "car": 5.0}, access_over_water=0.0, quay_access=100.0,
            ferry_wait=0.5, ferry_hours=16.0, ferry_departures=4.0, winter_crossing=30.0,
        )  # fmt: skip

    def prepare(self) -> None:
        self.network: Network = build_network(self.roads, snapping_m=self.standards.snapping)

    def run(self) -> Floats:
        none = sailings(None, season="winter", standards=self.standards)
        routes = build_routes(self.network, none, mode="car", standards=self.standards)
        goals = [self.points[self.streets.goals_of(kind)] for kind in range(KINDS)]
        return routes.minutes(routes.meet(self.points[self.streets.plots]), goals)


ROUTERS: tuple[type[Router], ...] = (Scipy, Igraph, Networkit, Pandana, Geoplan)


def run_router(router: type[Router], folder: Path) -> Trial:
    """Measure a router in a process of its own; ``reference.npy`` in the folder holds what is right.

    Raises
    ------
    RouterError
        The process failed.
    """
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place) / "trial.json"
        command = [sys.executable, "-m", "benchmarks.routers", router.name, str(folder), str(answer)]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing"]
            raise RouterError(f"exit code {done.returncode}: {said[-1]}")
        return Trial(**json.loads(answer.read_text()))


def _main(name: str, folder: str, answer: str) -> None:
    router = next(known for known in ROUTERS if known.name == name)(Streets(Path(folder)))
    gc.collect()
    start = time.perf_counter()
    router.prepare()
    prepared = time.perf_counter()
    minutes = router.run()
    seconds = time.perf_counter() - prepared
    peak = peak_mb()
    reference = np.load(Path(folder) / "reference.npy")
    with np.errstate(invalid="ignore"):
        same = np.isclose(minutes, reference, rtol=0, atol=TOLERANCE_MIN) | ((minutes > 1e6) & np.isinf(reference))
    trial = Trial(version(router.package), prepared - start, seconds, peak, int((~same).sum()))
    Path(answer).write_text(json.dumps(asdict(trial)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
