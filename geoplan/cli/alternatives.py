"""``geoplan alternatives``: a search for other land than the guarded land that is wanted."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer
from rich.markup import escape

from geoplan.cli.options import JsonOption, LanguageOption, WorkspaceOption, parse_coordinates
from geoplan.cli.session import open_session, workspace_folder
from geoplan.cli.show import json_text, out, print_json, progress_bars, table
from geoplan.errors import InputError

if TYPE_CHECKING:
    from geoplan.alternatives.evidence import Evidence

__all__ = ["alternatives"]


class Open(StrEnum):
    """What may be admitted as a class of its own."""

    investigate = "investigate"
    needs_exemption = "needs_exemption"


def alternatives(
    context: typer.Context,
    parcel: Annotated[str | None, typer.Argument(metavar="[PARCEL]", help="The wanted parcel's id.")] = None,
    at: Annotated[str | None, typer.Option(metavar="E,N", help="A place: the parcel there is wanted.")] = None,
    site: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A vector file whose area is wanted (.gpkg, .geojson …).")
    ] = None,
    area: Annotated[
        float | None, typer.Option(metavar="M2", help="Area needed in one piece, m². This or --homes.")
    ] = None,
    homes: Annotated[
        int | None, typer.Option(metavar="N", help="Homes wanted: N times the workspace's smallest plot.")
    ] = None,
    width: Annotated[
        float | None, typer.Option(metavar="M", help="Width needed, m. Default: the workspace's narrowest plot.")
    ] = None,
    within: Annotated[
        str, typer.Option(metavar="KM|area|all", help="Where to look: km from the site, its statistical area, or all.")
    ] = "all",
    rule: Annotated[str, typer.Option(metavar="RULE", help="The rule that guards the site.")] = "farmland",
    open_: Annotated[
        Open | None, typer.Option("--open", help="Admit land that another rule closes so far, as a class of its own.")
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CRITERION",
            help="Let a reported criterion exclude: utility, settlement=M, road=M, owner=KIND. May be repeated.",
        ),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Join no pieces of neighbouring parcels.")] = False,
    use: Annotated[str | None, typer.Option(metavar="TEXT", help="What the land is for, in your words.")] = None,
    top: Annotated[int, typer.Option(min=1, max=500, help="How many places, and near misses of a kind, to list.")] = 10,
    run: Annotated[int | None, typer.Option(metavar="N", help="A run's number. Default: the last one.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the document .html, all of it .json, or .csv.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Search for other land than guarded land that is wanted, such as farmland, and say what the rest falls on.

    Tells how many places meet the stated criteria, what every other parcel falls on, and which parcels miss a single
    criterion. With --out FILE.html it writes a document to attach: it prints to A4 and says what it rests on. It
    never decides whether an interest weighs enough or whether land is suitable.

    Example: geoplan alternatives "BERGA 1:2" --homes 10 --within 10 --out other-land.html
    """
    from layers.comparing import Comparing, compare, read_site

    if sum(given is not None for given in (parcel, at, site)) != 1:
        raise typer.BadParameter("Give one of PARCEL, --at E,N and --site FILE.")
    if file is not None and file.suffix.lower() not in (".html", ".json", ".csv"):
        raise InputError(f"{file.name} has no ending that fits.", hint="Choose .html, .json or .csv.")
    with open_session(workspace_folder(context, workspace), language) as session, progress_bars() as progress:
        asked = Comparing(
            rule=rule,
            parcel=parcel,
            place=parse_coordinates(at) if at else None,
            shape=read_site(site, session.store.crs) if site else None,
            area_m2=area,
            homes=homes,
            width_m=width,
            within=_within(within),
            opened=open_.value if open_ else None,
            require=_require(require or []),
            together=not alone,
            purpose=use,
            top=top,
            run=run,
            command=_command(),
        )
        evidence, backdrop = compare(session.store, asked, progress=progress)
        if file is not None:
            _write(file, evidence, backdrop, session.language)
    if as_json:
        print_json(evidence.to_dict())
        return
    _show(evidence, session.language)
    if file is not None:
        out.print(f"Wrote {escape(str(file))}", highlight=False)


def _within(text: str) -> float | str:
    if text in ("area", "all"):
        return text
    try:
        return 1000 * float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a distance in km, 'area' or 'all'.") from None


def _require(texts: list[str]) -> dict[str, float | str]:
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in texts)}


def _command() -> str:
    """Return the command line as it was typed, without what only says where to and how to print."""
    words, kept = iter(sys.argv[1:]), []
    for word in words:
        if word in ("--out", "--lang", "-w", "--workspace"):
            next(words, None)
        elif word != "--json" and not word.startswith(("--out=", "--lang=", "--workspace=")):
            kept.append(word)
    return shlex.join(["geoplan", *kept])


def _write(file: Path, evidence: Evidence, backdrop: dict[str, Any], language: Any) -> None:
    from geoplan.maps.alternatives_page import alternatives_page
    from layers.sources.writing import write_file

    if file.suffix.lower() == ".csv":
        write_file(pd.DataFrame(evidence.found.candidates.drop(columns="geometry")), file, layer="alternatives")
        return
    if file.suffix.lower() == ".html":
        text = alternatives_page(evidence, backdrop, language=language)
    else:
        text = json_text(evidence.to_dict())
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}.") from error


def _show(evidence: Evidence, language: Any) -> None:
    """Print the findings, the waterfall and the places."""
    from geoplan.maps.alternatives_texts import conclusion, values, words

    said, found = words(language), evidence.found
    for sentence in conclusion(evidence, language):
        out.print(escape(sentence), highlight=False, soft_wrap=True)
    steps = found.waterfall
    empty = (steps["parcels"] == 0) & (steps["area_m2"].abs() < 1e-6) & steps["step"].str.contains(":")
    shown = steps[~empty].assign(area=steps["kind"].map({"total": "*"}).fillna(""), ha=steps["area_m2"] / 10_000)
    headings = {f"title_{language}": said["step"], "parcels": said["parcels"], "ha": said["hectares"]}
    out.print(table(shown, headings, title=said["waterfall"], decimals={"ha": 2}))
    if not len(found.sites):
        return
    rows = pd.DataFrame(found.sites.head(evidence.top).drop(columns="geometry"))
    rows["parcels"] = rows["parcels"].map(lambda names: ", ".join(names[:2]) + (" …" if len(names) > 2 else ""))
    for name in ("utility", "owner_kind"):
        rows[name] = [values(name, value, language) for value in rows[name]]
    headings = {
        "number": said["number"],
        "parcels": said["place"],
        "area_m2": f"{said['area']}, m²",
        "width_m": f"{said['width']}, m",
        "distance_m": f"{said['distance']}, m",
        "settlement_m": f"{said['settlement']}, m".replace("\u00ad", ""),
        "road_m": f"{said['road']}, m",
        "utility": said["utility"],
        "owner_kind": said["owner"],
    }
    title = f"{said['sites']} ({len(rows)} / {len(found.sites)})"
    out.print(table(rows.drop(columns="area"), headings, title=title))
