"""The connection: to the workspace's private cluster, or to the server that GEOPLAN_DATABASE_URL names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from geoplan.errors import DatabaseError
from layers.binaries import EXTENSIONS, MINIMUM_MAJOR
from layers.cluster import (
    Cluster,
    ClusterStatus,
    cluster_status,
    remove_cluster,
    start_cluster,
    stop_cluster,
)
from layers.schema import SCHEMA
from layers.settings import Environment

__all__ = [
    "ClusterStatus",
    "Database",
    "cluster_status",
    "open_database",
    "remove_cluster",
    "start_cluster",
    "stop_cluster",
]

READ_ROLE = "geoplan_read"
_MINIMUM_POSTGIS = (3, 3)
_MIGRATION_LOCK = 0x67656F70  # "geop": any number will do, as long as it is ours
_READ_OPTIONS = {
    "role": READ_ROLE,
    "default_transaction_read_only": "on",
    "statement_timeout": "10s",
}


@dataclass(frozen=True)
class Database:
    """An open database, its schema up to date.

    Attributes
    ----------
    url
        SQLAlchemy address; may hold a password, so it is never shown.
    """

    url: str = field(repr=False)

    @property
    def read_only_url(self) -> str:
        """The address for serving.

        Whoever connects by it has the role ``geoplan_read``, which may only read, in read-only transactions and
        with a statement timeout. All three are start-up options of the connection, so that ``RESET ROLE`` and
        ``RESET ALL`` lead back to them.
        """
        url = sa.make_url(self.url)
        given = url.query.get("options", "")
        options = [given if isinstance(given, str) else " ".join(given)]
        options += [f"-c {name}={value}" for name, value in _READ_OPTIONS.items()]
        return url.update_query_dict({"options": " ".join(options).strip()}).render_as_string(hide_password=False)

    @property
    def conninfo(self) -> str:
        """The address as libpq writes it, for ``psycopg`` and ``psycopg_pool``."""
        return _libpq(self.url)

    @property
    def read_only_conninfo(self) -> str:
        """:attr:`read_only_url` as libpq writes it."""
        return _libpq(self.read_only_url)

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine for reading and writing."""
        return sa.create_engine(self.url, pool_pre_ping=True)

    @cached_property
    def read_only_engine(self) -> sa.Engine:
        """The engine for serving: :attr:`read_only_url` with a bounded pool."""
        return sa.create_engine(
            self.read_only_url, pool_pre_ping=True, pool_size=8, max_overflow=4, pool_timeout=10
        )

    def close(self) -> None:
        """Close every pooled connection."""
        for name in ("engine", "read_only_engine"):
            if name in self.__dict__:
                self.__dict__[name].dispose()


@contextmanager
def open_database(workspace: Path, *, url: str | None = None) -> Iterator[Database]:
    """Open the workspace's database and bring its schema up to date.

    Parameters
    ----------
    workspace
        The workspace's folder; the private cluster lives in its ``.geoplan``.
    url
        A server to use instead. Default: ``GEOPLAN_DATABASE_URL`` where set.

    Raises
    ------
    DatabaseError
        The server is missing, unreachable, too old, lacks PostGIS, or has a newer schema than this code.
    """
    url = url or Environment().database_url
    cluster = None if url else Cluster(workspace)
    if cluster is not None:
        cluster.join()
    database = Database(_driver(url) if url else _private(cluster))
    try:
        _prepare(database)
        yield database
    finally:
        database.close()
        if cluster is not None:
            cluster.leave()


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration; developers use it through ``python -m layers.migrations``."""
    config = Config()
    # Alembic takes a percent sign in it for a reference.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _private(cluster: Cluster | None) -> str:
    """Return the private cluster's address, its database created where missing."""
    assert cluster is not None  # noqa: S101
    maintenance = sa.create_engine(
        sa.make_url(cluster.url).set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    try:
        with maintenance.connect() as connection:
            known = connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = 'geoplan'"))
            if not known:
                try:
                    connection.execute(sa.text("CREATE DATABASE geoplan"))
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", "") not in {"42P04", "23505"}:  # another process was first
                        raise
    except SQLAlchemyError as error:
        raise DatabaseError(f"The workspace's database cannot be made: {_short(error)}.") from error
    finally:
        maintenance.dispose()
    return cluster.url


def _driver(url: str) -> str:
    """Return an address with our driver, whatever way the user wrote it."""
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError as error:
        raise DatabaseError(
            "GEOPLAN_DATABASE_URL is no address.", hint="Write postgresql://user:password@host:port/database."
        ) from error
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise DatabaseError(
            f"geoplan needs PostgreSQL with PostGIS, not {parsed.get_backend_name()}.",
            hint="Set GEOPLAN_DATABASE_URL to postgresql://user:password@host:port/database.",
        )
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _prepare(database: Database) -> None:
    """Check the server, make the extensions and the reading role, and migrate; one process at a time."""
    try:
        with database.engine.connect() as connection:
            _check_server(connection)
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            connection.commit()
            try:
                _make_extensions(connection)
                _migrate(connection)
                _make_reader(connection)
            finally:
                connection.rollback()
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
                connection.commit()
    except OperationalError as error:
        raise DatabaseError(
            f"The database cannot be reached: {_short(error)}.",
            hint="Is the server that GEOPLAN_DATABASE_URL names running?",
        ) from error


def _check_server(connection: sa.Connection) -> None:
    major = int(connection.scalar(sa.text("SHOW server_version_num")) or 0) // 10_000
    if major < MINIMUM_MAJOR:
        raise DatabaseError(
            f"The server is PostgreSQL {major}; geoplan needs {MINIMUM_MAJOR} or newer.",
            hint="Set GEOPLAN_DATABASE_URL to a newer one, or unset it to use the workspace's own server.",
        )


def _make_extensions(connection: sa.Connection) -> None:
    have = {row[0]: row[1] for row in connection.execute(sa.text("SELECT extname, extversion FROM pg_extension"))}
    for name in EXTENSIONS:
        if name not in have:
            try:
                connection.execute(sa.text(f'CREATE EXTENSION "{name}"'))
            except DBAPIError as error:
                raise DatabaseError(
                    f"The extension {name} is missing and cannot be made: {_short(error)}.",
                    hint=f"Ask the server's administrator to run CREATE EXTENSION {name}; in this database.",
                ) from error
    connection.commit()
    version = str(connection.scalar(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _MINIMUM_POSTGIS:
        raise DatabaseError(f"The server has PostGIS {version}; geoplan needs 3.3 or newer.")


def _migrate(connection: sa.Connection) -> None:
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.commit()
    current = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA}).get_current_revision()
    connection.commit()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseError(
            f"The database's schema ({current}) is newer than this geoplan.", hint="Upgrade geoplan and try again."
        )
    command.upgrade(config, "head")
    connection.commit()


def _make_reader(connection: sa.Connection) -> None:
    """Make the role that serves: it may read our tables and nothing else."""
    known = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": READ_ROLE})
    try:
        if not known:
            connection.execute(sa.text(f"CREATE ROLE {READ_ROLE} NOLOGIN"))
        connection.execute(sa.text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {READ_ROLE}"))
        connection.execute(sa.text(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {READ_ROLE}"))
        connection.execute(
            sa.text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMA} GRANT SELECT ON TABLES TO {READ_ROLE}")
        )
        connection.execute(sa.text(f"GRANT {READ_ROLE} TO CURRENT_USER"))
        connection.commit()
    except DBAPIError as error:
        raise DatabaseError(
            f"The role {READ_ROLE} cannot be made: {_short(error)}.",
            hint=f"Ask the server's administrator to run CREATE ROLE {READ_ROLE} NOLOGIN; and grant it to our user.",
        ) from error


def _libpq(url: str) -> str:
    parsed = sa.make_url(url)
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


def _short(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0].rstrip(".")
