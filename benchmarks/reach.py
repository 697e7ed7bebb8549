"""Measure libraries for travel times side by side: ``python -m benchmarks.reach``."""

from __future__ import annotations

import json
import statistics
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import typer

from benchmarks.grid import KINDS, Streets, make_streets
from benchmarks.routers import ROUTERS, TOLERANCE_MIN, Router, RouterError, run_router
from benchmarks.row import Row
from geoplan.land.workers import worker_count

__all__ = ["Row", "app", "measure", "reference", "table"]

app = typer.Typer(add_completion=False)


@app.command()
def measure(
    *,
    edges: Annotated[int, typer.Option(min=4, help="Edges of the network.")] = 200_000,
    plots: Annotated[int, typer.Option(min=1, help="Places that are asked from.")] = 10_000,
    only: Annotated[list[str] | None, typer.Option(help="Measure only this one; may be given again.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Trials, each a process; medians are told.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the same rows to.")] = None,
) -> None:
    """Measure the minutes from many places to the nearest of eight kinds, over a network of streets.

    Ends with 1 where a router fails or a time is not equal.
    """
    known = {router.name: router for router in ROUTERS}
    unknown = [name for name in only or [] if name not in known]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(known)}.", param_hint="--only")
    rows: list[Row | None] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_streets(folder, edges=edges, plots=plots)
        np.save(folder / "reference.npy", reference(Streets(folder)))
        for name in only or known:
            router = known[name]
            if router.missing():
                typer.echo(f"{name}: skipped, for {router.package} is not installed (make bench)", err=True)
                continue
            typer.echo(f"{name} …", err=True)
            rows.append(_row(router, folder, f"{edges} x {plots} x {KINDS}", repeat))
    measured = [row for row in rows if row is not None]
    ours = next((row.whole for row in measured if row.contender == ROUTERS[0].name), None)
    measured = [replace(row, ratio=row.whole / ours) if ours else row for row in measured]
    typer.echo(table(measured))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in measured], indent=2) + "\n", encoding="utf-8")
    if None in rows or not all(row.equal for row in measured):
        raise typer.Exit(1)


def reference(streets: Streets) -> npt.NDArray[np.float64]:
    """Return the minutes by a library that nobody would choose for its speed, shape (kinds, plots)."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(streets.xy)))
    graph.add_weighted_edges_from(
        zip(streets.start.tolist(), streets.end.tolist(), streets.minutes.tolist(), strict=True)
    )
    rows = []
    for kind in range(KINDS):
        found = nx.multi_source_dijkstra_path_length(graph, set(streets.goals_of(kind).tolist()))
        rows.append([found.get(node, np.inf) for node in streets.plots.tolist()])
    return np.array(rows)


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        f"{worker_count()} processors; equal: every time within {TOLERANCE_MIN:g} min",
        "",
        "| edges x plots x kinds | contender | version | s | preparing, s | peak, MB | ratio | equal |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        equal = "yes" if row.equal else f"{row.outside:,} are not"
        lines.append(
            f"| {row.case} | {row.contender} | {row.version} | {row.seconds:.2f} | {row.prepare_seconds:.2f} "
            f"| {row.peak_mb:,.0f} | {ratio} | {equal} |"
        )
    return "\n".join(lines)


def _row(router: type[Router], folder: Path, case: str, repeat: int) -> Row | None:
    try:
        trials = [run_router(router, folder) for _ in range(repeat)]
    except RouterError as error:
        typer.echo(f"{router.name}: failed, {error}", err=True)
        return None
    outside = max(trial.outside for trial in trials)
    return Row(
        case=case,
        contender=router.name,
        version=trials[0].version,
        seconds=statistics.median(trial.seconds for trial in trials),
        prepare_seconds=statistics.median(trial.prepare_seconds for trial in trials),
        peak_mb=statistics.median(trial.peak_mb for trial in trials),
        ratio=None,
        equal=outside == 0,
        outside=outside,
    )


if __name__ == "__main__":
    app()
