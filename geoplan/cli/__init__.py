"""The command line: the roof of the house, and the only module here that knows ``layers`` and ``api``.

Exit codes: 0 done, 1 unexpected, 2 wrong usage, 3 settings, 4 input data, 5 database, 6 not found,
7 a recomputed figure differs, 8 a service does not answer (see :mod:`geoplan.errors` and ``docs/cli.md``).
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import geoplan
from geoplan.cli import alternatives, fetch, need, offer, override, programme, report, show, sketch
from geoplan.cli.options import (
    HostOption,
    JsonOption,
    Language,
    LanguageOption,
    PortOption,
    Size,
    WorkspaceOption,
    parse_coordinates,
    parse_date,
)
from geoplan.cli.session import open_session, workspace_folder
from geoplan.cli.show import err, out, print_json, progress_bars
from geoplan.errors import GeoplanError

__all__ = ["app", "main"]

app = typer.Typer(
    name="geoplan",
    help=(
        "Find land for attractive homes, and keep housing supply and demand in balance.\n\n"
        "A workspace is a folder with a geoplan.toml that says which file feeds which layer, which rules hold and "
        "what demand is assumed. The usual round: [bold]geoplan init[/] a folder, edit its geoplan.toml, "
        "[bold]geoplan import[/], [bold]geoplan plan[/], [bold]geoplan serve[/]. "
        "[bold]geoplan demo[/] does all of it for a synthetic municipality."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
db_app = typer.Typer(help="The workspace's own PostgreSQL server.", no_args_is_help=True)
app.add_typer(db_app, name="db")


def main() -> None:
    """Run the command line and turn every error of ours into a message and an exit code."""
    try:
        app()
    except GeoplanError as error:
        err.print(f"[bold red]geoplan:[/] {escape(error.message)}", highlight=False, soft_wrap=True)
        if error.hint:
            err.print(f"  → {escape(error.hint)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)


def _version(value: bool) -> None:
    if value:
        out.print(f"geoplan {geoplan.__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj = workspace


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to create or fill.")],
    name: Annotated[str, typer.Option(help="Name of the municipality.")] = "My municipality",
    code: Annotated[str, typer.Option(help="Municipality code, for example 2182.")] = "0000",
    crs: Annotated[str, typer.Option(help="A projected CRS to compute in.")] = "EPSG:3006",
    rules: Annotated[
        str | None, typer.Option(help="Rule set: a shipped one's name, or a TOML file. Default: by the CRS.")
    ] = None,
    language: Annotated[Language, typer.Option("--lang", help="Language of pages.")] = Language.sv,
) -> None:
    """Write a commented geoplan.toml into DIR; nothing that exists is overwritten."""
    from layers.workspace import init_workspace

    path = init_workspace(folder, name=name, code=code, crs=crs, language=language.value, rule_set=rules)
    out.print(f"Wrote {escape(str(path))}. Say there which file feeds which layer, then:", highlight=False)
    out.print(f"  geoplan import -w {escape(str(folder))}", highlight=False)


app.command("fetch")(fetch.fetch)


@app.command("import")
def import_(
    context: typer.Context,
    layers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LAYER]...", help="Layers to import. Default: all configured."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Read the configured files into the database: mapped, reprojected, repaired or rejected row by row.

    All or nothing per layer: a layer that fails keeps its last good version, the others go on,
    and the exit code is that of the first failure. Every version is kept.
    """
    from layers.importing import import_all

    with (
        open_session(workspace_folder(context, workspace), language) as session,
        progress_bars() as progress,
    ):
        done = import_all(session.workspace, session.store, layers=layers or None, progress=progress)
    if as_json:
        failed = {name: {"error": error.message, "hint": error.hint} for name, error in done.failures.items()}
        print_json({name: report.to_dict() for name, report in done.reports.items()} | failed)
    else:
        for report in done.reports.values():
            out.print(report.summary(session.language), highlight=False, markup=False, soft_wrap=True)
        for name, error in done.failures.items():
            err.print(f"[bold red]{name}:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    if done.failures:
        raise typer.Exit(next(iter(done.failures.values())).exit_code)


@app.command()
def plan(
    context: typer.Context,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Compute under the law of that day.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Compute parcels tile by tile on a Dask cluster, such as tcp://127.0.0.1:8786. Default: here.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Recompute what is derived: constraints, buildable land, plots, need and balance.

    Prints the waterfall from all land to plots and the balance table. Only parcels that a change touches are
    computed; where nothing that it depends on has changed since the last run, it says so and computes nothing.
    """
    from geoplan.land.mappers import on_dask, on_threads
    from layers.chain import plan as run_plan

    with ExitStack() as stack:
        mapper = on_threads if scheduler is None else stack.enter_context(on_dask(scheduler))
        session = stack.enter_context(open_session(workspace_folder(context, workspace), language))
        progress = stack.enter_context(progress_bars())
        result = run_plan(session.workspace, session.store, as_of=parse_date(as_of), mapper=mapper, progress=progress)
        if as_json:
            print_json(result.to_dict())
        else:
            show.plan(result, session.language)


@app.command()
def serve(
    context: typer.Context,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
) -> None:
    """Serve the map and the API until Ctrl-C."""
    with open_session(workspace_folder(context, workspace), language) as session:
        session.serve(host, port)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to put the workspace.")] = Path("demo"),
    serve: Annotated[bool, typer.Option(help="Serve the map when done.")] = True,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    size: Annotated[Size, typer.Option(help="How large a municipality.")] = Size.full,
    language: LanguageOption = None,
) -> None:
    """Make a synthetic municipality and run the whole chain on it: layers, land, homes, balance, map."""
    from layers.chain import plan as run_plan
    from layers.importing import import_all
    from layers.synthetic import write_demo

    with progress_bars() as progress:
        if not (folder / "geoplan.toml").exists():
            write_demo(folder, size=size.value, progress=progress)
        with open_session(folder, language) as session:
            done = import_all(session.workspace, session.store, progress=progress)
            for error in done.failures.values():
                raise error
            result = run_plan(session.workspace, session.store, progress=progress)
            written = session.write_outputs(folder / "out", progress, keep=result.unchanged)
    show.plan(result, session.language)
    for path in written:
        out.print(f"Wrote {escape(str(path))}", highlight=False)
    if serve:
        with open_session(folder, language) as session:
            session.serve(host, port)


@app.command()
def export(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="A layer's id, or 'map' for the map.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its ending says the format.")],
    version: Annotated[int | None, typer.Option(help="Version number. Default: the current one.")] = None,
    names: Annotated[
        str | None, typer.Option(metavar="SPECIFICATION", help="Write plots under the field names of a specification.")
    ] = None,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
) -> None:
    """Write a layer to FILE (.gpkg .parquet .fgb .geojson .shp.zip .csv), or the map to one self-contained .html.

    `plots` are written as plot records, with the status that holds today; with --version as they were stored.
    """
    from layers.sources.writing import write_file

    with open_session(workspace_folder(context, workspace), language) as session:
        if names is not None and (layer != "plots" or version is not None):
            raise typer.BadParameter("--names is for the current plots.")
        if layer == "map":
            session.write_map(file)
        elif layer == "plots" and version is None:
            session.write_plots(file, names=names)
        else:
            frame = session.store.read(layer, version=version)
            write_file(frame, file, layer=layer)
    out.print(f"Wrote {escape(str(file))}", highlight=False)


@app.command()
def explain(
    context: typer.Context,
    parcel: Annotated[str | None, typer.Argument(metavar="[PARCEL]", help="A parcel's id.")] = None,
    at: Annotated[str | None, typer.Option(metavar="E,N", help="A place: east,north in the workspace's CRS.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Say why one may or may not build on a parcel, or at a place: every rule, its basis and what would change it."""
    from layers.explaining import explain_place, explain_stored_parcel

    if (parcel is None) == (at is None):
        raise typer.BadParameter("Give either a PARCEL or --at E,N.")
    with open_session(workspace_folder(context, workspace), language) as session:
        answer = (
            explain_place(session.store, *parse_coordinates(at))
            if at
            else explain_stored_parcel(session.store, str(parcel))
        )
    if as_json:
        print_json(answer.to_dict())
    else:
        out.print(answer.text(session.language), highlight=False, markup=False, soft_wrap=True)


app.command("override")(override.override)


app.command("offer")(offer.offer)


app.command("alternatives")(alternatives.alternatives)


app.command("need")(need.need)


app.command("programme")(programme.programme)


app.command("report")(report.report)


app.command("sketch")(sketch.sketch)


@app.command()
def status(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show the layers, their versions and the last run."""
    with open_session(workspace_folder(context, workspace)) as session:
        layers, run = session.store.layers(), session.store.run()
        missing = sorted(set(session.workspace.layers) - {version.layer for version in layers})
    if as_json:
        print_json(
            {
                "layers": [version.to_dict() for version in layers],
                "not_imported": missing,
                "run": run.to_dict() if run else None,
            }
        )
    else:
        show.status(layers, missing, run, session.language)


@app.command()
def verify(
    context: typer.Context,
    run: Annotated[int | None, typer.Option(help="A run's number. Default: the last one.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute a run from its stored layers, rule set and parameters, and compare every derived layer to the digit.

    Exit code 7 when anything differs.
    """
    from layers.verifying import verify as run_verify

    with open_session(workspace_folder(context, workspace)) as session, progress_bars() as progress:
        result = run_verify(session.store, run=run, progress=progress)
    if as_json:
        print_json(result.to_dict())
    else:
        show.verification(result)
    if not result.equal:
        raise typer.Exit(7)


@db_app.command("start")
def db_start(context: typer.Context, workspace: WorkspaceOption = None) -> None:
    """Start the workspace's server and leave it running."""
    from layers.database import start_cluster

    out.print(str(start_cluster(workspace_folder(context, workspace))), highlight=False, markup=False)


@db_app.command("stop")
def db_stop(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the server's data as well.")] = False,
) -> None:
    """Stop the workspace's server."""
    from layers.database import remove_cluster, stop_cluster

    folder = workspace_folder(context, workspace)
    stop_cluster(folder)
    if remove:
        remove_cluster(folder)
    out.print("Stopped." if not remove else "Stopped and removed.")


@db_app.command("status")
def db_status(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Tell whether the workspace's server runs, and where."""
    from layers.database import cluster_status

    state = cluster_status(workspace_folder(context, workspace))
    if as_json:
        print_json(state.to_dict())
    else:
        out.print(str(state), highlight=False, markup=False)
