"""What a law asks a plan to state: chapters as data, and the municipality's own text for what cannot be computed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from geoplan.report.sections import SECTIONS
from geoplan.text import Text

__all__ = ["Chapter", "Contents", "LawSource", "action_plan", "own_text"]

_BLANK = re.compile(r"\n[ \t]*\n")
_ITEM = "- "


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LawSource(_Model):
    """Where a demand of the law was read: what it is, and its address."""

    text: Text
    address: str


class Chapter(_Model):
    """One chapter of the plan.

    Attributes
    ----------
    id
        Its id; the municipality's own text is ``report/ID.md``.
    title
        Its heading.
    asks
        What the law asks for.
    source
        Which of :attr:`Contents.sources` says so.
    own
        What the municipality is to write itself; ``None`` where the figures suffice.
    sections
        Ids of the sections of figures that answer (:data:`geoplan.report.sections.SECTIONS`).
    """

    id: str
    title: Text
    asks: Text
    source: str
    own: Text | None = None
    sections: tuple[str, ...] = ()


class Contents(_Model):
    """The plan: its title, the law, what was not verified, and its chapters."""

    title: Text
    law: Text
    caveat: Text
    sources: Mapping[str, LawSource]
    chapters: tuple[Chapter, ...]

    @model_validator(mode="after")
    def _known(self) -> Self:
        for chapter in self.chapters:
            unknown = [name for name in chapter.sections if name not in SECTIONS]
            if unknown or chapter.source not in self.sources:
                raise ValueError(f"{chapter.id} names {', '.join([*unknown, chapter.source])}, which may be unknown")
        return self


@cache
def action_plan() -> Contents:
    """Return what the Swedish law asks a *handlingsplan för bostadsförsörjningen* to state, with its sources."""
    text = resources.files(__package__).joinpath("handlingsplan.toml").read_text(encoding="utf-8")
    return Contents.model_validate(tomllib.loads(text))


def own_text(text: str) -> tuple[str | tuple[str, ...], ...]:
    """Return the paragraphs of a text, and its lists as tuples.

    Parameters
    ----------
    text
        Paragraphs with blank lines between; a block whose lines all begin with ``- `` is a list. Nothing else of
        Markdown is read, and all of it is shown as the text that it is.
    """
    blocks = [block.strip() for block in _BLANK.split(text.replace("\r\n", "\n"))]
    found: list[str | tuple[str, ...]] = []
    for block in blocks:
        parts = [line.strip() for line in block.split("\n")]
        if block and all(part.startswith(_ITEM) for part in parts):
            found.append(tuple(part.removeprefix(_ITEM) for part in parts))
        elif block:
            found.append(" ".join(parts))
    return tuple(found)
