"""Sections on need: by area and year with its range, what moves it, and shortage beside surplus."""

from __future__ import annotations

from typing import TypeAlias

import pandas as pd

from geoplan.places import WHOLE
from geoplan.report.charts import Bar, bars
from geoplan.report.content import Block, Chart, Paragraph, Section, Table, Tables
from geoplan.report.missing import missing
from geoplan.report.wording import Say

__all__ = ["mismatch", "need", "sensitivity"]

_PARTS = ("household_change", "exits", "reserve", "vacant", "deficit")
_RANGE = ("area", "year", "quantity", "p10", "p90")
_Ranges: TypeAlias = dict[tuple[str, int], tuple[float | None, float | None]]


def need(tables: Tables, say: Say) -> Section:
    """Return the need for homes by area and year, its parts, its range, and a second method beside it."""
    title = say("Behov av fler bostäder", "Need for additional homes")
    table = tables.get("need", "area", "year", "need", *_PARTS)
    if table is None:
        return Section("need", title, (missing("need", say),), ("need", "need_range"))
    ranges = _ranges(tables)
    whole = table.groupby("year")[["need", *_PARTS]].sum()
    blocks: list[Block] = [_finding(whole, ranges, say), _chart(whole, ranges, say), _parts(whole, ranges, say)]
    if ranges is None:
        blocks.append(missing("need_range", say))
    else:
        blocks.append(
            Paragraph(
                say(
                    "Spannet går från p10 till p90: fyra av fem beräkningar med slumpade indata hamnar i det.",
                    "The range is from p10 to p90: four in five computations with inputs drawn at random fall in it.",
                ),
                "help",
            )
        )
    blocks.append(_by_area(table, ranges, tables, say))
    blocks += _second_method(tables, whole, say)
    blocks.append(
        Paragraph(
            say(
                "Behovet räknas från basåret till året. Ett minustal betyder att beståndet rymmer fler hushåll än "
                "väntat, och visas som det är. Talen är avrundade här; orundade går de jämnt ut.",
                "The need is counted from the base year to the year. A negative number means that the stock holds more "
                "households than expected, and is shown as it is. Figures are rounded here; unrounded they add up.",
            ),
            "help",
        )
    )
    return Section("need", title, tuple(blocks), ("need", "need_range", "need_by_density"))


def sensitivity(tables: Tables, say: Say) -> Section:
    """Return which input moves the need of the whole most."""
    title = say("Vad som flyttar behovet mest", "What moves the need most")
    table = tables.get("sensitivity", "input", "low", "high", "swing")
    if table is None or ("quantity" in table and "need" not in set(table["quantity"])):
        return Section("sensitivity", title, (missing("sensitivity", say),), ("sensitivity",))
    if "quantity" in table:
        table = table[table["quantity"] == "need"]
    ordered = table.assign(size=table["swing"].abs()).sort_values(["size", "input"], ascending=[False, True])
    first = ordered.iloc[0]
    shares = {"first_order", "total_order"} <= set(table.columns)
    head = [say("Indata", "Input"), say("Vid lågt värde", "At its low"), say("Vid högt värde", "At its high")]
    head.append(say("Skillnad", "Swing"))
    head += [say("Egen del av variationen", "Own share of variance"), say("Med samspel", "With interplay")] * shares
    rows = []
    for row in ordered.to_dict("records"):
        cells = [say.value(row["input"]), say.count(row["low"]), say.count(row["high"]), say.count(row["swing"])]
        cells += [say.percent(row["first_order"]), say.percent(row["total_order"])] if shares else []
        rows.append(tuple(cells))
    return Section(
        "sensitivity",
        title,
        (
            Paragraph(
                say(
                    "Mest flyttar: {input}. Det ensamt ändrar behovet med {swing} bostäder mellan lågt och högt värde.",
                    "What moves it most: {input}. Alone it changes the need by {swing} homes between its low and high.",
                    input=say.value(first["input"]),
                    swing=say.count(first["swing"]),
                )
            ),
            Table(say("Hela kommunens behov, sista året", "Need of the whole, last year"), tuple(head), tuple(rows)),
            *_scenarios(tables, say),
            *_chances(tables, say),
        ),
        ("sensitivity", "need_scenarios", "need_chances"),
    )


def mismatch(tables: Tables, say: Say) -> Section:
    """Return shortage and surplus by dwelling type side by side, and say where there is no need but the wrong stock."""
    title = say("Brist och överskott efter bostadstyp", "Shortage and surplus by type of dwelling")
    sources = ("need_by_type", "mismatch")
    table = tables.get("need_by_type", "area", "year", "dwelling_type", "tenure", "need")
    if table is None:
        return Section("mismatch", title, (missing("need_by_type", say),), sources)
    year = int(table["year"].max())
    kinds = table[table["year"] == year].groupby(["dwelling_type", "tenure"], as_index=False)[["need"]].sum()
    rows = [
        (
            f"{say.value(row['dwelling_type'])}, {say.value(row['tenure'])}",
            max(row["need"], 0.0),
            max(-row["need"], 0.0),
        )
        for row in kinds.to_dict("records")
    ]
    blocks: list[Block] = _wrong_stock(tables, year, say)
    blocks.append(
        Chart(
            bars(
                [Bar(name, (short, over)) for name, short, over in rows],
                name="mismatch",
                title=say("Brist och överskott {year}", "Shortage and surplus {year}", year=year),
                description=say("Samma tal står i tabellen.", "The table has the same figures."),
                series=(say("brist", "shortage"), say("överskott", "surplus")),
                write=say.count,
            )
        )
    )
    blocks.append(
        Table(
            say("Bostäder {year}, hela kommunen", "Homes {year}, the whole municipality", year=year),
            (say("Typ och upplåtelse", "Type and tenure"), say("Brist", "Shortage"), say("Överskott", "Surplus")),
            tuple((name, say.count(short), say.count(over)) for name, short, over in rows),
        )
    )
    areas = tables.get("mismatch", "area", "year", "need", "shortage", "surplus", "wrong_stock")
    if areas is not None:
        chosen = areas[(areas["year"] == year) & (areas["area"] != WHOLE)]
        blocks.append(
            Table(
                say("Efter område, {year}", "By area, {year}", year=year),
                (
                    say("Område", "Area"),
                    say("Behov netto", "Net need"),
                    say("Brist", "Shortage"),
                    say("Överskott", "Surplus"),
                    say("Fel bestånd", "Wrong stock"),
                ),
                tuple(
                    (
                        tables.area(row["area"]),
                        say.count(row["need"]),
                        say.count(row["shortage"]),
                        say.count(row["surplus"]),
                        say("ja", "yes") if row["wrong_stock"] else say("nej", "no"),
                    )
                    for row in chosen.to_dict("records")
                ),
            )
        )
        blocks.append(
            Paragraph(
                say(
                    "I hela kommunens tal möter ett överskott i ett område en brist av samma slag i ett annat; i "
                    "områdenas egna tal gör det inte det.",
                    "In the figures of the whole a surplus in one area meets a shortage of the same kind in another; "
                    "in the areas' own figures it does not.",
                ),
                "help",
            )
        )
    return Section("mismatch", title, tuple(blocks), sources)


def _scenarios(tables: Tables, say: Say) -> list[Block]:
    """Return the need of the whole in each scenario, which has no probability."""
    table = tables.get("need_scenarios", "scenario", "area", "year", "quantity", "value")
    if table is None:
        return []
    chosen = table[(table["area"] == WHOLE) & (table["quantity"] == "need")]
    wide = chosen.pivot_table(index="scenario", columns="year", values="value", sort=False)
    return [
        Table(
            say("Behovet i scenarier, hela kommunen", "The need in scenarios, the whole"),
            (say("Scenario", "Scenario"), *(str(year) for year in wide.columns)),
            tuple((say.value(name), *(say.count(value) for value in wide.loc[name])) for name in wide.index),
        )
    ]


def _chances(tables: Tables, say: Say) -> list[Block]:
    """Return how often, of all draws, the whole needs homes, and more than the plots are likely to give."""
    table = tables.get("need_chances", "area", "year", "need_positive", "short")
    if table is None:
        return []
    whole = table[table["area"] == WHOLE]
    return [
        Table(
            say("Sannolikhet, hela kommunen", "Chance, the whole"),
            (
                say("År", "Year"),
                say("Att bostäder behövs", "That homes are needed"),
                say("Att behovet överstiger utbudet", "That the need exceeds the supply"),
            ),
            tuple(
                (str(row["year"]), say.percent(row["need_positive"]), say.percent(row["short"]))
                for row in whole.to_dict("records")
            ),
        )
    ]


def _wrong_stock(tables: Tables, year: int, say: Say) -> list[Block]:
    table = tables.get("mismatch", "area", "year", "wrong_stock")
    if table is None:
        return []
    wrong = table[(table["year"] == year) & table["wrong_stock"].astype(bool)]
    said: list[Block] = []
    if WHOLE in set(wrong["area"]):
        said.append(
            Paragraph(
                say(
                    "Inget nettobehov, och ändå fel bestånd: kommunen har bostäder nog {year}, men inte av rätt slag.",
                    "No net need and still the wrong stock: homes enough in {year}, but not of the right kind.",
                    year=year,
                ),
                "finding",
            )
        )
    names = [tables.area(area) for area in wrong["area"] if area != WHOLE]
    if names:
        said.append(
            Paragraph(
                say(
                    "Inget nettobehov och ändå fel bestånd {year} i: {areas}.",
                    "No net need and still the wrong stock in {year} in: {areas}.",
                    year=year,
                    areas=", ".join(names),
                )
            )
        )
    return said


def _ranges(tables: Tables) -> _Ranges | None:
    """Return p10 and p90 of the need by area and year."""
    table = tables.get("need_range", *_RANGE)
    if table is None:
        return None
    rows = table[table["quantity"] == "need"].to_dict("records")
    return {(str(row["area"]), int(row["year"])): (float(row["p10"]), float(row["p90"])) for row in rows} or None


def _range(ranges: _Ranges | None, area: object, year: object) -> tuple[float | None, float | None]:
    return (None, None) if ranges is None else ranges.get((str(area), int(str(year))), (None, None))


def _finding(whole: pd.DataFrame, ranges: _Ranges | None, say: Say) -> Paragraph:
    year = int(whole.index.max())
    value = float(whole["need"][year])
    low, high = _range(ranges, WHOLE, year)
    if round(value) > 0:
        text = say(
            "Till {year} behövs {n} bostäder till.",
            "{n} more homes are needed by {year}.",
            year=year,
            n=say.count(value),
        )
    else:
        text = say(
            "Till {year} finns inget nettobehov: {n} bostäder.",
            "There is no net need by {year}: {n} homes.",
            year=year,
            n=say.count(value),
        )
    if low is not None:
        text += " " + say("Spannet är {span}.", "The range is {span}.", span=say.span(low, high))
    return Paragraph(text, "finding")


def _chart(whole: pd.DataFrame, ranges: _Ranges | None, say: Say) -> Chart:
    rows = []
    for year, value in whole["need"].items():
        low, high = _range(ranges, WHOLE, year)
        rows.append(Bar(str(year), (float(value),), low, high))
    return Chart(
        bars(
            rows,
            name="need",
            title=say("Behov efter år, hela kommunen", "Need by year, the whole municipality"),
            description=say(
                "Staplar för behovet, streck för spannet. Samma tal står i tabellen.",
                "Bars for the need, lines for its range. The table has the same figures.",
            ),
            series=(say("behov", "need"),),
            write=say.count,
        )
    )


def _parts(whole: pd.DataFrame, ranges: _Ranges | None, say: Say) -> Table:
    return Table(
        say("Hela kommunen: behovet och dess delar", "The whole: the need and its parts"),
        (
            say("År", "Year"),
            say("Fler hushåll", "More households"),
            say("Avgång", "Exits"),
            say("Reserv", "Reserve"),
            say("Redan tomma", "Vacant already"),
            say("Underskott", "Deficit"),
            say("Behov", "Need"),
            say("Spann", "Range"),
        ),
        tuple(
            (
                str(year),
                say.count(row["household_change"], signed=True),
                say.count(row["exits"], signed=True),
                say.count(row["reserve"], signed=True),
                say.count(-row["vacant"], signed=True),
                say.count(row["deficit"], signed=True),
                say.count(row["need"]),
                say.span(*_range(ranges, WHOLE, year)),
            )
            for year, row in zip(whole.index, whole.to_dict("records"), strict=True)
        ),
    )


def _by_area(table: pd.DataFrame, ranges: _Ranges | None, tables: Tables, say: Say) -> Table:
    wide = table.pivot_table(index="area", columns="year", values="need", aggfunc="sum")
    last = int(wide.columns.max())
    return Table(
        say("Behov efter område och år", "Need by area and year"),
        (
            say("Område", "Area"),
            *(str(year) for year in wide.columns),
            say("Spann {year}", "Range {year}", year=last),
        ),
        tuple(
            (
                tables.area(area),
                *(say.count(value) for value in wide.loc[area]),
                say.span(*_range(ranges, area, last)),
            )
            for area in wide.index
        ),
        (
            say("Hela kommunen", "The whole"),
            *(say.count(wide[year].sum()) for year in wide.columns),
            say.span(*_range(ranges, WHOLE, last)),
        ),
    )


def _second_method(tables: Tables, whole: pd.DataFrame, say: Say) -> list[Block]:
    table = tables.get("need_by_density", "year", "need")
    if table is None:
        return []
    other = table.groupby("year")["need"].sum()
    return [
        Table(
            say("En andra metod, som kontroll", "A second method, for a check"),
            (
                say("År", "Year"),
                say("Behov efter hushållskvoter", "Need by household quotas"),
                say("Efter personer per bostad", "By persons per dwelling"),
            ),
            tuple((str(year), say.count(whole["need"].get(year)), say.count(value)) for year, value in other.items()),
        )
    ]
