"""The transport problem: as many as can be served, the first in order first, and then with the least disutility."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linprog

from geoplan.balance.problem import Problem
from geoplan.balance.whole import Floats, Whole, whole_parts
from geoplan.errors import GeoplanError

__all__ = ["Transport", "solve_transport"]

_WHOLE_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Transport:
    """The solution, in whole households.

    Attributes
    ----------
    flow
        ``seeker`` (row of the problem's seekers), ``option`` (row of its options), ``households``.
    disutility
        The sum over all who are served.
    """

    flow: pd.DataFrame
    disutility: float


def solve_transport(problem: Problem) -> Transport:
    """Solve the problem of one year.

    Notes
    -----
    Homes flow from a source through the gates to options, on to wishes, and on to those of one rank who share a wish.
    A network with whole capacities has whole vertices (Hoffman and Kruskal 1956; Dantzig 1963), and the simplex method
    of HiGHS (Huangfu and Hall 2018) ends in a vertex, so no rounding is needed. First the weighted number of the
    served is made as large as it can be, a lower rank weighing more. Which seekers can be served together is a
    matroid (a gammoid), so this serves as many in all as any order would, and of each rank as many as can be
    beside those before it. Then, with the number of each rank kept, disutility is made as small as it can be.

    Raises
    ------
    GeoplanError
        The solver finds no whole solution, which would be a fault of geoplan.
    """
    wish, option = np.nonzero(np.isfinite(problem.disutility))
    classes = problem.seekers.groupby(["wish", "rank"], as_index=False, sort=True)[["households"]].sum()
    if not len(wish) or not len(classes):
        return Transport(_flow([], [], []), 0.0)
    cost = problem.disutility[wish, option]
    equal, most, limit = _network(problem, wish, option, classes)
    ranks, rank_of = np.unique(classes["rank"], return_inverse=True)
    bounds = np.column_stack(
        [np.zeros(len(wish) + len(classes)), np.r_[np.full(len(wish), np.inf), classes["households"]]]
    )
    gain = np.r_[np.zeros(len(wish)), -(len(ranks) - rank_of).astype(float)]
    served = _solve(gain, equal, np.zeros(equal.shape[0]), most, limit, bounds)[len(wish) :]
    by_rank = np.bincount(rank_of, served, minlength=len(ranks))
    kept = sp.csr_array(
        (np.ones(len(classes)), (rank_of, len(wish) + np.arange(len(classes)))), shape=(len(ranks), len(gain))
    )
    values = _solve(
        np.r_[cost, np.zeros(len(classes))],
        sp.vstack([equal, kept], format="csr"),
        np.r_[np.zeros(equal.shape[0]), by_rank],
        most,
        limit,
        bounds,
    )
    taken, counts = values[: len(wish)], values[len(wish) :]
    flow = _by_seeker(problem, wish, option, taken, classes.assign(served=counts))
    return Transport(flow, float(np.sum(cost * taken)))


def _network(
    problem: Problem, wish: Whole, option: Whole, classes: pd.DataFrame
) -> tuple[sp.csr_array, sp.csr_array, Whole]:
    """Return the balance of each wish, and the limits of options and gates, over arcs and classes."""
    arcs, count = np.arange(len(wish)), len(wish) + len(classes)
    rows = np.r_[wish, classes["wish"].to_numpy()]
    signs = np.r_[np.ones(len(wish)), -np.ones(len(classes))]
    equal = sp.csr_array((signs, (rows, np.arange(count))), shape=(len(problem.wishes), count))
    gate = problem.options["gate"].to_numpy()[option]
    gated = np.flatnonzero(gate >= 0)
    homes = len(problem.options)
    most = sp.csr_array(
        (np.ones(len(arcs) + len(gated)), (np.r_[option, homes + gate[gated]], np.r_[arcs, gated])),
        shape=(homes + len(problem.room), count),
    )
    return equal, most, np.r_[problem.options["homes"].to_numpy(), problem.room]


def _solve(
    objective: Floats, equal: sp.csr_array, right: Floats, most: sp.csr_array, limit: Whole, bounds: Floats
) -> Whole:
    answer = linprog(objective, A_ub=most, b_ub=limit, A_eq=equal, b_eq=right, bounds=bounds, method="highs-ds")
    if answer.x is None:
        raise GeoplanError(f"The allocation has no solution: {answer.message}.", hint="Report it with the workspace.")
    whole = np.rint(answer.x)
    if np.abs(answer.x - whole).max(initial=0.0) > _WHOLE_TOLERANCE:
        raise GeoplanError("The allocation serves parts of households.", hint="Report it with the workspace.")
    counts: Whole = whole.astype(np.int64)
    return counts


def _by_seeker(problem: Problem, wish: Whole, option: Whole, taken: Whole, classes: pd.DataFrame) -> pd.DataFrame:
    """Say who takes what: within a wish the first in order take what is best; groups of a rank share evenly."""
    used = np.flatnonzero(taken)
    used = used[np.lexsort((option[used], problem.disutility[wish[used], option[used]], wish[used]))]
    offers = pd.DataFrame({"wish": wish[used], "option": option[used], "homes": taken[used]})
    rows = problem.seekers.reset_index(names="seeker")
    members = dict(list(rows.groupby(["wish", "rank"], sort=True)))
    seeker: list[int] = []
    chosen: list[int] = []
    households: list[int] = []
    by_wish = dict(list(offers.groupby("wish", sort=True)))
    for at, those in classes[classes["served"] > 0].groupby("wish", sort=True):
        offered = by_wish[at]
        left = offered["homes"].to_numpy().copy()
        for rank, count in zip(those["rank"], those["served"], strict=True):
            group = members[at, rank]
            parts = whole_parts(group["households"].to_numpy(dtype=float), count)
            # Home by home, in proportion: no group of a rank has the better ones.
            remaining = parts.copy()
            for place in np.flatnonzero(left):
                take = min(int(left[place]), int(remaining.sum()))
                shares = whole_parts(remaining.astype(float), take) if take else np.zeros_like(remaining)
                left[place] -= take
                remaining -= shares
                for who in np.flatnonzero(shares):
                    seeker.append(int(group["seeker"].iloc[who]))
                    chosen.append(int(offered["option"].iloc[place]))
                    households.append(int(shares[who]))
    return _flow(seeker, chosen, households)


def _flow(seeker: list[int], option: list[int], households: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "seeker": np.array(seeker, dtype=np.int64),
            "option": np.array(option, dtype=np.int64),
            "households": np.array(households, dtype=np.int64),
        }
    )
