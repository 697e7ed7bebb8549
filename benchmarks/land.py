"""Measure the land engine against others: ``python -m benchmarks.land``."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import shapely
import typer

from benchmarks.contender import Contender
from benchmarks.contenders import CONTENDERS
from benchmarks.contenders.engine import Geoplan
from benchmarks.county import SIDE_KM
from benchmarks.inputs import CACHE, Inputs, county_folder, make_inputs
from benchmarks.row import Row
from benchmarks.trial import TOLERANCE, Trial, TrialError, run_trial
from geoplan.land.workers import worker_count

__all__ = ["Row", "app", "measure", "table", "with_ratios"]

app = typer.Typer(add_completion=False)


@app.command()
def measure(
    *,
    sizes: Annotated[str, typer.Option(help="Numbers of parcels, with commas between.")] = "30000,300000",
    only: Annotated[list[str] | None, typer.Option(help="Measure only this contender; may be given again.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Trials, each a process; medians are told.")] = 1,
    skip_slow: Annotated[
        bool, typer.Option(help="Run what takes minutes at the smallest size alone, or everywhere.")
    ] = True,
    side_km: Annotated[float, typer.Option(help="Side of the county, km; a smaller one has fewer parcels.")] = SIDE_KM,
    cache: Annotated[Path, typer.Option(help="Folder in which counties are kept.")] = CACHE,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the same rows to.")] = None,
) -> None:
    """Measure how long it takes to compute what constraints leave of parcels, by geoplan and by others.

    Every contender runs in a process of its own, and its remainders are checked against a reference of nobody's. Ends
    with 1 where a contender fails or a remainder is not equal.
    """
    wanted = sorted({_number(text) for text in sizes.split(",")})
    contenders = _chosen(only or [])
    folder = county_folder(side_km, cache=cache.resolve())
    typer.echo(f"County of {side_km:g} km in {folder}", err=True)
    # Apart, so that the contenders' parent stays small.
    with get_context("spawn").Pool(1) as pool:
        try:
            pool.apply(make_inputs, (folder, wanted), {"side_km": side_km})
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--sizes") from error
    contenders = [each for each in contenders if _installed(each)]
    rows, failed = [], False
    for size in wanted:
        able = [each for each in contenders if not (each.slow and skip_slow and size > wanted[0])]
        measured = [_measure(each, Inputs(folder, size), repeat) for each in able]
        failed |= None in measured
        rows += with_ratios([row for row in measured if row is not None])
    typer.echo(table(rows))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    if failed or not all(row.equal for row in rows):
        raise typer.Exit(1)


def with_ratios(rows: list[Row]) -> list[Row]:
    """Return one case's rows with their ratios to geoplan's."""
    ours = next((row.whole for row in rows if row.contender == Geoplan.name), None)
    return [replace(row, ratio=row.whole / ours) if ours else row for row in rows]


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        f"{worker_count()} processors, GEOS {shapely.geos_version_string}; "
        f"equal: every parcel within {TOLERANCE:g} of its area",
        "",
        "| parcels | contender | version | s | preparing, s | peak, MB | ratio | equal |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        equal = "yes" if row.equal else f"{row.outside:,} are not"
        lines.append(
            f"| {row.case} | {row.contender} | {row.version} | {row.seconds:.2f} | {row.prepare_seconds:.2f} "
            f"| {row.peak_mb:,.0f} | {ratio} | {equal} |"
        )
    return "\n".join(lines)


def _installed(contender: type[Contender]) -> bool:
    missing = contender.missing()
    if missing:
        typer.echo(f"{contender.name}: skipped, for {', '.join(missing)} is not installed (make bench)", err=True)
    return not missing


def _measure(contender: type[Contender], inputs: Inputs, repeat: int) -> Row | None:
    trials: list[Trial] = []
    for _ in range(repeat):
        typer.echo(f"{inputs.size:,} parcels, {contender.name} …", err=True)
        try:
            trials.append(run_trial(contender, inputs))
        except TrialError as error:
            typer.echo(f"{contender.name}: failed, {error}", err=True)
            return None
    outside = max(trial.outside for trial in trials)
    return Row(
        case=str(inputs.size),
        contender=contender.name,
        version=trials[0].version,
        seconds=statistics.median(trial.seconds for trial in trials),
        prepare_seconds=statistics.median(trial.prepare_seconds for trial in trials),
        peak_mb=statistics.median(trial.peak_mb for trial in trials),
        ratio=None,
        equal=outside == 0,
        outside=outside,
    )


def _number(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise typer.BadParameter(f"{text!r} is not a number of parcels.", param_hint="--sizes")
    return number


def _chosen(names: list[str]) -> list[type[Contender]]:
    known = {contender.name: contender for contender in CONTENDERS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(known)}.", param_hint="--only")
    return [contender for name, contender in known.items() if not names or name in names]


if __name__ == "__main__":
    app()
