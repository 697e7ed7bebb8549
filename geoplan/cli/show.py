"""What the command line prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from layers.progress import Advance
    from layers.progress import Progress as Reporter

__all__ = ["err", "out", "print_json", "progress_bars", "table", "waterfall_table"]

out = Console()
err = Console(stderr=True)

MISSING = "–"


@contextmanager
def progress_bars() -> Iterator[Reporter]:
    """Show one bar per step on standard error; a line per finished step where that is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bars:

        @contextmanager
        def step(label: str, *, total: int | None = None) -> Iterator[Advance]:
            task = bars.add_task(escape(label), total=total)
            yield lambda units: bars.advance(task, units)
            units = max(total or 1, 1)
            bars.update(task, total=units, completed=units)

        yield step


def print_json(value: object) -> None:
    """Print one JSON document: NaN as null, dates and paths as text."""
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str))  # noqa: T201


def _plain(value: object) -> object:
    match value:
        case pd.DataFrame():
            return [_plain(row) for row in value.to_dict("records")]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case str() | None | bool() | int():
            return value
        case float():
            return None if math.isnan(value) else value
        case Sequence() | set() | frozenset():
            return [_plain(item) for item in value]
        case _ if hasattr(value, "item"):
            return _plain(value.item())
        case _:
            return None if value is pd.NA or value is pd.NaT else value


def number(value: Any, decimals: int = 0) -> str:
    """Write a number with thin groups, and a dash where there is none."""
    if value is None or pd.isna(value):
        return MISSING
    return f"{float(value):,.{decimals}f}".replace(",", "\u202f").replace("-", "\u2212")


def table(
    frame: pd.DataFrame, headings: dict[str, str], *, title: str, decimals: dict[str, int] | None = None
) -> Table:
    """Lay a frame out as a table: the columns in ``headings``' order, numbers to the right, a last ``*`` row in bold.

    Parameters
    ----------
    frame
        The rows.
    headings
        Column name → heading, unit included.
    title
        Above the table.
    decimals
        Decimals of the number columns; 0 where none are named.
    """
    result = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for column, heading in headings.items():
        numeric = pd.api.types.is_numeric_dtype(frame[column]) and column != "year"
        result.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric)
    for row in frame.to_dict("records"):
        cells = [
            number(row[column], (decimals or {}).get(str(column), 0))
            if pd.api.types.is_numeric_dtype(frame[column]) and column != "year"
            else escape(str(row[column]))
            for column in headings
        ]
        result.add_row(*cells, style="bold" if row.get("area") == "*" else "")
    return result
