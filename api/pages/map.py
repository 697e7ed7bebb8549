"""The map, served and as a file of its own."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import geopandas as gpd
from fastapi import APIRouter, Depends, Request
from sqlalchemy import text
from starlette.responses import Response

from api.asking import shared_fields
from api.negotiation import LanguageParameter, choose_language
from api.offered import offers_version
from api.pages import html
from api.reading import Serving, Version, etag, not_modified, serving, snapshot, versions
from geoplan.errors import NotFoundError
from geoplan.land.rules import RuleSet
from geoplan.maps import AssetMode, MapData, MapLinks, draw_map, prepare_map
from geoplan.maps.texts import Language
from geoplan.plots.offers import apply_offers
from layers.offering import PLOT_OFFERS
from layers.store import Store

__all__ = ["MapCache", "router"]

router = APIRouter(tags=["map"])

_FRAMES = {
    "plots": "plots",
    "reasons": "reasons",
    "constraints": "constraints",
    "municipality": "municipality",
    "land": "land",
    "water": "water",
    "settlements": "settlements",
    "areas": "statistical_areas",
    "parcels": "parcels",
    "balance": "balance",
}
_KEPT = 8


class MapCache:
    """Maps already drawn, by the versions of the layers that they show; geometry is prepared once for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data: tuple[tuple[Any, ...], MapData] | None = None
        self._pages: OrderedDict[tuple[Any, ...], str] = OrderedDict()

    def page(self, serving: Serving, current: Mapping[str, Version], language: Language, assets: AssetMode) -> str:
        """Return the map's page, drawing it if it is not there yet."""
        # Not only the ids: a run that changes nothing in a layer still becomes the run that the page names.
        layers_shown = ((current[layer].id, current[layer].run) for layer in _FRAMES.values() if layer in current)
        shown = (*layers_shown, offers_version(current))
        key = (shown, language, assets)
        with self._lock:
            if key not in self._pages:
                if self._data is None or self._data[0] != shown:
                    self._pages.clear()
                    self._data = (shown, _prepare(serving, current))
                self._pages[key] = _draw(serving, current, self._data[1], language, assets)
                while len(self._pages) > _KEPT:
                    self._pages.popitem(last=False)
            return self._pages[key]


@router.get("/map", response_class=Response, summary="The map", responses={200: {"content": {"text/html": {}}}})
def map_page(
    request: Request, serving: Annotated[Serving, Depends(serving)], lang: LanguageParameter = None
) -> Response:
    """Return the map: plots with their reasons, constraints, and the balance by area with its table."""
    return _answer(request, serving, lang, "linked")


@router.get(
    "/map.html",
    response_class=Response,
    summary="The map as one file",
    responses={200: {"content": {"text/html": {}}}},
)
def map_file(
    request: Request, serving: Annotated[Serving, Depends(serving)], lang: LanguageParameter = None
) -> Response:
    """Return the map with everything in one HTML file, which works without this server."""
    return _answer(request, serving, lang, "inline")


def _answer(request: Request, serving: Serving, asked: Language | None, assets: AssetMode) -> Response:
    language = choose_language(request, asked, serving.default_language)
    with snapshot(serving.engine) as connection:
        current = versions(connection)
    tag = etag(request, *current.values(), language=language, media=str(offers_version(current)))
    if (unchanged := not_modified(request, tag)) is not None:
        return unchanged
    cache: MapCache = request.app.state.maps
    headers = {"ETag": tag}
    if assets == "inline":
        headers["Content-Disposition"] = f'attachment; filename="map-{language}.html"'
    return html(cache.page(serving, current, language, assets), language=language, headers=headers)


def _prepare(serving: Serving, current: Mapping[str, Version]) -> MapData:
    if not any(layer in current for layer in ("municipality", "plots", "statistical_areas", "land")):
        raise NotFoundError("There is nothing to draw yet.", hint="Import the data, then run: geoplan plan")
    store = Store(serving.engine, crs=f"EPSG:{serving.srid}")
    frames: dict[str, Any] = {name: store.read(layer) for name, layer in _FRAMES.items() if layer in current}
    for name, frame in frames.items():
        if isinstance(frame, gpd.GeoDataFrame):
            frames[name] = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    plots = frames.pop("plots", None)
    if plots is not None and PLOT_OFFERS in current:
        plots = apply_offers(plots, store.read(PLOT_OFFERS), as_of=dt.date.today())
    shared = {}
    if plots is not None:
        with serving.engine.connect() as connection:
            shared = shared_fields(connection, current)
    return prepare_map(plots, rules=_rules(serving, current), shared=shared, **frames)


def _rules(serving: Serving, current: Mapping[str, Version]) -> RuleSet | None:
    run = _latest_run(serving, current)
    if not run or not run["rule_set"]:
        return None
    rules = RuleSet.from_mapping(run["rule_set"])
    day = _law_day(run)
    return rules.as_of(dt.date.fromisoformat(day)) if day else rules


def _latest_run(serving: Serving, current: Mapping[str, Version]) -> dict[str, Any] | None:
    runs = [version.run for version in current.values() if version.run is not None]
    if not runs:
        return None
    with serving.engine.connect() as connection:
        row = connection.execute(
            text("SELECT id, created_at, rule_set, code_version, parameters, notes FROM geoplan.run WHERE id = :run"),
            {"run": max(runs)},
        ).mappings()
        found = row.first()
    return dict(found) if found else None


def _law_day(run: Mapping[str, Any]) -> str | None:
    found: str | None = run["parameters"].get("rules", {}).get("as_of")
    return found


def _draw(
    serving: Serving, current: Mapping[str, Version], data: MapData, language: Language, assets: AssetMode
) -> str:
    other = "en" if language == "sv" else "sv"
    links = None
    if assets == "linked":
        asked = urlencode({"lang": language})
        links = MapLinks(
            start=f"/?{asked}",
            other_language=f"/map?lang={other}",
            download=f"/map.html?{asked}",
            explain_parcel=f"/parcels/{{parcel}}/explain?{asked}",
            explain_place=f"/explain?x={{x}}&y={{y}}&{asked}",
            run=_run_address(current),
        )
    run = _latest_run(serving, current)
    drawn = draw_map(
        data,
        title=serving.title,
        language=language,
        assets=assets,
        synthetic=serving.synthetic,
        provenance=_told(serving, current),
        notes=[note[language] for note in (run["notes"] if run else ())],
        links=links,
    )
    return str(drawn.get_root().render())


def _run_address(current: Mapping[str, Version]) -> str | None:
    runs = [version.run for version in current.values() if version.run is not None]
    return f"/runs/{max(runs)}" if runs else None


def _told(serving: Serving, current: Mapping[str, Version]) -> dict[str, str]:
    told: dict[str, str] = {}
    dates = sorted(str(version.source["date"]) for version in current.values() if version.source.get("date"))
    if dates:
        told["data_date"] = "–".join(dict.fromkeys((dates[0], dates[-1])))
    run = _latest_run(serving, current)
    if run:
        told["created_at"] = f"{run['created_at']:%Y-%m-%d %H:%M} UTC"
        told["run"] = str(run["id"])
        code = run["code_version"]
        told["code_version"] = f"{code.get('geoplan', '')} ({code.get('source', '')})"
        day = _law_day(run)
        if day:
            told["as_of"] = day
    sources = sorted({str(version.source["source"]) for version in current.values() if version.source.get("source")})
    if sources:
        told["sources"] = "; ".join(sources)
    return told
