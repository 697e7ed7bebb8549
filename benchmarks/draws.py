"""Time many draws of the need for homes: ``python -m benchmarks.draws``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import geoplan
from benchmarks.memory import peak_mb
from geoplan.homes.bands import Bands
from geoplan.homes.cohorts import CohortModel
from geoplan.homes.draws import acting, draw_needs, drawn_numbers, factors_of
from geoplan.homes.needinputs import NeedInputs
from geoplan.homes.outcomes import outcome
from geoplan.homes.projection import AGES, SEXES, Array, Rates, project
from geoplan.homes.sensitivity import sensitivity
from layers.assumptions import assumption_values

__all__ = ["CONTENDERS", "Row", "app", "made_up", "measure"]

app = typer.Typer(add_completion=False)

_BASE, _SEED, _SAMPLES = 2025, 1, 256


@dataclass(frozen=True)
class Row:
    """One way on one case.

    Attributes
    ----------
    case
        Draws, areas and years.
    contender, version
        The way, and geoplan's version.
    seconds, prepare_seconds
        Wall time; nothing is prepared.
    peak_mb
        The most memory held, MB.
    ratio
        Its seconds over those of ``all at once``.
    equal
        Whether its need is that of ``all at once`` to 1e-9; a sensitivity has none to compare.
    """

    case: str
    contender: str
    version: str
    seconds: float
    prepare_seconds: float
    peak_mb: float
    ratio: float | None
    equal: bool | None


def made_up(areas: int, years: int) -> NeedInputs:
    """Return a made-up municipality of 2,020 persons an area, projected by cohorts."""
    rng = np.random.default_rng(_SEED)
    ages = np.arange(AGES)
    cells = (1, areas, len(SEXES), AGES)
    rates = Rates(
        fertility=np.where((ages >= 18) & (ages < 42), 0.07, 0.0) * np.ones((1, areas, 1)),
        mortality=np.broadcast_to(np.minimum(6e-5 * np.exp(0.1 * np.maximum(ages - 17, 0)), 0.5), cells).copy(),
        out_migration=np.full(cells, 0.04),
        in_migration=rng.uniform(0.2, 0.6, cells),
        boys=0.5147,
    )
    start = rng.uniform(5.0, 15.0, cells[1:])
    names = tuple(f"{place:04}" for place in range(areas))
    model = CohortModel(names, _BASE, years, start, rates, ())
    population = project(start, rates, years=years)[0].reshape(years + 1, areas, -1)
    one = np.ones(areas)
    quotas = np.tile(np.where(ages < 20, 0.01, 0.6), len(SEXES))
    asked = tuple(range(_BASE + 1, _BASE + years + 1))
    return NeedInputs(
        names, areas, _BASE, asked, population, quotas, 1_000 * one, 20 * one, 5 * one, 0.002 * one, 0.02, model
    )


def _bands() -> Bands:
    return Bands.from_values(assumption_values()["uncertainty"])


def _at_once(inputs: NeedInputs, draws: int) -> Array:
    return draw_needs(inputs, _bands(), draws=draws, seed=_SEED).need


def _one_by_one(inputs: NeedInputs, draws: int) -> Array:
    bands = _bands()
    numbers = {name: drawn_numbers(inputs, bands, name, draws=draws, seed=_SEED) for name in acting(inputs, bands)}
    needs = []
    for draw in range(draws):
        factors = factors_of(inputs, bands, {name: each[draw : draw + 1] for name, each in numbers.items()})
        needs.append(outcome(inputs, factors, draws=1).need)
    return np.concatenate(needs)


def _totals(inputs: NeedInputs, draws: int) -> Array:
    return draw_needs(replace(inputs, model=None), _bands(), draws=draws, seed=_SEED).need


def _sensitivity(inputs: NeedInputs, _: int) -> Array:
    return sensitivity(inputs, _bands(), samples=_SAMPLES, seed=_SEED)["total_order"].to_numpy()


CONTENDERS: dict[str, Callable[[NeedInputs, int], Array]] = {
    "all at once": _at_once,
    "one by one": _one_by_one,
    "totals only": _totals,
    f"sensitivity, {_SAMPLES} samples": _sensitivity,
}


def measure(case: tuple[str, int, int, int]) -> tuple[float, float, Array]:
    """Return seconds, peak memory in MB, and what came out, of a contender on draws, areas and years."""
    name, draws, areas, years = case
    inputs = made_up(areas, years)
    start = time.perf_counter()
    result = CONTENDERS[name](inputs, draws)
    return time.perf_counter() - start, peak_mb(), result


@app.command()
def _main(
    draws: Annotated[int, typer.Option(help="how many draws")] = 1_000,
    areas: Annotated[int, typer.Option(help="how many areas")] = 40,
    years: Annotated[int, typer.Option(help="how many years")] = 20,
    target: Annotated[Path | None, typer.Option("--json", help="write the rows to this file")] = None,
) -> None:
    """Time many draws of the need, each way in a process of its own."""
    rows: list[Row] = []
    reference: tuple[float, Array] | None = None
    for name in CONTENDERS:
        with get_context("spawn").Pool(1) as pool:
            seconds, peak, result = pool.map(measure, [(name, draws, areas, years)])[0]
        reference = reference or (seconds, result)
        comparable = name in ("all at once", "one by one")
        equal = bool(np.allclose(result, reference[1], rtol=1e-9)) if comparable else None
        ratio = seconds / reference[0]
        case = f"{draws:,} draws, {areas} areas, {years} years"
        rows.append(Row(case, name, geoplan.__version__, seconds, 0.0, peak, ratio, equal))
    for row in rows:
        typer.echo(f"{row.case}  {row.contender:<24} {row.seconds:8.2f} s {row.peak_mb:6.0f} MB  ratio {row.ratio:.2f}")
    if target is not None:
        target.write_text(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    app()
