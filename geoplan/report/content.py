"""What a report is made of: sections of paragraphs, tables and charts, each with the tables that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pandas as pd

from geoplan.homes.groups import COUNT_ONLY
from geoplan.places import WHOLE

__all__ = ["Block", "Chart", "Missing", "Paragraph", "Section", "Table", "Tables"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: ``plain`` text, a ``finding`` that stands out, or ``help`` in small print."""

    text: str
    kind: Literal["plain", "finding", "help"] = "plain"


@dataclass(frozen=True)
class Table:
    """A table of text that is written already.

    Attributes
    ----------
    caption
        What it shows.
    head
        Headings of the columns; the first column heads the rows.
    rows
        One tuple a row, as many as there are headings.
    total
        The last row, if the columns add up to it.
    texts
        How many columns, from the left, are text and not numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None
    texts: int = 1


@dataclass(frozen=True)
class Chart:
    """A drawing: one ``svg`` element of :mod:`geoplan.report.charts`, in which every text is escaped."""

    svg: str


@dataclass(frozen=True)
class Missing:
    """What cannot be said, and what to do so that it can."""

    text: str


Block: TypeAlias = Paragraph | Table | Chart | Missing


@dataclass(frozen=True)
class Section:
    """A section of figures.

    Attributes
    ----------
    id
        Its id, such as ``need``.
    title
        Its heading.
    blocks
        What it holds, in order.
    sources
        Ids of the tables that its figures come from.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    sources: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        """Whether it only says what is missing."""
        return all(isinstance(block, Missing) for block in self.blocks)


@dataclass(frozen=True)
class Tables:
    """The tables that figures are read from.

    Attributes
    ----------
    frames
        Tables by id, derived ones and a few that were imported.
    names
        Names of statistical areas, by id.
    code
        The municipality's code, by which it stands among others in ``indicators``.
    """

    frames: Mapping[str, pd.DataFrame]
    names: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    def get(self, name: str, *columns: str) -> pd.DataFrame | None:
        """Return a table that has these columns and at least one row, else ``None``."""
        frame = self.frames.get(name)
        if frame is None or not set(columns) <= set(frame.columns):
            return None
        if {"group", "area"} <= set(frame.columns):
            # Those who must leave violence are a count for the whole, whatever a table says.
            frame = frame[(frame["group"] != COUNT_ONLY) | (frame["area"] == WHOLE)]
        return None if frame.empty else frame

    def area(self, key: object) -> str:
        """Return an area's name; its id where it has none."""
        return str(self.names.get(str(key), key))
