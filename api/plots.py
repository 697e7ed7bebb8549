"""Plots: search, one plot, and downloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import downloads
from api.asking import Asking
from api.negotiation import choose_format
from api.offered import OfferCache, Offered
from api.parameters import BAD_REQUEST, MOST_WHOLE, BoundingBox, bounding_box, box_in_crs
from api.reading import (
    Serving,
    Version,
    etag,
    not_modified,
    provenance,
    require,
    serving,
    snapshot,
    to_json,
    versions,
)
from geoplan.errors import InputError, NotFoundError
from geoplan.plots.offers import SaleForm, Status

__all__ = ["router"]

router = APIRouter(tags=["plots"])

_GEOJSON = "application/geo+json"
_CSV = "text/csv"
_GPKG = "application/geopackage+sqlite3"
_OFFERED = (("geojson", _GEOJSON), ("geojson", "application/json"), ("csv", _CSV), ("gpkg", _GPKG))

AreaKind = Literal["town", "rural", "archipelago"]
Kind = Literal["vacant_parcel", "remainder", "subdivided"]
Certainty = Literal["confirmed", "preliminary"]
Utility = Literal["public", "private", "unknown"]
Access = Literal["road", "shared", "none", "unknown"]
Fits = Literal["yes", "no", "unknown"]

# Parameter → what it demands of a feature f; values are bound, never written in.
_TEXT_FILTERS = ("area", "area_kind", "kind", "status", "sale_form", "certainty", "utility", "access", "house_fits")
_NUMBER_FILTERS: Mapping[str, tuple[str, str]] = {
    "min_area_m2": ("area_m2", ">="),
    "max_area_m2": ("area_m2", "<="),
    "min_width_m": ("width_m", ">="),
    "min_homes": ("homes", ">="),
    "min_price_sek": ("price_sek", ">="),
    "max_price_sek": ("price_sek", "<="),
    "min_water_distance_m": ("water_distance_m", ">="),
    "max_water_distance_m": ("water_distance_m", "<="),
}

# The reasons of the plots on a page, gathered by parcel.
_REASONS = """
reason AS (
  SELECT r.key AS parcel,
         jsonb_agg(r.properties - 'parcel' ORDER BY array_position(
           ARRAY['forbidden','needs_exemption','investigate','costs','noted'], r.properties->>'severity'),
           (r.properties->>'area_m2')::float8 DESC, r.properties->>'rule') AS reasons
  FROM geoplan.feature r
  WHERE r.version_id = :reasons
    AND r.key IN (SELECT properties->>'parcel' FROM page)
  GROUP BY 1
)
"""

_FEATURE = """
'{"type":"Feature","id":' || to_json(p.key) || ',"geometry":'
|| ST_AsGeoJSON(ST_ForcePolygonCCW(ST_Transform(p.geom, 4326)), 7) || ',"properties":'
|| (CAST(:record AS jsonb) || p.properties
    || jsonb_build_object('reasons', coalesce(reason.reasons, '[]'::jsonb)))::text || '}'
"""


_ONE = f"""
WITH page AS MATERIALIZED (
  SELECT f.* FROM /* plots */ f WHERE f.version_id = :plots AND f.key = :key LIMIT 1
), {_REASONS}
SELECT {_FEATURE} FROM page p LEFT JOIN reason ON reason.parcel = p.properties->>'parcel'
"""  # noqa: S608 - made of constants

# One plot more than asked for tells whether there is a next page.
_PAGE = f"""
WITH page AS MATERIALIZED (
  SELECT f.* FROM /* plots */ f
  WHERE f.version_id = :plots AND f.fid > :start /* conditions */ ORDER BY f.fid LIMIT :rows
), {_REASONS},
numbered AS (SELECT p.*, row_number() OVER (ORDER BY p.fid) AS n FROM page p)
SELECT coalesce(string_agg({_FEATURE}, ',' ORDER BY p.n) FILTER (WHERE p.n <= :limit), '') AS features,
       count(*) FILTER (WHERE p.n <= :limit) AS returned,
       count(*) AS found,
       max(p.key) FILTER (WHERE p.n = :limit) AS last
FROM numbered p LEFT JOIN reason ON reason.parcel = p.properties->>'parcel'
"""  # noqa: S608 - made of constants

_PLACE = "SELECT fid FROM geoplan.feature WHERE version_id = :plots AND key = :after"
_COUNT = "SELECT count(*) FROM /* plots */ f WHERE f.version_id = :plots /* conditions */"


class PlotFilter:
    """The filters of a plot search, as a dependency."""

    def __init__(
        self,
        box: Annotated[BoundingBox | None, Depends(bounding_box)],
        area: Annotated[str | None, Query(description="Id of a statistical area.")] = None,
        area_kind: Annotated[AreaKind | None, Query(description="Town, countryside or archipelago.")] = None,
        kind: Annotated[
            Kind | None, Query(description="A vacant parcel, part of a built one, or one of several on a larger piece.")
        ] = None,
        status: Annotated[Status | None, Query(description="Whether it can be had, as of today.")] = None,
        sale_form: Annotated[SaleForm | None, Query(description="How it is sold.")] = None,
        certainty: Annotated[Certainty | None, Query(description="Whether every rule could be asked.")] = None,
        utility: Annotated[Utility | None, Query(description="Water and sewerage.")] = None,
        access: Annotated[Access | None, Query(description="How it is reached.")] = None,
        house_fits: Annotated[Fits | None, Query(description="Whether a house fits within the setbacks.")] = None,
        min_area_m2: Annotated[float | None, Query(ge=0, description="Size in m².")] = None,
        max_area_m2: Annotated[float | None, Query(ge=0, description="Size in m².")] = None,
        min_width_m: Annotated[
            float | None, Query(ge=0, description="Diameter of the largest inscribed circle in m.")
        ] = None,
        min_homes: Annotated[int | None, Query(ge=0, le=MOST_WHOLE, description="Nominal number of homes.")] = None,
        min_price_sek: Annotated[float | None, Query(ge=0, description="Price in SEK.")] = None,
        max_price_sek: Annotated[float | None, Query(ge=0, description="Price in SEK.")] = None,
        min_water_distance_m: Annotated[float | None, Query(ge=0, description="Distance to water in m.")] = None,
        max_water_distance_m: Annotated[float | None, Query(ge=0, description="Distance to water in m.")] = None,
    ) -> None:
        given = dict(locals())
        self.box = box
        self.values: dict[str, Any] = {
            name: given[name] for name in (*_TEXT_FILTERS, *_NUMBER_FILTERS) if given[name] is not None
        }

    def sql(self, srid: int) -> tuple[str, dict[str, Any]]:
        """Return the conditions and what is bound to them."""
        conditions = []
        bound: dict[str, Any] = {}
        for name, value in self.values.items():
            field, operator = _NUMBER_FILTERS.get(name, (name, "="))
            column = f"f.properties->>'{field}'"
            conditions.append(
                f"({column})::float8 {operator} :{name}" if name in _NUMBER_FILTERS else f"{column} = :{name}"
            )
            bound[name] = value
        if self.box is not None:
            conditions.append(f"ST_Intersects(f.geom, ST_GeomFromWKB(:box, {int(srid)}))")
            bound["box"] = box_in_crs(self.box, srid)
        return "".join(f" AND {condition}" for condition in conditions), bound


@router.get(
    "/plots",
    response_class=Response,
    responses={
        200: {
            "content": {_GEOJSON: {}, _CSV: {}, _GPKG: {}},
            "description": "Plots with the reasons of their parcels.",
        },
        **BAD_REQUEST,
    },
    summary="Search for plots",
)
def plots(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    wanted: Annotated[PlotFilter, Depends()],
    f: Annotated[
        Literal["geojson", "csv", "gpkg"] | None,
        Query(description="Format; default by Accept. CSV and GeoPackage hold all plots found."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Plots on a page (GeoJSON).")] = 100,
    after: Annotated[str | None, Query(description="Id of the last plot of the page before.")] = None,
    count: Annotated[bool, Query(description="Whether to count all plots found (`numberMatched`).")] = False,
) -> Response:
    """Return plots that match, with every reason of their parcels.

    GeoJSON comes in pages: follow `next`. Areas and distances are in metres, coordinates in degrees
    (WGS 84, longitude first); the GeoPackage is in the municipality's own reference system.
    """
    chosen = f or choose_format(request, _OFFERED)
    paging = [name for name in ("limit", "after", "count") if name in request.query_params]
    if chosen != "geojson" and paging:
        raise InputError(
            f"{paging[0]} is for GeoJSON pages.", hint="CSV and GeoPackage hold all plots found; leave it out."
        )
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        version, reasons = require(current, "plots"), current.get("reasons")
        offered = _offered(request, connection, current)
        tag = etag(request, version, reasons, current.get("parcels"), media=f"{chosen} {offered.tag}")
        headers = {"ETag": tag, "Vary": "Accept"}
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        asking = Asking(connection, current, offered, *wanted.sql(serving.srid))
        if chosen == "csv":
            return downloads.csv(asking, headers)
        if chosen == "gpkg":
            return downloads.geopackage(asking, headers, srid=serving.srid)
        return _page(request, asking, headers, limit=limit, after=after, count=count)


@router.get(
    "/plots/{plot:path}",
    response_class=Response,
    responses={200: {"content": {_GEOJSON: {}}}, 404: {"description": "There is no such plot."}},
    summary="One plot",
)
def plot(request: Request, plot: str, serving: Annotated[Serving, Depends(serving)]) -> Response:
    """Return one plot as a GeoJSON feature, with every reason of its parcel."""
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        version, reasons = require(current, "plots"), current.get("reasons")
        offered = _offered(request, connection, current)
        tag = etag(request, version, reasons, current.get("parcels"), media=offered.tag)
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        asking = Asking(connection, current, offered, "", {"key": plot})
        body = asking.ask(_ONE).scalar()
        if body is None:
            raise NotFoundError(f"There is no plot {plot!r}.", hint="See /plots for those that there are.")
        told = to_json(_told(asking))
    return Response(body[:-1] + f',"provenance":{told}}}', media_type=_GEOJSON, headers={"ETag": tag})


def _offered(request: Request, connection: Connection, current: Mapping[str, Version]) -> Offered:
    cache: OfferCache = request.app.state.offers
    return cache.of(connection, current)


def _told(asking: Asking) -> dict[str, Any]:
    return {**provenance(asking.connection, asking.current["plots"]), **asking.offered.told()}


def _page(
    request: Request, asking: Asking, headers: dict[str, str], *, limit: int, after: str | None, count: bool
) -> Response:
    start: int | None = -1
    if after is not None:
        start = asking.ask(
            "SELECT fid FROM geoplan.feature WHERE version_id = :plots AND key = :after", after=after
        ).scalar()
        if start is None:
            raise InputError(
                f"There is no plot {after!r} to go on after.", hint="The plots were recomputed: begin again."
            )
    row = asking.ask(_PAGE, start=start, limit=limit, rows=limit + 1).one()
    members = [f'"numberReturned":{row.returned}']
    if count:
        members.append(f'"numberMatched":{asking.ask(_COUNT).scalar()}')
    links = [{"rel": "self", "type": _GEOJSON, "href": str(request.url)}]
    if row.found > limit:
        question = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
        address = f"{request.url.replace(query='')}?{urlencode([*question, ('after', row.last)], quote_via=quote)}"
        links.append({"rel": "next", "type": _GEOJSON, "href": address})
        members.append(f'"next":{to_json(address)}')
        headers["Link"] = f'<{address}>; rel="next"'
    members += [f'"links":{to_json(links)}', f'"provenance":{to_json(_told(asking))}']
    body = f'{{"type":"FeatureCollection",{",".join(members)},"features":[{row.features}]}}'
    return Response(body, media_type=_GEOJSON, headers=headers)
