"""Officials' decisions on parcels: to read and to add, for those who show a token.

They are not public: a reason may name people. What anybody may know of a decision stands in the explanation of its
parcel: that there is one, of which day, and what was computed.
"""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.bodies import json_body, parsed
from api.officials import signed_in
from api.parameters import BAD_REQUEST
from api.reading import Serving, serving, to_json
from layers.lastrun import LastRun
from layers.overriding import listed_decisions, override
from layers.store import Store

__all__ = ["router"]

_BEARER = Depends(HTTPBearer(auto_error=False, description="A token that `geoplan override --new-token NAME` made."))

router = APIRouter(tags=["explain"], dependencies=[_BEARER])


class OverrideBody(BaseModel):
    """A decision on a rule on a parcel."""

    model_config = ConfigDict(strict=True, extra="forbid")

    rule: str = Field(min_length=1, max_length=200, description="Id of a rule that is in force.")
    holds: Literal["yes", "no", "unknown", "disputed", "computed"] = Field(
        description="Whether it holds there; `computed` takes the decision that stands back."
    )
    reason: str = Field(min_length=1, max_length=2_000, description="Why. It stays on record, with the token's name.")


_RESPONSES: dict[int | str, dict[str, Any]] = {
    **BAD_REQUEST,
    401: {"description": "No token was shown, or it is no official's."},
    403: {"description": "The server does not take decisions."},
    404: {"description": "There is no such parcel or rule, or nothing is computed yet."},
}
_WRITING: dict[int | str, dict[str, Any]] = {
    201: {"description": "The decision as it is kept.", "content": {"application/json": {}}},
    413: {"description": "The body is too large."},
    415: {"description": "The body is not application/json."},
}


@router.get(
    "/parcels/{parcel:path}/overrides",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}, **_RESPONSES},
    summary="Decisions on a parcel",
)
def parcel_overrides(
    parcel: str,
    serving: Annotated[Serving, Depends(serving)],
    _official: Annotated[str, Depends(signed_in)],
) -> Response:
    """Return all decisions on a parcel, oldest first, for officials.

    `status` is `applied` where the figures rest on it, `pending` where it counts from the next run on, `superseded`
    where a later decision took its place.
    """
    store = Store(serving.engine, crs=f"EPSG:{serving.srid}")
    rows = listed_decisions(store, parcel=parcel)
    if not rows:
        LastRun.of(store).parcel(parcel)
    return _answer({"parcel": parcel, "overrides": rows})


@router.post(
    "/parcels/{parcel:path}/overrides",
    status_code=HTTPStatus.CREATED,
    response_class=Response,
    responses={**_RESPONSES, **_WRITING},
    summary="Decide on a parcel",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": OverrideBody.model_json_schema()}},
        }
    },
)
async def decide(
    request: Request,
    parcel: str,
    serving: Annotated[Serving, Depends(serving)],
    official: Annotated[str, Depends(signed_in)],
) -> Response:
    """Add an official's decision on a rule on a parcel; `geoplan plan` applies it.

    What was computed stays on record (`original`), and so do all decisions before.
    """
    body = parsed(OverrideBody, await json_body(request))
    engine: Engine = request.app.state.writer
    store = Store(engine, crs=f"EPSG:{serving.srid}")
    decision = await run_in_threadpool(
        override, store, parcel, body.rule, body.holds, reason=body.reason, official=official
    )
    place = f"/parcels/{quote(parcel)}/overrides"
    told = {"parcel": parcel, **asdict(decision), "status": "pending"}
    return _answer(told, status=HTTPStatus.CREATED, Location=place)


def _answer(content: dict[str, Any], *, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Response:
    private = {"Cache-Control": "no-store", **headers}
    return Response(to_json(content), status, media_type="application/json", headers=private)
