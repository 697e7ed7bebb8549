"""Whether the service works."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

import geoplan
from api.errors import problem
from api.reading import Serving, serving

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get(
    "/healthz",
    response_class=Response,
    responses={503: {"description": "The database does not answer."}},
    summary="Whether the service works",
)
def healthz(serving: Annotated[Serving, Depends(serving)]) -> Response:
    """Return whether the database answers, its schema version and the latest run."""
    try:
        with serving.engine.connect() as connection:
            row = connection.execute(
                text(
                    "SELECT (SELECT version_num FROM geoplan.alembic_version) AS schema_version, "
                    "(SELECT max(id) FROM geoplan.run) AS latest_run, "
                    "(SELECT count(*) FROM geoplan.layer_version WHERE is_current) AS layers"
                )
            ).one()
    except SQLAlchemyError:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer.", headers={"Retry-After": "5"})
    body = {
        "status": "ok",
        "version": geoplan.__version__,
        "schema_version": row.schema_version,
        "latest_run": row.latest_run,
        "layers": row.layers,
    }
    return Response(json.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"})
