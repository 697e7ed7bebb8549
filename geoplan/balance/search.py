"""The search for a programme: a bound first, then a programme near it, then the best."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.model import Model
from geoplan.balance.solver import Linear, solve

__all__ = ["Found", "clock", "find_releases", "relative_gap"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SMALL = 1500
_SAME = 1e-7
_WHOLE = 1e-6


@dataclass(frozen=True)
class Found:
    """Releases by [group, year], or none; their worth; what no programme exceeds; and whether time ran out."""

    releases: Ints | None
    worth: float
    bound: float
    stopped: bool
    infeasible: bool = False


def clock(seconds: float) -> float:
    """Return the moment at which the time is over."""
    return time.monotonic() + seconds


def relative_gap(worth: float, bound: float) -> float:
    """Return how far the best possible may be above what was found: (bound − worth) / worth, 0 where both are 0."""
    missing = max(bound - worth, 0.0)
    if missing <= 2e-6 * max(abs(bound), 1.0) or not np.isfinite(bound):
        return 0.0 if np.isfinite(bound) else float("inf")
    return missing / worth if worth > 0 else float("inf")


def find_releases(model: Model, loose: Model | None, groups: pd.DataFrame, *, gap: float, until: float) -> Found:
    """Search for the releases that serve the most.

    Parameters
    ----------
    model
        The programme.
    loose
        The same with each group's most favourable member, where members differ: no programme is better than it.
    groups
        The groups' rows, for ties.
    gap
        The search ends within it.
    until
        From :func:`clock`.

    Notes
    -----
    1. Without whole numbers, the programme gives a bound. 2. Whole numbers are sought next to what it released
    (relaxation enforced neighbourhood search: Berthold 2014, RENS, Mathematical Programming Computation 6). 3. Where
    that is not within the gap, or the programme is small, all are sought. 4. Among programmes that serve as much,
    the one that costs least, takes least new land, has the fewest measures, releases latest and comes first by id.
    """
    linear = model.linear
    relaxed = solve(linear.but(whole=np.zeros_like(linear.whole)), seconds=until - time.monotonic())
    if relaxed.status == "infeasible":
        return Found(None, 0.0, 0.0, stopped=False, infeasible=True)
    bound = own = -relaxed.bound
    if loose is not None:
        easier = loose.linear.but(whole=np.zeros_like(loose.linear.whole))
        bound = -solve(easier, seconds=until - time.monotonic()).bound
    best, worth, stopped = None, 0.0, relaxed.status == "stopped"
    small = int(linear.whole.sum()) <= _SMALL
    if not small and relaxed.x is not None:
        near = solve(_near(linear, relaxed.x), seconds=(until - time.monotonic()) / 2, gap=gap / 2)
        stopped |= near.status == "stopped"
        if near.x is not None:
            best, worth = near.x, -near.value
    if best is None or relative_gap(worth, own) > gap:
        full = solve(linear, seconds=until - time.monotonic(), gap=gap)
        if full.status == "infeasible":
            return Found(None, 0.0, 0.0, stopped=False, infeasible=True)
        stopped |= full.status == "stopped"
        if loose is None:
            bound = min(bound, -full.bound)
        if full.x is not None and (best is None or -full.value > worth):
            best, worth = full.x, -full.value
    if best is None:
        return Found(None, 0.0, bound, stopped=True)
    tied = _tied(model, groups, best, worth, free=small and not stopped, until=until)
    return Found(model.releases(best if tied is None else tied), worth, max(bound, worth), stopped or tied is None)


def _near(linear: Linear, x: Floats) -> Linear:
    """Leave the choice only between the whole numbers below and above."""
    whole = linear.whole > 0
    down = np.floor(x + _WHOLE)
    up = np.where(x - down > _WHOLE, down + 1, down)
    lower = np.where(whole, np.maximum(down, linear.lower), linear.lower)
    return linear.but(lower=lower, upper=np.where(whole, np.minimum(up, linear.upper), linear.upper))


def _tied(model: Model, groups: pd.DataFrame, best: Floats, worth: float, *, free: bool, until: float) -> Floats | None:
    """Among what is worth as much, take the cheapest and so on; of a large programme only leave out what serves no one.

    The order of preference is one number: cost counts 1, new land 1/100, a release 1/1000, a year too early and the
    place by id less. ``None`` where time runs out.
    """
    linear, span = model.linear, model.years
    served = np.flatnonzero(linear.cost)
    cost = groups["cost"].to_numpy(dtype=float)
    land = groups["land"].to_numpy(dtype=float)
    number = np.arange(len(groups)) / max(len(groups), 1)
    each = cost / max(cost.max(initial=0.0), 1.0) + 1e-2 * land / max(land.max(initial=0.0), 1.0) + 1e-3
    early = np.arange(span)[::-1] / span
    tie = np.zeros_like(linear.cost)
    tie[: model.released] = (each[:, None] + 1e-4 * early[None] + 1e-5 * number[:, None]).reshape(-1)
    upper = linear.upper.copy()
    if not free:
        upper[: model.released] = np.maximum(np.round(best[: model.released]), linear.lower[: model.released])
    kept = -worth + _SAME * max(worth, 1.0)
    second = (
        linear.but(cost=tie, upper=upper).with_row(served, linear.cost[served], high=kept)
        if len(served)
        else (linear.but(cost=tie, upper=upper))
    )
    found = solve(second, seconds=max(until - time.monotonic(), 5.0), gap=0.0 if free else 1e-3)
    return found.x if found.status == "solved" else None
