"""What is served: layers with their versions and sources, and runs."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy import text
from starlette.responses import Response

from api.parameters import MOST_WHOLE
from api.reading import Serving, etag, not_modified, serving, snapshot, versions
from geoplan.errors import NotFoundError
from layers.catalogue import catalogue

__all__ = ["router"]

router = APIRouter(tags=["provenance"])


@router.get("/layers", response_class=Response, summary="Layers and their versions")
def layers(request: Request, serving: Annotated[Serving, Depends(serving)]) -> Response:
    """Return every layer that is stored: its current version, when it came, from what."""
    with snapshot(serving.engine) as connection:
        current = versions(connection)
    tag = etag(request, *current.values())
    if (unchanged := not_modified(request, tag)) is not None:
        return unchanged
    known = catalogue()
    told: list[dict[str, Any]] = []
    for version in current.values():
        kind = known.get(version.layer)
        told.append(
            {
                "id": version.layer,
                "title": {"sv": kind.title.sv, "en": kind.title.en} if kind else None,
                "licence": version.source.get("licence") or (kind.licence if kind else None),
                "version": version.number,
                "created_at": version.created_at,
                "features": version.feature_count,
                "content_hash": version.content_hash,
                "source": dict(version.source),
                "run": version.run,
                "href": f"/runs/{version.run}" if version.run is not None else None,
            }
        )
    return _json_response({"layers": told}, tag)


@router.get("/runs/{run}", response_class=Response, summary="What made the derived figures")
def run(run: Annotated[int, Path(ge=0, le=MOST_WHOLE)], serving: Annotated[Serving, Depends(serving)]) -> Response:
    """Return one run: its inputs with their hashes, the rule set, the parameters and the code version.

    With the same four, `geoplan verify` recomputes the same figures to the digit.
    """
    with snapshot(serving.engine) as connection:
        found = connection.execute(
            text(
                "SELECT jsonb_build_object('id', id, 'created_at', created_at, 'kind', kind, "
                "'inputs', inputs, 'rule_set', rule_set, 'parameters', parameters, "
                "'code_version', code_version, "
                "'notes', notes, 'outputs', outputs, 'snapshot', snapshot)::text "
                "FROM geoplan.run WHERE id = :run"
            ),
            {"run": run},
        ).scalar()
    if found is None:
        raise NotFoundError(f"There is no run {run}.", hint="See /layers for the runs that made what is served.")
    return Response(found, media_type="application/json")


def _json_response(body: dict[str, Any], tag: str) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json", headers={"ETag": tag})
