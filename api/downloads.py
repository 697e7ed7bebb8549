"""Downloads of plots: CSV written by PostgreSQL, GeoPackage by GDAL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from starlette.responses import Response, StreamingResponse

from api.asking import Asking
from geoplan.land.explanation import BOUNDARY_NOTICE
from geoplan.maps.records import REASON_FIELDS, SHARED_FIELDS
from geoplan.plots.offers import history_of_plots
from geoplan.plots.record import RECORD, RECORD_NAMES
from layers.plotrecord import PlotRecords, laid_out, origin, write_geopackage

__all__ = ["csv", "geopackage"]

_FIELDS = {field.name: field for field in RECORD}
_IN_MEMORY = 4_000_000
_PIECE = 1 << 16


def _safe(value: str) -> str:
    """Return an expression whose text no spreadsheet takes for a formula."""
    return rf"regexp_replace({value}, '^([=+\-@\t\r])', '''\1')"


def _column(name: str) -> str:
    value = f"f.properties->>'{name}'"
    if name in SHARED_FIELDS:
        return _safe(f"CAST(:record AS jsonb)->>'{name}'")
    if _FIELDS[name].kind in ("number", "integer"):
        return value
    if _FIELDS[name].kind == "list":
        items = (
            f"CASE jsonb_typeof(f.properties->'{name}') WHEN 'array' THEN f.properties->'{name}' ELSE '[]'::jsonb END"
        )
        value = f"(SELECT string_agg(item, ';') FROM jsonb_array_elements_text({items}) AS item)"  # noqa: S608
    return _safe(value)


_TOLD = (
    "string_agg((r.properties->>'rule') || ' ' || round((r.properties->>'area_m2')::numeric) || ' m²', '; ' "
    "ORDER BY r.fid)"
)
_COLUMNS = ", ".join(f"{_column(name)} AS {name}" for name in RECORD_NAMES)

_CSV = f"""
COPY (
  WITH reason AS (
    SELECT r.key AS parcel, {_safe(_TOLD)} AS reasons
    FROM geoplan.feature r WHERE r.version_id = :reasons GROUP BY 1
  )
  SELECT {_COLUMNS}, reason.reasons,
         round(ST_X(centre)::numeric, 6) AS longitude, round(ST_Y(centre)::numeric, 6) AS latitude
  FROM /* plots */ f
  LEFT JOIN reason ON reason.parcel = f.properties->>'parcel'
  CROSS JOIN LATERAL ST_Transform(ST_PointOnSurface(f.geom), 4326) AS centre
  WHERE f.version_id = :plots /* conditions */ ORDER BY f.fid
) TO STDOUT WITH (FORMAT csv, HEADER)
"""  # noqa: S608 - made of constants

_PLOTS = """
SELECT CAST(:record AS jsonb) || f.properties AS properties, ST_AsBinary(f.geom) AS wkb FROM /* plots */ f
WHERE f.version_id = :plots /* conditions */ ORDER BY f.fid
"""

_PLOT_REASONS = """
SELECT r.properties FROM geoplan.feature r
WHERE r.version_id = :reasons AND r.key IN (
  SELECT f.properties->>'parcel' FROM /* plots */ f WHERE f.version_id = :plots /* conditions */
)
ORDER BY r.fid
"""


def csv(asking: Asking, headers: dict[str, str]) -> Response:
    """Return all plots found as CSV (UTF-8, comma), one line a plot.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    connection = asking.connection
    # The whole answer is taken in before the first byte is sent, so that a slow reader holds no connection.
    spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    compiled = asking.sql(_CSV).compile(dialect=connection.dialect)
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


def geopackage(asking: Asking, headers: dict[str, str], *, srid: int) -> Response:
    """Return all plots found as a GeoPackage in the storage CRS: the one of ``geoplan export plots``, but for parts."""
    found = asking.ask(_PLOTS).all()
    table = pd.DataFrame([row.properties for row in found], columns=_columns(found), dtype=object)
    frame = gpd.GeoDataFrame(table, geometry=shapely.from_wkb([row.wkb for row in found]), crs=srid)
    told = [row.properties for row in asking.ask(_PLOT_REASONS)]
    reasons = pd.DataFrame(told, columns=["parcel", *REASON_FIELDS])
    records = PlotRecords(
        plots=laid_out(frame, reasons),
        history=history_of_plots(frame, asking.offered.rows),
        parts={"reasons": reasons},
        about=_about(asking),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plots.gpkg"
        write_geopackage(records, path)
        content = path.read_bytes()
    return Response(
        content,
        media_type="application/geopackage+sqlite3",
        headers={**headers, "Content-Disposition": 'attachment; filename="plots.gpkg"'},
    )


def _columns(found: Sequence[Any]) -> list[str]:
    """Return the record's fields, and whatever else the layer holds."""
    more = {name for row in found for name in row.properties} - set(RECORD_NAMES)
    return [*RECORD_NAMES, *sorted(more)]


def _about(asking: Asking) -> dict[str, str]:
    version, parcels = asking.current["plots"], asking.current.get("parcels")
    whence = origin(parcels.source, parcels.created_at[:10]) if parcels is not None else origin({})
    told = {
        "run": version.run,
        "created_at": version.created_at,
        "content_hash": version.content_hash,
        "status_as_of": asking.offered.day.isoformat(),
        "data_date": whence.data_date,
        "source": whence.source,
        "licence": whence.licence,
        "notice": BOUNDARY_NOTICE.en,
        "notice_sv": BOUNDARY_NOTICE.sv,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def _pieces(spool: Any) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(_PIECE):
            yield piece
