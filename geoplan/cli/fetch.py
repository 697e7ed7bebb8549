"""The command that fetches what services are asked for."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from geoplan.cli.options import JsonOption, LanguageOption, WorkspaceOption
from geoplan.cli.session import workspace_folder
from geoplan.cli.show import err, out, print_json, progress_bars
from geoplan.errors import SettingsError

__all__ = ["fetch"]

_WORDS = {
    "sv": {
        "row": "{layer}: {rows} celler ur {title} → {file} ({licence})",
        "hidden": "  {n} celler är undertryckta (..)",
        "none": "Inget lager frågar en tjänst. Se docs/fetching.md.",
        "next": "Läs in dem med `geoplan import`.",
    },
    "en": {
        "row": "{layer}: {rows} cells of {title} → {file} ({licence})",
        "hidden": "  {n} cells are suppressed (..)",
        "none": "No layer asks a service. See docs/fetching.md.",
        "next": "Read them in with `geoplan import`.",
    },
}


def fetch(
    context: typer.Context,
    layers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LAYER]...", help="Layers to fetch for. Default: all that ask a service."),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for each answer.", min=0.1, max=600)] = 30.0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Fetch the tables that layers ask statistics services for, into data/fetched/ of the workspace.

    `geoplan import` then reads them as files; beside each stands what was
    asked, when, and under which licence. A layer that fails keeps what was
    fetched before, the others go on, and the exit code is that of the first
    failure: 8 where a service cannot be reached, is busy or refuses.
    """
    from layers.fetching import fetch_layers
    from layers.workspace import Workspace

    if language not in (None, "sv", "en"):
        raise SettingsError(f"There is no language {language!r}.", hint="Choose sv or en.")
    settings = Workspace.load(workspace_folder(context, workspace))
    words = _WORDS[language or settings.municipality.language]
    with progress_bars() as progress:
        done = fetch_layers(settings, layers=layers or None, timeout_s=timeout, progress=progress)
    if as_json:
        failed = {name: {"error": error.message, "hint": error.hint} for name, error in done.failures.items()}
        print_json({"files": [file.to_dict() for file in done.files], "failures": failed})
    else:
        for file in done.files:
            told = file.told
            line = words["row"].format(
                layer=file.layer, rows=told.rows, title=told.title, file=file.file, licence=told.licence
            )
            out.print(line, highlight=False, markup=False, soft_wrap=True)
            if told.statuses.get(".."):
                out.print(words["hidden"].format(n=told.statuses[".."]), highlight=False)
        if done.files:
            out.print(words["next"], highlight=False, markup=False)
        elif not done.failures:
            out.print(words["none"], highlight=False, markup=False)
        for name, error in done.failures.items():
            err.print(f"[bold red]{name}:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    if done.failures:
        raise typer.Exit(next(iter(done.failures.values())).exit_code)
