"""``geoplan programme``: what is released when, why something is or isn't, and what closes a gap of supply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer
from rich.markup import escape

from geoplan.cli.options import JsonOption, LanguageOption, WorkspaceOption
from geoplan.cli.session import open_session, workspace_folder
from geoplan.cli.show import number, out, print_json, table
from geoplan.report.wording import Say

if TYPE_CHECKING:
    from layers.programming import Closed, LastProgramme

__all__ = ["programme"]

_MOST = 40


def programme(
    context: typer.Context,
    explain: Annotated[
        str | None, typer.Option(metavar="ID", help="Say why a plot, a gap or an action is in it or not.")
    ] = None,
    close_gap: Annotated[
        float | None,
        typer.Option(metavar="YEARS", help="Find the fewest measures that give every area so many years of supply."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show the release programme of the last run: releases by year, limits and what they leave, and the gap.

    [programme] in geoplan.toml says for which years and under which limits; `geoplan plan` makes it. With --explain
    it is solved again, without the measure or with it. It is an analysis, not a decision.

    Example: geoplan programme --explain "plots/ALMSKÄR 1:2"
    """
    from layers.programming import LastProgramme

    if explain is not None and close_gap is not None:
        raise typer.BadParameter("Give either --explain ID or --close-gap YEARS.")
    with open_session(workspace_folder(context, workspace), language) as session:
        last = LastProgramme.of(session.store)
        say = Say("en" if session.language == "en" else "sv")
        if explain is not None:
            told = last.explain(explain)
            if as_json:
                print_json(told.to_dict())
            else:
                out.print(told.text(session.language), highlight=False, markup=False, soft_wrap=True)
        elif close_gap is not None:
            closed = last.close(close_gap)
            if as_json:
                print_json(closed.to_dict())
            else:
                _show_answers(closed, say)
        elif as_json:
            print_json(_content(last))
        else:
            _show(last, say)


def _content(last: LastProgramme) -> dict[str, Any]:
    found = last.programme
    return {
        "run": last.last.run.id,
        "result": last.result.to_dict("records")[0],
        "releases": found.releases,
        "usage": found.usage,
        "served": found.served,
        "left": found.left,
    }


def _show(last: LastProgramme, say: Say) -> None:
    """Print releases by year, what is used of the limits, each release, and how good the programme is."""
    found, row = last.programme, last.result.to_dict("records")[0]
    by_year = found.releases.groupby("year")[["homes", "likely", "cost", "land_new_m2", "land_reused_m2"]].sum()
    years = by_year.assign(
        measures=found.releases.groupby("year").size(),
        cost=by_year["cost"] / 1e6,
        land_new=by_year["land_new_m2"] / 1e4,
        land_reused=by_year["land_reused_m2"] / 1e4,
    ).reset_index()
    headings = {
        "year": say("år", "year"),
        "measures": say("åtgärder", "measures"),
        "homes": say("bostäder", "homes"),
        "likely": say("troliga", "likely"),
        "cost": say("kostnad, miljoner", "cost, millions"),
        "land_new": say("ny mark, ha", "new land, ha"),
        "land_reused": say("använd mark, ha", "reused land, ha"),
    }
    digits = {"likely": 1, "cost": 1, "land_new": 2, "land_reused": 2}
    out.print(table(years, headings, title=say("Vad som släpps varje år", "Released each year"), decimals=digits))
    out.print(_limits(found.usage, say))
    listed = found.releases.head(_MOST)
    headings = {"year": headings["year"], "id": say("åtgärd", "measure"), "area": say("område", "area")}
    headings |= {"homes": say("bostäder", "homes"), "likely": say("troliga", "likely")}
    title = say("{n} av {all} åtgärder", "{n} of {all} measures", n=len(listed), all=len(found.releases))
    out.print(table(listed, headings, title=title, decimals={"likely": 2}))
    gap = row["gap"]
    worth = number(row["objective"], 2), number(row["bound"], 2), number(None if pd.isna(gap) else 100 * gap, 2)
    lines = [
        say(
            "Ger {served} av {wanted} hushåll en bostad.",
            "Serves {served} of {wanted} households.",
            served=number(row["served"], 1),
            wanted=number(row["wanted"], 1),
        ),
        say(
            "Värt {worth}; inget program är värt mer än {bound}: högst {gap} % ifrån. Lösningen är: {status}.",
            "Worth {worth}; no programme is worth more than {bound}: at most {gap} % away. The solution is: {status}.",
            worth=worth[0],
            bound=worth[1],
            gap=worth[2],
            status=say.value(row["status"]),
        ),
    ]
    if row["stopped"]:
        lines.append(
            say(
                "Tiden tog slut: en annan maskin kan finna ett annat program.",
                "Time ran out: another machine may find another programme.",
            )
        )
    for line in lines:
        out.print(escape(line), highlight=False, soft_wrap=True)


def _limits(usage: pd.DataFrame, say: Say) -> Any:
    rows = usage.assign(
        limit=[say.value(limit) for limit in usage["limit"]],
        year=usage["year"].astype(object).where(usage["year"].notna(), say("alla", "all")),
        left=usage["allowed"] - usage["used"],
    )
    headings = {"limit": say("gräns", "limit"), "year": say("år", "year"), "used": say("används", "used")}
    headings |= {"allowed": say("får användas", "allowed"), "left": say("kvar", "left")}
    digits = dict.fromkeys(("used", "allowed", "left"), 2)
    return table(rows, headings, title=say("Gränser", "Limits"), decimals=digits)


def _show_answers(closed: Closed, say: Say) -> None:
    """Print both answers: what each does for the areas, and its measures."""
    for place, answer in enumerate(closed.answers, start=1):
        title = say("Minsta mängden", "The smallest set") if place == 1 else say("Näst bäst", "Second best")
        mine = closed.targets[closed.targets["answer"] == place]
        headings = {"area": say("område", "area"), "homes": say("bostäder som saknas", "homes lacking")}
        headings |= {"reached": say("nås", "reached"), "missing": say("saknas sedan", "still missing")}
        digits = dict.fromkeys(("homes", "reached", "missing"), 1)
        out.print(table(mine, headings, title=title, decimals=digits))
        for text in answer.texts:
            out.print(escape(say(text.sv, text.en)), highlight=False, soft_wrap=True)
        if answer.ids:
            out.print(escape(", ".join(answer.ids)), highlight=False, soft_wrap=True)
