"""Bringing a database up to date: server version, extensions, tables, and the role that may only read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from geoplan.errors import DatabaseError
from layers.binaries import EXTENSIONS, MINIMUM_MAJOR
from layers.schema import SCHEMA

__all__ = ["READ_ROLE", "alembic_config", "prepare", "short"]

READ_ROLE = "geoplan_read"

_MINIMUM_POSTGIS = (3, 3)
_LOCK = 0x67656F70  # "geop": any number will do, as long as it is ours
_ALREADY_THERE = {"42710", "23505"}


def prepare(connection: sa.Connection) -> None:
    """Check the server, make what is missing, and migrate to the newest schema; one process at a time.

    A database that is up to date is only looked at.

    Raises
    ------
    DatabaseError
        The server or PostGIS is too old, a newer geoplan made the schema, or we lack the right to make
        something: the hint says what an administrator is to run.
    """
    _check_server(connection)
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.commit()
    try:
        _make_extensions(connection)
        _migrate(connection)
        _make_reader(connection)
    finally:
        # Where the connection is lost the lock is, too, and the first error is the one to tell.
        with suppress(SQLAlchemyError):
            connection.rollback()
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()


def alembic_config(connection: sa.Connection) -> Config:
    """Return Alembic's configuration for a connection; developers use ``python -m layers.migrations``."""
    config = Config()
    # Alembic takes a percent sign in it for a reference.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def short(error: SQLAlchemyError) -> str:
    """Return the database's own words, without SQL and parameters."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()).rstrip(".")


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
                connection.execute(sa.text(f"CREATE EXTENSION {name}"))
            except DBAPIError as error:
                raise DatabaseError(
                    f"The extension {name} is missing and cannot be made: {short(error)}.",
                    hint=f"Ask the server's administrator to run `CREATE EXTENSION {name}` in this database.",
                ) from error
    connection.commit()
    version = str(connection.scalar(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _MINIMUM_POSTGIS:
        raise DatabaseError(
            f"The server has PostGIS {version}; geoplan needs 3.3 or newer.",
            hint="Ask the server's administrator to install it, then `SELECT postgis_extensions_upgrade()`.",
        )


def _migrate(connection: sa.Connection) -> None:
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    options = {"version_table_schema": SCHEMA}
    current = MigrationContext.configure(connection, opts=options).get_current_revision()
    connection.commit()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseError(
            f"A newer geoplan made the database's schema (revision {current}).",
            hint=f"Upgrade geoplan, or drop the schema {SCHEMA} and import again.",
        )
    try:
        if not sa.inspect(connection).has_schema(SCHEMA):
            connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
        command.upgrade(config, "head")
        connection.commit()
    except DBAPIError as error:
        raise DatabaseError(
            f"The tables cannot be made: {short(error)}.",
            hint=f"Our user needs the right to create in the schema {SCHEMA}: ask the server's administrator "
            f"to run `CREATE SCHEMA {SCHEMA} AUTHORIZATION` our user.",
        ) from error


def _make_reader(connection: sa.Connection) -> None:
    """Make the role that serves: it may read our tables and nothing else."""
    try:
        if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": READ_ROLE}):
            try:
                with connection.begin_nested():
                    connection.execute(sa.text(f"CREATE ROLE {READ_ROLE} NOLOGIN"))
            except DBAPIError as error:
                # Roles are shared between a server's databases, and our lock is not.
                if getattr(error.orig, "sqlstate", None) not in _ALREADY_THERE:
                    raise
        if not _granted(connection):
            connection.execute(sa.text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {READ_ROLE}"))
            connection.execute(sa.text(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {READ_ROLE}"))
        if not _member(connection):
            connection.execute(sa.text(f"GRANT {READ_ROLE} TO CURRENT_USER"))
        connection.commit()
    except DBAPIError as error:
        raise DatabaseError(
            f"The role {READ_ROLE} cannot be made: {short(error)}.",
            hint="Ask the server's administrator to run "
            f"`CREATE ROLE {READ_ROLE} NOLOGIN; GRANT {READ_ROLE} TO` our user.",
        ) from error


def _granted(connection: sa.Connection) -> bool:
    query = """
        SELECT has_schema_privilege(:role, :schema, 'USAGE') AND NOT EXISTS (
            SELECT FROM pg_class
            WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind IN ('r', 'v', 'm', 'p')
              AND NOT has_table_privilege(:role, oid, 'SELECT'))
        """
    return bool(connection.scalar(sa.text(query), {"role": READ_ROLE, "schema": SCHEMA}))


def _member(connection: sa.Connection) -> bool:
    # From version 16 on, a member may lack the right to take the role.
    how = "SET" if int(connection.scalar(sa.text("SHOW server_version_num")) or 0) >= 160_000 else "MEMBER"
    return bool(connection.scalar(sa.text("SELECT pg_has_role(:role, :how)"), {"role": READ_ROLE, "how": how}))
