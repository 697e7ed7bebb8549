"""Fixtures shared by all tests: a real PostGIS server of our own, and the real data where it is at hand."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import settings

from layers.chain import plan
from layers.cluster import Cluster
from layers.database import Database, open_database
from layers.store import Store
from layers.workspace import Workspace

pytest_plugins = ["tests.housing"]

# How long an example takes depends on who else uses the machine.
settings.register_profile("geoplan", deadline=None)
settings.load_profile("geoplan")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(autouse=True)
def _no_server_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test write to the server that the environment names."""
    monkeypatch.delenv("GEOPLAN_DATABASE_URL", raising=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data is not here ({SHARED})")
    return SHARED


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One private cluster for the whole test session."""
    server = Cluster(tmp_path_factory.mktemp("workspace"), settings=FAST)
    try:
        server.join()
        yield server
    finally:
        server.leave()
        server.remove()


@pytest.fixture(scope="session")
def _template(cluster: Cluster) -> str:
    """A migrated database that every test's own is copied from."""
    _execute(cluster, "CREATE DATABASE migrated")
    with open_database(cluster.folder, url=_url(cluster, "migrated")):
        pass
    return "migrated"


@pytest.fixture
def database_url(cluster: Cluster, _template: str) -> Iterator[str]:
    """The address of an empty, migrated database of this test's own."""
    _execute(
        cluster,
        "DROP DATABASE IF EXISTS test WITH (FORCE)",
        f"CREATE DATABASE test TEMPLATE {_template} STRATEGY FILE_COPY",
    )
    yield _url(cluster, "test")
    _execute(cluster, "DROP DATABASE test WITH (FORCE)")


@pytest.fixture
def database(cluster: Cluster, database_url: str) -> Iterator[Database]:
    """An open, empty database."""
    with open_database(cluster.folder, url=database_url) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> Store:
    """An empty store in SWEREF 99 TM."""
    return Store(database.engine, crs="EPSG:3006")


@pytest.fixture
def farm_store(store: Store) -> Store:
    """A planned place with farmland: ``F 1`` is wanted, ``W 1`` to ``W 3`` are woods, and one has a hostile name."""
    names = ["F 1", "W 1", "W 2", "W 3", HOSTILE]
    boxes = [shapely.box(n * 200, 0, n * 200 + 150, 100) for n in range(5)]
    layers = {
        "parcels": _farm(boxes, id=names, owner_kind=["private", "municipality", "state", None, "private"]),
        "farmland": _farm([shapely.box(-10, -10, 120, 110)], id=["JB1"], kind=["arable"]),
        "water": _farm([shapely.box(-600, -600, -500, 600)], id=["V1"], kind=["sea"]),
        "municipality": _farm([shapely.box(-600, -600, 2_000, 600)], id=["9999"], name=["Prov"]),
        "statistical_areas": _farm([shapely.box(-600, -600, 700, 600)], id=["S1"], name=["Söder"]),
        "settlements": _farm([shapely.box(500, 300, 600, 400)], id=["T1"], name=[HOSTILE], kind=["small"]),
        "buildings": _farm([], id=[], use=[]),
        "protected_nature": _farm([shapely.box(590, -10, 760, 110)], id=["R1"], kind=["nature_reserve"]),
    }
    for name, frame in layers.items():
        store.write(name, frame, source={"source": f"{HOSTILE} & co", "date": "2026-01-31", "licence": "CC0"})
    plan(Workspace.from_mapping(FARM), store)
    return store


HOSTILE = "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}"
FARM = {
    "municipality": {"name": HOSTILE, "code": "9999", "crs": "EPSG:3006", "synthetic": True},
    "rules": {"set": "sweden", "as_of": "2026-01-01"},
}


def _farm(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array([600_000, 6_800_000]))
    return gpd.GeoDataFrame(columns, geometry=moved, crs=3006)


def _url(cluster: Cluster, database: str) -> str:
    return sa.make_url(cluster.url).set(database=database).render_as_string(hide_password=False)


def _execute(cluster: Cluster, *statements: str) -> None:
    engine = sa.create_engine(_url(cluster, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()
