"""Bodies of requests that write: JSON of a bounded size, read no further than that."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.errors import RefusedError

__all__ = ["json_body", "parsed"]

_MOST_BYTES = 16_384
_Model = TypeVar("_Model", bound=BaseModel)


async def json_body(request: Request) -> bytes:
    """Return the body of a request; whatever its sender says of its size, no more than allowed is read.

    Raises
    ------
    RefusedError
        It is not ``application/json``, or too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise RefusedError(status, f"The body has more than {_MOST_BYTES} bytes.", headers={"Connection": "close"})
    return body


def parsed(model: type[_Model], body: bytes) -> _Model:
    """Return a body as a model.

    Raises
    ------
    RequestValidationError
        It is no JSON, or members are missing, unknown or wrong; each is named.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *(fault["loc"] or ("body",)))} for fault in error.errors()]
        raise RequestValidationError(faults) from None
