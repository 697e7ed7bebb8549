"""PostGIS, on a private cluster that is tuned for one large query."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import psycopg
import shapely
import sqlalchemy as sa
from psycopg.conninfo import make_conninfo

from benchmarks.contender import MAX_VERTICES, Contender, areas_by_id
from benchmarks.inputs import Inputs
from benchmarks.memory import ServerMemory
from layers.cluster import Cluster
from layers.server import PORT

__all__ = ["PostGIS", "PostGISLateral"]

_SRID = 3006
_SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "2",
    "max_parallel_maintenance_workers": "2",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
}

_PREPARE = f"""
    CREATE UNLOGGED TABLE pieces AS SELECT ST_Subdivide(geom, {MAX_VERTICES}) AS geom FROM constraints;
    CREATE INDEX ON pieces USING gist (geom);
    ANALYZE pieces
"""

_TAKEN = """
    CREATE FUNCTION taken(parcel geometry) RETURNS geometry LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT ST_Union(pieces.geom) FROM pieces WHERE ST_Intersects(parcel, pieces.geom)
    $$
"""

_REMAINING = """
    CREATE UNLOGGED TABLE remaining AS
    SELECT id, COALESCE(ST_Difference(geom, taken(geom)), geom) AS geom FROM parcels
"""

_LATERAL = """
    CREATE UNLOGGED TABLE remaining AS
    SELECT parcels.id, COALESCE(ST_Difference(parcels.geom, taken.geom), parcels.geom) AS geom
    FROM parcels CROSS JOIN LATERAL (
        SELECT ST_Union(pieces.geom) AS geom FROM pieces WHERE ST_Intersects(parcels.geom, pieces.geom)
    ) AS taken
"""


class PostGIS(Contender):
    """Subdivided constraints with a GiST index, and a union and a difference for every parcel.

    The union stands in a function, for PostgreSQL 15 runs no lateral subquery in its parallel workers.
    """

    name = "PostGIS"
    packages = ("psycopg",)

    def __init__(self, inputs: Inputs) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="geoplan-benchmark-")
        self._cluster = Cluster(Path(self._folder.name), settings=_SETTINGS)
        try:
            self._cluster.join()
            url = sa.make_url(self._cluster.url)
            where = make_conninfo(dbname="postgres", user=url.username, host=str(url.query["host"]), port=PORT)
            self.connection = psycopg.connect(where, autocommit=True)
            self.connection.execute("CREATE EXTENSION postgis")
            parcels = inputs.parcels()
            self._ids = parcels["id"]
            self._load("parcels", parcels.geometry, list(parcels["id"]))
            constraints = inputs.constraints().geometry
            self._load("constraints", constraints, list(map(str, range(len(constraints)))))
        except BaseException:
            self.close()
            raise
        self._memory = ServerMemory(self._cluster.server.pid)

    def prepare(self) -> None:
        """Subdivide and index."""
        self.connection.execute(_PREPARE)
        self.connection.execute(_TAKEN)

    def run(self) -> None:
        """Unite and subtract in SQL."""
        self.connection.execute(_REMAINING)

    def areas(self) -> npt.NDArray[np.float64]:
        """Return the areas."""
        rows = self.connection.execute("SELECT id, ST_Area(geom) FROM remaining").fetchall()
        table = pd.DataFrame(rows, columns=["id", "area"])
        return areas_by_id(self._ids, table.set_index("id")["area"])

    def version(self) -> str:
        """Return PostGIS's version."""
        row = self.connection.execute("SELECT postgis_lib_version()").fetchone()
        return str(row[0]) if row else "?"

    def server_mb(self) -> float:
        """Return the peak memory of the server's processes together, MB."""
        return self._memory.stop()

    def close(self) -> None:
        """Stop the server and delete its data."""
        self._cluster.leave()
        self._cluster.remove()
        self._folder.cleanup()

    def _load(self, name: str, shapes: gpd.GeoSeries, ids: list[str]) -> None:
        wkb = shapely.to_wkb(shapely.set_srid(shapes.to_numpy(), _SRID), hex=True, include_srid=True)
        self.connection.execute(f"CREATE UNLOGGED TABLE {name} (id text, geom geometry(Geometry, {_SRID}))")
        with self.connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for row in zip(ids, wkb, strict=True):
                copy.write_row(row)
        self.connection.execute(f"ANALYZE {name}")


class PostGISLateral(PostGIS):
    """The same as a lateral join, as most people write it; one processor does all of it."""

    name = "PostGIS lateral"

    def run(self) -> None:
        """Unite and subtract in SQL."""
        self.connection.execute(_LATERAL)
