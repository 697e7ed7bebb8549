"""SedonaDB: DataFusion with a spatial join."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.contender import Contender, areas_of, subdivided
from benchmarks.inputs import Inputs

__all__ = ["SedonaDB"]

_REMAINING = """
    WITH taken AS (
        SELECT parcels.id, ST_Union_Agg(pieces.geometry) AS geometry
        FROM parcels JOIN pieces ON ST_Intersects(parcels.geometry, pieces.geometry)
        GROUP BY parcels.id
    )
    SELECT parcels.id, ST_Difference(parcels.geometry, taken.geometry) AS geometry
    FROM parcels JOIN taken ON parcels.id = taken.id
"""


class SedonaDB(Contender):
    """A spatial join with subdivided constraints, in memory.

    It knows no choice between geometries, so parcels that nothing touches stay where they are.
    """

    name = "SedonaDB"
    packages = ("sedonadb",)

    def __init__(self, inputs: Inputs) -> None:
        import sedonadb

        self.parcels, self.constraints = inputs.parcels(), inputs.constraints()
        self.context = sedonadb.connect()
        self.context.create_data_frame(self.parcels).to_memtable().to_view("parcels")

    def prepare(self) -> None:
        """Subdivide; the join builds its index itself."""
        self.pieces = subdivided(self.constraints)

    def convert(self) -> None:
        """Bring the pieces into a table."""
        self.context.create_data_frame(self.pieces).to_memtable().to_view("pieces")

    def run(self) -> None:
        """Join, unite and subtract in SQL."""
        self.context.sql(_REMAINING).to_memtable().to_view("remaining")

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas; what nothing touches was never in the answer."""
        table = pa.table(self.context.sql("SELECT id, ST_Area(geometry) AS area FROM remaining")).to_pandas()
        area = table.set_index("id")["area"].reindex(self.parcels["id"])
        return areas_of(area.fillna(self.parcels.set_index("id").area))
