"""Two hands on one array: GEOS lets go of the interpreter, so threads share the work of a vectorised call."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["in_parallel", "worker_count"]

_WORTH_SHARING = 256


def worker_count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(function: Callable[..., npt.NDArray[Any]], *arrays: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Call a vectorised function on slices of equally long arrays, one thread a processor, and join the answers.

    Parameters
    ----------
    function
        Works element by element and lets go of the interpreter, as shapely's functions do. It must not touch a
        prepared geometry that another slice may have: GEOS crashes when two threads use one.
    arrays
        What to slice, along the first axis.
    """
    length, workers = len(arrays[0]), worker_count()
    if workers == 1 or length < _WORTH_SHARING:
        return function(*arrays)
    edges = np.linspace(0, length, workers * 4 + 1).astype(int)
    slices = [slice(start, stop) for start, stop in itertools.pairwise(edges)]
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda part: function(*(array[part] for array in arrays)), slices)
        return np.concatenate(list(parts))
