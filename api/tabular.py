"""Answers made of tables: rows read with filters, and written as JSON, CSV or XLSX with what made them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from sqlalchemy import Connection, text
from starlette.responses import Response

from api.negotiation import choose_format
from api.parameters import BAD_REQUEST
from api.reading import Version, etag, not_modified, provenance, to_json
from api.sheets import CSV, XLSX, csv_text, workbook
from geoplan.errors import InputError
from geoplan.homes.groups import COUNT_ONLY
from geoplan.land.explanation import BOUNDARY_NOTICE
from geoplan.places import WHOLE
from geoplan.report import ANALYSIS
from geoplan.report.publishing import publishable
from layers.assumptions import assumption_values
from layers.reporting import assumed_of_run

__all__ = [
    "CONTENT",
    "AreaParameter",
    "FormatParameter",
    "Rows",
    "YearParameter",
    "answer",
    "asked",
    "chosen",
    "rows",
    "tagged",
]

Rows = list[dict[str, Any]]

FormatParameter = Annotated[Literal["json", "csv", "xlsx"] | None, Query(description="Format; default by Accept.")]
AreaParameter = Annotated[str | None, Query(description="Id of a statistical area; `*` is all of them.")]
YearParameter = Annotated[int | None, Query(ge=0, le=9999, description="Year.")]

CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, CSV: {}, XLSX: {}}},
    **BAD_REQUEST,
    404: {"description": "It has not been computed yet."},
}

_OFFERED = (("json", "application/json"), ("csv", CSV), ("xlsx", XLSX))
_MOST = 100_000


def asked(**values: Any) -> dict[str, Any]:
    """Return the filters that were given."""
    return {name: value for name, value in values.items() if value is not None}


def chosen(request: Request, form: str | None) -> str:
    """Return the format that is asked for by ``f`` or by ``Accept``."""
    return form or choose_format(request, _OFFERED)


def rows(connection: Connection, version: Version, wanted: Mapping[str, Any] | None = None) -> Rows:
    """Return the rows of a table in its order, columns in their order, geometry left out.

    Parameters
    ----------
    wanted
        Only rows with these values, by column; columns that the table does not have are no filter.

    Raises
    ------
    InputError
        There are more rows than one answer holds.

    Notes
    -----
    Those who must leave violence are a count for the whole and never a place: rows that say otherwise are not shown.
    Nor are small counts of an area (:func:`geoplan.report.publishing.publishable`).
    """
    columns = connection.execute(
        text("SELECT columns FROM geoplan.layer_version WHERE id = :version"), {"version": version.id}
    ).scalar_one()
    names = [name for name, kind in columns if kind != "geometry" and name != "geometry"]
    filters = {name: value for name, value in (wanted or {}).items() if name in names}
    found = connection.execute(
        text(
            "SELECT properties FROM geoplan.feature WHERE version_id = :version "
            "AND properties @> CAST(:wanted AS jsonb) ORDER BY fid LIMIT :most"
        ),
        {"version": version.id, "wanted": json.dumps(filters), "most": _MOST + 1},
    ).scalars()
    read = [{name: row.get(name) for name in names} for row in found]
    if len(read) > _MOST:
        raise InputError(
            f"{version.layer} has more than {_MOST} such rows.",
            hint=f"Ask for an area or a year, or write it with: geoplan export {version.layer} FILE",
        )
    if {"group", "area"} <= set(names):
        read = [row for row in read if row["group"] != COUNT_ONLY or row["area"] == WHOLE]
    return publishable(version.layer, read, smallest=_smallest(connection, version))


def tagged(request: Request, form: str, used: Sequence[Version | None]) -> tuple[str, Response | None]:
    """Return the tag of an answer, and the answer where the caller holds it already."""
    tag = etag(request, *used, media=form)
    return tag, not_modified(request, tag)


def answer(
    connection: Connection,
    form: str,
    parts: Mapping[str, Rows],
    *,
    name: str,
    used: Sequence[Version],
    tag: str,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Write an answer.

    Parameters
    ----------
    connection
        On which the rows were read.
    form
        ``json``: an object with all parts; ``csv``: the first part; ``xlsx``: a sheet a part, and one of provenance.
    parts
        Rows by name, the chief ones first.
    name
        Name of the file.
    used
        The versions that it rests on, the chief one first.
    tag
        The answer's tag.
    more
        Further members of the JSON object.
    """
    headers = {"ETag": tag, "Vary": "Accept"}
    if form == "json":
        told = provenance(connection, used[0])
        others = [{"layer": v.layer, "version": v.number, "content_hash": v.content_hash} for v in used[1:]]
        body = {**parts, **(more or {}), "provenance": {**told, **({"others": others} if others else {})}}
        return Response(to_json(body), media_type="application/json", headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    if form == "csv":
        return Response(csv_text(next(iter(parts.values()))), media_type=f"{CSV}; charset=utf-8", headers=headers)
    book = workbook(parts, list(_sheet(connection, used)), created_at=used[0].created_at)
    return Response(book, media_type=XLSX, headers=headers)


def _smallest(connection: Connection, version: Version) -> float:
    """Return the smallest count that is shown, as the run had it."""
    parameters = connection.execute(
        text("SELECT parameters FROM geoplan.run WHERE id = :run"), {"run": version.run}
    ).scalar_one_or_none()
    own = ((parameters or {}).get("assumptions") or {}).get("publishing") or assumption_values()["publishing"]
    return float(own["smallest_count"])


def _sheet(connection: Connection, used: Sequence[Version]) -> Iterator[Sequence[Any]]:
    """Yield the rows of the sheet on provenance: the run, its inputs, and the assumptions that differ."""
    yield [ANALYSIS[1], ANALYSIS[0]]
    yield [BOUNDARY_NOTICE.en, BOUNDARY_NOTICE.sv]
    yield []
    yield ["table", "version", "content_hash", "created_at"]
    for version in used:
        yield [version.layer, version.number, version.content_hash, version.created_at]
    run = connection.execute(
        text("SELECT id, snapshot, inputs, rule_set, parameters, code_version FROM geoplan.run WHERE id = :run"),
        {"run": used[0].run},
    ).one_or_none()
    if run is None:
        return
    yield []
    yield ["run", run.id]
    yield ["snapshot", run.snapshot]
    yield ["rule_set", run.rule_set.get("name")]
    yield ["as_of", run.parameters.get("rules", {}).get("as_of")]
    for part, value in run.code_version.items():
        yield [f"code.{part}", value]
    yield []
    yield ["input", "version", "content_hash"]
    for layer, version in sorted(run.inputs.items()):
        yield [layer, version["number"], version["content_hash"]]
    yield []
    yield ["assumption that differs from geoplan's", "value", "unit"]
    for subject in assumed_of_run(run.parameters).values():
        for assumed in subject:
            if assumed.differs:
                yield [assumed.name, assumed.value, assumed.unit]
