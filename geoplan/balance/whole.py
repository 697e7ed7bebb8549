"""Whole households and whole homes from fractions: nobody is half served."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Whole", "nearest", "whole_parts"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# Fractions are compared by this many digits, so that the last bit of a sum decides nothing.
_DIGITS = 9


def nearest(values: npt.ArrayLike) -> Whole:
    """Return the nearest whole numbers; a half goes up.

    Parameters
    ----------
    values
        Numbers of any sign and shape.
    """
    return np.floor(np.round(np.asarray(values, dtype=float), _DIGITS) + 0.5).astype(np.int64)


def whole_parts(values: npt.ArrayLike, totals: npt.ArrayLike | None = None) -> Whole:
    """Divide whole numbers in proportion to the last axis, by the method of largest remainders.

    Parameters
    ----------
    values
        Weights, none negative, [..., part].
    totals
        What is divided, [...]. Default: the sums, to the nearest whole number. Where all weights are 0 the first part
        takes the total.

    Returns
    -------
    ndarray
        Whole numbers of the shape of ``values`` whose last axis adds up to ``totals``. Of equal remainders the first
        part is served first.

    Notes
    -----
    The method of Hamilton: each part gets its share rounded down, and what is left goes to the largest remainders. No
    part gets more than its share rounded up.
    """
    weights = np.asarray(values, dtype=float)
    sums = weights.sum(axis=-1)
    wanted = nearest(sums) if totals is None else np.asarray(totals, dtype=np.int64)
    if weights.shape[-1] == 0:
        return np.zeros(weights.shape, dtype=np.int64)
    first = np.zeros_like(weights)
    first[..., 0] = 1.0
    known = (sums > 0)[..., None]
    shares = np.divide(weights, sums[..., None], out=first, where=known)
    exact = np.round(shares * wanted[..., None], _DIGITS)
    result = np.floor(exact).astype(np.int64)
    missing = wanted - result.sum(axis=-1)
    order = np.argsort(result - exact, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    whole: Whole = result + (rank < missing[..., None])
    return whole
