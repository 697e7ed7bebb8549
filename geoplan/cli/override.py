"""The command that lets officials correct what was computed, with a reason."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from geoplan.cli.options import JsonOption, LanguageOption, WorkspaceOption
from geoplan.cli.session import Session, open_session, workspace_folder
from geoplan.cli.show import out, print_json
from geoplan.errors import InputError

__all__ = ["override"]

_WORDS = {
    "sv": {
        "apply": "Ursprunget finns kvar. `geoplan plan` räknar in beslutet.",
        "none": "Inga beslut är fattade.",
        "applied": "inräknat",
        "pending": "väntar på `geoplan plan`",
        "superseded": "ersatt av ett senare",
    },
    "en": {
        "apply": "The original stays. `geoplan plan` applies the decision.",
        "none": "Nothing has been decided.",
        "applied": "applied",
        "pending": "waits for `geoplan plan`",
        "superseded": "superseded by a later one",
    },
}


def override(
    context: typer.Context,
    parcel: Annotated[str | None, typer.Argument(metavar="PARCEL", help="A parcel's id.")] = None,
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="A rule's id; `geoplan explain PARCEL --json` names them.")
    ] = None,
    holds: Annotated[
        str | None, typer.Argument(metavar="yes|no|unknown|disputed", help="Whether it holds there.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why. It stays on record.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who decides. Default: the user.")] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the decision back: what was computed counts again.")
    ] = False,
    show_list: Annotated[
        bool, typer.Option("--list", help="Show all decisions, or those on PARCEL, the superseded ones too.")
    ] = False,
    new_token: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make a token with which NAME may decide through the API.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Correct what was computed of a rule on a parcel, with a reason.

    `yes` lets it hold (on the whole parcel where nothing of it was found),
    `no` takes it away, `unknown` and `disputed` keep the land from counting
    as buildable until it is settled. What was computed stays on record,
    nothing is ever deleted, the last decision counts, and `geoplan plan`
    applies it.
    """
    if new_token is not None:
        _print_token(new_token)
        return
    if show_list:
        with open_session(workspace_folder(context, workspace), language) as session:
            _print_list(session, parcel, as_json=as_json)
        return
    if parcel is None or rule is None or reason is None or (holds is None) == (not withdraw):
        raise typer.BadParameter(
            "Give PARCEL RULE yes|no|unknown|disputed --reason TEXT, PARCEL RULE --withdraw --reason TEXT, or --list."
        )
    answers = ("yes", "no", "unknown", "disputed")
    if holds is not None and holds not in answers:
        raise typer.BadParameter(f"{holds!r} is none of {', '.join(answers)}.")
    with open_session(workspace_folder(context, workspace), language) as session:
        _decide(session, parcel, rule, holds or "computed", reason=reason, official=by or _user(), as_json=as_json)


def _decide(session: Session, parcel: str, rule: str, holds: Any, *, reason: str, official: str, as_json: bool) -> None:
    from geoplan.land.explanation import tell_decision
    from layers.overriding import OVERRIDES, override

    if OVERRIDES in session.workspace.layers:
        raise InputError(
            f"geoplan.toml feeds the layer {OVERRIDES} from a file, so decisions are made there.",
            hint=f"Add a row to the file of [layers.{OVERRIDES}] and run `geoplan import {OVERRIDES}`.",
        )
    decision = override(session.store, parcel, rule, holds, reason=reason, official=official)
    if as_json:
        print_json({"parcel": parcel, **asdict(decision)})
        return
    words = _WORDS[session.language]
    told = f"{parcel}, {rule}: {tell_decision(decision, session.language)}"
    out.print(f"{told}\n{words['apply']}", highlight=False, markup=False, soft_wrap=True)


def _print_list(session: Session, parcel: str | None, *, as_json: bool) -> None:
    from geoplan.land.decisions import Decision
    from geoplan.land.explanation import printable, tell_decision
    from layers.overriding import listed_decisions

    rows = listed_decisions(session.store, parcel=parcel)
    words = _WORDS[session.language]
    if as_json:
        print_json({"overrides": rows})
        return
    if not rows:
        out.print(words["none"])
    for row in rows:
        told = {name: row[name] for name in Decision.__dataclass_fields__}
        text = f"{row['parcel']}, {row['rule']} ({words[row['status']]})"
        out.print(printable(text), highlight=False, markup=False, soft_wrap=True)
        out.print(
            f"  {tell_decision(Decision(**told), session.language)}", markup=False, soft_wrap=True, highlight=False
        )


def _print_token(name: str) -> None:
    from api.officials import new_token

    token, line = new_token(name)
    out.print("The token, which is shown this once only:", highlight=False)
    out.print(f"  {escape(token)}", highlight=False, soft_wrap=True)
    out.print("The line for the file that GEOPLAN_OFFICIALS_FILE names:", highlight=False)
    out.print(f"  {escape(line)}", highlight=False, soft_wrap=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise typer.BadParameter("Who decides? Give --by NAME.") from None
