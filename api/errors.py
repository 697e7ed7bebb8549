"""Errors over HTTP: one table from error class to status, one shape (RFC 9457, problem details)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import psycopg
import psycopg.errors
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from geoplan.errors import (
    DatabaseError,
    GeoplanError,
    InputError,
    NotFoundError,
    SettingsError,
    VerificationError,
)

__all__ = ["STATUS", "RefusedError", "problem", "register_errors"]

_log = logging.getLogger("geoplan.api")

STATUS: Mapping[type[Exception], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    InputError: HTTPStatus.BAD_REQUEST,
    DatabaseError: HTTPStatus.SERVICE_UNAVAILABLE,
    SettingsError: HTTPStatus.INTERNAL_SERVER_ERROR,
    VerificationError: HTTPStatus.INTERNAL_SERVER_ERROR,
    GeoplanError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of each error class; a subclass without a line of its own has that of its nearest ancestor."""


class RefusedError(GeoplanError):
    """A request that is refused for what it is, not for what it asks: no token, a body of another kind.

    Parameters
    ----------
    status
        The status to answer with.
    message, hint
        As in :class:`geoplan.errors.GeoplanError`.
    headers
        Headers of the answer.
    """

    def __init__(
        self, status: HTTPStatus, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status, self.headers = status, dict(headers or {})


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    hint: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return a problem document.

    Parameters
    ----------
    status
        The status; its phrase is the title.
    detail
        What is wrong, in one sentence.
    hint
        What to do next.
    more
        Further members, such as ``errors``.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if hint:
        body["hint"] = hint
    content = json.dumps({**body, **more}, ensure_ascii=False).encode()
    return Response(content, status.value, headers=dict(headers or {}), media_type="application/problem+json")


def register_errors(app: FastAPI) -> None:
    """Make every error of an application a problem document."""
    app.add_exception_handler(GeoplanError, _ours)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(Exception, _unexpected)


def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, GeoplanError)  # noqa: S101 - what it was registered for
    status = next(STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s", error)
    return problem(status, error.message, hint=error.hint)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101
    return problem(error.status, error.message, hint=error.hint, headers=error.headers)


def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [
        {"parameter": ".".join(str(part) for part in fault["loc"][1:]), "message": str(fault["msg"])}
        for fault in error.errors()
    ]
    detail = "; ".join(f"{fault['parameter']}: {fault['message']}" for fault in faults)
    return problem(HTTPStatus.BAD_REQUEST, f"{detail}.", errors=faults)


def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = HTTPStatus(error.status_code)
    detail = "There is no such page." if error.detail == status.phrase == "Not Found" else str(error.detail)
    return problem(status, detail, hint="See / for what there is.", headers=error.headers)


def _database(_request: Request, error: Exception) -> Response:
    cause = getattr(error, "orig", None)
    if isinstance(cause, psycopg.errors.QueryCanceled):
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The answer took longer than the server allows.",
            hint="Ask for less: a smaller box, a lower limit.",
        )
    if isinstance(cause, psycopg.DataError):
        # The database does answer: it was asked for a value that it does not know.
        _log.warning("data: %s", error, exc_info=error)
        return problem(
            HTTPStatus.BAD_REQUEST,
            "A value is none that the database can look for.",
            hint="Look for numbers that are too large, and for characters that do not print.",
        )
    _log.error("database: %s", error, exc_info=error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer.", headers={"Retry-After": "5"})


def _unexpected(_request: Request, error: Exception) -> Response:
    _log.error("unexpected: %s", error, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something unexpected went wrong; it was logged.")
