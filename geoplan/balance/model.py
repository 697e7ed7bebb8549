"""The release programme as a mixed-integer programme: what is released when, and whom the homes serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.measures import ANY
from geoplan.balance.solver import Linear, Rows

__all__ = ["M2_PER_HA", "Limit", "Links", "Model", "build_model", "limit_use"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

M2_PER_HA = 10_000.0

_CELL = ["area", "dwelling_type", "tenure"]


@dataclass(frozen=True)
class Limit:
    """What may be used of something.

    Attributes
    ----------
    kind
        ``budget`` (currency), ``land_new`` (ha), ``measures`` (number), ``homes`` (nominal, number).
    year
        The year it holds for; ``None`` for all years together.
    allowed
        How much.
    """

    kind: str
    year: int | None
    allowed: float


@dataclass(frozen=True)
class Links:
    """Which group waits for which (released no earlier than it), and which never go together; numbers of groups."""

    requires: tuple[tuple[int, int], ...] = ()
    excludes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Model:
    """The programme as HiGHS reads it.

    Attributes
    ----------
    linear
        Variables are, in this order and by year within each: releases of groups, homes by arc, homes of a pool that
        wait for somebody, need that waits for a home.
    groups, years
        How many.
    homes, needs
        Of each arc, the row of ``pools`` and of the demands.
    pools
        ``area``, ``dwelling_type``, ``tenure`` of homes.
    """

    linear: Linear
    groups: int
    years: int
    homes: Ints
    needs: Ints
    pools: pd.DataFrame

    @property
    def released(self) -> int:
        """How many variables are releases; they are the first."""
        return self.groups * self.years

    def releases(self, x: Floats) -> Ints:
        """Return releases by [group, year]."""
        counts: Ints = np.round(x[: self.released]).astype(np.int64).reshape(self.groups, self.years)
        return counts

    def flows(self, x: Floats) -> Floats:
        """Return homes by [arc, year]."""
        size = len(self.homes) * self.years
        return np.maximum(x[self.released : self.released + size], 0.0).reshape(len(self.homes), self.years)


def limit_use(groups: pd.DataFrame, kind: str) -> Floats:
    """Return what one release of each group uses of a limit, in the unit of :class:`Limit`."""
    if kind == "budget":
        use = groups["cost"]
    elif kind == "land_new":
        use = groups["land"] / M2_PER_HA
    elif kind == "homes":
        use = groups["homes"].clip(lower=0.0)
    else:
        use = pd.Series(1.0, index=groups.index)
    return use.to_numpy(dtype=float)


def build_model(
    groups: pd.DataFrame,
    demands: pd.DataFrame,
    wanted: pd.DataFrame,
    *,
    pairs: frozenset[tuple[str, str]],
    limits: Sequence[Limit],
    years: Sequence[int],
    links: Links,
    waiting: float,
    away: float,
    instead: Mapping[str, Mapping[str, float]] | None = None,
) -> Model:
    """Write the programme down as variables and constraints.

    Parameters
    ----------
    groups
        ``area``, ``dwelling_type``, ``tenure``, ``homes``, ``first`` (year), ``size``, and of one release ``cost``,
        ``land`` (m²), ``likely`` (homes).
    demands, wanted
        From :func:`geoplan.balance.demands.check_needs`.
    pairs
        (area of the need, area of the home) that reach each other besides an area itself.
    limits, years, links
        What binds.
    waiting, away
        What a home loses in worth for each year after the first, and outside the area of the need (shares).
    instead
        What it loses where it is of another type than wanted, by wanted and other type (shares); pairs that are not
        there are not taken.

    Notes
    -----
    With x releases, z homes by arc, s homes that wait, u need that waits, by year t:

    maximise Σ w (1 − waiting · t)(1 − away · [other area])(1 − instead) z, where for each pool of homes
    Σ likely · x_t + s_{t−1} = Σ z_t + s_t, for each need h_t + u_{t−1} = Σ z_t + u_t, for each group Σ_t x ≤ size, for
    each limit Σ use · x ≤ allowed; what requires another is released no earlier. x are whole numbers. Given x, what
    is left is a flow in a network.
    """
    count, span = len(groups), len(years)
    pools = groups[_CELL].drop_duplicates().sort_values(_CELL, kind="stable").reset_index(drop=True)
    pool_of = pools.reset_index().merge(groups[_CELL], on=_CELL, how="right")["index"].to_numpy(dtype=np.int64)
    homes, needs, other, lost = _arcs(pools, demands, pairs, instead or {})
    time = np.arange(span)
    arcs_at = count * span
    stock_at = arcs_at + len(homes) * span
    wait_at = stock_at + len(pools) * span
    total = wait_at + len(demands) * span

    cost = np.zeros(total)
    weight = demands["weight"].to_numpy(dtype=float)[needs] * (1 - away * other) * (1 - lost)
    cost[arcs_at:stock_at] = -(weight[:, None] * (1 - waiting * time)[None]).reshape(-1)
    lower, upper = np.zeros(total), np.full(total, np.inf)
    open_ = np.asarray(years)[None] >= groups["first"].to_numpy(dtype=float)[:, None]
    upper[:arcs_at] = np.where(open_, groups["size"].to_numpy(dtype=float)[:, None], 0.0).reshape(-1)
    whole = np.zeros(total)
    whole[:arcs_at] = 1

    rows = Rows()
    for group, size in enumerate(groups["size"]):
        rows.add(group * span + time, 1.0, high=float(size))
    _add_limits(rows, groups, limits, list(years))
    for group, needed in links.requires:
        for until in range(span):
            columns = [*(group * span + time[: until + 1]), *(needed * span + time[: until + 1])]
            rows.add(columns, np.repeat([1.0, -1.0], until + 1), high=0.0)
    for one, two in links.excludes:
        rows.add([*(one * span + time), *(two * span + time)], 1.0, high=1.0)
    likely = groups["likely"].to_numpy(dtype=float)
    by_pool = _where(pool_of, len(pools))
    arcs_of_pool, arcs_of_need = _where(homes, len(pools)), _where(needs, len(demands))
    demand = wanted.to_numpy(dtype=float)
    for t in range(span):
        for pool in range(len(pools)):
            mine, arcs = by_pool[pool], arcs_of_pool[pool]
            before = [stock_at + pool * span + t - 1] if t else []
            columns = [*(mine * span + t), *(arcs_at + arcs * span + t), stock_at + pool * span + t, *before]
            values = [*(-likely[mine]), *np.ones(len(arcs)), 1.0, *(-1.0 for _ in before)]
            rows.add(columns, values, low=0.0, high=0.0)
        for need in range(len(demands)):
            arcs = arcs_of_need[need]
            before = [wait_at + need * span + t - 1] if t else []
            columns = [*(arcs_at + arcs * span + t), wait_at + need * span + t, *before]
            values = [*np.ones(len(arcs)), 1.0, *(-1.0 for _ in before)]
            rows.add(columns, values, low=demand[need, t], high=demand[need, t])
    linear = Linear(cost, whole, lower, upper, rows)
    return Model(linear, count, span, homes, needs, pools)


def _arcs(
    pools: pd.DataFrame,
    demands: pd.DataFrame,
    pairs: frozenset[tuple[str, str]],
    instead: Mapping[str, Mapping[str, float]],
) -> tuple[Ints, Ints, npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return which pool may serve which demand, whether it lies in another area, and what its type loses in worth."""
    fits = np.ones((len(pools), len(demands)), dtype=bool)
    lost = np.zeros(fits.shape)
    for name in ("dwelling_type", "tenure"):
        home, need = pools[name].to_numpy()[:, None], demands[name].to_numpy()[None]
        same = (home == need) | (home == ANY) | (need == ANY)
        if name == "dwelling_type":
            for wanted, others in instead.items():
                for other, share in others.items():
                    taken = ~same & (need == wanted) & (home == other)
                    lost[taken], same = share, same | taken
        fits &= same
    same = pools["area"].to_numpy()[:, None] == demands["area"].to_numpy()[None]
    reached = np.array(
        [[(there, here) in pairs for there in demands["area"]] for here in pools["area"]], dtype=bool
    ).reshape(fits.shape)
    homes, needs = np.nonzero(fits & (same | reached))
    return homes.astype(np.int64), needs.astype(np.int64), ~same[homes, needs], lost[homes, needs]


def _where(values: Ints, count: int) -> list[Ints]:
    """Return the places of each number from 0 to count − 1."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.searchsorted(values[order], np.arange(1, count))) if count else []


def _add_limits(rows: Rows, groups: pd.DataFrame, limits: Sequence[Limit], years: list[int]) -> None:
    span = len(years)
    place = np.arange(len(groups)) * span
    for limit in limits:
        use = limit_use(groups, limit.kind)
        if not len(use) or use.max() <= 0:
            continue
        # One is what is allowed, so that the solver's tolerance is a share of it.
        scale = limit.allowed if limit.allowed > 0 else float(use.max())
        times = range(span) if limit.year is None else [years.index(limit.year)]
        columns = np.concatenate([place + t for t in times])
        rows.add(columns, np.tile(use / scale, len(times)), high=limit.allowed / scale)
