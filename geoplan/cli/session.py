"""An open workspace: its settings, its database and its store, for the length of one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geoplan.errors import SettingsError

if TYPE_CHECKING:
    from layers.database import Database
    from layers.progress import Progress
    from layers.store import Store
    from layers.workspace import Workspace

__all__ = ["Session", "open_session", "workspace_folder"]


def workspace_folder(context: typer.Context, given: Path | None) -> Path:
    """Return the workspace that is meant: the command's ``-w``, the one before the command, or this folder."""
    return given or context.find_root().obj or Path()


@dataclass(frozen=True)
class Session:
    """An open workspace."""

    workspace: Workspace
    database: Database
    store: Store
    language: str

    def serve(self, host: str, port: int) -> None:
        """Serve the map and the API until interrupted."""
        import uvicorn

        from api.app import create_app
        from geoplan.cli.show import out
        from layers.reporting import FOLDER
        from layers.settings import Environment

        municipality = self.workspace.municipality
        app = create_app(
            self.database,
            title=municipality.name,
            crs=municipality.crs,
            default_language=municipality.language,
            synthetic=municipality.synthetic,
            officials_file=Environment().officials_file,
            report_folder=self.workspace.root / FOLDER,
        )
        address = f"http://{host}:{port}/"
        out.print(f"Serving {address} (Ctrl-C stops)", highlight=False)
        uvicorn.run(app, host=host, port=port, log_level="warning")

    def write_map(self, path: Path) -> Path:
        """Write the map as one self-contained HTML page."""
        from api.pages.map import MapCache
        from api.reading import Serving, snapshot, versions

        municipality = self.workspace.municipality
        serving = Serving(
            self.database.read_only_engine,
            municipality.name,
            municipality.srid,
            municipality.language,
            municipality.synthetic,
        )
        with snapshot(serving.engine) as connection:
            current = versions(connection)
        language: Any = self.language
        path.write_text(MapCache().page(serving, current, language, "inline"), encoding="utf-8")
        return path

    def write_plots(self, path: Path, *, names: str | None = None) -> Path:
        """Write the last run's plots as records, with the status that holds today.

        Parameters
        ----------
        path
            Where to; a GeoPackage has the status history and what made it besides.
        names
            A specification whose field names are used: a shipped one's name, or a TOML file of the workspace.
        """
        from layers.plotrecord import plot_records, typed, write_geopackage
        from layers.sources.writing import write_file
        from layers.specifications import load_specification

        specification = None if names is None else load_specification(names, folder=self.workspace.root)
        records = plot_records(self.store)
        if specification is not None:
            records = replace(records, plots=specification.renamed(records.plots))
        if path.name.lower().endswith(".gpkg"):
            write_geopackage(records, path)
        else:
            write_file(typed(records.plots), path, layer="plots")
        return path

    def write_outputs(self, folder: Path, progress: Progress, *, keep: bool = False) -> list[Path]:
        """Write the map, the plots and the balance as files, and return their paths.

        Parameters
        ----------
        folder
            Where to; made where missing.
        progress
            Told of every file.
        keep
            Leave files that exist as they are, because nothing has changed since they were written.
        """
        from layers.sources.writing import write_file

        folder.mkdir(parents=True, exist_ok=True)
        tables = {"plots.gpkg": "plots", "plots.csv": "plots", "waterfall.csv": "waterfall", "balance.csv": "balance"}
        written = [folder / name for name, layer in tables.items() if self.store.current(layer) is not None]
        with progress("Writing files", total=len(written) + 1) as advance:
            for path in written:
                if keep and path.exists():
                    pass
                elif tables[path.name] == "plots":
                    self.write_plots(path)
                else:
                    write_file(self.store.read(tables[path.name]), path, layer=tables[path.name])
                advance(1)
            page = folder / "map.html"
            if not (keep and page.exists()):
                self.write_map(page)
            advance(1)
        return [*written, page]


@contextmanager
def open_session(folder: Path, language: str | None = None) -> Iterator[Session]:
    """Open a workspace: read its settings, start its database where needed, bring the schema up to date.

    Raises
    ------
    SettingsError
        The folder has no valid ``geoplan.toml``, or the language is unknown.
    DatabaseError
        The database cannot be started or reached.
    """
    from layers.database import open_database
    from layers.store import Store
    from layers.workspace import Workspace

    workspace = Workspace.load(folder)
    if language not in (None, "sv", "en"):
        raise SettingsError(f"There is no language {language!r}.", hint="Choose sv or en.")
    with open_database(workspace.root) as database:
        store = Store(database.engine, crs=workspace.crs)
        yield Session(workspace, database, store, language or workspace.municipality.language)
