"""A multinomial logit with capacities: what the transport problem is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoplan.balance.choice import ChoiceStandards
from geoplan.balance.problem import Problem
from geoplan.balance.whole import Floats

__all__ = ["Logit", "solve_logit"]


@dataclass(frozen=True, eq=False)
class Logit:
    """The expected choices; fractions of households.

    Attributes
    ----------
    flow
        [wish, option] of the problem.
    served, disutility
        The sums over all.
    overflow
        The homes of the option that is most above its capacity, which is 0 where the prices have settled.
    rounds
        How many rounds that took.
    """

    flow: Floats
    served: float
    disutility: float
    overflow: float
    rounds: int


def solve_logit(problem: Problem, standards: ChoiceStandards, *, rounds: int = 2000, tolerance: float = 1e-6) -> Logit:
    """Let households choose by a logit, with prices that keep every option within its capacity.

    Parameters
    ----------
    problem
        The year's problem.
    standards
        ``logit_scale`` and ``logit_outside``.
    rounds
        The most rounds.
    tolerance
        Homes by which an option may be above its capacity, as a share of it.

    Notes
    -----
    P(option | wish) ∝ homes · price · exp(−scale · disutility), with going without at homes 1 and the disutility
    ``logit_outside``. Prices at most 1 are lowered in each round where an option, or a gate, is asked for more than
    there is, and raised where it is asked for less: the shadow prices of A. de Palma, N. Picard and P. Waddell (2007),
    Discrete choice models with capacity constraints, Journal of Urban Economics 62(2), pp. 204-230.
    """
    homes = problem.options["homes"].to_numpy(dtype=float)
    gate = problem.options["gate"].to_numpy()
    seek = np.bincount(problem.seekers["wish"], problem.seekers["households"], minlength=len(problem.wishes))
    pull = homes * np.exp(-standards.logit_scale * problem.disutility)
    outside = np.exp(-standards.logit_scale * standards.logit_outside)
    price, toll = np.ones(len(homes)), np.ones(len(problem.room) + 1)
    flow, overflow, used = np.zeros_like(pull), np.inf, 0
    while used < rounds and overflow > tolerance:
        used += 1
        weight = pull * (price * toll[gate])[None, :]
        flow = seek[:, None] * weight / (weight.sum(axis=1, keepdims=True) + outside)
        asked = flow.sum(axis=0)
        through = np.bincount(gate[gate >= 0], asked[gate >= 0], minlength=len(problem.room))
        above = [np.max(asked / homes - 1, initial=0.0), np.max(through - problem.room, initial=0.0)]
        overflow = float(max(above))
        price = np.minimum(1.0, price * np.divide(homes, asked, out=np.full_like(homes, np.inf), where=asked > 0))
        # A gate that lets nothing through asks an endless price, which is a factor of 0, and keeps it.
        share = np.divide(problem.room, through, out=np.where(problem.room > 0, np.inf, 0.0), where=through > 0)
        toll[:-1] = np.minimum(1.0, np.where(problem.room > 0, toll[:-1] * share, 0.0))
    taken = np.where(np.isfinite(problem.disutility), problem.disutility, 0.0)
    return Logit(flow, float(flow.sum()), float((flow * taken).sum()), overflow, used)
