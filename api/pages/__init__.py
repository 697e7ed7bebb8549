"""Pages for people: landing page, map, API documentation, and the files they are made of."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from starlette.responses import Response

from api.middleware import CONTENT_SECURITY_POLICY
from api.pages.texts import texts
from geoplan.maps.texts import Language, decimal, number

__all__ = ["html", "render"]

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("api.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["decimal"] = decimal
    return environment


def render(template: str, language: Language, **content: Any) -> str:
    """Return a page from its template in one language."""
    return _environment().get_template(template).render(language=language, t=texts(language), **content)


def html(page: str, *, language: Language, headers: Mapping[str, str] | None = None) -> Response:
    """Return a page as an answer whose policy allows just the scripts and styles that are in it."""
    policy = CONTENT_SECURITY_POLICY
    for directive, pattern in (("script-src 'self'", _INLINE), ("style-src 'self'", _INLINE_STYLE)):
        hashes = {_hash(match.group(1)) for match in pattern.finditer(page)}
        if hashes:
            policy = policy.replace(directive, " ".join([directive, *sorted(hashes)]))
    return Response(
        page,
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Language": language,
            "Content-Security-Policy": policy,
            "Vary": "Accept, Accept-Language",
            **(headers or {}),
        },
    )


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
