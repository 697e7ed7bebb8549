"""The command that says whether a plot can be had, how it is sold and at what price."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from geoplan.cli.options import JsonOption, LanguageOption, WorkspaceOption, parse_date
from geoplan.cli.session import Session, open_session, workspace_folder
from geoplan.cli.show import number, out, print_json
from geoplan.errors import InputError
from geoplan.plots.offers import PRICE_KINDS, SALE_FORMS, STATUSES, WITHDRAWN

__all__ = ["offer"]

_WORDS = {
    "sv": {
        "shown": "Visas genast. `geoplan plan` räknar in det i balansen.",
        "none": "Ingen har sagt något om tomter till salu.",
        "added": "Nya rader: {n}.",
        "passed_over": "Rader som säger detsamma som tomtens senaste, och inte lagts till: {n}.",
        "withdrawn": "återkallat",
        "from": "från {day}",
        "until": "till och med {day}",
        "stands": "gäller nu",
        "before": "Före:",
        "unknown_price": "pris okänt",
    },
    "en": {
        "shown": "Shown at once. `geoplan plan` takes it into the balance.",
        "none": "Nobody has said anything about plots for sale.",
        "added": "New rows: {n}.",
        "passed_over": "Rows that say what the plot's last one says, and were not added: {n}.",
        "withdrawn": "taken back",
        "from": "from {day}",
        "until": "until {day}",
        "stands": "counts now",
        "before": "Before:",
        "unknown_price": "price unknown",
    },
}


def offer(
    context: typer.Context,
    plot: Annotated[
        str | None,
        typer.Argument(
            metavar="PLOT", help="A plot's id, or a parcel's id or designation: then it holds for all plots on it."
        ),
    ] = None,
    status: Annotated[str | None, typer.Option(metavar="|".join(STATUSES), help="Whether it can be had.")] = None,
    form: Annotated[str | None, typer.Option(metavar="|".join(SALE_FORMS), help="How it is sold.")] = None,
    price: Annotated[str | None, typer.Option(metavar="SEK|unknown", help="Price.")] = None,
    price_kind: Annotated[str | None, typer.Option(metavar="|".join(PRICE_KINDS), help="How the price is set.")] = None,
    tenure: Annotated[str | None, typer.Option(metavar="TEXT", help="Tenure.")] = None,
    from_date: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day on which it holds. Default: at once.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day on which it holds; then the row before holds again.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why. It stays on record.")] = None,
    source: Annotated[str | None, typer.Option(metavar="TEXT", help="A decision or a page.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who says so. Default: the user.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what stands.")] = False,
    add: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Add the rows of a list that are not there yet.")
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show all rows.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Say whether a plot can be had, or show what has been said.

    `geoplan offer PLOT` shows the history of a plot, and `--status` adds a
    row to it. Nothing is ever deleted; the last row in force counts. Form of
    sale, price and tenure stay as they were where nothing is said. The map
    and the API show it at once, and `geoplan plan` takes it into the
    balance. `--add` takes in a municipality's list of plots for sale.
    """
    if add is None and not show_list and plot is None:
        raise typer.BadParameter("Give PLOT to see its history, PLOT --status ... --reason TEXT, --add FILE or --list.")
    if (status is not None or withdraw) and reason is None:
        raise typer.BadParameter("Give --reason TEXT: why it is so stays on record.")
    if status is not None and withdraw:
        raise typer.BadParameter("Give either --status or --withdraw.")
    said = (form, price, price_kind, tenure, from_date, until, reason, source)
    if status is None and not withdraw and any(value is not None for value in said):
        raise typer.BadParameter("Give --status as well; without it the history is shown.")
    with open_session(workspace_folder(context, workspace), language) as session:
        if add is not None:
            _add(session, add, official=by or _user(), as_json=as_json)
        elif status is None and not withdraw:
            _show(session, plot, as_json=as_json)
        else:
            terms = {"sale_form": form, "price_sek": price, "price_kind": price_kind, "tenure": tenure}
            given = {
                "terms": {
                    name: None if value == "unknown" and name == "price_sek" else value
                    for name, value in terms.items()
                    if value is not None
                },
                "from_date": parse_date(from_date),
                "until": parse_date(until),
                "reason": reason,
                "source": source,
            }
            _write(session, str(plot), status or WITHDRAWN, given, official=by or _user(), as_json=as_json)


def _write(session: Session, plot: str, status: str, given: Mapping[str, Any], *, official: str, as_json: bool) -> None:
    from layers.offering import offer

    _refuse_file(session)
    row = offer(session.store, plot, status, official=official, **given)
    if as_json:
        print_json(row)
        return
    words = _WORDS[session.language]
    _print(f"{plot}: {_tell(row, session.language)}")
    if row["before"] is not None:
        _print(f"{words['before']} {_tell(row['before'], session.language)}")
    _print(words["shown"])


def _add(session: Session, path: Path, *, official: str, as_json: bool) -> None:
    from layers.offering import add_list

    _refuse_file(session)
    outcome = add_list(session.store, path, official=official)
    if as_json:
        passed = [{"line": line, "plot": plot} for line, plot in outcome.passed_over]
        print_json({"added": outcome.added, "passed_over": passed})
        return
    words = _WORDS[session.language]
    _print(words["added"].format(n=outcome.added))
    if outcome.passed_over:
        _print(words["passed_over"].format(n=len(outcome.passed_over)))
        for line, plot in outcome.passed_over:
            _print(f"  {line}: {plot}")
    _print(words["shown"])


def _show(session: Session, plot: str | None, *, as_json: bool) -> None:
    from layers.offering import all_offers, plot_history

    rows = all_offers(session.store) if plot is None else plot_history(session.store, plot)
    if as_json:
        print_json({"offers": rows} if plot is None else {"plot": plot, "history": rows})
        return
    words = _WORDS[session.language]
    if not rows:
        _print(words["none"])
    for row in rows:
        mark = f" ({words['stands']})" if row.get("stands") else ""
        _print(f"{row['plot']}{mark}: {_tell(row, session.language)}")


def _tell(row: Mapping[str, Any], language: str) -> str:
    """Return a row in words: status, form and price; then days, who and why."""
    from geoplan.maps.texts import language as language_of
    from geoplan.maps.texts import texts

    words, values = _WORDS[language], texts(language_of(language))["values"]
    parts = [words["withdrawn"] if row["status"] == WITHDRAWN else values[f"status.{row['status']}"]]
    if row["status"] != WITHDRAWN:
        if row["sale_form"] is not None:
            parts.append(values[f"sale_form.{row['sale_form']}"])
        price = words["unknown_price"]
        if row["price_sek"] is not None:
            price = f"{number(row['price_sek'])} {values['unit.SEK']}"
        kind = "" if row["price_kind"] is None else f" ({values['price_kind.' + row['price_kind']]})"
        parts += [f"{price}{kind}", row["tenure"]]
    if row["from_date"] is not None:
        parts.append(words["from"].format(day=row["from_date"]))
    if row["until"] is not None:
        parts.append(words["until"].format(day=row["until"]))
    who = ", ".join(str(row[name]) for name in ("official", "date") if row[name] is not None)
    why = " ".join(str(row[name]) for name in ("reason", "source") if row[name] is not None)
    return "; ".join([", ".join(part for part in parts if part), *(text for text in (why, who) if text)])


def _print(text: str) -> None:
    from geoplan.land.explanation import printable

    out.print(printable(text), highlight=False, markup=False, soft_wrap=True)


def _refuse_file(session: Session) -> None:
    from layers.offering import PLOT_OFFERS

    if PLOT_OFFERS in session.workspace.layers:
        raise InputError(
            f"geoplan.toml feeds the layer {PLOT_OFFERS} from a file, so it is kept there.",
            hint=f"Add a row to the file of [layers.{PLOT_OFFERS}] and run `geoplan import {PLOT_OFFERS}`.",
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise typer.BadParameter("Who says so? Give --by NAME.") from None
