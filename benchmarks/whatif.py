"""How fast an edit answers: a new nature reserve on a warm county, against computing everything anew."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import typer

import geoplan
from benchmarks.contenders.engine import constrain, layers_by_kind, rule_set
from benchmarks.county import SIDE_KM
from benchmarks.inputs import CACHE, Inputs, county_folder, make_inputs
from benchmarks.memory import peak_mb
from geoplan.land.buildable import buildable_land
from geoplan.land.whatif import Change, WhatIf

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_LAYER = "nature"

_Edit = tuple[gpd.GeoDataFrame, Change]


@dataclass(frozen=True)
class Row:
    """A measured case; ``ratio`` is to the edit's own seconds."""

    case: str
    contender: str
    version: str
    seconds: float
    prepare_seconds: float
    peak_mb: float
    ratio: float
    equal: bool


@app.command()
def measure(
    *,
    parcels: Annotated[int, typer.Option(help="Number of parcels.")] = 300_000,
    touched: Annotated[str, typer.Option(help="How many parcels edits are to touch, with commas between.")] = "10,1000",
    repeat: Annotated[int, typer.Option(min=1, help="Edits of each size, at other places; medians are told.")] = 20,
    side_km: Annotated[float, typer.Option(help="Side of the county, km.")] = SIDE_KM,
    cache: Annotated[Path, typer.Option(help="Folder in which counties are kept.")] = CACHE,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the same rows to.")] = None,
) -> None:
    """Measure edits that touch so and so many parcels, warm, and what computing everything anew takes.

    Ends with 1 where an edit does not give what computing anew gives.
    """
    folder = county_folder(side_km, cache=cache.resolve())
    make_inputs(folder, [parcels], side_km=side_km)
    inputs = Inputs(folder, parcels)
    frame = inputs.parcels()
    layers = {
        kind: layer.assign(id=[f"{kind} {number}" for number in range(len(layer))])
        for kind, layer in layers_by_kind(inputs.constraints()).items()
    }
    start = time.perf_counter()
    model = WhatIf(frame, rule_set(), layers)
    warm = time.perf_counter() - start
    rows = []
    for wanted in (int(text) for text in touched.split(",")):
        edits, seconds = _edits(model, frame, wanted, repeat)
        anew, equal = _anew(frame, layers, *edits[-1])
        count = int(statistics.median(len(change.after.parcels) for _, change in edits))
        median = statistics.median(seconds)
        case = f"{count} of {parcels}"
        version = geoplan.__version__
        rows.append(Row(case, "geoplan edit", version, median, warm, peak_mb(), 1.0, equal))
        rows.append(Row(case, "geoplan anew", version, anew, 0.0, peak_mb(), anew / median, equal))
    typer.echo("| parcels | contender | s | ratio | equal |\n| --- | --- | ---: | ---: | --- |")
    for row in rows:
        typer.echo(f"| {row.case} | {row.contender} | {row.seconds:.4f} | {row.ratio:.0f} | {row.equal} |")
    typer.echo(f"Warming up once: {warm:.1f} s")
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    if not all(row.equal for row in rows):
        raise typer.Exit(1)


def _edits(model: WhatIf, parcels: gpd.GeoDataFrame, wanted: int, repeat: int) -> tuple[list[_Edit], list[float]]:
    """Put a round reserve in places where it touches about so many parcels."""
    random = np.random.default_rng(wanted)
    middle = shapely.centroid(parcels.geometry.to_numpy())
    tree = shapely.STRtree(middle)
    edits: list[_Edit] = []
    seconds = []
    for number in range(repeat + 1):
        centre = middle[random.integers(len(middle))]
        radius = 30.0
        while len(tree.query(centre, predicate="dwithin", distance=radius)) < wanted * 0.9:
            radius *= 1.03
        reserve = gpd.GeoDataFrame(
            {"id": [f"new{number}"], "kind": [_LAYER]}, geometry=[centre.buffer(radius)], crs=parcels.crs
        )
        start = time.perf_counter()
        change = model.edit(_LAYER, add=reserve)
        gained = change.gained_m2
        seconds.append(time.perf_counter() - start)
        assert gained <= 0
        edits.append((reserve, change))
    # The first warms what the first alone pays for.
    return edits[1:], seconds[1:]


def _anew(
    parcels: gpd.GeoDataFrame, layers: dict[str, gpd.GeoDataFrame], reserve: gpd.GeoDataFrame, change: Change
) -> tuple[float, bool]:
    """Compute everything with the edit made, and tell whether the parcels that it touches come out the same."""
    start = time.perf_counter()
    edited = pd.concat([layers[_LAYER], reserve], ignore_index=True)
    land = buildable_land(parcels, constrain(rule_set(), {**layers, _LAYER: edited}))
    seconds = time.perf_counter() - start
    mine = change.after.parcels.set_index("id").geometry
    theirs = land.parcels.set_index("id").geometry.reindex(mine.index)
    return seconds, bool(shapely.equals_identical(mine.to_numpy(), theirs.to_numpy()).all())


if __name__ == "__main__":
    app()
