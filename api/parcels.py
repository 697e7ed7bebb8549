"""Why one may or may not build on a parcel or at a place."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from pyproj import Transformer
from starlette.responses import Response

from api.negotiation import LanguageParameter, choose_format, choose_language
from api.officials import official_of
from api.pages import html, render
from api.parameters import BAD_REQUEST
from api.reading import (
    Serving,
    Version,
    etag,
    not_modified,
    provenance,
    serving,
    snapshot,
    to_json,
    versions,
)
from geoplan.errors import InputError
from geoplan.land.explain import Explanation
from geoplan.land.explanation import tell_decision
from geoplan.land.rules import BLOCKING
from geoplan.maps.texts import Language
from layers.explaining import explain_place, explain_stored_parcel
from layers.store import Store

__all__ = ["router"]

router = APIRouter(tags=["explain"])

_OFFERED = (("json", "application/json"), ("html", "text/html"), ("text", "text/plain"))
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for _, kind in _OFFERED}},
    **BAD_REQUEST,
    404: {"description": "There is no such parcel."},
}

FormatParameter = Annotated[Literal["json", "html", "text"] | None, Query(description="Format; default by Accept.")]


@router.get("/parcels/{parcel:path}/explain", response_class=Response, responses=_CONTENT, summary="Explain a parcel")
def parcel_explanation(
    request: Request,
    parcel: str,
    serving: Annotated[Serving, Depends(serving)],
    lang: LanguageParameter = None,
    f: FormatParameter = None,
) -> Response:
    """Return every rule's word on a parcel: whether it holds, on what basis, and what would change it.

    A rule `holds` with `yes`, `no` (asked and clear), `unknown` (never asked, or what decides is missing) or
    `disputed`. Who decided what an official has decided, and why, is told to officials only.
    """
    return _answer(request, serving, lang, f, parcel=parcel)


@router.get("/explain", response_class=Response, responses=_CONTENT, summary="Explain a place")
def place_explanation(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    x: Annotated[float | None, Query(description="Longitude in degrees, or east in the storage CRS.")] = None,
    y: Annotated[float | None, Query(description="Latitude in degrees, or north in the storage CRS.")] = None,
    parcel: Annotated[str | None, Query(description="Id of a parcel, instead of a place.")] = None,
    lang: LanguageParameter = None,
    f: FormatParameter = None,
) -> Response:
    """Return every rule's word on a place. Numbers within ±180 and ±90 are taken for degrees (WGS 84)."""
    if parcel is not None and x is None and y is None:
        return _answer(request, serving, lang, f, parcel=parcel.strip())
    if parcel is not None or x is None or y is None:
        raise InputError("Give either x and y, or parcel.", hint="/explain?x=17.06&y=61.30")
    if not (abs(x) < float("inf") and abs(y) < float("inf")):
        raise InputError("x and y must be finite numbers.")
    return _answer(request, serving, lang, f, place=_in_crs(x, y, serving.srid))


def _in_crs(x: float, y: float, srid: int) -> tuple[float, float]:
    if abs(x) > 180 or abs(y) > 90:
        return x, y
    east, north = Transformer.from_crs(4326, srid, always_xy=True).transform(x, y)
    if not (abs(east) < float("inf") and abs(north) < float("inf")):
        raise InputError(f"The place {x}, {y} lies outside of what the reference system can show.")
    return float(east), float(north)


def _answer(
    request: Request,
    serving: Serving,
    asked_language: Language | None,
    asked_format: str | None,
    *,
    parcel: str | None = None,
    place: tuple[float, float] | None = None,
) -> Response:
    language = choose_language(request, asked_language, serving.default_language)
    chosen = asked_format or choose_format(request, _OFFERED)
    official = official_of(request) is not None
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        tag = etag(request, *current.values(), language=language, media=f"{chosen} {official}")
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        told = provenance(connection, current["constraints"]) if "constraints" in current else {}
    store = Store(serving.engine, crs=f"EPSG:{serving.srid}")
    if parcel is not None:
        explanation = explain_stored_parcel(store, parcel)
    else:
        assert place is not None  # noqa: S101 - one of the two is given
        explanation = explain_place(store, *place)
    headers = {"ETag": tag, "Vary": "Accept, Accept-Language, Authorization", "Content-Language": language}
    if official:
        headers["Cache-Control"] = "private, no-cache"
    else:
        explanation = explanation.without_names()
    if chosen == "text":
        return Response(explanation.text(language), media_type="text/plain; charset=utf-8", headers=headers)
    if chosen == "json":
        body = to_json({**explanation.to_dict(), "provenance": told})
        return Response(body, media_type="application/json", headers=headers)
    page = _page(request, serving, explanation, language, current)
    return html(page, language=language, headers=headers)


def _page(
    request: Request,
    serving: Serving,
    explanation: Explanation,
    language: Language,
    current: dict[str, Version],
) -> str:
    runs = [version.run for version in current.values() if version.run is not None]
    question = [(name, value) for name, value in request.query_params.multi_items() if name not in ("lang", "f")]
    query = "".join(f"&{quote(name)}={quote(value, safe='')}" for name, value in question)
    return render(
        "explain.html",
        language,
        title=serving.title,
        synthetic=serving.synthetic,
        subject=explanation.subject,
        explanation=explanation,
        tell_decision=partial(tell_decision, language=language),
        blocking=BLOCKING,
        run=max(runs, default=None),
        path=quote(request.url.path),
        query=query,
    )
