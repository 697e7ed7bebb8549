"""What the command line prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from layers.chain import PlanResult
    from layers.progress import Advance
    from layers.progress import Progress as Reporter
    from layers.store import LayerVersion, Run
    from layers.verifying import Verification

__all__ = ["err", "json_text", "out", "plan", "print_json", "progress_bars", "status", "table", "verification"]

# A pipe or a log has no width of its own; tables are laid out for one that holds them.
_WIDTH = None if sys.stdout.isatty() else 140

out = Console(width=_WIDTH)
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
    print(json_text(value))  # noqa: T201


def json_text(value: object) -> str:
    """Return one JSON document: NaN as null, dates and paths as text."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str)


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
    # Adding zero turns a minus zero, as rounding leaves it, into zero.
    return f"{round(float(value), decimals) + 0.0:,.{decimals}f}".replace(",", "\u202f").replace("-", "\u2212")


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
        result.add_column(heading, justify="right" if numeric else "left", no_wrap=True)
    for row in frame.to_dict("records"):
        cells = [
            number(row[column], (decimals or {}).get(str(column), 0))
            if pd.api.types.is_numeric_dtype(frame[column]) and column != "year"
            else escape(str(row[column]))
            for column in headings
        ]
        result.add_row(*cells, style="bold" if row.get("area") == "*" else "")
    return result


_WORDS = {
    "sv": {
        "waterfall": "Från all mark till tomter",
        "balance": "Balans: bostäder på tomter mot behov",
        "title": "steg",
        "area_ha": "hektar",
        "parcels": "fastigheter",
        "plots": "tomter",
        "homes": "bostäder",
        "area_name": "område",
        "year": "år",
        "population": "folkmängd",
        "households": "hushåll",
        "need": "behov",
        "supply_homes": "utbud i plan",
        "supply_available": "varav lediga",
        "supply_unplanned": "utan plan",
        "balance_column": "balans",
        "whole": "Hela kommunen",
        "unassigned": "utanför områdena",
        "notes": "Att veta",
        "unchanged": "Inget har ändrats sedan körning",
        "run": "Körning",
        "computed": "Fastigheter som beräknades på nytt",
        "figures": "Nyckeltal",
        "value": "värde",
        "unit": "enhet",
    },
    "en": {
        "waterfall": "From all land to plots",
        "balance": "Balance: homes on plots against need",
        "title": "step",
        "area_ha": "hectares",
        "parcels": "parcels",
        "plots": "plots",
        "homes": "homes",
        "area_name": "area",
        "year": "year",
        "population": "population",
        "households": "households",
        "need": "need",
        "supply_homes": "supply in plans",
        "supply_available": "of which available",
        "supply_unplanned": "without plan",
        "balance_column": "balance",
        "whole": "The whole municipality",
        "unassigned": "outside the areas",
        "notes": "To know",
        "unchanged": "Nothing has changed since run",
        "run": "Run",
        "computed": "Parcels computed anew",
        "figures": "Key figures",
        "value": "value",
        "unit": "unit",
    },
}


def plan(result: PlanResult, language: str) -> None:
    """Print a run: waterfall, key figures, balance and what to know about them."""
    words = _WORDS[language]
    tables = result.tables
    if "waterfall" in tables:
        _print_waterfall(tables["waterfall"], language)
    if "figures" in tables:
        _print_figures(tables["figures"], language)
    if "balance" in tables:
        out.print(_balance(tables["balance"], language))
    if result.run.notes:
        out.print(f"[bold]{words['notes']}[/]")
        for note in result.run.notes:
            out.print(f"  • {escape(note[language])}", highlight=False, soft_wrap=True)
    if result.parcels_computed is not None and not result.unchanged:
        out.print(f"{words['computed']}: {number(result.parcels_computed)}", highlight=False)
    head = words["unchanged"] if result.unchanged else words["run"]
    out.print(f"{head} {result.run.id}, {result.run.snapshot[:16]}", highlight=False)


def _balance(frame: pd.DataFrame, language: str) -> Table:
    """Lay the balance out with one row an area: need by year (four years at most), supply, and the last balance."""
    words = _WORDS[language]
    years = sorted(frame["year"].unique())
    shown = [years[round(i)] for i in np.linspace(0, len(years) - 1, min(4, len(years)))]
    last = frame[frame["year"] == years[-1]].set_index("area")
    supply = ["plots", "supply_homes", "supply_available", "supply_unplanned"]
    rows = last[["area_name", *supply]].copy()
    for year in shown:
        rows[f"need_{year}"] = frame[frame["year"] == year].set_index("area")["need"]
    rows["balance"] = last["balance"]
    rows = rows.reset_index()
    rows["area_name"] = rows["area_name"].where(rows["area"] != "*", words["whole"])
    rows["area_name"] = rows["area_name"].where(rows["area"] != "", words["unassigned"])
    headings = {name: words[name] for name in ("area_name", *supply)}
    headings |= {f"need_{year}": f"{words['need']} {year}" for year in shown}
    headings["balance"] = f"{words['balance_column']} {years[-1]}"
    return table(rows, headings, title=words["balance"])


def _print_waterfall(frame: pd.DataFrame, language: str) -> None:
    words = _WORDS[language]
    shown = frame.assign(title=frame[f"title_{language}"], area_ha=frame["area_m2"] / 10_000)
    shown["area"] = frame["kind"].map({"total": "*"}).fillna("")
    headings = {name: words[name] for name in ("title", "area_ha", "parcels", "plots", "homes")}
    out.print(table(shown, headings, title=words["waterfall"], decimals={"area_ha": 1}))


def _print_figures(frame: pd.DataFrame, language: str) -> None:
    words = _WORDS[language]
    part = frame["part"].map(lambda text: f": {text}" if text else "")
    shown = frame.assign(title=frame[f"title_{language}"] + part)
    headings = {"title": words["title"], "value": words["value"], "unit": words["unit"]}
    out.print(table(shown, headings, title=words["figures"], decimals={"value": 1}))


def status(layers: Sequence[LayerVersion], missing: Sequence[str], run: Run | None, language: str) -> None:
    """Print the layers with their versions, what is configured but not imported, and the last run."""
    rows = pd.DataFrame(
        [
            (version.layer, version.number, version.feature_count, f"{version.created_at:%Y-%m-%d %H:%M}")
            for version in layers
        ],
        columns=["layer", "number", "rows", "created"],
    )
    headings = {"layer": "layer", "number": "version", "rows": "rows", "created": "made (UTC)"}
    out.print(table(rows, headings, title="Layers"))
    if missing:
        out.print(f"Configured, not imported: {', '.join(missing)}", highlight=False)
    if run is None:
        out.print("No run yet: geoplan plan")
        return
    out.print(f"Run {run.id}, {run.created_at:%Y-%m-%d %H:%M} UTC, {run.snapshot}", highlight=False)
    for note in run.notes:
        out.print(f"  • {escape(note[language])}", highlight=False, soft_wrap=True)


def verification(result: Verification) -> None:
    """Print what verifying a run came to, every difference by layer."""
    for check in result.checks:
        if not check.equal:
            out.print(
                f"[red]differs[/] {check.layer} ({check.kind}): {check.recorded[:16]} → {check.found[:16] or MISSING}",
                highlight=False,
            )
    if not result.same_code:
        then, now = dict(result.code_recorded), dict(result.code_now)
        changed = ", ".join(f"{key} {then.get(key)} → {now[key]}" for key in now if then.get(key) != now[key])
        out.print(f"The code has changed since: {escape(changed)}", highlight=False, soft_wrap=True)
    for reason in result.reasons:
        out.print(escape(reason.en), highlight=False, soft_wrap=True)
    word = "equal to the digit" if result.equal else "NOT equal"
    out.print(f"Run {result.run}: {len(result.checks)} checks, {word}. {result.snapshot}", highlight=False)
