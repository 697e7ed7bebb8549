"""Tables that the chain derives and that have no resource of their own, and the waterfall from all land to plots."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import text
from starlette.responses import Response

from api.reading import Serving, Version, etag, not_modified, require, serving, snapshot, to_json, versions
from api.tabular import (
    CONTENT,
    AreaParameter,
    FormatParameter,
    YearParameter,
    answer,
    asked,
    chosen,
    rows,
    tagged,
)
from geoplan.errors import NotFoundError
from geoplan.report import table_abouts
from layers.faults import did_you_mean

__all__ = ["router"]

router = APIRouter(tags=["tables"])


@router.get("/waterfall", response_class=Response, responses=CONTENT, summary="From all land to plots")
def waterfall(request: Request, serving: Annotated[Serving, Depends(serving)], f: FormatParameter = None) -> Response:
    """Return the steps from all land to plots: what each takes and what is left; they sum up exactly."""
    return _table(request, serving, "waterfall", f, {})


@router.get("/figures", response_class=Response, responses=CONTENT, summary="Key figures")
def figures(request: Request, serving: Annotated[Serving, Depends(serving)], f: FormatParameter = None) -> Response:
    """Return the key figures of the last run, each with its unit."""
    return _table(request, serving, "figures", f, {})


@router.get("/tables", response_class=Response, summary="Tables that are offered")
def tables(request: Request, serving: Annotated[Serving, Depends(serving)]) -> Response:
    """Return the derived tables that are offered, with their columns; and those missing, with what they need."""
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        tag = etag(request, *current.values())
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        columns = {
            row.id: row.columns
            for row in connection.execute(text("SELECT id, columns FROM geoplan.layer_version WHERE is_current"))
        }
    there: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for name, about in table_abouts().items():
        if not about.open:
            continue
        told: dict[str, Any] = {"name": name, "title": about.title.model_dump(), "method": f"docs/{about.method}"}
        if (version := current.get(name)) is None:
            missing.append({**told, "needs": about.needs.model_dump()})
            continue
        kinds = {column: kind for column, kind in columns[version.id] if column != "geometry"}
        facts = {"rows": version.feature_count, "version": version.number, "columns": kinds, "run": version.run}
        there.append({**told, **facts, "href": f"/tables/{name}"})
    body = to_json({"tables": there, "missing": missing})
    return Response(body, media_type="application/json", headers={"ETag": tag})


@router.get("/tables/{name}", response_class=Response, responses=CONTENT, summary="One derived table")
def table(
    name: str,
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    area: AreaParameter = None,
    year: YearParameter = None,
    f: FormatParameter = None,
) -> Response:
    """Return a derived table, without geometry; `/tables` lists them. Filters hold where it has such a column."""
    offered = {name for name, about in table_abouts().items() if about.open}
    if name not in offered:
        raise NotFoundError(
            f"There is no table {name!r} to read.", hint=f"See /tables; {did_you_mean(name, sorted(offered))}."
        )
    return _table(request, serving, name, f, asked(area=area, year=year))


def _table(request: Request, serving: Serving, name: str, form: str | None, wanted: dict[str, Any]) -> Response:
    form = chosen(request, form)
    with snapshot(serving.engine) as connection:
        version: Version = require(versions(connection), name)
        tag, unchanged = tagged(request, form, [version])
        if unchanged is not None:
            return unchanged
        return answer(connection, form, {name: rows(connection, version, wanted)}, name=name, used=[version], tag=tag)
