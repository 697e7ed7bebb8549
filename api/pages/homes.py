"""The official's page on homes, and the printable report: the same sections of figures."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.negotiation import LanguageParameter, choose_format, choose_language
from api.pages import html, render
from api.pages.texts import texts
from api.reading import Serving, Version, etag, not_modified, serving, snapshot, versions
from geoplan.maps.texts import Language
from geoplan.report import ANALYSIS, Say, action_plan, as_pdf, make_sections, report_page, section_html
from layers.reporting import Basis, own_texts, read_basis
from layers.store import Store

__all__ = ["Documents", "router"]

router = APIRouter(tags=["homes"])

_OFFERED = (("html", "text/html"), ("pdf", "application/pdf"))
_KEPT = 8
_FILES = {"need": ("demand", "link_demand"), "balance": ("balance", "link_balance")}
_FILES |= {"programme_releases": ("programme", "link_programme")}


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    content: Any = None


class Documents:
    """Pages and reports already made, for the next request; one is made at a time, others are not kept waiting.

    Parameters
    ----------
    own_folder
        The folder with the municipality's own texts; ``None`` for none.
    """

    def __init__(self, own_folder: Path | None = None) -> None:
        self.own_folder = own_folder
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key, making it if it is not there yet."""
        with self._lock:
            entry = self._kept.setdefault(key, _Entry())
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        with entry.lock:
            if entry.content is None:
                entry.content = make()
            return entry.content

    def own(self, language: Language) -> dict[str, str]:
        """Return the municipality's own texts as they are now."""
        return {} if self.own_folder is None else own_texts(self.own_folder, action_plan(), language)


@router.get(
    "/homes",
    response_class=Response,
    summary="The official's page on homes",
    responses={200: {"content": {"text/html": {}}}},
)
def homes(request: Request, serving: Annotated[Serving, Depends(serving)], lang: LanguageParameter = None) -> Response:
    """Return a page with need, supply, balance and programme, each figure with what it rests on."""
    language = choose_language(request, lang, serving.default_language)
    with snapshot(serving.engine) as connection:
        current = versions(connection)
    tag = etag(request, *current.values(), language=language)
    if (unchanged := not_modified(request, tag)) is not None:
        return unchanged
    documents: Documents = request.app.state.documents
    page = documents.get(("homes", language, _state(current)), lambda: _page(documents, serving, current, language))
    return html(page, language=language, headers={"ETag": tag})


@router.get(
    "/report",
    response_class=Response,
    summary="The printable report",
    responses={200: {"content": {"text/html": {}, "application/pdf": {}}}},
)
def report(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    lang: LanguageParameter = None,
    f: Annotated[Literal["html", "pdf"] | None, Query(description="Format; default by Accept.")] = None,
) -> Response:
    """Return the report on housing supply, in the order in which the law asks for it."""
    language = choose_language(request, lang, serving.default_language)
    form = f or choose_format(request, _OFFERED)
    documents: Documents = request.app.state.documents
    with snapshot(serving.engine) as connection:
        current = versions(connection)
    own = documents.own(language)
    written = hashlib.sha256(repr(sorted(own.items())).encode()).hexdigest()
    tag = etag(request, *current.values(), language=language, media=form + written)
    if (unchanged := not_modified(request, tag)) is not None:
        return unchanged

    def made() -> str:
        basis = _basis(documents, serving, current)
        return report_page(basis.tables, basis.origin, action_plan(), language=language, own=own)

    state = (language, written, _state(current))
    page = documents.get(("html", *state), made)
    if form == "html":
        return html(page, language=language, headers={"ETag": tag})
    content = documents.get(("pdf", *state), lambda: as_pdf(page))
    headers = {
        "ETag": tag,
        "Vary": "Accept, Accept-Language",
        "Content-Language": language,
        "Content-Disposition": f'inline; filename="report-{language}.pdf"',
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _state(current: Mapping[str, Version]) -> Hashable:
    # Not only the ids: a run that changes nothing in a layer still becomes the run that the page names.
    return tuple((version.id, version.run) for version in current.values())


def _basis(documents: Documents, serving: Serving, current: Mapping[str, Version]) -> Basis:
    def read() -> Basis:
        store = Store(serving.engine, crs=f"EPSG:{serving.srid}")
        return read_basis(store, place=serving.title, synthetic=serving.synthetic)

    found: Basis = documents.get(("basis", _state(current)), read)
    return found


def _page(documents: Documents, serving: Serving, current: Mapping[str, Version], language: Language) -> str:
    basis, said = _basis(documents, serving, current), texts(language)
    sections = make_sections(basis.tables, Say(language))
    return render(
        "homes.html",
        language,
        title=serving.title,
        synthetic=serving.synthetic,
        path="/homes",
        analysis=Say(language)(*ANALYSIS),
        sections=sections.values(),
        parts=[section_html(section, basis.origin, language) for section in sections.values()],
        files=[(name, said[label]) for layer, (name, label) in _FILES.items() if layer in current],
        notes=[note[language] for note in basis.origin.notes],
    )
