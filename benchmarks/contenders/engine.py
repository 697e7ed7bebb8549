"""geoplan itself, and what cannot be avoided."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from benchmarks.contender import MAX_VERTICES, Contender, areas_of
from benchmarks.county import RANKS
from benchmarks.inputs import Inputs
from geoplan.land.buildable import buildable_land, remaining_land
from geoplan.land.constraints import Constraints, build_constraints
from geoplan.land.pieces import subdivide
from geoplan.land.rules import Rule, RuleSet
from geoplan.land.workers import worker_count
from geoplan.text import Text

__all__ = ["Geoplan", "GeoplanReasons", "Unavoidable", "constrain", "layers_by_kind", "rule_set"]

_WHO = "python -m benchmarks.land"


class Geoplan(Contender):
    """The engine's remainders, from rules and layers."""

    name = "geoplan"
    packages = ("geoplan",)

    def __init__(self, inputs: Inputs) -> None:
        self.parcels = inputs.parcels()
        self.layers = layers_by_kind(inputs.constraints())
        self.rules = rule_set()

    def prepare(self) -> None:
        """Build the constraints of the rules, and their index."""
        self.constraints = constrain(self.rules, self.layers)

    def run(self) -> None:
        """Compute what is left."""
        self.left = remaining_land(self.parcels, self.constraints)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        return areas_of(self.left.area)


class GeoplanReasons(Geoplan):
    """The remainders of every severity, and every rule's area: alone, only and in order."""

    name = "geoplan reasons"

    def run(self) -> None:
        """Compute what is left, and why the rest is not."""
        self.buildable = buildable_land(self.parcels, self.constraints)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas, with the slivers that the engine tells apart."""
        table = self.buildable.parcels
        return areas_of(table["buildable_m2"] + table["sliver_m2"])


class Unavoidable(Contender):
    """The differences that GEOS must make, and nothing else: one for every parcel that is cut and not swallowed.

    What cuts a parcel is found and united beforehand, and not counted.
    """

    name = "unavoidable"
    packages = ("shapely",)

    def __init__(self, inputs: Inputs) -> None:
        parcels = inputs.parcels().geometry.to_numpy()
        pieces = subdivide(inputs.constraints().geometry.to_numpy(), max_vertices=MAX_VERTICES).shapes
        shapely.prepare(pieces)
        parcel, piece = shapely.STRtree(pieces).query(parcels, predicate="intersects")
        swallowed = np.zeros(len(parcels), dtype=bool)
        swallowed[parcel[shapely.covers(pieces[piece], parcels[parcel])]] = True
        parcel, piece = parcel[~swallowed[parcel]], piece[~swallowed[parcel]]
        self.cut, start = np.unique(parcel, return_index=True)
        groups = np.split(piece, start[1:]) if len(start) else []
        self.taken = np.array([shapely.union_all(pieces[group]) for group in groups], dtype=object)
        self.left = parcels
        self.left[swallowed] = shapely.Polygon()

    def prepare(self) -> None:
        """Do nothing: it is done."""

    def run(self) -> None:
        """Subtract, on one thread a processor."""
        chunks = np.array_split(np.arange(len(self.cut)), 16 * worker_count())
        with ThreadPoolExecutor(worker_count()) as pool:
            parts = list(pool.map(self._subtract, chunks))
        self.left[self.cut] = np.concatenate(parts)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        areas: npt.NDArray[np.float64] = shapely.area(self.left)
        return areas

    def _subtract(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
        left: npt.NDArray[np.object_] = shapely.difference(self.left[self.cut[rows]], self.taken[rows])
        return left


def rule_set() -> RuleSet:
    """Return a set with one rule a kind of constraint, all of which take land."""
    rules = [
        Rule(
            id=kind,
            title=_text(kind),
            layer=kind,
            operation="inside",
            severity="needs_exemption" if kind == "shore" else "forbidden",
            legal_basis=_text(_WHO),
            source=_WHO,
        )
        for kind in RANKS
    ]
    return RuleSet(name="benchmark", title=_text("benchmark"), description=_text(_WHO), rules=tuple(rules))


def layers_by_kind(constraints: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return a layer for every kind of constraint."""
    return {kind: frame.reset_index(drop=True) for kind, frame in constraints.groupby("kind", sort=False)}


def constrain(rules: RuleSet, layers: dict[str, gpd.GeoDataFrame]) -> Constraints:
    """Build constraints, and what is otherwise prepared when they are first used."""
    constraints = build_constraints(rules, layers)
    assert constraints.prepared.index is not None
    return constraints


def _text(words: str) -> Text:
    return Text(sv=words, en=words)
