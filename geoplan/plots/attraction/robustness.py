"""How firmly a plot holds its rank when a group's weights are not quite what was said."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from geoplan.errors import InputError
from geoplan.plots.attraction.groups import Group
from geoplan.plots.attraction.multicriteria import Method, scores
from geoplan.plots.attraction.worth import read_number

__all__ = ["Robustness", "drawn_weights", "ranks", "shifted_weights", "top_shares", "top_size"]

Floats = npt.NDArray[np.float64]

# Weightings at a time, so that their scores stay in the processor's cache.
_CELLS = 200_000


@dataclass(frozen=True)
class Robustness:
    """How far weights are moved, and what counts as the top.

    Attributes
    ----------
    shift
        How far each weight is moved by itself, as a share of it: 0.2 is ±20 %.
    top_share
        The share of the plots that is the top set.
    draws
        How many weightings are drawn.
    concentration
        Of the Dirichlet distribution around the group's weights: the sum of its parameters.
    seed
        Of the draws.
    """

    shift: float = 0.2
    top_share: float = 0.1
    draws: int = 1000
    concentration: float = 50.0
    seed: int = 2026

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Robustness:
        """Make it of the values of ``layers/assumptions/weights.toml``.

        Raises
        ------
        InputError
            An assumption is missing or wrong.
        """
        whole = {name: read_number(values, name, least=0.0) for name in ("draws", "seed")}
        for name, number in whole.items():
            if number != int(number):
                raise InputError(f"{name} must be a whole number, not {number:g}.", hint="Set it in the assumptions.")
        return cls(
            shift=read_number(values, "shift", most=1.0),
            top_share=read_number(values, "top_share", most=1.0),
            draws=int(whole["draws"]),
            concentration=read_number(values, "concentration"),
            seed=int(whole["seed"]),
        )


def shifted_weights(weights: Floats, shift: float) -> Floats:
    """Return the weights themselves, and with each weight by itself moved up and down.

    Parameters
    ----------
    weights
        Shape (parts,), summing to 1.
    shift
        How far, as a share of the weight.

    Returns
    -------
    numpy.ndarray
        Shape (1 + 2 · parts with a weight, parts): every row sums to 1.
    """
    rows = [weights]
    for part in np.flatnonzero(weights > 0):
        for factor in (1 - shift, 1 + shift):
            moved = weights.copy()
            moved[part] *= factor
            rows.append(moved)
    # A group that cares about one thing only, moved down by all of it, cares about it still.
    kept = np.array([row if row.sum() > 0 else weights for row in rows])
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def drawn_weights(group: Group, robustness: Robustness) -> Floats:
    """Draw plausible weightings around a group's.

    Returns
    -------
    numpy.ndarray
        Shape (draws, parts): every row sums to 1, and a part without weight has none. The same group, weights and seed
        give the same rows, whatever other groups there are.

    Notes
    -----
    Dirichlet(c · w): the mean of weight i is wᵢ and its variance wᵢ (1 − wᵢ) / (c + 1).
    """
    weights = group.weight_vector
    rng = np.random.default_rng([robustness.seed, zlib.crc32(group.id.encode())])
    drawn = np.zeros((robustness.draws, len(weights)))
    some = weights > 0
    drawn[:, some] = rng.dirichlet(robustness.concentration * weights[some], size=robustness.draws)
    return drawn


def ranks(scored: Floats) -> Floats:
    """Return the rank of each plot under each weighting.

    Parameters
    ----------
    scored
        Shape (weightings, plots), from :func:`geoplan.plots.attraction.multicriteria.scores`.

    Returns
    -------
    numpy.ndarray
        1 for the highest score; plots with the same score share the best of their ranks; NaN where there is no score.
    """
    result = np.full(scored.shape, np.nan)
    there = ~np.isnan(scored)
    ranked = rankdata(np.where(there, -scored, np.inf), method="min", axis=1)
    result[there] = ranked[there]
    return result


def top_size(plots: int, share: float) -> int:
    """Return how many plots the top set has: the share of them, rounded up."""
    # The share of a share must not round up because of its last bit.
    return min(plots, math.ceil(round(plots * share, 9)))


def top_shares(method: Method, values: Floats, weights: Floats, share: float) -> Floats:
    """Return in which share of the weightings each plot is in the top set.

    Parameters
    ----------
    method, values, weights
        As for :func:`geoplan.plots.attraction.multicriteria.scores`.
    share
        The share of the plots that is the top set. Plots that tie with the last one in it are in it, too.

    Returns
    -------
    numpy.ndarray
        Shape (plots,): 0 to 1; NaN where a plot has no score, or no weightings are given.
    """
    scorable = ~np.isnan(values[:, weights.max(axis=0, initial=0.0) > 0]).all(axis=1)
    size = top_size(int(scorable.sum()), share)
    if not size or not len(weights):
        return np.full(len(values), np.nan)
    hits = np.zeros(len(values))
    step = max(1, _CELLS // len(values))
    for start in range(0, len(weights), step):
        scored = np.nan_to_num(scores(method, values, weights[start : start + step]), nan=-np.inf)
        bar = np.partition(scored, -size, axis=1)[:, [-size]]
        hits += ((scored >= bar) & (scored > -np.inf)).sum(axis=0)
    return np.where(scorable, hits / len(weights), np.nan)
