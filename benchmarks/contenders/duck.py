"""DuckDB with its spatial extension."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from benchmarks.contender import Contender, areas_by_id, subdivided
from benchmarks.inputs import Inputs
from geoplan.land.workers import worker_count

__all__ = ["DuckDB"]

_REMAINING = """
    CREATE TABLE remaining AS
    WITH taken AS (
        SELECT parcels.id, ST_Union_Agg(pieces.geom) AS geom
        FROM parcels JOIN pieces ON ST_Intersects(parcels.geom, pieces.geom)
        GROUP BY parcels.id
    )
    SELECT parcels.id,
        CASE WHEN taken.geom IS NULL THEN parcels.geom ELSE ST_Difference(parcels.geom, taken.geom) END AS geom
    FROM parcels LEFT JOIN taken USING (id)
"""


class DuckDB(Contender):
    """A spatial join with subdivided constraints, in memory."""

    name = "DuckDB spatial"
    packages = ("duckdb", "duckdb-extension-spatial")

    def __init__(self, inputs: Inputs) -> None:
        import duckdb
        import duckdb_extension_spatial

        self.parcels, self.constraints = inputs.parcels(), inputs.constraints()
        # The wheel brings the extension as a file, which DuckDB takes for unsigned.
        self.connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": worker_count()})
        extension = next(Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension"))
        self.connection.load_extension(str(extension))
        self._load("parcels", id=self.parcels["id"], geom=self.parcels.to_wkb()["geometry"])

    def prepare(self) -> None:
        """Subdivide; the join builds its index itself."""
        self.pieces = subdivided(self.constraints)

    def convert(self) -> None:
        """Bring the pieces into a table."""
        self._load("pieces", geom=self.pieces.to_wkb()["geometry"])

    def run(self) -> None:
        """Join, unite and subtract in SQL."""
        self.connection.execute(_REMAINING)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        table = self.connection.execute("SELECT id, ST_Area(geom) AS area FROM remaining").df()
        return areas_by_id(self.parcels["id"], table.set_index("id")["area"])

    def _load(self, name: str, **columns: pd.Series[str]) -> None:
        source = pa.table({column: pa.array(values) for column, values in columns.items()})
        self.connection.register("source", source)
        self.connection.execute(f"CREATE TABLE {name} AS SELECT * REPLACE (ST_GeomFromWKB(geom) AS geom) FROM source")
        self.connection.unregister("source")
