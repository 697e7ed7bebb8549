"""Scripts and styles, from this machine alone."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.reading import not_modified
from geoplan.errors import NotFoundError
from geoplan.maps.assets import asset_path

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_STATIC = Path(__file__).parent / "static"


@router.get("/assets/{name:path}", response_class=Response)
def asset(request: Request, name: str) -> Response:
    """Return a file that a page is made of."""
    path = _own(name.removeprefix("pages/")) if name.startswith("pages/") else asset_path(name)
    content, tag = _content(path, path.stat().st_mtime_ns)
    if (unchanged := not_modified(request, tag)) is not None:
        return unchanged
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers={"ETag": tag})


def _own(name: str) -> Path:
    path = (_STATIC / name).resolve()
    if not path.is_relative_to(_STATIC.resolve()) or not path.is_file():
        raise NotFoundError(f"There is no asset {name!r}.")
    return path


@lru_cache(maxsize=64)
def _content(path: Path, _changed: int) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'
