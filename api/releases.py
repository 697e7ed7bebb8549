"""Why a plot, a gap or an action is in the release programme or not."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.negotiation import LanguageParameter, choose_format, choose_language
from api.parameters import BAD_REQUEST
from api.reading import Serving, etag, not_modified, provenance, serving, snapshot, to_json, versions
from geoplan.errors import NotFoundError
from geoplan.report import table_abouts
from layers.programming import LastProgramme, Told
from layers.store import Store

__all__ = ["ReleaseCache", "router"]

router = APIRouter(tags=["homes"])

_OFFERED = (("json", "application/json"), ("text", "text/plain"))
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for _, kind in _OFFERED}},
    **BAD_REQUEST,
    404: {"description": "There is no programme, or no such plot, gap or action."},
}

_RESTS_ON = ("programme_measures", "programme_left_out", "programme_needs", "programme_releases", "crossings")

FormatParameter = Annotated[Literal["json", "text"] | None, Query(description="Format; default by Accept.")]


class ReleaseCache:
    """Explanations of one run; one is computed at a time, since each solves the programme again.

    Attributes
    ----------
    most
        How many are kept; the one unused longest goes first.
    """

    def __init__(self, most: int = 1_000) -> None:
        self.most = most
        self._lock = Lock()
        self._last: LastProgramme | None = None
        self._told: OrderedDict[str, Told] = OrderedDict()

    def told(self, store: Store, id_: str) -> Told:
        """Return the explanation, computed where it is not there for the last run.

        Raises
        ------
        NotFoundError
            There is no programme, or no such plot, gap or action.
        """
        with self._lock:
            run = store.run()
            if self._last is None or run is None or self._last.last.run.id != run.id:
                self._last = LastProgramme.of(store)
                self._told.clear()
            if id_ not in self._told:
                self._told[id_] = self._last.explain(id_)
                while len(self._told) > self.most:
                    self._told.popitem(last=False)
            self._told.move_to_end(id_)
            return self._told[id_]


@router.get("/programme/{id:path}", response_class=Response, responses=_CONTENT, summary="Why something is released")
def release(
    request: Request,
    id: str,
    serving: Annotated[Serving, Depends(serving)],
    lang: LanguageParameter = None,
    f: FormatParameter = None,
) -> Response:
    """Return why a plot, a gap or an action is in the programme, or what stops it.

    The id is that of `/programme` and of the supply account, such as `plots/ALMSKÄR 1:2`; what is before the slash may
    be left out. `change` is what the programme would be worth more or less without it (in) or with it (out). The
    programme is solved again for it, which may take a while the first time.
    """
    language = choose_language(request, lang, serving.default_language)
    form = f or choose_format(request, _OFFERED)
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        if "programme_result" not in current:
            about = table_abouts()["programme_result"]
            raise NotFoundError(f"{about.title.en} has not been computed.", hint=about.needs.en)
        version = current["programme_result"]
        tag = etag(request, version, *map(current.get, _RESTS_ON), language=language, media=form)
        if (unchanged := not_modified(request, tag)) is not None:
            return unchanged
        made = provenance(connection, version)
    cache: ReleaseCache = request.app.state.releases
    store = Store(serving.engine, crs=f"EPSG:{serving.srid}")
    told = cache.told(store, id)
    headers = {"ETag": tag, "Vary": "Accept, Accept-Language", "Content-Language": language}
    if form == "text":
        return Response(told.text(language) + "\n", media_type="text/plain; charset=utf-8", headers=headers)
    body = to_json({**told.to_dict(), "provenance": made})
    return Response(body, media_type="application/json", headers=headers)
