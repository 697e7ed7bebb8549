import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy.exc import DBAPIError, IntegrityError

from geoplan.errors import DatabaseError
from layers.cluster import Cluster
from layers.database import Database, open_database
from layers.migration import alembic_config
from layers.schema import SCHEMA, Base
from layers.store import Store

ROOT = Path(__file__).parents[2]


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def address(cluster: Cluster, database: str, **parts: str) -> str:
    return sa.make_url(cluster.url).set(database=database, **parts).render_as_string(hide_password=False)


@pytest.fixture
def bare_url(cluster: Cluster) -> Iterator[str]:
    """The address of a database with nothing in it."""
    maintenance = address(cluster, "postgres")
    execute(maintenance, "CREATE DATABASE bare")
    yield address(cluster, "bare")
    execute(maintenance, "DROP DATABASE bare WITH (FORCE)", "DROP ROLE IF EXISTS plain")


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table_schema": SCHEMA,
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
                "include_object": alembic_helpers.include_object,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_models_and_tables_agree_on_checks_and_comments(database: Database) -> None:
    inspector = sa.inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        checks = {check["name"] for check in inspector.get_check_constraints(table.name, SCHEMA)}
        wanted = {str(check.name) for check in table.constraints if isinstance(check, sa.CheckConstraint)}
        assert checks == wanted
        for column in inspector.get_columns(table.name, SCHEMA):
            assert column["comment"] == table.columns[column["name"]].comment


def test_migrations_go_down_and_up_again(database: Database) -> None:
    with database.engine.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
        assert sa.inspect(connection).get_table_names(SCHEMA) == ["alembic_version"]
        connection.commit()
        command.upgrade(alembic_config(connection), "head")
        connection.commit()
    Store(database.engine, crs=3006).layers()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO geoplan.layer_version (layer, number, columns, feature_count, content_hash) "
        "VALUES ('a', 1, '[]', 0, repeat('0', 64)), ('a', 2, '[]', 0, repeat('1', 64))",
        "INSERT INTO geoplan.layer_version (layer, number, columns, feature_count, content_hash) "
        "VALUES ('a', 0, '[]', 0, repeat('0', 64))",
        "INSERT INTO geoplan.layer_version (layer, number, columns, feature_count, content_hash) "
        "VALUES ('a', 1, '[]', 0, 'short')",
        "INSERT INTO geoplan.feature (version_id, fid, properties) VALUES (99, 0, '{}')",
    ],
    ids=["two current versions", "number zero", "a short hash", "a feature of no version"],
)
def test_the_schema_refuses_what_makes_no_sense(database: Database, statement: str) -> None:
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_an_empty_server_is_made_ready_and_left_alone_after(bare_url: str, tmp_path: Path) -> None:
    with open_database(tmp_path, url=bare_url.replace("+psycopg", "")) as database:
        assert Store(database.engine, crs=3006).layers() == []
    assert list(tmp_path.iterdir()) == [], "a server that the user names needs no private one"
    with open_database(tmp_path, url=bare_url) as database, database.engine.connect() as connection:
        before = connection.scalar(sa.text("SELECT txid_snapshot_xmax(txid_current_snapshot())"))
        with open_database(tmp_path, url=bare_url):
            pass
        connection.rollback()
        after = connection.scalar(sa.text("SELECT txid_snapshot_xmax(txid_current_snapshot())"))
        assert after == before, "opening a database that is up to date writes nothing"


def test_the_environment_names_the_server(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOPLAN_DATABASE_URL", database_url)
    with open_database(tmp_path) as database:
        assert database.url == database_url
        assert "host" not in repr(database)
    assert not (tmp_path / ".geoplan").exists()


def test_two_processes_make_one_database_ready_at_once(bare_url: str) -> None:
    code = (
        "import sys; from pathlib import Path; from layers.database import open_database\n"
        "with open_database(Path(), url=sys.argv[1]): print('ready')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, bare_url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0] for process in both] == ["ready\n", "ready\n"]


def test_the_reading_role_reads_and_nothing_else(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE public.secret AS SELECT 1 AS x"))
    with database.read_only_engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) == "geoplan_read"
        assert connection.scalar(sa.text("SHOW statement_timeout")) == "10s"
        assert connection.scalar(sa.text("SELECT count(*) FROM geoplan.current_feature")) == 0
        assert connection.scalar(sa.text("SELECT ST_SRID(ST_Transform(ST_Point(0, 0, 4326), 3857))")) == 3857
    for statement in (
        "DELETE FROM geoplan.feature",
        "SET default_transaction_read_only = off; COMMIT; DELETE FROM geoplan.feature",
        "RESET ROLE; COMMIT; DELETE FROM geoplan.feature",
        "RESET ALL; COMMIT; CREATE TABLE geoplan.x ()",
        "CREATE TEMP TABLE x AS SELECT 1",
        "SELECT * FROM public.secret",
        "SELECT pg_read_file('/etc/passwd')",
    ):
        with pytest.raises(DBAPIError), psycopg_connection(database) as connection:
            connection.exec_driver_sql(statement)
    with database.read_only_engine.connect() as connection:
        connection.execute(sa.text("SET statement_timeout = '50ms'"))
        with pytest.raises(DBAPIError, match="statement timeout"):
            connection.execute(sa.text("SELECT pg_sleep(5)"))


def psycopg_connection(database: Database) -> sa.Connection:
    return database.read_only_engine.connect()


def test_the_addresses_work_without_sqlalchemy(database: Database) -> None:
    with psycopg.connect(database.conninfo) as connection:
        row = connection.execute("SHOW transaction_read_only").fetchone()
        assert row == ("off",)
    with psycopg.connect(database.read_only_conninfo) as connection:
        row = connection.execute("SELECT current_user::text, current_setting('transaction_read_only')").fetchone()
        assert row == ("geoplan_read", "on")


def test_options_that_the_address_has_are_kept(database: Database, tmp_path: Path) -> None:
    url = sa.make_url(database.url).update_query_dict({"options": "-c application_name=mine"})
    with (
        open_database(tmp_path, url=url.render_as_string(hide_password=False)) as again,
        again.read_only_engine.connect() as connection,
    ):
        assert connection.scalar(sa.text("SHOW application_name")) == "mine"
        assert connection.scalar(sa.text("SELECT current_user")) == "geoplan_read"


def test_a_newer_schema_is_told(database_url: str, tmp_path: Path) -> None:
    execute(database_url, "UPDATE geoplan.alembic_version SET version_num = '9999'")
    with (
        pytest.raises(DatabaseError, match=r"newer geoplan.*9999"),
        open_database(tmp_path, url=database_url),
    ):
        pass


def test_a_user_who_may_not_make_the_extension_is_told_what_to_ask_for(
    cluster: Cluster, bare_url: str, tmp_path: Path
) -> None:
    execute(bare_url, "CREATE ROLE plain LOGIN")
    plain = address(cluster, "bare", username="plain")
    with (
        pytest.raises(DatabaseError, match="postgis is missing") as caught,
        open_database(tmp_path, url=plain),
    ):
        pass
    assert "CREATE EXTENSION postgis" in str(caught.value.hint)

    execute(bare_url, "CREATE EXTENSION postgis", "CREATE EXTENSION btree_gist")
    with (
        pytest.raises(DatabaseError, match="tables cannot be made") as caught,
        open_database(tmp_path, url=plain),
    ):
        pass
    assert "CREATE SCHEMA geoplan AUTHORIZATION" in str(caught.value.hint)

    execute(bare_url, "CREATE SCHEMA geoplan AUTHORIZATION plain")
    execute(bare_url, "DO $$ BEGIN CREATE ROLE geoplan_read NOLOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
    with (
        pytest.raises(DatabaseError, match="role geoplan_read") as caught,
        open_database(tmp_path, url=plain),
    ):
        pass
    assert "GRANT geoplan_read TO" in str(caught.value.hint)

    execute(bare_url, "GRANT geoplan_read TO plain")
    with open_database(tmp_path, url=plain) as database, database.read_only_engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT session_user || ' ' || current_user")) == "plain geoplan_read"
        assert connection.scalar(sa.text("SELECT count(*) FROM geoplan.layer_version")) == 0
    execute(bare_url, "DROP OWNED BY plain CASCADE")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
        ("sqlite:///x.db", "needs PostgreSQL with PostGIS, not sqlite"),
        ("not an address", "cannot be read"),
        ("postgresql://u:p@host:port/db", "cannot be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=told) as caught, open_database(tmp_path, url=url):
        pass
    assert "GEOPLAN_DATABASE_URL" in str(caught.value.hint)


def test_a_lost_password_is_never_shown() -> None:
    assert "secret" not in repr(Database("postgresql+psycopg://me:secret@host/db"))
