"""The landing page: HTML for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection, text
from starlette.responses import Response

from api.negotiation import LanguageParameter, choose_format, choose_language
from api.pages import html, render
from api.reading import Serving, Version, etag, not_modified, serving, snapshot, versions
from api.tabular import rows
from geoplan.maps.choropleth import BalanceRow, balance_rows
from geoplan.maps.texts import Language
from layers.catalogue import catalogue

__all__ = ["router"]

router = APIRouter(tags=["service"])

_OFFERED = (("json", "application/json"), ("html", "text/html"))
_RESOURCES = (
    "plots",
    "balance",
    "waterfall",
    "tables",
    "layers",
    "map",
    "map.html",
    "homes",
    "report",
    "docs",
    "openapi.json",
    "healthz",
)
_DERIVED: Mapping[str, tuple[str, str]] = {
    "buildable": ("Byggbar mark", "Buildable land"),
    "reasons": ("Skäl", "Reasons"),
    "constraints": ("Begränsningar", "Constraints"),
    "plots": ("Tomter", "Plots"),
    "need": ("Behov", "Need"),
    "balance": ("Balans", "Balance"),
    "dropped": ("Byggbart men ingen tomt", "Buildable but no plot"),
    "figures": ("Nyckeltal", "Key figures"),
    "waterfall": ("Från all mark till tomter", "From all land to plots"),
}


@router.get(
    "/",
    response_class=Response,
    summary="What there is",
    responses={200: {"content": {"application/json": {}, "text/html": {}}}},
)
def landing(
    request: Request, serving: Annotated[Serving, Depends(serving)], lang: LanguageParameter = None
) -> Response:
    """Return a page with the figures, the balance and links; JSON for programs (by Accept)."""
    language = choose_language(request, lang, serving.default_language)
    chosen = choose_format(request, _OFFERED)
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        tag = etag(request, *current.values(), language=language, media=chosen)
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        figures = _figures(connection, current)
        balance = _balance(connection, current)
        notes = _notes(connection, current)
    if chosen == "json":
        base = str(request.base_url).rstrip("/")
        body = {
            "title": serving.title,
            "synthetic": serving.synthetic,
            **figures,
            "links": [{"rel": name, "href": f"{base}/{name}"} for name in _RESOURCES],
        }
        headers = {"ETag": tag, "Vary": "Accept, Accept-Language"}
        return Response(json.dumps(body, ensure_ascii=False), media_type="application/json", headers=headers)
    page = render(
        "landing.html",
        language,
        title=serving.title,
        synthetic=serving.synthetic,
        figures=figures,
        years=_by_year(balance),
        last_total=[row for row in balance if row.is_total][-1:],
        layers=_layers(current, language),
        notes=[note[language] for note in notes],
        path="/",
    )
    return html(page, language=language, headers={"ETag": tag})


def _figures(connection: Connection, current: Mapping[str, Version]) -> dict[str, Any]:
    parcels, plots = current.get("parcels"), current.get("plots")
    homes = None
    if plots is not None:
        homes = connection.execute(
            text(
                "SELECT coalesce(sum((properties->>'homes')::float8), 0) FROM geoplan.feature "
                "WHERE version_id = :plots AND properties->>'plan_homes' = 'allowed'"
            ),
            {"plots": plots.id},
        ).scalar()
    return {
        "parcels": parcels.feature_count if parcels else None,
        "plots": plots.feature_count if plots else None,
        "homes": homes,
    }


def _notes(connection: Connection, current: Mapping[str, Version]) -> list[dict[str, str]]:
    """Return what the last run lacked or assumed, in both languages."""
    run = max((version.run for version in current.values() if version.run is not None), default=None)
    found: list[dict[str, str]] | None = connection.execute(
        text("SELECT notes FROM geoplan.run WHERE id = :run"), {"run": run}
    ).scalar()
    return found or []


def _balance(connection: Connection, current: Mapping[str, Version]) -> tuple[BalanceRow, ...]:
    if "balance" not in current:
        return ()
    return balance_rows(pd.DataFrame(rows(connection, current["balance"])))


def _by_year(balance: Sequence[BalanceRow]) -> dict[int, list[BalanceRow]]:
    years: dict[int, list[BalanceRow]] = {}
    for row in balance:
        years.setdefault(row.year, []).append(row)
    return years


def _layers(current: Mapping[str, Version], language: Language) -> list[dict[str, Any]]:
    known = catalogue()
    told = []
    for version in current.values():
        derived = _DERIVED.get(version.layer, (version.layer, version.layer))
        title = known[version.layer].title[language] if version.layer in known else derived[language == "en"]
        told.append(
            {
                "title": title,
                "version": version.number,
                "features": version.feature_count,
                "created_at": version.created_at[:16].replace("T", " "),
                "source": version.source.get("source") or version.source.get("file") or "",
                "run": version.run,
            }
        )
    return told
