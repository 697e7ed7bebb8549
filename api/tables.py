"""Tables that the chain derives: the balance, and the waterfall from all land to plots."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, text
from starlette.responses import Response

from api.negotiation import choose_format
from api.parameters import BAD_REQUEST
from api.reading import Serving, Version, etag, not_modified, provenance, require, serving, snapshot, versions

__all__ = ["router", "rows"]

router = APIRouter(tags=["balance"])

_OFFERED = (("json", "application/json"), ("csv", "text/csv"))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

FormatParameter = Annotated[Literal["json", "csv"] | None, Query(description="Format; default by Accept.")]
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, "text/csv": {}}},
    **BAD_REQUEST,
    404: {"description": "It has not been computed yet."},
}


@router.get("/balance", response_class=Response, responses=_CONTENT, summary="Balance of plots against need")
def balance(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    area: Annotated[str | None, Query(description="Id of a statistical area; `*` is all of them.")] = None,
    year: Annotated[int | None, Query(description="Year up to which homes are counted.")] = None,
    f: FormatParameter = None,
) -> Response:
    """Return the homes needed and held by plots, by area and year.

    `need` may be negative: the stock holds more households than are expected. `balance` is `supply_homes`
    minus `need`; both are null where no parcels are imported. Area `*` is the whole municipality.
    """
    wanted = {"area": area, "year": year}
    return _table(request, serving, "balance", f, {name: value for name, value in wanted.items() if value is not None})


@router.get("/waterfall", response_class=Response, responses=_CONTENT, summary="From all land to plots")
def waterfall(request: Request, serving: Annotated[Serving, Depends(serving)], f: FormatParameter = None) -> Response:
    """Return the steps from all land to plots: what each takes and what is left; they sum up exactly."""
    return _table(request, serving, "waterfall", f, {})


@router.get("/figures", response_class=Response, responses=_CONTENT, summary="Key figures")
def figures(request: Request, serving: Annotated[Serving, Depends(serving)], f: FormatParameter = None) -> Response:
    """Return the key figures of the last run, each with its unit."""
    return _table(request, serving, "figures", f, {})


def rows(connection: Connection, version: Version) -> list[dict[str, Any]]:
    """Return all rows of a table in its order, columns in their order."""
    columns = connection.execute(
        text("SELECT columns FROM geoplan.layer_version WHERE id = :version"), {"version": version.id}
    ).scalar_one()
    found = connection.execute(
        text("SELECT properties FROM geoplan.feature WHERE version_id = :version ORDER BY fid"),
        {"version": version.id},
    ).scalars()
    return [{name: row.get(name) for name, *_ in columns} for row in found]


def _table(request: Request, serving: Serving, layer: str, asked: str | None, wanted: Mapping[str, Any]) -> Response:
    chosen = asked or choose_format(request, _OFFERED)
    with snapshot(serving.engine) as connection:
        version = require(versions(connection), layer)
        tag = etag(request, version, media=chosen)
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        found = [
            row for row in rows(connection, version) if all(row.get(name) == value for name, value in wanted.items())
        ]
        told = provenance(connection, version)
    headers = {"ETag": tag, "Vary": "Accept"}
    if chosen == "json":
        body = json.dumps({layer: found, "provenance": told}, ensure_ascii=False)
        return Response(body, media_type="application/json", headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{layer}.csv"'
    return Response(_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(found: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    if found:
        writer = csv.DictWriter(out, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in found)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
