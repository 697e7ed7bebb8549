"""Mixed-integer programmes, solved by HiGHS through SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

__all__ = ["Linear", "Rows", "Solved", "solve"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Status = Literal["solved", "stopped", "infeasible"]

_INFEASIBLE = 2
_ENDLESS = 1e29
_HASTE = 0.05


@dataclass
class Rows:
    """Constraints in the making: low ≤ Σ value · x[column] ≤ high."""

    columns: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(
        self,
        columns: npt.ArrayLike,
        values: npt.ArrayLike,
        *,
        low: float = -np.inf,
        high: float = np.inf,
    ) -> None:
        """Add one constraint; a value alone counts for every column."""
        where = np.atleast_1d(np.asarray(columns, dtype=np.int64))
        self.columns.append(where)
        self.values.append(np.broadcast_to(np.asarray(values, dtype=float), where.shape))
        self.low.append(low)
        self.high.append(high)


@dataclass(frozen=True)
class Linear:
    """Minimise ``cost · x`` under rows and bounds, some of x whole numbers.

    Attributes
    ----------
    cost, whole, lower, upper
        One number a variable; ``whole`` is 1 for whole numbers.
    rows
        The constraints.
    """

    cost: Floats
    whole: Floats
    lower: Floats
    upper: Floats
    rows: Rows

    def but(self, **changes: Floats | Rows) -> Self:
        """Return the same with something changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def with_row(self, columns: npt.ArrayLike, values: npt.ArrayLike, *, low: float = -np.inf, high: float) -> Self:
        """Return the same with one more constraint."""
        rows = self.rows
        more = Rows([*rows.columns], [*rows.values], [*rows.low], [*rows.high])
        more.add(columns, values, low=low, high=high)
        return replace(self, rows=more)


@dataclass(frozen=True)
class Solved:
    """What came out.

    Attributes
    ----------
    status
        ``solved`` to the asked gap, ``stopped`` by the time limit, or ``infeasible``.
    x
        The best found; whole numbers are whole. ``None`` where nothing was found.
    value, bound
        Its value, and what no solution is below; −inf where that is not known.
    """

    status: Status
    x: Floats | None
    value: float
    bound: float


def solve(linear: Linear, *, seconds: float, gap: float = 0.0) -> Solved:
    """Solve a mixed-integer programme.

    Parameters
    ----------
    linear
        What to minimise.
    seconds
        Time limit. The answer depends on it only where ``status`` is ``stopped``.
    gap
        Relative gap at which the search may end.

    Notes
    -----
    HiGHS (Huangfu and Hall 2018, Parallelizing the dual revised simplex method) through ``scipy.optimize.milp``:
    the same input gives the same answer.
    """
    count = len(linear.cost)
    if count == 0:
        feasible = all(low <= 0 <= high for low, high in zip(linear.rows.low, linear.rows.high, strict=True))
        return Solved("solved" if feasible else "infeasible", np.zeros(0) if feasible else None, 0.0, 0.0)
    constraints: Sequence[LinearConstraint] = ()
    if linear.rows.columns:
        sizes = [len(columns) for columns in linear.rows.columns]
        place = np.repeat(np.arange(len(sizes)), sizes)
        entries = (np.concatenate(linear.rows.values), (place, np.concatenate(linear.rows.columns)))
        matrix = sparse.coo_array(entries, shape=(len(sizes), count)).tocsc()
        constraints = (LinearConstraint(matrix, np.array(linear.rows.low), np.array(linear.rows.high)),)
    result = milp(
        linear.cost,
        integrality=linear.whole,
        bounds=Bounds(linear.lower, linear.upper),
        constraints=constraints,
        options={"time_limit": max(seconds, _HASTE), "mip_rel_gap": gap},
    )
    # Before it knows more, HiGHS says "unbounded or infeasible"; nothing that is asked here is unbounded.
    if result.status == _INFEASIBLE or (result.x is None and "nfeasible" in result.message):
        return Solved("infeasible", None, np.inf, np.inf)
    bound = result.mip_dual_bound if linear.whole.any() else (result.fun if result.status == 0 else None)
    bound = -np.inf if bound is None or not abs(bound) < _ENDLESS else float(bound)
    if result.x is None:
        return Solved("stopped", None, np.inf, bound)
    x = np.where(linear.whole > 0, np.round(result.x), result.x)
    return Solved("solved" if result.status == 0 else "stopped", x, float(linear.cost @ x), bound)
