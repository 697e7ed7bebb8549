"""Whether a plot can be had, and since when: for everybody to read, for officials to add to.

Who said so and why is told to officials only: a reason may name people.
"""

from __future__ import annotations

from functools import partial
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
from api.officials import official_of, signed_in
from api.parameters import BAD_REQUEST
from api.reading import Serving, serving, to_json
from geoplan.plots.offers import PriceKind, SaleForm
from layers.offering import TERMS, date_of, offer, plot_history, public_row
from layers.store import Store

__all__ = ["router"]

_BEARER = Depends(HTTPBearer(auto_error=False, description="A token that `geoplan override --new-token NAME` made."))

router = APIRouter(tags=["plots"], dependencies=[_BEARER])

_DAY = r"^\d{4}-\d{2}-\d{2}$"


class StatusBody(BaseModel):
    """A row on a plot's status and sale."""

    model_config = ConfigDict(strict=True, extra="forbid")

    status: Literal["available", "reserved", "sold", "private", "unknown", "computed"] = Field(
        description="Whether it can be had; `computed` takes the rows before back."
    )
    sale_form: SaleForm | None = Field(None, description="How it is sold.")
    price_sek: float | None = Field(
        None, ge=0, le=1e12, allow_inf_nan=False, description="Price in SEK; null: unknown."
    )
    price_kind: PriceKind | None = Field(None, description="How the price is set.")
    tenure: str | None = Field(None, min_length=1, max_length=200, description="Tenure.")
    from_date: str | None = Field(None, pattern=_DAY, description="First day on which it holds; null: at once.")
    until: str | None = Field(None, pattern=_DAY, description="Last day on which it holds; null: without end.")
    reason: str = Field(min_length=1, max_length=2_000, description="Why. It stays on record, with the token's name.")
    source: str | None = Field(None, min_length=1, max_length=500, description="A decision or a page.")


_RESPONSES: dict[int | str, dict[str, Any]] = {
    **BAD_REQUEST,
    401: {"description": "No token was shown where one is needed, or it is no official's."},
    404: {"description": "There is no such plot or parcel, or nothing is computed yet."},
}
_WRITING: dict[int | str, dict[str, Any]] = {
    201: {"description": "The row as it is kept, and the one before it.", "content": {"application/json": {}}},
    403: {"description": "The server takes no rows."},
    413: {"description": "The body is too large."},
    415: {"description": "The body is not application/json."},
}


@router.get(
    "/plots/{plot:path}/status",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}, **_RESPONSES},
    summary="Status of a plot, and its history",
)
def plot_status(request: Request, plot: str, serving: Annotated[Serving, Depends(serving)]) -> Response:
    """Return every row on a plot or its parcel, oldest first; `stands` is true for the one that counts today.

    Everybody is told status, form of sale, price and dates; officials also who added a row, and why.
    """
    official = official_of(request)
    rows = plot_history(Store(serving.engine, crs=f"EPSG:{serving.srid}"), plot)
    told = rows if official is not None else [public_row(row) for row in rows]
    standing = next((row for row in told if row["stands"]), None)
    headers = {"Vary": "Authorization", "Cache-Control": "no-cache" if official is None else "no-store"}
    return _answer({"plot": plot, "standing": standing, "history": told}, headers)


@router.post(
    "/plots/{plot:path}/status",
    status_code=HTTPStatus.CREATED,
    response_class=Response,
    responses={**_RESPONSES, **_WRITING},
    summary="Set the status of a plot",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": StatusBody.model_json_schema()}},
        }
    },
)
async def set_status(
    request: Request,
    plot: str,
    serving: Annotated[Serving, Depends(serving)],
    official: Annotated[str, Depends(signed_in)],
) -> Response:
    """Add a row on a plot, or on a parcel for all plots on it; `/plots` and the map show it at once.

    The rows before stay on record. `before` is the one that stood until now: what another official has just done. Of
    `sale_form`, `price_sek`, `price_kind` and `tenure` what is left out stays as it was; null is unknown.
    """
    body = parsed(StatusBody, await json_body(request))
    engine: Engine = request.app.state.writer
    store = Store(engine, crs=f"EPSG:{serving.srid}")
    add = partial(
        offer,
        store,
        plot,
        body.status,
        reason=body.reason,
        official=official,
        terms=body.model_dump(include=body.model_fields_set & set(TERMS)),
        from_date=date_of("from_date", body.from_date),
        until=date_of("until", body.until),
        source=body.source,
    )
    row = await run_in_threadpool(add)
    headers = {"Location": f"/plots/{quote(plot)}/status", "Cache-Control": "no-store"}
    return _answer(row, headers, status=HTTPStatus.CREATED)


def _answer(content: dict[str, Any], headers: dict[str, str], *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(to_json(content), status, media_type="application/json", headers=headers)
