"""``geoplan need``: the arithmetic of a published need, checked without a workspace."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from geoplan.cli.options import JsonOption, Language
from geoplan.cli.show import out, print_json, table
from geoplan.errors import InputError
from geoplan.homes.arithmetic import read_question, units_needed

__all__ = ["need"]

_WORDS = {
    "sv": {
        "title": "Behov av bostäder sedan {base}, med {vacancy} % av bostäderna lediga",
        "year": "år",
        "households": "hushåll",
        "units": "bostäder som behövs",
        "increment": "ökning",
        "replacement": "att ersätta",
        "need": "att tillföra",
    },
    "en": {
        "title": "Need for homes since {base}, with {vacancy} % of the homes vacant",
        "year": "year",
        "households": "households",
        "units": "homes needed",
        "increment": "increment",
        "replacement": "to replace",
        "need": "to add",
    },
}


def need(
    file: Annotated[
        Path, typer.Option("--from", metavar="FILE", help="A .toml or .json file; docs/method-need.md lists its keys.")
    ],
    as_json: JsonOption = False,
    language: Annotated[Language, typer.Option("--lang", help="Language of the table.")] = Language.sv,
) -> None:
    """Compute households and homes needed, year by year, from a small file: anyone can check a published need.

    The file gives base_year, population by year, target_vacancy, and headship_rate or quotas by age and sex; where
    known also households, stock and replacement_per_year. Nothing is rounded.

    Example: geoplan need --from county.toml --json
    """
    content = _read(file)
    try:
        question = read_question(content)
        rows = units_needed(question)
    except InputError as error:
        lines = error.message.splitlines()
        head = f"{file} has {'a fault' if len(lines) == 1 else f'{len(lines)} faults'}:"
        raise InputError("\n  ".join([head, *lines]), hint=error.hint) from error
    if as_json:
        print_json(rows)
        return
    words = _WORDS[language.value]
    headings = {name: words[name] for name in rows.columns}
    vacancy = f"{100 * question.target_vacancy:g}"
    if language is Language.sv:
        vacancy = vacancy.replace(".", ",")
    out.print(table(rows, headings, title=words["title"].format(base=question.base_year, vacancy=vacancy)))


def _read(file: Path) -> dict[str, Any]:
    """Read a TOML or JSON file."""
    suffix = file.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise InputError(f"{file} has no ending that fits.", hint="Name it .toml or .json.")
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        kind = "TOML" if suffix == ".toml" else "JSON"
        raise InputError(f"{file} is not {kind} in UTF-8: {error}.", hint="Mend it there.") from error
    if not isinstance(content, dict):
        raise InputError(f"{file} holds no table of keys.", hint='Write {"base_year": 2024, "population": …}.')
    return content
