"""Sections on the balance: allocation beside subtraction, who is left and why, and how long the supply lasts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.places import WHOLE
from geoplan.report.charts import Bar, Line, bars, lines
from geoplan.report.content import Block, Chart, Paragraph, Section, Table, Tables
from geoplan.report.missing import missing
from geoplan.report.wording import Say

__all__ = ["balance", "left", "queue", "trajectory"]

_SUMMARY = ("area", "year", "seekers", "served", "left", "unused", "new_homes", "subtraction")


def balance(tables: Tables, say: Say) -> Section:
    """Return the balance as an allocation, and the simple subtractions beside it."""
    title = say("Balans", "Balance")
    sources = ("allocation_summary", "balance")
    simple = tables.get("balance", "area", "year", "need", "supply_homes", "balance")
    table = tables.get("allocation_summary", *_SUMMARY)
    if simple is None and table is None:
        return Section("balance", title, (missing("balance", say),), sources)
    blocks: list[Block] = []
    if table is None:
        blocks.append(missing("allocation_summary", say))
    else:
        blocks += _allocated(table, tables, say)
    if simple is not None:
        blocks.append(_simple(simple, tables, say))
    else:
        blocks.append(missing("balance", say))
    blocks.append(
        Paragraph(
            say(
                "Fördelningen frågar vem som kan få vilken bostad: typ, räckhåll och kostnad. Dess kolumn Subtraktion "
                "är nya bostäder minus bortfall minus behov. Den enkla subtraktionen drar behovet från de bostäder som "
                "planer medger, nominellt, och frågar inget av det: den är en övre gräns.",
                "The allocation asks who can be served by which home: type, reach and cost. Its column Subtraction is "
                "new homes less what is lost less the need. The simple subtraction takes the need from the homes that "
                "plans allow, nominally, and asks none of that: it is an upper bound.",
            ),
            "help",
        )
    )
    return Section("balance", title, tuple(blocks), sources)


def left(tables: Tables, say: Say) -> Section:
    """Return who is left by the allocation, by reason, group and area."""
    title = say("Vilka som blir utan, och varför", "Who is left, and why")
    summary = tables.get("allocation_summary", "area", "year", "left")
    table = tables.get("allocation_left", "area", "year", "group", "wanted_type", "why", "households")
    if table is None and summary is None:
        return Section("left", title, (missing("allocation_left", say),), ("allocation_left",))
    year = int((table if summary is None else summary)["year"].max())  # type: ignore[index]
    rows = pd.DataFrame(columns=["area", "why", "group", "wanted_type", "households"])
    if table is not None:
        rows = table[table["year"] == year]
    if rows.empty:
        text = say("Inget hushåll blir utan {year}.", "No household is left in {year}.", year=year)
        return Section("left", title, (Paragraph(text, "finding"),), ("allocation_left",))
    total = rows["households"].sum()
    blocks: list[Block] = [
        Paragraph(
            say(
                "{n} hushåll blir utan bostad {year}.",
                "{n} households are left without a home in {year}.",
                n=say.count(total),
                year=year,
            ),
            "finding",
        )
    ]
    kinds = rows.groupby(["why", "group", "wanted_type"], as_index=False)[["households"]].sum()
    blocks.append(
        Table(
            say("Efter skäl, grupp och önskad typ, {year}", "By reason, group and wanted type, {year}", year=year),
            (say("Skäl", "Reason"), say("Grupp", "Group"), say("Vill ha", "Wants"), say("Hushåll", "Households")),
            tuple(
                (
                    say.value(row["why"]),
                    say.value(row["group"]),
                    say.value(row["wanted_type"]),
                    say.count(row["households"]),
                )
                for row in kinds.to_dict("records")
            ),
            (say("Alla", "All"), "", "", say.count(total)),
            texts=3,
        )
    )
    areas = rows.groupby("area")["households"].sum()
    blocks.append(
        Table(
            say("Efter område, {year}", "By area, {year}", year=year),
            (say("Område", "Area"), say("Hushåll", "Households")),
            tuple((tables.area(area), say.count(value)) for area, value in areas.items()),
        )
    )
    return Section("left", title, tuple(blocks), ("allocation_left",))


def trajectory(tables: Tables, say: Say) -> Section:
    """Return how many years the supply lasts, by area, and its course for the whole."""
    title = say("Hur länge utbudet räcker", "How long the supply lasts")
    columns = (
        "area",
        "dwelling_type",
        "tenure",
        "year",
        "required_total",
        "supplied_total",
        "years_of_supply",
        "percent",
    )
    table = tables.get("trajectory", *columns)
    if table is None:
        return Section("trajectory", title, (missing("trajectory", say),), ("trajectory",))
    whole = table[table["area"] == WHOLE]
    course = (table if whole.empty else whole).groupby("year")[["required_total", "supplied_total"]].sum()
    first = table[table["year"] == table["year"].min()]
    # The whole stands last.
    first = first.assign(last=first["area"] == WHOLE).sort_values("last", kind="stable")
    kinds = first[["dwelling_type", "tenure"]].drop_duplicates()
    typed = len(kinds) > 1

    def named(row: dict[Any, Any]) -> tuple[str, ...]:
        area = say("Hela kommunen", "The whole") if row["area"] == WHOLE else tables.area(row["area"])
        return (area, f"{say.value(row['dwelling_type'])}, {say.value(row['tenure'])}") if typed else (area,)

    blocks: list[Block] = []
    if len(course) > 1:
        blocks.append(
            Chart(
                lines(
                    [int(year) for year in course.index],
                    [
                        Line(say("behövs", "required"), tuple(course["required_total"].astype(float))),
                        Line(say("kommer", "supplied"), tuple(course["supplied_total"].astype(float))),
                    ],
                    name="trajectory",
                    title=say("Bostäder som behövs och som kommer", "Homes required and supplied"),
                    description=say(
                        "Summor från första året, hela kommunen: heldraget det som behövs, streckat det som kommer.",
                        "Sums since the first year, the whole: solid what is required, dashed what comes.",
                    ),
                    write=say.count,
                )
            )
        )
        chosen = [year for year in course.index if year in (course.index[0], course.index[-1]) or int(year) % 5 == 0]
        blocks.append(
            Table(
                say("Summor från första året, hela kommunen", "Sums since the first year, the whole"),
                (say("År", "Year"), say("Behövs", "Required"), say("Kommer", "Supplied")),
                tuple(
                    (
                        str(year),
                        say.count(course.loc[year, "required_total"]),
                        say.count(course.loc[year, "supplied_total"]),
                    )
                    for year in chosen
                ),
            )
        )
    blocks.append(
        Table(
            say("Från {year} sett", "Seen from {year}", year=int(first["year"].iloc[0])),
            (
                say("Område", "Area"),
                *((say("Typ", "Type"),) if typed else ()),
                say("Års utbud", "Years of supply"),
                say("Del av kravet, %", "Share of the requirement, %"),
            ),
            tuple(
                (*named(row), say.decimal(row["years_of_supply"]), say.decimal(row["percent"]))
                for row in first.to_dict("records")
            ),
            texts=2 if typed else 1,
        )
    )
    blocks.append(
        Paragraph(
            say(
                "Ett streck betyder att inget behövs de åren, eller att tabellen inte når så långt.",
                "A dash means that nothing is required in those years, or that the table does not reach so far.",
            ),
            "help",
        )
    )
    return Section("trajectory", title, tuple(blocks), ("trajectory",))


def queue(tables: Tables, say: Say) -> Section:
    """Return the plot queue beside those who seek a house in the allocation."""
    title = say("Tomtkön", "The plot queue")
    table = tables.get("queue_check", "area", "year", "queued", "house_seekers", "served", "left", "plots_taken")
    if table is None:
        return Section("queue", title, (missing("queue_check", say),), ("queue_check",))
    year = int(table["year"].max())
    rows = table[(table["year"] == year) & (table["area"] != WHOLE)]
    total = table[(table["year"] == year) & (table["area"] == WHOLE)]

    def cells(row: dict[Any, Any]) -> tuple[str, ...]:
        return tuple(say.count(row[name]) for name in ("queued", "house_seekers", "served", "left", "plots_taken"))

    blocks = (
        Table(
            say("Kön och fördelningen, {year}", "The queue and the allocation, {year}", year=year),
            (
                say("Område", "Area"),
                say("I kö nu", "Queued now"),
                say("Söker småhus", "Seek a house"),
                say("Får", "Served"),
                say("Blir utan", "Left"),
                say("Tomter som tas", "Plots taken"),
            ),
            tuple((tables.area(row["area"]), *cells(row)) for row in rows.to_dict("records")),
            (say("Hela kommunen", "The whole"), *cells(total.to_dict("records")[0])) if len(total) else None,
        ),
        Paragraph(
            say(
                "Kön är antal, aldrig personer. Att stå i kö är inte att köpa: den är en kontroll av fördelningen.",
                "The queue is counts, never people. To queue is not to buy: it is a check on the allocation.",
            ),
            "help",
        ),
    )
    return Section("queue", title, blocks, ("queue_check",))


def _allocated(table: pd.DataFrame, tables: Tables, say: Say) -> list[Block]:
    whole = table[table["area"] == WHOLE]
    year = int(table["year"].max())
    areas = table[(table["year"] == year) & (table["area"] != WHOLE)]
    head = (
        say("Söker", "Seek"),
        say("Får", "Served"),
        say("Blir utan", "Left"),
        say("Bostäder ingen tar", "Homes nobody takes"),
        say("Nya bostäder", "New homes"),
        say("Subtraktion", "Subtraction"),
    )

    def cells(row: dict[Any, Any]) -> tuple[str, ...]:
        numbers = (say.count(row[name]) for name in _SUMMARY[2:7])
        return (*numbers, say.count(row["subtraction"], signed=True))

    blocks: list[Block] = [
        Table(
            say("Fördelningen, hela kommunen", "The allocation, the whole municipality"),
            (say("År", "Year"), *head),
            tuple((str(row["year"]), *cells(row)) for row in whole.to_dict("records")),
        )
    ]
    if not areas.empty:
        blocks.append(
            Chart(
                bars(
                    [
                        Bar(tables.area(row["area"]), (float(row["served"]), float(row["left"])))
                        for row in areas.to_dict("records")
                    ],
                    name="balance",
                    title=say("Hushåll som söker bostad, {year}", "Households that seek a home, {year}", year=year),
                    description=say(
                        "De som får en bostad och de som blir utan, ände vid ände. Samma tal står i tabellen.",
                        "Those who are served and those who are left, end to end. The table has the same figures.",
                    ),
                    series=(say("får", "served"), say("blir utan", "left")),
                    write=say.count,
                    stacked=True,
                )
            )
        )
        blocks.append(
            Table(
                say("Fördelningen efter område, {year}", "The allocation by area, {year}", year=year),
                (say("Område", "Area"), *head),
                tuple((tables.area(row["area"]), *cells(row)) for row in areas.to_dict("records")),
            )
        )
    return blocks


def _simple(table: pd.DataFrame, tables: Tables, say: Say) -> Table:
    year = int(table["year"].max())
    rows = table[table["year"] == year]
    unplanned = "supply_unplanned" in rows

    def cells(row: dict[Any, Any]) -> tuple[str, ...]:
        last = (say.count(row["supply_unplanned"]),) if unplanned else ()
        return (say.count(row["need"]), say.count(row["supply_homes"]), say.count(row["balance"], signed=True), *last)

    total = [cells(row) for row in rows[rows["area"] == WHOLE].to_dict("records")]
    return Table(
        say("Den enkla subtraktionen, {year}", "The simple subtraction, {year}", year=year),
        (
            say("Område", "Area"),
            say("Behov", "Need"),
            say("Bostäder i planer", "Homes in plans"),
            say("Balans", "Balance"),
            *((say("Utanför plan", "Outside plans"),) if unplanned else ()),
        ),
        tuple((tables.area(row["area"]), *cells(row)) for row in rows[rows["area"] != WHOLE].to_dict("records")),
        (say("Hela kommunen", "The whole"), *total[0]) if total else None,
    )
