"""Which language and which format a caller wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Query, Request

from geoplan.maps.texts import LANGUAGES, Language

__all__ = ["LanguageParameter", "choose_format", "choose_language"]

LanguageParameter = Annotated[
    Language | None, Query(alias="lang", description="Language. Default: Accept-Language, then the server's.")
]


def choose_language(request: Request, asked: Language | None, default: Language) -> Language:
    """Return the language asked for, else the best of ``Accept-Language``, else the default."""
    if asked is not None:
        return asked
    for tag in _preferred(request.headers.get("accept-language", "")):
        code = tag.split("-")[0].lower()
        for known in LANGUAGES:
            if code == known:
                return known
    return default


def choose_format(request: Request, offered: Sequence[tuple[str, str]]) -> str:
    """Return the best of the formats on offer by the ``Accept`` header; the first one where it does not say.

    Parameters
    ----------
    offered
        Pairs of format name and media type, the server's preference first.
    """
    for wanted in _preferred(request.headers.get("accept", "")):
        media = wanted.lower()
        for name, kind in offered:
            if media == kind or media == "*/*" or (media.endswith("/*") and kind.startswith(media[:-1])):
                return name
    return offered[0][0]


def _preferred(header: str) -> Iterator[str]:
    """Yield the values of a header such as ``sv, en;q=0.5``, most wanted first, refused ones left out."""
    weighted = []
    for order, part in enumerate(header.split(",")):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, number = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(number)
                except ValueError:
                    weight = 0.0
        if value and weight > 0:
            weighted.append((-weight, order, value))
    for _, _, value in sorted(weighted):
        yield value
