"""A server on loopback that answers as a PxWeb API 2 and as Kolada 3 do, and holds their limits."""

from __future__ import annotations

import itertools
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

TITLE = "Folkmängden efter region, ålder, kön, tabellinnehåll och år"
DIMENSIONS: dict[str, dict[str, Any]] = {
    "Region": {"label": "region", "codes": {"2182": "Söderhamn", "2183": "Bollnäs", "2184": "Hudiksvall"}},
    "Alder": {"label": "ålder", "codes": {"0-4": "0-4 år", "5-9": "5-9 år", "80+": "80+ år"}, "elimination": True},
    # The same label as another dimension's: ids tell them apart.
    "Kon": {"label": "ålder", "codes": {"1": "män", "2": "kvinnor"}, "elimination": True},
    "ContentsCode": {"label": "tabellinnehåll", "codes": {"BE0101N1": "Folkmängd"}},
    "Tid": {"label": "år", "codes": {"2023": "2023", "2024": "2024", "2025": "2025"}},
}
AGGREGATED = {"alla": "alla åldrar"}
SUPPRESSED = ("2183", "80+", "2", "BE0101N1", "2025")


def cell(codes: tuple[str, ...]) -> int | None:
    """Return the made-up value of a cell, from the places of its codes."""
    if codes == SUPPRESSED:
        return None
    places = [
        [*dimension["codes"], *AGGREGATED].index(code)
        for code, dimension in zip(codes, DIMENSIONS.values(), strict=True)
    ]
    return sum(place * 10**power for power, place in enumerate(places)) + 5


class Services:
    """What the server does, and what it was asked."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {
            "apiVersion": "2.3.2",
            "appVersion": "2.5.0",
            "languages": [{"id": "sv", "label": "Svenska"}, {"id": "en", "label": "English"}],
            "defaultLanguage": "sv",
            "maxDataCells": 150_000,
            "maxCallsPerTimeWindow": 30,
            "timeWindow": 10,
            "license": "https://creativecommons.org/share-your-work/public-domain/cc0/",
            "sourceReferences": [{"language": "sv", "text": "Källa: SCB"}],
            "dataFormats": ["json-stat2", "csv"],
        }
        self.sparse = False
        self.page = 2
        self.next_url: str | None = None
        self.calls: list[tuple[float, str, str, Any]] = []
        # Answers to give before the true one: status, headers, body.
        self.first: list[tuple[int, dict[str, str], bytes]] = []
        self.delay_s = 0.0
        self.hold_limit = False
        self.refused = 0
        self.url = ""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, dict[str, str], Any]:
        now = time.monotonic()
        self.calls.append((now, method, path, body if body is not None else query))
        if self.first:
            return self.first.pop(0)
        window, most = self.config["timeWindow"], self.config["maxCallsPerTimeWindow"]
        if self.hold_limit and sum(now - before < window for before, *_ in self.calls) > most:
            self.refused += 1
            return 429, {"Retry-After": "1"}, {"title": "Too Many Requests"}
        parts = path.strip("/").split("/")
        match parts:
            case ["api", "v2", "config"]:
                return 200, {}, self.config
            case ["api", "v2", "tables", "TAB638", "metadata"]:
                return 200, {}, self._metadata()
            case ["api", "v2", "tables", "TAB638", "data"]:
                return self._data(body)
            case ["api", "v2", "codelists", "agg_alla"]:
                values = [{"code": code, "label": label} for code, label in AGGREGATED.items()]
                return 200, {}, {"id": "agg_alla", "type": "Aggregation", "values": values}
            case ["v3", "kpi", ids]:
                known = [{"id": kpi, "title": f"Title of {kpi}"} for kpi in ids.split(",") if kpi != "N00000"]
                return 200, {}, {"values": known, "count": len(known), "next_url": None, "previous_url": None}
            case ["v3", "data"]:
                return 200, {}, self._kolada(query)
        return 404, {}, {"type": "Parameter error", "title": "Non-existent table", "status": 404}

    def _dataset(self, chosen: dict[str, list[str]]) -> dict[str, Any]:
        dimensions = {}
        for name, codes in chosen.items():
            labels = DIMENSIONS[name]["codes"] | AGGREGATED
            dimensions[name] = {
                "label": DIMENSIONS[name]["label"],
                "category": {
                    "index": {code: place for place, code in enumerate(codes)},
                    "label": {code: labels[code] for code in codes},
                },
                "extension": {"elimination": DIMENSIONS[name].get("elimination", False), "show": "code_value"},
            }
        return {
            "version": "2.0",
            "class": "dataset",
            "label": TITLE,
            "source": "SCB",
            "updated": "2026-02-21T07:00:00Z",
            "note": ["Gräns för små tal"],
            "role": {"time": ["Tid"], "geo": ["Region"], "metric": ["ContentsCode"]},
            "id": list(chosen),
            "size": [len(codes) for codes in chosen.values()],
            "dimension": dimensions,
            "extension": {"px": {"tableid": "TAB638"}},
        }

    def _metadata(self) -> dict[str, Any]:
        return self._dataset({name: list(dimension["codes"]) for name, dimension in DIMENSIONS.items()})

    def _data(self, body: Any) -> tuple[int, dict[str, str], Any]:
        chosen = {item["variableCode"]: item["valueCodes"] for item in body["selection"]}
        ordered = {name: chosen[name] for name in DIMENSIONS if name in chosen}
        count = 1
        for codes in ordered.values():
            count *= len(codes)
        if count > self.config["maxDataCells"]:
            return 403, {}, {"type": "Parameter error", "title": "Too many cells selected", "status": 403}
        dataset = self._dataset(ordered)
        full = {name: ordered.get(name, list(dimension["codes"])[:1]) for name, dimension in DIMENSIONS.items()}
        values = [cell(codes) for codes in itertools.product(*full.values())]
        dataset["value"] = {str(n): v for n, v in enumerate(values) if v is not None} if self.sparse else values
        missing = {str(place): ".." for place, value in enumerate(values) if value is None}
        if missing:
            dataset["status"] = missing
        return 200, {}, dataset

    def _kolada(self, query: dict[str, list[str]]) -> dict[str, Any]:
        years = query.get("year", ["2023", "2024"])
        items = [
            {
                "kpi": kpi,
                "municipality": municipality,
                "period": int(year),
                "values": [
                    {"gender": "T", "count": 1, "status": "", "value": 100.5 + int(year), "isdeleted": False},
                    {"gender": "K", "count": 0, "status": "Missing", "value": None, "isdeleted": False},
                    {"gender": "M", "count": 1, "status": "", "value": 7.0, "isdeleted": True},
                ],
            }
            for kpi, municipality, year in itertools.product(query["kpi_id"], query["municipality_id"], years)
        ]
        page = int(query["page"][0])
        shown = items[(page - 1) * self.page : page * self.page]
        further = None
        if page * self.page < len(items):
            asked = {key: values for key, values in query.items() if key != "page"} | {"page": [str(page + 1)]}
            # The service names itself, wherever it was reached.
            further = self.next_url or f"https://api.kolada.se/v3/data/?{urllib.parse.urlencode(asked, doseq=True)}"
        return {"values": shown, "count": len(shown), "next_url": further, "previous_url": None}


@pytest.fixture
def services() -> Iterator[Services]:
    """A running server; ``services.url`` is its address without a path."""
    state = Services()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _do(self, method: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            split = urllib.parse.urlsplit(self.path)
            time.sleep(state.delay_s)
            status, headers, answer = state.answer(method, split.path, urllib.parse.parse_qs(split.query), body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()
            try:
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                # Whoever asked no longer waits.
                self.close_connection = True

        def do_GET(self) -> None:
            self._do("GET")

        def do_POST(self) -> None:
            self._do("POST")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
