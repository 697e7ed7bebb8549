"""Fixtures shared by all tests: a real PostGIS server of our own, and the real data where it is at hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from layers.cluster import Cluster
from layers.database import Database, open_database
from layers.store import Store

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


def _url(cluster: Cluster, database: str) -> str:
    return sa.make_url(cluster.url).set(database=database).render_as_string(hide_password=False)


def _execute(cluster: Cluster, *statements: str) -> None:
    engine = sa.create_engine(_url(cluster, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()
