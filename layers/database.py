"""The connection: to the workspace's private cluster, or to the server that GEOPLAN_DATABASE_URL names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from geoplan.errors import DatabaseError
from layers.cluster import (
    Cluster,
    ClusterStatus,
    cluster_status,
    remove_cluster,
    start_cluster,
    stop_cluster,
)
from layers.migration import READ_ROLE, prepare, short
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
        SQLAlchemy address; may hold a password, so it is not shown.
    """

    url: str = field(repr=False)

    @property
    def read_only_url(self) -> str:
        """The address for serving.

        Whoever connects by it has the role ``geoplan_read``, which may only read, in read-only transactions
        and with a statement timeout of 10 s. All three are start-up options of the connection, so that
        ``RESET ROLE`` and ``RESET ALL`` lead back to them.
        """
        url = sa.make_url(self.url)
        given = url.query.get("options", ())
        options = [given] if isinstance(given, str) else list(given)
        options += [f"-c {name}={value}" for name, value in _READ_OPTIONS.items()]
        return url.update_query_dict({"options": " ".join(options)}).render_as_string(hide_password=False)

    @property
    def conninfo(self) -> str:
        """:attr:`url` as libpq reads it, for ``psycopg`` and ``psycopg_pool``."""
        return _libpq(self.url)

    @property
    def read_only_conninfo(self) -> str:
        """:attr:`read_only_url` as libpq reads it."""
        return _libpq(self.read_only_url)

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine for reading and writing."""
        return sa.create_engine(self.url, pool_pre_ping=True)

    @cached_property
    def read_only_engine(self) -> sa.Engine:
        """The engine for serving: :attr:`read_only_url` with a bounded pool."""
        return sa.create_engine(self.read_only_url, pool_pre_ping=True, pool_size=8, max_overflow=4, pool_timeout=10)

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
    with ExitStack() as stack:
        url = url or Environment().database_url
        if url:
            hint = "Does the server that GEOPLAN_DATABASE_URL names run, and are its user and password right?"
            database = Database(_driver(url))
        else:
            hint = "`geoplan db status` tells where the workspace's own server keeps its log."
            cluster = Cluster(workspace)
            cluster.join()
            stack.callback(cluster.leave)
            database = Database(cluster.url)
        stack.callback(database.close)
        try:
            if not url:
                _make_database(database)
            with database.engine.connect() as connection:
                prepare(connection)
        except OperationalError as error:
            raise DatabaseError(f"The database cannot be reached: {short(error)}.", hint=hint) from error
        except SQLAlchemyError as error:
            raise DatabaseError(f"The database cannot be made ready: {short(error)}.", hint=hint) from error
        yield database


def _make_database(database: Database) -> None:
    """Make the private cluster's database where it is missing."""
    url = sa.make_url(database.url)
    maintenance = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with maintenance.connect() as connection:
            query = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
            if not connection.scalar(query, {"name": url.database}):
                connection.execute(sa.text(f'CREATE DATABASE "{url.database}" TEMPLATE template0'))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in {"42P04", "23505"}:  # another process was first
            raise
    finally:
        maintenance.dispose()


def _driver(url: str) -> str:
    """Return an address with our driver, whatever way the user wrote it."""
    hint = "Set GEOPLAN_DATABASE_URL to postgresql://user:password@host:port/database."
    try:
        parsed = sa.make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise DatabaseError("The database's address cannot be read.", hint=hint) from error
    kind = parsed.drivername.partition("+")[0]
    if kind not in {"postgresql", "postgres"}:
        raise DatabaseError(f"geoplan needs PostgreSQL with PostGIS, not {kind}.", hint=hint)
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _libpq(url: str) -> str:
    parsed = sa.make_url(url)
    # Not as a URL: SQLAlchemy writes a space as "+", which libpq takes for a plus.
    given = {key: value if isinstance(value, str) else ",".join(value) for key, value in parsed.query.items()}
    return make_conninfo("", **parsed.translate_connect_args(username="user", database="dbname"), **given)
