"""The section on the release programme: what is released when, what limits it, and whose need it meets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.report.content import Block, Paragraph, Section, Table, Tables
from geoplan.report.missing import missing
from geoplan.report.wording import Say

__all__ = ["programme"]

_SOURCES = ("programme_result", "programme_releases", "programme_usage", "programme_served", "programme_left")
_MOST = 60


def programme(tables: Tables, say: Say) -> Section:
    """Return the programme: its outcome, releases by year, limits, and the need that it meets."""
    title = say("Program för vad som släpps när", "Programme of what is released when")
    releases = tables.get("programme_releases", "id", "year", "homes")
    result = tables.get("programme_result")
    if releases is None and result is None:
        return Section("programme", title, (missing("programme_releases", say),), _SOURCES)
    blocks: list[Block] = [_outcome(result, say)] if result is not None else []
    if releases is None:
        blocks.append(Paragraph(say("Programmet släpper inget.", "The programme releases nothing."), "finding"))
    else:
        blocks += _releases(releases, tables, say)
    usage = tables.get("programme_usage", "limit", "used", "allowed")
    if usage is not None:
        blocks.append(_usage(usage, say))
    served = tables.get("programme_served", "area", "homes")
    if served is not None:
        blocks.append(_served(served, tables, say))
    left = tables.get("programme_left", "area", "left")
    if left is not None:
        blocks.append(_unmet(left, tables, say))
    return Section("programme", title, tuple(blocks), _SOURCES)


def _outcome(result: pd.DataFrame, say: Say) -> Block:
    row: dict[Any, Any] = result.to_dict("records")[0]
    said = []
    if isinstance(row.get("status"), str):
        said.append(say("Lösningen är: {s}.", "The solution is: {s}.", s=say.value(row["status"])))
    if pd.notna(row.get("gap")):
        said.append(
            say(
                "Den är högst {gap} % från det bästa som går.",
                "It is at most {gap} % from the best that can be.",
                gap=say.decimal(100 * float(row["gap"]), 2),
            )
        )
    return Paragraph(" ".join(said) or say("Programmet är beräknat.", "The programme is computed."), "finding")


def _releases(releases: pd.DataFrame, tables: Tables, say: Say) -> list[Block]:
    years = releases.groupby("year").agg(measures=("id", "size"), homes=("homes", "sum"))
    listed = releases.sort_values(["year", "id"]).head(_MOST)
    placed, likely = "area" in releases, "likely" in releases
    return [
        Table(
            say("Efter år", "By year"),
            (say("År", "Year"), say("Åtgärder", "Measures"), say("Bostäder", "Homes")),
            tuple((str(year), say.count(row["measures"]), say.count(row["homes"])) for year, row in years.iterrows()),
            (say("Alla", "All"), say.count(len(releases)), say.count(releases["homes"].sum())),
        ),
        Table(
            say(
                "{n} av {all} åtgärder", "{n} of {all} measures", n=say.count(len(listed)), all=say.count(len(releases))
            ),
            (
                say("Åtgärd", "Measure"),
                *((say("Område", "Area"),) if placed else ()),
                say("År", "Year"),
                say("Bostäder", "Homes"),
                *((say("Troliga", "Likely"),) if likely else ()),
            ),
            tuple(
                (
                    str(row["id"]),
                    *((tables.area(row["area"]),) if placed else ()),
                    str(row["year"]),
                    say.count(row["homes"]),
                    *((say.decimal(row["likely"]),) if likely else ()),
                )
                for row in listed.to_dict("records")
            ),
            texts=2 if placed else 1,
        ),
    ]


def _usage(usage: pd.DataFrame, say: Say) -> Table:
    rows = []
    for row in usage.to_dict("records"):
        year = row.get("year")
        when = say("alla år", "all years") if year is None or pd.isna(year) else str(year)
        rows.append((say.value(row["limit"]), when, say.decimal(row["used"], 2), say.decimal(row["allowed"], 2)))
    return Table(
        say("Gränser", "Limits"),
        (say("Gräns", "Limit"), say("År", "Year"), say("Används", "Used"), say("Får användas", "Allowed")),
        tuple(rows),
        texts=2,
    )


def _served(served: pd.DataFrame, tables: Tables, say: Say) -> Table:
    caption = say("Behov som programmet möter, bostäder", "Need that the programme meets, homes")
    return _by_whom(served, "homes", caption, tables, say)


def _unmet(left: pd.DataFrame, tables: Tables, say: Say) -> Table:
    caption = say("Behov som programmet inte möter, bostäder", "Need that the programme does not meet, homes")
    return _by_whom(left, "left", caption, tables, say)


def _by_whom(table: pd.DataFrame, value: str, caption: str, tables: Tables, say: Say) -> Table:
    by = [name for name in ("group", "dwelling_type") if name in table]
    sums = table.groupby(["area", *by], as_index=False)[[value]].sum()
    heads = {"group": say("Grupp", "Group"), "dwelling_type": say("Typ", "Type")}
    return Table(
        caption,
        (say("Område", "Area"), *(heads[name] for name in by), say("Bostäder", "Homes")),
        tuple(
            (tables.area(row["area"]), *(say.value(row[name]) for name in by), say.decimal(row[value]))
            for row in sums.to_dict("records")
        ),
        texts=1 + len(by),
    )
