"""A small municipality as data, its application on a real server, and a real browser."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx
import numpy as np
import pandas as pd
import pytest
import shapely
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from api.app import create_app
from api.officials import new_token
from geoplan.land.rules import RuleSet
from layers.chain import plan
from layers.cluster import Cluster
from layers.database import Database, open_database
from layers.store import NewLayer, Store
from layers.workspace import Workspace

CRS = "EPSG:3006"
EAST, NORTH = 600_000.0, 6_795_000.0
HOSTILE = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

RULES = RuleSet.from_mapping(
    {
        "name": "test",
        "title": {"sv": "Prov", "en": "Test"},
        "description": {"sv": "Regler för prov.", "en": "Rules for tests."},
        "rules": [
            {
                "id": "nature",
                "title": {"sv": "Skyddad natur", "en": "Protected nature"},
                "layer": "protected_nature",
                "operation": "inside",
                "severity": "forbidden",
                "legal_basis": {"sv": "Påhittat lagrum", "en": "Invented provision"},
                "source": "test",
            },
            {
                "id": "shore",
                "title": {"sv": "Strandskydd", "en": "Shore protection"},
                "layer": "water",
                "operation": "shore_zone",
                "distance_m": 100,
                "severity": "needs_exemption",
                "legal_basis": {"sv": "Annat lagrum", "en": "Another provision"},
                "source": "test",
                "exemption": {"thinkable": True, "grounds": {"sv": "Skäl finns.", "en": "Grounds exist."}},
            },
            {
                "id": "flood",
                "title": {"sv": "Översvämning", "en": "Flooding"},
                "layer": "flood",
                "operation": "inside",
                "severity": "investigate",
                "legal_basis": {"sv": "Tredje lagrummet", "en": "A third provision"},
                "source": "test",
            },
        ],
    }
)


def small_municipality() -> dict[str, pd.DataFrame]:
    """Return layers of a place of 4 by 4 km with 40 plots; the first plot has a hostile name."""
    box = shapely.box(EAST, NORTH, EAST + 4000, NORTH + 4000)
    land = shapely.union_all(
        [
            shapely.box(EAST, NORTH, EAST + 2500, NORTH + 4000),
            shapely.Point(EAST + 3200, NORTH + 1000).buffer(350),
            shapely.Point(EAST + 3300, NORTH + 2900).buffer(300),
        ]
    )
    sea = shapely.difference(box, land)
    names = [HOSTILE, *(f"ALMSKÄR STRAND {n // 9 + 1}:{n % 9 + 1}" for n in range(1, 40))]
    x = EAST + np.r_[200 + (np.arange(36) % 6) * 380.0, 3100, 3250, 3200, 3350]
    y = NORTH + np.r_[200 + (np.arange(36) // 6) * 640.0, 950, 1100, 2850, 3000]
    squares = shapely.box(x, y, x + 30 + np.arange(40), y + 40)
    town = (np.arange(40) < 36) & (np.arange(40) % 6 < 3)
    kind = np.where(np.arange(40) >= 36, "archipelago", np.where(town, "town", "rural"))
    area = np.where(np.arange(40) >= 18, "A2", "A1")
    sides = {"crs": CRS}
    parcels = gpd.GeoDataFrame(
        {"id": names, "designation": names, "geometry": shapely.buffer(squares, 20, join_style="mitre")},
        **sides,
    )
    plots = gpd.GeoDataFrame(
        {
            "id": names,
            "parcel": names,
            "kind": "vacant_parcel",
            "area_kind": kind,
            "area": area,
            "area_m2": shapely.area(squares),
            "width_m": 30.0,
            "homes": 1,
            "homes_basis": "nominal",
            "plan_id": np.where(town, "0000-P1", None),
            "plan_use": np.where(town, "B", None),
            "plan_homes": np.where(town, "allowed", None),
            "utility": np.where(town, "public", "unknown"),
            "water_distance_m": shapely.distance(squares, sea),
            "status": np.where(town, "available", "private"),
            "certainty": np.where(np.arange(40) % 4 == 0, "preliminary", "confirmed"),
            "unknown": [["flood"]] * 40,
            "geometry": squares,
        },
        **sides,
    )
    zone = shapely.intersection(shapely.buffer(sea, 100), land)
    reserve = shapely.Point(EAST + 1000, NORTH + 1000).buffer(300)
    constraints = gpd.GeoDataFrame(
        {
            "rule": ["shore", "nature"],
            "severity": ["needs_exemption", "forbidden"],
            "layer": ["water", "protected_nature"],
            "feature": [None, "=HYPERLINK(1)"],
            "basis": ["computed_general", "decided"],
            "distance_m": [100.0, None],
            "geometry": [zone, reserve],
        },
        **sides,
    )
    near = [name for name, at in zip(names, squares, strict=True) if shapely.distance(at, sea) < 90]
    reasons = pd.DataFrame(
        [
            {
                "parcel": name,
                "rule": "shore",
                "severity": "needs_exemption",
                "layer": "water",
                "feature": None,
                "basis": "computed_general",
                "area_m2": 812.5,
                "share": 0.25,
            }
            for name in [HOSTILE, *near]
        ]
        + [
            {
                "parcel": HOSTILE,
                "rule": "nature",
                "severity": "forbidden",
                "layer": "protected_nature",
                "feature": "=HYPERLINK(1)",
                "basis": "decided",
                "area_m2": 10.0,
                "share": 0.003,
            }
        ]
    )
    buildable = parcels[["id", "geometry"]].assign(area_m2=parcels.area, buildable_m2=parcels.area, taken_m2=0.0)
    balance = pd.DataFrame(
        [
            {
                "area": key,
                "area_name": name,
                "year": year,
                "need": need * (year - 2025) / 10,
                "supply_homes": float(homes),
                "balance": homes - need * (year - 2025) / 10,
                "plots": homes,
            }
            for year in (2030, 2035)
            for key, name, need, homes in (
                ("A1", "Södra", 60.0, 18),
                ("A2", "=Norra", -12.0, 22),
                ("*", "", 48.0, 40),
            )
        ]
    )
    waterfall = pd.DataFrame({"step": ["all", "nature"], "taken_m2": [0.0, 10.0], "left_m2": [100.0, 90.0]})
    return {
        "municipality": gpd.GeoDataFrame({"id": ["0000"], "name": ["Almskär"], "geometry": [box]}, **sides),
        "land": gpd.GeoDataFrame({"id": ["1"], "name": [None], "geometry": [land]}, **sides),
        "water": gpd.GeoDataFrame({"id": ["1"], "kind": ["sea"], "geometry": [sea]}, **sides),
        "settlements": gpd.GeoDataFrame(
            {
                "id": ["1"],
                "name": ["Almskär"],
                "kind": ["urban"],
                "population": [900],
                "geometry": [shapely.box(EAST + 100, NORTH + 100, EAST + 1200, NORTH + 3900)],
            },
            **sides,
        ),
        "statistical_areas": gpd.GeoDataFrame(
            {
                "id": ["A1", "A2"],
                "name": ["Södra", "=Norra"],
                "geometry": [
                    shapely.box(EAST, NORTH, EAST + 4000, NORTH + 2000),
                    shapely.box(EAST, NORTH + 2000, EAST + 4000, NORTH + 4000),
                ],
            },
            **sides,
        ),
        "protected_nature": gpd.GeoDataFrame({"id": ["R1"], "geometry": [reserve]}, **sides),
        "parcels": parcels,
        "plots": plots,
        "constraints": constraints,
        "buildable": buildable,
        "reasons": reasons,
        "balance": balance,
        "waterfall": waterfall,
    }


@dataclass(frozen=True)
class Served:
    """A running application: where it listens, what it reads, and a client for it."""

    url: str
    database: Database
    store: Store
    client: httpx.Client
    run: int


def write_all(store: Store, layers: dict[str, pd.DataFrame]) -> int:
    """Write imported layers, then derived ones with a run; return the run's id."""
    derived = {"plots", "constraints", "buildable", "reasons", "balance", "waterfall"}
    inputs = {}
    for name, frame in layers.items():
        if name not in derived:
            version = store.write(name, frame, source={"source": "Provdata", "date": "2026-01-31"})
            inputs[name] = {"number": version.number, "content_hash": version.content_hash}
    versions = store.write_many(
        [
            NewLayer(name, layers[name], "parcel" if name == "reasons" else "id")
            for name in sorted(derived & set(layers))
        ],
        run={
            "kind": "plan",
            "inputs": inputs,
            "rule_set": RULES.to_mapping(),
            "parameters": {"rules": {"as_of": "2026-01-01"}},
            "code_version": {"geoplan": "0.1.0", "source": "0123456789abcdef"},
            "notes": [{"sv": "Lagret flood saknas.", "en": "The layer flood is missing."}],
            "snapshot": "0" * 64,
        },
    )
    run = versions[0].run
    assert run is not None
    return run


@pytest.fixture(scope="module")
def served(cluster: Cluster) -> Iterator[Served]:
    """Serve the small municipality from a database of the module's own."""
    with _own_database(cluster, "served") as database:
        store = Store(database.engine, crs=CRS)
        run = write_all(store, small_municipality())
        app = create_app(database, title="Almskär", crs=CRS, default_language="sv", synthetic=True)
        with _listening(app) as url, httpx.Client(base_url=url, timeout=30) as client:
            yield Served(url, database, store, client, run)


@dataclass(frozen=True)
class Deciding:
    """A running application that takes decisions: a client without and one with a token, and how to plan anew."""

    store: Store
    client: httpx.Client
    official: httpx.Client
    file: Path
    plan: Callable[[], object]
    url: str


OFFICIAL = "Anna <b>Å</b> Öberg"


@pytest.fixture(scope="module")
def deciding(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deciding]:
    """Serve a planned place with an official: parcels by a stream of unknown width, on farmland."""
    workspace = Workspace.from_mapping(
        {
            "municipality": {"name": "Prov", "code": "9999", "crs": CRS},
            "rules": {"set": "sweden", "as_of": dt.date(2026, 1, 1)},
        }
    )
    names = ["SKOBY 1:1", "SKOBY 1:2", HOSTILE, "a/b c"]
    x = EAST + np.arange(4) * 50
    stream = shapely.LineString([(EAST - 20, NORTH - 100), (EAST - 20, NORTH + 100)])
    layers = {
        "parcels": gpd.GeoDataFrame({"id": names}, geometry=shapely.box(x, NORTH, x + 50, NORTH + 40), crs=CRS),
        "water": gpd.GeoDataFrame({"id": ["V1"], "kind": "stream", "width_m": [np.nan]}, geometry=[stream], crs=CRS),
        "buildings": gpd.GeoDataFrame({"id": [], "use": []}, geometry=[], crs=CRS),
        "farmland": gpd.GeoDataFrame(
            {"id": ["J1"]}, geometry=[shapely.box(EAST + 110, NORTH, EAST + 140, NORTH + 40)], crs=CRS
        ),
    }
    token, line = new_token(OFFICIAL)
    file = tmp_path_factory.mktemp("officials") / "officials.toml"
    file.write_text(f"# who may decide\n{line}\n", encoding="utf-8")
    with _own_database(cluster, "deciding") as database:
        store = Store(database.engine, crs=CRS)
        for name, frame in layers.items():
            store.write(name, frame)
        plan(workspace, store)
        app = create_app(database, title="Prov", crs=CRS, officials_file=file)
        bearer = {"Authorization": f"Bearer {token}"}
        with (
            _listening(app) as url,
            httpx.Client(base_url=url, timeout=30) as client,
            httpx.Client(base_url=url, timeout=30, headers=bearer) as official,
        ):
            yield Deciding(store, client, official, file, lambda: plan(workspace, store), url)


@pytest.fixture
def serve_empty(database: Database) -> Iterator[httpx.Client]:
    """Serve a database in which nothing is stored yet."""
    app = create_app(database, title="Tomt", crs=CRS)
    with _listening(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def serve_tables(cluster: Cluster) -> Iterator[Callable[..., Served]]:
    """Serve derived tables, each time from a database of its own, with a folder for the municipality's own texts."""
    with ExitStack() as stack:

        def serve(tables: dict[str, pd.DataFrame], *, own: Path | None = None, **parameters: Any) -> Served:
            name = f"tables_{len(opened)}"
            database = stack.enter_context(_own_database(cluster, name))
            opened.append(name)
            store = Store(database.engine, crs=CRS)
            inputs = {}
            for layer in sorted(IMPORTED & set(tables)):
                version = store.write(layer, tables[layer], source={"source": "Provdata"})
                inputs[layer] = {"number": version.number, "content_hash": version.content_hash}
            written = store.write_many(
                [NewLayer(layer, frame, None) for layer, frame in tables.items() if layer not in IMPORTED],
                run={
                    "kind": "plan",
                    "inputs": inputs,
                    "rule_set": RULES.to_mapping(),
                    "parameters": {"municipality": {"code": "9999"}, "rules": {"as_of": "2026-01-01"}, **parameters},
                    "code_version": {"geoplan": "0.1.0", "source": "0123456789abcdef"},
                    "notes": [{"sv": "Lagret flood saknas.", "en": "The layer flood is missing."}],
                    "snapshot": "0" * 64,
                },
            )
            app = create_app(database, title=HOSTILE, crs=CRS, synthetic=True, report_folder=own)
            url = stack.enter_context(_listening(app))
            client = stack.enter_context(httpx.Client(base_url=url, timeout=60))
            return Served(url, database, store, client, written[0].run or 0)

        opened: list[str] = []
        yield serve


IMPORTED = {"population", "indicators", "statistical_areas"}


class _own_database:  # noqa: N801 - reads as a function
    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster, self._name = cluster, name

    def __enter__(self) -> Database:
        import sqlalchemy as sa

        maintenance = sa.create_engine(
            sa.make_url(self._cluster.url).set(database="postgres"), isolation_level="AUTOCOMMIT"
        )
        with maintenance.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {self._name}"))
        maintenance.dispose()
        url = sa.make_url(self._cluster.url).set(database=self._name).render_as_string(hide_password=False)
        self._context = open_database(self._cluster.folder, url=url)
        return self._context.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


class _listening:  # noqa: N801
    """A uvicorn server in a thread, on a free port of the loopback."""

    def __init__(self, app: Any) -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        end = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.02)
        host, port = self._server.servers[0].sockets[0].getsockname()
        return f"http://{host}:{port}"

    def __exit__(self, *_error: Any) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture
def assert_problem() -> Callable[..., dict[str, Any]]:
    """Check that an answer is a problem document (RFC 9457) of a status, and return it."""

    def check(answer: httpx.Response, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = answer.json()
        assert document["status"] == status
        assert document["type"]
        assert document["title"]
        assert document["detail"]
        return document

    return check


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give pages; the test fails on a script's error, a console error, or a request to another host."""
    faults: list[str] = []
    contexts = []

    def new_page(*, width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="sv-SE", reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("console", lambda told: faults.append(f"console: {told.text}") if told.type == "error" else None)
        page.on("request", lambda request: _check_host(request.url, faults))
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page

    yield new_page
    for context in contexts:
        context.close()
    assert not faults, faults


def _check_host(url: str, faults: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
        faults.append(f"asked another host: {url}")
