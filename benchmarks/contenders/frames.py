"""geopandas, and dask-geopandas: the same functions on partitions."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from benchmarks.contender import Contender, areas_by_id, areas_of, subdivided
from benchmarks.inputs import Inputs
from geoplan.land.workers import worker_count

__all__ = ["Dask", "Geopandas", "Overlay"]


class Overlay(Contender):
    """``geopandas.overlay`` of parcels and whole constraints: what most people write."""

    name = "geopandas.overlay"
    slow = True

    def __init__(self, inputs: Inputs) -> None:
        self.parcels, self.constraints = inputs.parcels(), inputs.constraints()

    def prepare(self) -> None:
        """Do nothing: the function takes everything as it is."""

    def run(self) -> None:
        """Compute all at once."""
        self.left = gpd.overlay(self.parcels, self.constraints, how="difference", keep_geom_type=True)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas; the function drops parcels with nothing left."""
        return areas_by_id(self.parcels["id"], self.left.set_index("id").area)


class Geopandas(Contender):
    """A join with subdivided constraints, one union a parcel, one difference."""

    name = "geopandas"

    def __init__(self, inputs: Inputs) -> None:
        self.parcels, self.constraints = inputs.parcels(), inputs.constraints()

    def prepare(self) -> None:
        """Subdivide and index."""
        self.pieces = subdivided(self.constraints)
        assert self.pieces.sindex is not None

    def run(self) -> None:
        """Join, unite and subtract."""
        self.left = _remainders(self.parcels, self.pieces)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        return areas_of(self.left.area)


class Dask(Contender):
    """The same on partitions of neighbours, one thread a processor."""

    name = "dask-geopandas"
    packages = ("dask-geopandas",)

    def __init__(self, inputs: Inputs) -> None:
        import dask_geopandas

        self.constraints = inputs.constraints()
        self.parcels = dask_geopandas.from_geopandas(inputs.parcels(), npartitions=8 * worker_count(), sort=False)

    def prepare(self) -> None:
        """Subdivide and index."""
        self.pieces = subdivided(self.constraints)
        assert self.pieces.sindex is not None

    def run(self) -> None:
        """Join, unite and subtract in every partition."""
        parts = self.parcels.map_partitions(_remainders, self.pieces, meta=gpd.GeoSeries([], crs=self.constraints.crs))
        self.left = parts.compute(scheduler="threads", num_workers=worker_count())

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        return areas_of(self.left.area)


def _remainders(parcels: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame) -> gpd.GeoSeries:
    pairs = parcels[["geometry"]].sjoin(pieces, predicate="intersects")["index_right"]
    taken = pieces.loc[pairs].dissolve(by=pairs.index.to_numpy()).geometry
    left = parcels.geometry.copy()
    left.loc[taken.index] = left.loc[taken.index].difference(taken)
    return left
