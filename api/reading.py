"""Reading the store for serving: one consistent snapshot per request, bytes made by PostgreSQL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, Engine, text
from starlette.responses import Response

import geoplan
from geoplan.errors import NotFoundError

__all__ = [
    "Serving",
    "Version",
    "etag",
    "not_modified",
    "provenance",
    "require",
    "serving",
    "snapshot",
    "to_json",
    "versions",
]


@dataclass(frozen=True)
class Serving:
    """What an application serves, and how.

    Attributes
    ----------
    engine
        Engine of the read-only role, with its statement timeout and bounded pool.
    title
        The municipality's name.
    srid
        EPSG code of the stored geometry.
    default_language
        Language where a caller states none.
    synthetic
        Whether the municipality does not exist.
    """

    engine: Engine
    title: str
    srid: int
    default_language: Any
    synthetic: bool = False


@dataclass(frozen=True)
class Version:
    """The current version of a layer."""

    id: int
    layer: str
    number: int
    created_at: str
    content_hash: str
    feature_count: int
    run: int | None
    source: Mapping[str, Any]


def serving(request: Request) -> Serving:
    """Return what the application of a request serves."""
    found: Serving = request.app.state.serving
    return found


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection on which all statements see the same state of the database."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


def versions(connection: Connection) -> dict[str, Version]:
    """Return the current version of every layer, by layer id."""
    rows = connection.execute(
        text(
            "SELECT id, layer, number, "
            "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS created_at, "
            "content_hash, feature_count, run_id AS run, source "
            "FROM geoplan.layer_version WHERE is_current ORDER BY layer"
        )
    ).mappings()
    return {row["layer"]: Version(**row) for row in rows}


def require(found: Mapping[str, Version], layer: str) -> Version:
    """Return the current version of a layer.

    Raises
    ------
    NotFoundError
        The layer has none.
    """
    if layer not in found:
        raise NotFoundError(f"There is no layer {layer!r}.", hint="Import the data, then run: geoplan plan")
    return found[layer]


def etag(request: Request, *used: Version | None, language: str = "", media: str = "") -> str:
    """Return the tag of an answer: it changes with data, question, form and code."""
    parts = [
        geoplan.__version__,
        request.url.path,
        request.url.query,
        language,
        media,
        *("" if version is None else version.content_hash for version in used),
        *("" if version is None else str(version.run) for version in used),
    ]
    return f'W/"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}"'


def not_modified(request: Request, tag: str) -> Response | None:
    """Return a 304 answer when the caller already holds what the tag stands for."""
    held = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    bare = tag.removeprefix("W/")
    if "*" in held or any(part.removeprefix("W/") == bare for part in held):
        return Response(status_code=304, headers={"ETag": tag, "Vary": "Accept, Accept-Language"})
    return None


def provenance(connection: Connection, version: Version) -> dict[str, Any]:
    """Return what made a layer: its version and, where it is derived, the run with its code version."""
    told: dict[str, Any] = {
        "layer": version.layer,
        "version": version.number,
        "created_at": version.created_at,
        "content_hash": version.content_hash,
    }
    if version.run is not None:
        code = connection.execute(
            text("SELECT code_version FROM geoplan.run WHERE id = :run"), {"run": version.run}
        ).scalar()
        told["run"] = version.run
        told["code_version"] = code
        told["href"] = f"/runs/{version.run}"
    return told


def to_json(value: object) -> str:
    """Return JSON text; NaN, which JSON does not know, raises."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
