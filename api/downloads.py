"""Downloads of plots: CSV written by PostgreSQL, GeoPackage by GDAL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from sqlalchemy import Connection, text
from starlette.responses import Response, StreamingResponse

from geoplan.maps.records import PLOT_FIELDS, REASON_FIELDS

__all__ = ["csv", "geopackage"]

_NUMBERS = ("area_m2", "width_m", "homes", "water_distance_m")
_LISTS = ("unknown",)
_IN_MEMORY = 4_000_000
_PIECE = 1 << 16


def _safe(value: str) -> str:
    """Return an expression whose text no spreadsheet takes for a formula."""
    return rf"regexp_replace({value}, '^([=+\-@\t\r])', '''\1')"


def _column(name: str) -> str:
    value = f"f.properties->>'{name}'"
    if name in _NUMBERS:
        return value
    if name in _LISTS:
        items = (
            f"CASE jsonb_typeof(f.properties->'{name}') WHEN 'array' THEN f.properties->'{name}' ELSE '[]'::jsonb END"
        )
        value = f"(SELECT string_agg(item, ';') FROM jsonb_array_elements_text({items}) AS item)"  # noqa: S608
    return _safe(value)


_TOLD = (
    "string_agg((r.properties->>'rule') || ' ' || round((r.properties->>'area_m2')::numeric) || ' m²', '; ' "
    "ORDER BY r.fid)"
)
_COLUMNS = ", ".join(f"{_column(name)} AS {name}" for name in PLOT_FIELDS)

_CSV = f"""
COPY (
  WITH reason AS (
    SELECT r.key AS parcel, {_safe(_TOLD)} AS reasons
    FROM geoplan.feature r WHERE r.version_id = :reasons GROUP BY 1
  )
  SELECT {_COLUMNS}, reason.reasons,
         round(ST_X(centre)::numeric, 6) AS longitude, round(ST_Y(centre)::numeric, 6) AS latitude
  FROM geoplan.feature f
  LEFT JOIN reason ON reason.parcel = f.properties->>'parcel'
  CROSS JOIN LATERAL ST_Transform(ST_PointOnSurface(f.geom), 4326) AS centre
  WHERE f.version_id = :plots /* conditions */ ORDER BY f.fid
) TO STDOUT WITH (FORMAT csv, HEADER)
"""  # noqa: S608 - made of constants

_PLOTS = """
SELECT f.properties, ST_AsBinary(f.geom) AS wkb FROM geoplan.feature f
WHERE f.version_id = :plots /* conditions */ ORDER BY f.fid
"""

_PLOT_REASONS = """
SELECT r.properties FROM geoplan.feature r
WHERE r.version_id = :reasons AND r.key IN (
  SELECT f.properties->>'parcel' FROM geoplan.feature f WHERE f.version_id = :plots /* conditions */
)
ORDER BY r.fid
"""


def csv(connection: Connection, conditions: str, bound: Mapping[str, Any], headers: dict[str, str]) -> Response:
    """Return all plots found as CSV (UTF-8, comma), one line a plot.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    query = _CSV.replace("/* conditions */", conditions)
    # The whole answer is taken in before the first byte is sent, so that a slow reader holds no connection.
    spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    compiled = text(query).bindparams(**bound).compile(dialect=connection.dialect)
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that is open has one
    with driver.cursor() as cursor, cursor.copy(str(compiled), compiled.params) as copy:
        for piece in copy:
            spool.write(piece)
    spool.seek(0)
    return StreamingResponse(
        _pieces(spool),
        media_type="text/csv; charset=utf-8",
        headers={**headers, "Content-Disposition": 'attachment; filename="plots.csv"'},
    )


def geopackage(
    connection: Connection, conditions: str, bound: Mapping[str, Any], headers: dict[str, str], *, srid: int
) -> Response:
    """Return all plots found as a GeoPackage in the storage CRS: layer ``plots``, table ``reasons``."""
    found = connection.execute(
        text(_PLOTS.replace("/* conditions */", conditions)),
        bound,
    ).all()
    reasons = connection.execute(
        text(_PLOT_REASONS.replace("/* conditions */", conditions)),
        bound,
    ).all()
    table = pd.DataFrame([row.properties for row in found], columns=list(PLOT_FIELDS))
    table["unknown"] = [";".join(value or ()) for value in table["unknown"]]
    frame = gpd.GeoDataFrame(table, geometry=shapely.from_wkb([row.wkb for row in found]), crs=srid)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plots.gpkg"
        # Plots may be in several parts; one declared type for the layer keeps every reader content.
        pyogrio.write_dataframe(frame, path, layer="plots", promote_to_multi=True, geometry_type="MultiPolygon")
        told = pd.DataFrame([row.properties for row in reasons], columns=["parcel", *REASON_FIELDS])
        pyogrio.write_dataframe(told, path, layer="reasons", append=True)
        content = path.read_bytes()
    return Response(
        content,
        media_type="application/geopackage+sqlite3",
        headers={**headers, "Content-Disposition": 'attachment; filename="plots.gpkg"'},
    )


def _pieces(spool: Any) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(_PIECE):
            yield piece
