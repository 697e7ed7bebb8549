"""Sections on what there is and what comes: the stock, the land ledger, the supply account, plots and indicators."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.homes.stock import FLOWS
from geoplan.places import WHOLE
from geoplan.report.charts import Bar, bars
from geoplan.report.content import Block, Chart, Paragraph, Section, Table, Tables
from geoplan.report.missing import missing
from geoplan.report.wording import Say

__all__ = ["capacity", "indicators", "land", "stock", "supply"]

_STAGES = ("possible", "planned", "decided", "under_way", "ready")


def stock(tables: Tables, say: Say) -> Section:
    """Return the stock's account by type: opening, what changes it, closing."""
    title = say("Beståndet och dess förändring", "The stock and what changes it")
    table = tables.get("stock_account", "type", "tenure", "year", "opening", *FLOWS, "closing")
    if table is None:
        return Section("stock", title, (missing("stock_account", say),), ("stock_account",))
    first, last = int(table["year"].min()), int(table["year"].max())
    keys = ["type", "tenure"]
    sums = table.groupby(keys)[list(FLOWS)].sum()
    sums.insert(0, "opening", table[table["year"] == first].groupby(keys)["opening"].sum())
    sums["closing"] = table[table["year"] == last].groupby(keys)["closing"].sum()
    sums = sums.fillna(0.0)

    def cells(row: dict[Any, Any]) -> tuple[str, ...]:
        signed = (say.count(row[name], signed=True) for name in FLOWS)
        return (say.count(row["opening"]), *signed, say.count(row["closing"]))

    return Section(
        "stock",
        title,
        (
            Table(
                say("Bostäder efter typ och upplåtelse, till {year}", "Homes by type and tenure, to {year}", year=last),
                (
                    say("Typ och upplåtelse", "Type and tenure"),
                    say("Från början", "At first"),
                    say("Nya", "New"),
                    say("Omvandlade", "Converted"),
                    say("Delade", "Split"),
                    say("Fritidshus", "Leisure"),
                    say("Rivna", "Demolished"),
                    say("Till annat", "To other use"),
                    say("Till slut", "At last"),
                ),
                tuple(
                    (f"{say.value(row['type'])}, {say.value(row['tenure'])}", *cells(row))
                    for row in sums.reset_index().to_dict("records")
                ),
                (say("Alla", "All"), *cells(sums.sum().to_dict())),
            ),
            Paragraph(
                say(
                    "Det som läggs till har plus, det som går bort minus; varje rad går jämnt ut. Fritidshus är ett "
                    "slag för sig.",
                    "What is added has a plus, what goes a minus; every row adds up. Leisure homes are a kind of "
                    "their own.",
                ),
                "help",
            ),
        ),
        ("stock_account",),
    )


def land(tables: Tables, say: Say) -> Section:
    """Return the land ledger: hectares newly taken against hectares used again."""
    title = say("Mark som tas i anspråk och mark som används igen", "Land newly taken and land used again")
    table = tables.get(
        "land_ledger", "year", "area", "dwellings", "new_ha", "reused_ha", "freed_ha", "ha_per_dwelling", "reused_share"
    )
    if table is None:
        return Section("land", title, (missing("land_ledger", say),), ("land_ledger",))
    whole = table[table["area"] == WHOLE]
    years = whole[whole["year"].notna()]
    areas = table[table["year"].isna() & (table["area"] != WHOLE)]

    def cells(row: dict[Any, Any]) -> tuple[str, ...]:
        return (
            say.count(row["dwellings"]),
            say.decimal(row["new_ha"], 2),
            say.decimal(row["reused_ha"], 2),
            say.decimal(row["freed_ha"], 2),
            say.decimal(row["ha_per_dwelling"], 3),
            say.percent(row["reused_share"]),
        )

    head = (
        say("Bostäder", "Homes"),
        say("Ny mark, ha", "New land, ha"),
        say("Använd igen, ha", "Used again, ha"),
        say("Frigjord, ha", "Freed, ha"),
        say("Ha per bostad", "Ha per home"),
        say("Andel igen", "Share again"),
    )
    all_years = [cells(row) for row in whole[whole["year"].isna()].to_dict("records")]
    name = say("Alla år", "All years")
    blocks: list[Block] = [
        Chart(
            bars(
                [Bar(str(int(row["year"])), (row["new_ha"], row["reused_ha"])) for row in years.to_dict("records")],
                name="land",
                title=say("Hektar efter år", "Hectares by year"),
                description=say(
                    "Ny mark och mark som används igen, ände vid ände. Samma tal står i tabellen.",
                    "New land and land used again, end to end. The table has the same figures.",
                ),
                series=(say("ny mark", "new land"), say("använd igen", "used again")),
                write=lambda value: say.decimal(value, 2),
                stacked=True,
            )
        ),
        Table(
            say("Hela kommunen efter år", "The whole by year"),
            (say("År", "Year"), *head),
            tuple((str(int(row["year"])), *cells(row)) for row in years.to_dict("records")),
            (name, *all_years[0]) if all_years else None,
        ),
        Table(
            say("Efter område, alla år", "By area, all years"),
            (say("Område", "Area"), *head),
            tuple((tables.area(row["area"]), *cells(row)) for row in areas.to_dict("records")),
        ),
    ]
    return Section("land", title, tuple(blocks), ("land_ledger",))


def supply(tables: Tables, say: Say) -> Section:
    """Return every source of homes once, by kind and stage, and what is left out."""
    title = say("Utbudets räkenskap", "The supply account")
    table = tables.get("supply", "kind", "stage", "homes", "counts_in")
    if table is None:
        return Section("supply", title, (missing("supply", say),), ("supply", "supply_left_out"))
    counted = table[table["counts_in"] == "supply"]
    wide = counted.pivot_table(index="kind", columns="stage", values="homes", aggfunc="sum").fillna(0.0)
    wide = wide.reindex(columns=[stage for stage in _STAGES if stage in wide.columns])
    blocks: list[Block] = [
        Table(
            say("Bostäder efter källa och hur långt den kommit", "Homes by source and how far it has come"),
            (say("Källa", "Source"), *(say.value(stage) for stage in wide.columns), say("Alla", "All")),
            tuple(
                (say.value(kind), *(say.count(v) for v in wide.loc[kind]), say.count(wide.loc[kind].sum()))
                for kind in wide.index
            ),
            (say("Alla", "All"), *(say.count(wide[stage].sum()) for stage in wide), say.count(wide.to_numpy().sum())),
        ),
        Paragraph(
            say(
                "Varje källa står en gång. Rivning och annat som går bort har minus.",
                "Every source stands once. Demolition and what else goes has a minus.",
            )
            + " "
            + say(
                "{n} tomma bostäder räknas redan av i behovet, och läggs inte till här.",
                "{n} vacant homes are taken off the need already, and are not added here.",
                n=say.count(table.loc[table["counts_in"] == "need", "homes"].sum()),
            ),
            "help",
        ),
    ]
    left = tables.get("supply_left_out", "reason", "homes")
    if left is not None:
        sums = left.groupby("reason").agg(sources=("homes", "size"), homes=("homes", "sum"))
        blocks.append(
            Table(
                say("Inte räknat, och varför", "Left out, and why"),
                (say("Skäl", "Reason"), say("Källor", "Sources"), say("Bostäder", "Homes")),
                tuple(
                    (say.value(why), say.count(row["sources"]), say.count(row["homes"])) for why, row in sums.iterrows()
                ),
            )
        )
    return Section("supply", title, tuple(blocks), ("supply", "supply_left_out"))


def capacity(tables: Tables, say: Say) -> Section:
    """Return nominal beside likely homes on plots, with their range."""
    title = say("Tomter: nominellt och troligt", "Plots: nominal and likely")
    table = tables.get("capacity", "area", "year", "supply", "plots", "nominal", "likely", "p10", "p90")
    if table is None:
        return Section("capacity", title, (missing("capacity", say),), ("capacity",))
    head = (
        say("Tomter", "Plots"),
        say("Nominellt", "Nominal"),
        say("Troligt", "Likely"),
        say("Spann, p10 till p90", "Range, p10 to p90"),
    )

    def cells(row: dict[Any, Any]) -> tuple[str, ...]:
        numbers = (say.count(row[name]) for name in ("plots", "nominal", "likely"))
        return (*numbers, say.span(row["p10"], row["p90"]))

    whole = table[table["area"] == WHOLE]
    last = table[(table["year"] == table["year"].max()) & (table["area"] != WHOLE)]
    blocks: list[Block] = []
    if not whole.empty:
        blocks.append(
            Table(
                say("Bostäder på tomter, hela kommunen", "Homes on plots, the whole municipality"),
                (say("År", "Year"), say("Utbud", "Supply"), *head),
                tuple((str(row["year"]), say.value(row["supply"]), *cells(row)) for row in whole.to_dict("records")),
                texts=2,
            )
        )
    blocks += [
        Table(
            say("Efter område, {year}", "By area, {year}", year=int(table["year"].max())),
            (say("Område", "Area"), say("Utbud", "Supply"), *head),
            tuple((tables.area(row["area"]), say.value(row["supply"]), *cells(row)) for row in last.to_dict("records")),
            texts=2,
        ),
        Paragraph(
            say(
                "Nominellt är vad storlek och plan medger. Troligt väger in sannolikheten att en tomt är bebyggd till "
                "året. Det som är utanför plan kräver egna beslut.",
                "Nominal is what size and plan allow. Likely weighs in the probability that a plot is built by the "
                "year. What is outside plans takes decisions of its own.",
            ),
            "help",
        ),
    ]
    blocks += _gates(tables, say)
    return Section("capacity", title, tuple(blocks), ("capacity", "gates"))


def indicators(tables: Tables, say: Say) -> Section:
    """Return the municipality's indicators: the first and the newest value of each."""
    title = say("Nyckeltal om bostadsmarknaden", "Indicators of the housing market")
    table = tables.get("indicators", "kpi", "municipality", "year", "value")
    own = None if table is None else table[(table["municipality"].astype(str) == tables.code) & table["value"].notna()]
    if own is None or own.empty:
        return Section("indicators", title, (missing("indicators", say),), ("indicators",))
    if "gender" in own:
        own = own[own["gender"].isna() | (own["gender"] == "T")]
    rows = []
    for kpi, group in own.sort_values("year").groupby("kpi"):
        first, last = group.iloc[0], group.iloc[-1]
        named = last.get("title")
        rows.append(
            (
                f"{kpi}: {named}" if isinstance(named, str) else str(kpi),
                f"{say.decimal(first['value'])} ({int(first['year'])})",
                f"{say.decimal(last['value'])} ({int(last['year'])})",
            )
        )
    sources = sorted({str(value) for value in own.get("source", pd.Series(dtype=object)).dropna()})
    blocks: list[Block] = [
        Table(
            say("Första och senaste värde", "First and newest value"),
            (say("Nyckeltal", "Indicator"), say("Första", "First"), say("Senaste", "Newest")),
            tuple(rows),
        )
    ]
    if sources:
        blocks.append(Paragraph(say("Källa: {s}.", "Source: {s}.", s="; ".join(sources)), "help"))
    return Section("indicators", title, tuple(blocks), ("indicators",))


def _gates(tables: Tables, say: Say) -> list[Block]:
    """Return the homes that plans allow beside those that the gates of islands allow, where there are islands."""
    table = tables.get("gates", "area", "plan_homes", "gates_allow", "binding", "unknown", "verdict")
    if table is None:
        return []
    rows = []
    for row in table.to_dict("records"):
        binding = say.value(row["binding"]) if isinstance(row["binding"], str) else "–"
        unknown = str(row["unknown"] or "") if isinstance(row["unknown"], str) else ""
        named = ", ".join(say.value(gate.strip()) for gate in unknown.split(",") if gate.strip()) or "–"
        allowed = say("okänt", "unknown") if pd.isna(row["gates_allow"]) else say.count(row["gates_allow"])
        rows.append((tables.area(row["area"]), say.count(row["plan_homes"]), allowed, binding, named))
    return [
        Table(
            say("Öar: vad planen medger och vad ön klarar", "Islands: what the plan allows and what the island takes"),
            (
                say("Ö", "Island"),
                say("Planen medger", "The plan allows"),
                say("Ön klarar", "The island takes"),
                say("Hindret", "What binds"),
                say("Okänt", "Unknown"),
            ),
            tuple(rows),
        )
    ]
