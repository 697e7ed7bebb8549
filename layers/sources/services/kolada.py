"""Key figures of Kolada 3."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from geoplan.errors import InputError, ServiceError
from layers.sources.services.answer import Answer
from layers.sources.services.known import known_service
from layers.sources.services.request import KoladaRequest
from layers.sources.services.transport import RateLimit, Transport

__all__ = ["fetch_kolada"]

_COLUMNS = ("kpi", "municipality", "year", "gender", "value", "status", "count", "title", "source")


def fetch_kolada(
    request: KoladaRequest, *, timeout_s: float = 30.0, told: Callable[[], object] = lambda: None
) -> Answer:
    """Fetch key figures.

    Parameters
    ----------
    request
        What is asked.
    timeout_s
        Seconds to wait for each answer.
    told
        Called after each call.

    Returns
    -------
    Answer
        One row a key figure, municipality, year and gender: ``kpi``, ``municipality``, ``year``, ``gender`` (T all,
        K women, M men), ``value``, ``status`` and ``count`` as the service gives them, ``title`` the service's own,
        ``source``. Sorted by the first four.

    Raises
    ------
    ServiceError
        The service cannot be reached, is busy, refuses, or answers something malformed.
    InputError
        A key figure is unknown, or there is nothing for what was asked.
    """
    known = known_service("kolada")
    limits = known.limits
    with Transport(
        request.url,
        title=f"Kolada at {request.url}",
        limit=RateLimit(limits.calls, limits.window_s),
        timeout_s=timeout_s,
    ) as transport:
        titles = _titles(transport, request.kpis, limits.ids, limits.page, told)
        rows: list[dict[str, str]] = []
        left_out = 0
        for kpis, municipalities, years in _batches(request, limits.ids):
            asked: dict[str, Any] = {"kpi_id": kpis, "municipality_id": municipalities}
            if years:
                asked["year"] = years
            for item in _pages(transport, "/data/", asked, limits.page, told):
                found, deleted = _rows(item, titles, known.supplier)
                rows += found
                left_out += deleted
    if not rows:
        raise InputError(
            f"Kolada has no values for {', '.join(request.kpis[:5])} in {', '.join(request.municipalities[:5])}.",
            hint="Check municipalities and years in geoplan.toml.",
        )
    frame = pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object).drop_duplicates(list(_COLUMNS[:4]))
    return Answer(
        frame=frame.sort_values(list(_COLUMNS[:4]), kind="stable").reset_index(drop=True),
        service="kolada",
        url=request.url,
        query={
            "kpis": list(request.kpis),
            "municipalities": list(request.municipalities),
            "years": list(request.years),
        },
        title=known.title.en,
        source=known.supplier,
        licence=known.licence,
        left_out=left_out,
    )


def _titles(
    transport: Transport, kpis: Sequence[str], most: int, page: int, told: Callable[[], object]
) -> dict[str, str]:
    """Return the service's own titles, so that a wrong id shows."""
    titles: dict[str, str] = {}
    for batch in _parts(kpis, most):
        for item in _pages(transport, f"/kpi/{','.join(batch)}", {}, page, told):
            titles[str(item.get("id"))] = str(item.get("title", ""))
    unknown = [kpi for kpi in kpis if kpi not in titles]
    if unknown:
        raise InputError(f"Kolada has no key figure {', '.join(unknown)}.", hint="Mend kpis in geoplan.toml.")
    return titles


def _pages(
    transport: Transport, path: str, asked: Mapping[str, Any], page: int, told: Callable[[], object]
) -> Iterator[dict[str, Any]]:
    """Give the items of every page.

    Only the query of ``next_url`` is followed: neither an answer nor a mirror leads to another host.
    """
    params: Any = {**asked, "page": 1, "per_page": page}
    seen: set[str] = set()
    while True:
        answer = transport.json(path, params=params)
        told()
        values, further = answer.get("values"), answer.get("next_url")
        if not isinstance(values, list) or not all(isinstance(item, dict) for item in values):
            raise ServiceError(f"{transport.title} answers without values.", hint="Try again later.")
        yield from values
        if not further:
            return
        query = urllib.parse.urlsplit(str(further)).query
        if query in seen:
            raise ServiceError(f"{transport.title} leads in a circle of pages.", hint="Try again later.")
        seen.add(query)
        params = urllib.parse.parse_qs(query)


def _rows(item: Mapping[str, Any], titles: Mapping[str, str], source: str) -> tuple[list[dict[str, str]], int]:
    """Return the rows of one key figure, municipality and year, and how many are deleted."""
    rows, deleted = [], 0
    values = item.get("values")
    whole = isinstance(values, list) and all(isinstance(value, dict) for value in values)
    if not isinstance(values, list) or not whole or not {"kpi", "municipality", "period"} <= set(item):
        raise ServiceError("Kolada's values are malformed.", hint="Try again later.")
    for value in values:
        if value.get("isdeleted"):
            deleted += 1
            continue
        kpi = str(item["kpi"])
        rows.append(
            {
                "kpi": kpi,
                "municipality": str(item["municipality"]),
                "year": str(item["period"]),
                "gender": _text(value.get("gender")),
                "value": _text(value.get("value")),
                "status": _text(value.get("status")),
                "count": _text(value.get("count")),
                "title": titles.get(kpi, ""),
                "source": source,
            }
        )
    return rows, deleted


def _batches(request: KoladaRequest, most: int) -> Iterator[tuple[list[str], list[str], list[int]]]:
    for kpis in _parts(request.kpis, most):
        for municipalities in _parts(request.municipalities, most):
            for years in _parts(request.years, most) or [[]]:
                yield kpis, municipalities, years


def _parts(values: Sequence[Any], most: int) -> list[list[Any]]:
    unique = list(dict.fromkeys(values))
    return [unique[start : start + most] for start in range(0, len(unique), most)]


def _text(value: object) -> str:
    return "" if value is None else str(value)
