"""geoplan on a file that is never read whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from benchmarks.contenders.engine import Geoplan, constrain, layers_by_kind, rule_set
from benchmarks.county import CRS
from benchmarks.inputs import Inputs
from geoplan.land.buildable import buildable_land

__all__ = ["GeoplanStream"]


class GeoplanStream(Geoplan):
    """Read neighbours from GeoParquet, compute what is left of them and why, write it away; and so on."""

    name = "geoplan stream"

    def __init__(self, inputs: Inputs) -> None:
        self._path = inputs.parcels_path
        self._folder = tempfile.TemporaryDirectory(prefix="geoplan-benchmark-")
        self.layers = layers_by_kind(inputs.constraints())
        self.rules = rule_set()

    def prepare(self) -> None:
        """Build the constraints of the rules, and their index."""
        self.constraints = constrain(self.rules, self.layers)

    def run(self) -> None:
        """Compute row group by row group."""
        self.lefts = []
        source = pq.ParquetFile(self._path)
        for number in range(source.num_row_groups):
            table = source.read_row_group(number).to_pandas()
            parcels = table.assign(geometry=gpd.GeoSeries.from_wkb(table["geometry"], crs=CRS))
            buildable = buildable_land(gpd.GeoDataFrame(parcels), self.constraints)
            folder = Path(self._folder.name)
            buildable.parcels.to_parquet(folder / f"parcels-{number}.parquet")
            buildable.reasons.to_parquet(folder / f"reasons-{number}.parquet")
            buildable.remainders.to_parquet(folder / f"remainders-{number}.parquet")
            self.lefts.append((buildable.parcels["buildable_m2"] + buildable.parcels["sliver_m2"]).to_numpy())

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        return np.concatenate(self.lefts)

    def close(self) -> None:
        """Delete what was written."""
        self._folder.cleanup()
