"""Who is measured."""

from __future__ import annotations

from benchmarks.contender import Contender
from benchmarks.contenders.duck import DuckDB
from benchmarks.contenders.engine import Geoplan, GeoplanReasons, Unavoidable
from benchmarks.contenders.frames import Dask, Geopandas, Overlay
from benchmarks.contenders.postgis import PostGIS, PostGISLateral
from benchmarks.contenders.sedona import SedonaDB
from benchmarks.contenders.stream import GeoplanStream

__all__ = ["CONTENDERS"]

CONTENDERS: tuple[type[Contender], ...] = (
    Overlay,
    Geopandas,
    PostGISLateral,
    PostGIS,
    DuckDB,
    SedonaDB,
    Dask,
    Geoplan,
    GeoplanReasons,
    GeoplanStream,
    Unavoidable,
)
"""In the table's order. Each imports what it alone needs when it is made."""
