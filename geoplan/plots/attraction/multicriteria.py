"""Scores by multi-criteria methods, absolute and honest about what is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from pymcdm.methods import TOPSIS, VIKOR

from geoplan.errors import InputError

__all__ = ["METHODS", "Method", "scores"]

Floats = npt.NDArray[np.float64]
Method = Literal["weighted_sum", "topsis", "vikor"]

METHODS: tuple[Method, ...] = get_args(Method)

# Sums that differ by less than this are the same number, added up in another order.
_DECIMALS = 12


def scores(method: Method, values: Floats, weights: Floats) -> Floats:
    """Score plots by a method under one or more weightings.

    Parameters
    ----------
    method
        ``weighted_sum``, ``topsis`` or ``vikor``.
    values
        Shape (plots, parts): worths from 0 to 1, NaN where unknown.
    weights
        Shape (weightings, parts): 0 or more.

    Returns
    -------
    numpy.ndarray
        Shape (weightings, plots): 0 to 1, more is better; NaN where no part with a weight is known.

    Raises
    ------
    InputError
        There is no such method.

    Notes
    -----
    A plot is scored over its known parts, whose weights are scaled to sum to 1. The weighted sum is Σ wᵢ vᵢ / Σ wᵢ over
    those. TOPSIS (Hwang and Yoon 1981) is d⁻ / (d⁺ + d⁻), the distances to the worst and the best plot; VIKOR
    (Duckstein and Opricovic 1980) is here 1 − Q with v = 0.5. Both are taken from pymcdm, with a plot that is best in
    everything and one that is worst in everything added: so the yardstick is 0 to 1 and not the plots at hand, and no
    plot's score depends on another plot.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}.", hint=f"Choose one of {', '.join(METHODS)}.")
    if method == "weighted_sum":
        return _weighted_sums(values, weights)
    result = np.full((len(weights), len(values)), np.nan)
    patterns, pattern = _patterns(~np.isnan(values))
    for number, there in enumerate(patterns):
        rows = np.flatnonzero(pattern == number)
        for weighting, weight in enumerate(weights):
            chosen = there & (weight > 0)
            if chosen.any():
                share = weight[chosen] / weight[chosen].sum()
                result[weighting, rows] = _BY_LIBRARY[method](values[np.ix_(rows, chosen)], share)
    return np.asarray(result.round(_DECIMALS).clip(0.0, 1.0))


def _weighted_sums(values: Floats, weights: Floats) -> Floats:
    """Return Σ w v / Σ w over the known parts.

    Part by part: a matrix product would round a plot's sum differently with other plots beside it.
    """
    there = ~np.isnan(values)
    worths = np.where(there, values, 0.0)
    patterns, pattern = _patterns(there)
    total, known = np.zeros((len(weights), len(values))), np.zeros((len(weights), len(patterns)))
    for part in np.flatnonzero(weights.any(axis=0)):
        total += weights[:, [part]] * worths[:, part]
        known += weights[:, [part]] * patterns[:, part]
    known[known == 0] = np.nan
    result = total / known[:, pattern]
    return np.asarray(result.round(_DECIMALS))


def _patterns(there: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Return the patterns of known parts that occur, and which one each plot has: they are few, and plots many."""
    # By a number for each pattern: whole rows are slow to sort.
    codes = there @ (1 << np.arange(there.shape[1], dtype=np.int64))
    _, first, pattern = np.unique(codes, return_index=True, return_inverse=True)
    return there[first], pattern


def _between(values: Floats) -> Floats:
    """Add the plot that is best in everything and the one that is worst in everything."""
    ends = np.array([[1.0], [0.0]]) * np.ones(values.shape[1])
    return np.vstack([values, ends])


# Not validated: pymcdm would warn of the two plots that are best and worst in everything, which is what they are for.
def _topsis(values: Floats, weights: Floats) -> Floats:
    return np.asarray(TOPSIS()(_between(values), weights, np.ones(len(weights)), validation=False))[:-2]


def _vikor(values: Floats, weights: Floats) -> Floats:
    worst_first = VIKOR(v=0.5)(_between(values), weights, np.ones(len(weights)), validation=False)
    return 1.0 - np.asarray(worst_first)[:-2]


_BY_LIBRARY: Mapping[str, Callable[[Floats, Floats], Any]] = {"topsis": _topsis, "vikor": _vikor}
