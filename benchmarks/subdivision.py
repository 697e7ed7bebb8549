"""Compare ways to divide land into house plots: ``python -m benchmarks.subdivision``."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Literal

import geopandas as gpd
import numpy as np
import shapely
import typer

import geoplan
from benchmarks.inputs import CACHE
from benchmarks.memory import peak_mb
from geoplan.land.areas import AREA_KINDS
from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.plots.search import PlotStandards, find_plots
from geoplan.plots.subdivision.access import Roads, find_roads
from geoplan.plots.subdivision.division import METHODS, Divided, divide, piece_fronts
from geoplan.plots.subdivision.shape import compactness, inscribed_widths, rectangularity
from geoplan.plots.subdivision.standards import SubdivisionStandards
from layers.assumptions import subjects
from layers.rules import load_rule_set
from layers.synthetic import generate

__all__ = ["Row", "app", "measure", "table"]

app = typer.Typer(add_completion=False)

_CONTENDERS: dict[str, tuple[str, ...]] = {**{name: (name,) for name in METHODS}, "better of both": tuple(METHODS)}
_FILES = ("pieces", "parcels", "roads")
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Row:
    """One method on one case.

    Attributes
    ----------
    case
        How many pieces of land.
    contender, version
        The method, and geoplan's version.
    seconds, prepare_seconds
        Processor time of the division, and of finding the fronts, which is part of it; medians.
    peak_mb
        The most memory held, MB.
    ratio
        Its seconds over those of ``better of both``.
    equal
        Whether all that is promised holds: plots apart, within, with access, and areas that add up.
    lots, divided
        How many plots, on how many pieces.
    microseconds
        A plot.
    used, access
        Share of the area of the pieces that any method divides in plots, and in new access.
    rectangularity, compactness, width_m, frontage_m
        Medians over the plots.
    """

    case: str
    contender: str
    version: str
    seconds: float
    prepare_seconds: float
    peak_mb: float
    ratio: float | None
    equal: bool
    lots: int
    divided: int
    microseconds: float
    used: float
    access: float
    rectangularity: float
    compactness: float
    width_m: float
    frontage_m: float


@app.command()
def measure(
    *,
    pieces: Annotated[int, typer.Option(min=1, help="Number of pieces of land.")] = 1_500,
    size: Annotated[str, typer.Option(help="The demo that they come from: full or small.")] = "full",
    repeat: Annotated[int, typer.Option(min=1, help="Trials, each a process; medians are told.")] = 1,
    cache: Annotated[Path, typer.Option(help="Folder in which the pieces are kept.")] = CACHE,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the same rows to.")] = None,
) -> None:
    """Divide remainders of the demo that are on a road, by every method, and measure plots, shapes and time.

    Ends with 1 where a method breaks a promise.
    """
    folder = cache / f"subdivision-{size}-{pieces}-{geoplan.__version__}"
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        pool.apply(make_pieces, (folder, size, pieces))
    trials: dict[str, list[dict[str, Any]]] = {name: [] for name in _CONTENDERS}
    for _ in range(repeat):
        for name in _CONTENDERS:
            typer.echo(f"{name} …", err=True)
            with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
                trials[name].append(pool.apply(trial, (folder, name)))
    whole = max(len(each[0]["pieces"]) for each in trials.values())
    ground = _ground_m2(folder, sorted(set().union(*(each[0]["pieces"] for each in trials.values()))))
    ours = statistics.median(each["seconds"] for each in trials["better of both"])
    rows = [_row(name, each, ground, ours, folder) for name, each in trials.items()]
    typer.echo(f"{whole} pieces divided at most; {ground / 1e4:,.0f} ha\n\n{table(rows)}")
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    if not all(row.equal for row in rows):
        raise typer.Exit(1)


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| pieces | method | plots | in plots | in access | rectangularity | compactness | width, m | frontage, m "
        "| µs a plot | ratio | equal |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        lines.append(
            f"| {row.divided} of {row.case} | {row.contender} | {row.lots:,} | {row.used:.1%} | {row.access:.1%} "
            f"| {row.rectangularity:.3f} | {row.compactness:.3f} | {row.width_m:.1f} | {row.frontage_m:.1f} "
            f"| {row.microseconds:,.0f} | {row.ratio:.2f} | {'yes' if row.equal else 'no'} |"
        )
    return "\n".join(lines)


def make_pieces(folder: Path, size: Literal["full", "small"], count: int) -> None:
    """Keep so many remainders of the demo that hold two plots and whose parcel is on a road.

    They are what rules and gardens leave of parcels, of at most six hectares, drawn with a seed.
    """
    if all((folder / f"{name}.parquet").exists() for name in _FILES):
        return
    layers = {name: each for name, each in generate(size=size).items() if isinstance(each, gpd.GeoDataFrame)}
    parcels = layers["parcels"]
    constraints = build_constraints(_law(), layers, as_of=dt.date(2026, 1, 1))
    land = buildable_land(parcels, constraints)
    undivided = {kind: PlotStandards().undivided() for kind in AREA_KINDS}
    plots = find_plots(parcels, land, layers, standards=undivided).plots
    plots = plots[plots["access"] == "road"].explode(ignore_index=True)
    standards = _standards()
    wanted = plots["area_kind"].map({kind: 2 * standards[kind].target_area for kind in AREA_KINDS})
    plots = plots[(plots.area >= wanted.astype(float)) & (plots.area <= 60_000)].reset_index(drop=True)
    chosen = np.sort(np.random.default_rng(2026).permutation(len(plots))[:count])
    pieces = plots.iloc[chosen][["parcel", "area_kind", "geometry"]].reset_index(drop=True)
    folder.mkdir(parents=True, exist_ok=True)
    around = parcels.set_index("id").loc[pieces["parcel"]].reset_index()[["id", "geometry"]]
    for name, frame in (("pieces", pieces), ("parcels", around), ("roads", layers["roads"])):
        frame.to_parquet(folder / f"{name}.parquet")


def trial(folder: Path, name: str) -> dict[str, Any]:
    """Divide the pieces by one method, in a process of its own."""
    pieces, within, roads, standards = _inputs(folder)
    start = time.process_time()
    piece_fronts(pieces, roads, standards, within=within)
    prepared = time.process_time() - start
    start = time.process_time()
    found = divide(pieces, roads, standards, within=within, methods=_CONTENDERS[name])
    seconds = time.process_time() - start
    peak = peak_mb()
    lots = np.array([lot.shape for each in found if each for lot in each.lots], dtype=object)
    fronts = [lot.front for each in found if each for lot in each.lots]
    return {
        "seconds": seconds,
        "prepare_seconds": prepared,
        "peak_mb": peak,
        "pieces": [number for number, each in enumerate(found) if each],
        "lots": len(lots),
        "lots_m2": float(shapely.area(lots).sum()),
        "access_m2": float(sum(shapely.area(way.shape) for each in found if each for way in each.accesses)),
        "rectangularity": float(np.median(rectangularity(lots))),
        "compactness": float(np.median(compactness(lots))),
        "width_m": float(np.median(inscribed_widths(lots, np.zeros(len(lots)), 1.0))),
        "frontage_m": float(np.median(fronts)),
        "equal": all(
            _kept(shape, each, std) for shape, each, std in zip(pieces, found, standards, strict=True) if each
        ),
    }


def _kept(shape: Any, found: Divided | None, standards: SubdivisionStandards) -> bool:
    """Tell whether what is promised holds of one piece."""
    if found is None:
        return True
    drawn = np.array([lot.shape for lot in found.lots] + [way.shape for way in found.accesses], dtype=object)
    slack = _TOLERANCE * shape.area
    total, union = float(shapely.area(drawn).sum()), shapely.union_all(drawn)
    apart = abs(total - float(shapely.area(union))) <= slack
    inside = float(shapely.area(shapely.difference(union, shape))) <= slack
    reached = all(lot.front >= standards.min_frontage for lot in found.lots)
    return bool(apart and inside and reached and total + found.roadbed <= shape.area + slack)


def _row(name: str, trials: list[dict[str, Any]], ground: float, ours: float, folder: Path) -> Row:
    first, seconds = trials[0], statistics.median(each["seconds"] for each in trials)
    return Row(
        case=str(len(gpd.read_parquet(folder / "pieces.parquet"))),
        contender=name,
        version=geoplan.__version__,
        seconds=seconds,
        prepare_seconds=statistics.median(each["prepare_seconds"] for each in trials),
        peak_mb=statistics.median(each["peak_mb"] for each in trials),
        ratio=seconds / ours,
        equal=all(each["equal"] for each in trials),
        lots=first["lots"],
        divided=len(first["pieces"]),
        microseconds=1e6 * seconds / max(first["lots"], 1),
        used=first["lots_m2"] / ground,
        access=first["access_m2"] / ground,
        **{name: first[name] for name in ("rectangularity", "compactness", "width_m", "frontage_m")},
    )


def _inputs(folder: Path) -> tuple[Any, Any, Roads, list[SubdivisionStandards]]:
    pieces, parcels, ways = (gpd.read_parquet(folder / f"{name}.parquet") for name in _FILES)
    own = _standards()
    roads = find_roads({"roads": ways}, own["rural"], crs=ways.crs)
    assert roads is not None
    return (
        pieces.geometry.to_numpy(),
        parcels.geometry.to_numpy(),
        roads,
        [own[kind] for kind in pieces["area_kind"]],
    )


def _ground_m2(folder: Path, places: list[int]) -> float:
    return float(shapely.area(gpd.read_parquet(folder / "pieces.parquet").geometry.to_numpy()[places]).sum())


def _standards() -> dict[Any, SubdivisionStandards]:
    values = subjects()["subdivision"].values
    least = PlotStandards()
    return {
        kind: SubdivisionStandards.from_values(values, kind=kind).at_least(least.min_area_m2, least.min_width_m)
        for kind in AREA_KINDS
    }


def _law() -> Any:
    """Return the law that the demo decides for itself (layers/synthetic/writing.py)."""
    decided = {
        "lowest_foundation_level_m": 2.5,
        "coastal_erosion_reach_m": 30.0,
        "power_line_400kv_m": 130.0,
        "power_line_220kv_m": 80.0,
    }
    return load_rule_set("sweden").with_settings(decided)


if __name__ == "__main__":
    app()
