"""The command that sketches streets and plots in a development area."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from geoplan.cli.options import JsonOption, LanguageOption, WorkspaceOption
from geoplan.cli.session import open_session, workspace_folder
from geoplan.cli.show import out, print_json

__all__ = ["sketch"]

_WORDS = {
    "sv": {
        "plots": "tomter",
        "streets": "gator",
        "rest": "övrigt",
        "connected": {
            "yes": "Gatorna når en väg.",
            "no": "Gatorna når ingen väg.",
            "unknown": "Ingen vet var vägar går.",
        },
        "count": "{plots} tomter på {area}",
        "only": "En skiss, inget beslut: höjder, mark, ledningar och träd är inte sedda, och ingen park är avsatt.",
    },
    "en": {
        "plots": "plots",
        "streets": "streets",
        "rest": "rest",
        "connected": {
            "yes": "The streets reach a road.",
            "no": "The streets reach no road.",
            "unknown": "Nobody knows where roads are.",
        },
        "count": "{plots} plots on {area}",
        "only": "A sketch, not a decision: heights, soil, pipes and trees are not looked at, and no park is set aside.",
    },
}


def sketch(
    context: typer.Context,
    parcels: Annotated[list[str], typer.Argument(metavar="PARCEL...", help="Parcels that are developed together.")],
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.gpkg", help="Write plots and streets as a GeoPackage.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Sketch streets and plots on what is left to build on of some parcels.

    Streets run along one side of the area with plots on both sides, and a
    street across joins them to the road. The shares of plots, streets and
    the rest add up to the area. Measures are in docs/assumptions.md
    (subdivision) and may be set in geoplan.toml.
    """
    from layers.sketching import sketch_parcels, write_sketch

    with open_session(workspace_folder(context, workspace), language) as session:
        drawn = sketch_parcels(session.store, parcels)
        spoken = session.language
    if file is not None:
        write_sketch(drawn, file)
    found = drawn.sketch
    if as_json:
        told: dict[str, Any] = {
            "parcels": list(drawn.parcels),
            "area_kind": drawn.area_kind,
            "plots": len(found.plots),
            "areas_m2": dict(found.areas_m2),
            "shares": dict(found.shares),
            "connected": found.connected,
        }
        print_json(told)
        return
    words: dict[str, Any] = _WORDS[spoken]
    out.print(words["count"].format(plots=len(found.plots), area=", ".join(drawn.parcels)), markup=False)
    for name in ("plots", "streets", "rest"):
        out.print(f"  {words[name]:10} {found.areas_m2[name]:12,.0f} m²  {found.shares[name]:6.1%}", markup=False)
    out.print(words["connected"][found.connected])
    out.print(words["only"])
    if file is not None:
        out.print(f"{file}", markup=False)
