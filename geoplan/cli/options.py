"""What several commands share: their options, and how text on the command line is read."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "HostOption",
    "JsonOption",
    "Language",
    "LanguageOption",
    "PortOption",
    "Size",
    "WorkspaceOption",
    "parse_coordinates",
    "parse_date",
]

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The workspace folder. Default: the current folder.",
        envvar="GEOPLAN_WORKSPACE",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text.")]
LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="sv|en", help="Language. Default: the workspace's.")
]
PortOption = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]


class Language(StrEnum):
    """The languages that every page speaks."""

    sv = "sv"
    en = "en"


class Size(StrEnum):
    """How large the demo's municipality is."""

    full = "full"
    small = "small"


def parse_date(text: str | None) -> dt.date | None:
    """Read a day as YYYY-MM-DD."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD.") from None


def parse_coordinates(text: str) -> tuple[float, float]:
    """Read a place as E,N."""
    try:
        east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not E,N; write two numbers with a comma between.") from None
    return east, north
