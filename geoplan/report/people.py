"""Sections on people: population and households, and the groups that the law names."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geoplan.homes.groups import GROUPS
from geoplan.places import WHOLE
from geoplan.report.content import Block, Missing, Paragraph, Section, Table, Tables
from geoplan.report.missing import missing
from geoplan.report.wording import Say

__all__ = ["groups", "people"]


def people(tables: Tables, say: Say) -> Section:
    """Return population and households by year, and households by type."""
    title = say("Befolkning och hushåll", "Population and households")
    need = tables.get("need", "area", "year", "population", "households")
    if need is None:
        return Section("people", title, (missing("need", say),), ("need",))
    blocks: list[Block] = []
    base = _base_year(tables)
    rows = need.groupby("year")[["population", "households"]].sum()
    if base is not None:
        rows = pd.concat([base, rows]).sort_index()
    change = rows["households"].diff()
    blocks.append(
        Table(
            say("Hela kommunen", "The whole municipality"),
            (
                say("År", "Year"),
                say("Folkmängd", "Population"),
                say("Hushåll", "Households"),
                say("Förändring av hushåll", "Change in households"),
                say("Personer per hushåll", "Persons per household"),
            ),
            tuple(
                (
                    str(year),
                    say.count(row["population"]),
                    say.count(row["households"]),
                    say.count(more, signed=True),
                    say.decimal(row["population"] / row["households"] if row["households"] else None, 2),
                )
                for year, row, more in zip(rows.index, rows.to_dict("records"), change, strict=True)
            ),
        )
    )
    last = need[need["year"] == need["year"].max()]
    blocks.append(
        Table(
            say("Efter område, {year}", "By area, {year}", year=int(last["year"].iloc[0])),
            (say("Område", "Area"), say("Folkmängd", "Population"), say("Hushåll", "Households")),
            tuple(
                (tables.area(row["area"]), say.count(row["population"]), say.count(row["households"]))
                for row in last.to_dict("records")
            ),
            (
                say("Hela kommunen", "The whole"),
                say.count(last["population"].sum()),
                say.count(last["households"].sum()),
            ),
        )
    )
    blocks.append(_types(tables, say))
    return Section("people", title, tuple(blocks), ("need", "households_by_type", "population"))


def groups(tables: Tables, say: Say) -> Section:
    """Return households of the groups that the law names, by year; unknown groups are named."""
    title = say("Grupper", "Groups")
    table = tables.get("households_by_group", "area", "year", "group", "households", "basis")
    if table is None:
        return Section("groups", title, (missing("households_by_group", say),), ("households_by_group",))
    whole = table[table["area"] == WHOLE]
    parts = table[~table["group"].isin(whole["group"])]
    both = pd.concat([whole, parts], ignore_index=True)
    sums = both.pivot_table(index="group", columns="year", values="households", aggfunc="sum")
    basis = both.groupby("group")["basis"].unique()
    known = [group for group in GROUPS if group in sums.index]
    lacking = [say.value(group) for group in GROUPS if group not in sums.index]
    blocks: list[Block] = [
        Table(
            say("Hushåll efter grupp och år", "Households by group and year"),
            (say("Grupp", "Group"), *(str(year) for year in sums.columns), say("Grund", "Basis")),
            tuple(
                (say.value(group), *(say.count(value) for value in sums.loc[group]), _words(basis[group], say))
                for group in known
            ),
        ),
        Paragraph(
            say(
                "Grupperna överlappar varandra och summeras aldrig. De som måste lämna våld är bara ett antal, aldrig "
                "en plats.",
                "Groups overlap and are never added up. Those who must leave violence are a count only, never a place.",
            ),
            "help",
        ),
    ]
    if lacking:
        blocks.append(
            Missing(
                say(
                    "Okända grupper: {groups}. Okänt är inte noll. Läs in lagret group_counts och kör: geoplan plan",
                    "Unknown groups: {groups}. Unknown is not none. Import group_counts and run: geoplan plan",
                    groups=", ".join(lacking),
                )
            )
        )
    return Section("groups", title, tuple(blocks), ("households_by_group",))


def _base_year(tables: Tables) -> pd.DataFrame | None:
    """Return population and households of the base year, where both are known."""
    types = tables.get("households_by_type", "year", "households")
    people = tables.get("population", "year", "population")
    if types is None or people is None:
        return None
    year = int(types["year"].min())
    counted = people[people["year"] == year]
    if counted.empty:
        return None
    households = types.loc[types["year"] == year, "households"].sum()
    return pd.DataFrame({"population": [counted["population"].sum()], "households": [households]}, index=[year])


def _types(tables: Tables, say: Say) -> Block:
    table = tables.get("households_by_type", "year", "household_type", "households")
    if table is None:
        return missing("households_by_type", say)
    sums = table.pivot_table(index="household_type", columns="year", values="households", aggfunc="sum")
    return Table(
        say("Hushåll efter typ och år", "Households by type and year"),
        (say("Typ", "Type"), *(str(year) for year in sums.columns)),
        tuple((say.value(kind), *(say.count(value) for value in sums.loc[kind])) for kind in sums.index),
        (say("Alla", "All"), *(say.count(sums[year].sum()) for year in sums.columns)),
    )


def _words(names: Iterable[str], say: Say) -> str:
    """Say several names, of an answer that is counted in one area and computed in another."""
    return ", ".join(say.value(name) for name in sorted(names))
