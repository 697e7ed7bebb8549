"""What a raw value is worth, from 0 to 1: straight lines between stated points.

A worth depends on the raw value and the points alone, never on what other plots there are: a plot that comes or goes
changes no other plot's worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geoplan.errors import InputError

__all__ = ["Points", "read_names", "read_number", "read_points", "read_worths", "worth"]

Points: TypeAlias = tuple[tuple[float, float], ...]
"""Pairs of a raw value and its worth, by rising raw value."""


def worth(raw: npt.NDArray[np.float64], points: Points) -> npt.NDArray[np.float64]:
    """Return what raw values are worth.

    Parameters
    ----------
    raw
        Raw values, in the unit of the points; NaN where unknown.
    points
        From :func:`read_points`.

    Returns
    -------
    numpy.ndarray
        0 to 1, of the same shape; NaN where the raw value is. Before the first point and after the last one the
        worth stays what it is there.
    """
    at, values = np.array(points, dtype=float).T
    return np.asarray(np.interp(raw, at, values))


def read_points(values: Mapping[str, Any], name: str) -> Points:
    """Read the points of a worth from assumptions.

    Raises
    ------
    InputError
        They are missing, are no pairs of numbers, do not rise, or a worth is not within 0 and 1.
    """
    given = _given(values, name)
    hint = "Write pairs of a raw value and its worth, such as [[100, 1.0], [1000, 0.0]]."
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise InputError(f"{name} has no points.", hint=hint)
    pairs = []
    for pair in given:
        if not isinstance(pair, Sequence) or len(pair) != 2 or not all(_is_number(number) for number in pair):
            raise InputError(f"{name} has {pair!r} among its points.", hint=hint)
        pairs.append((float(pair[0]), float(pair[1])))
    if any(later[0] <= earlier[0] for earlier, later in pairwise(pairs)):
        raise InputError(f"The raw values of {name} do not rise from point to point.", hint=hint)
    if not all(0 <= value <= 1 for _, value in pairs):
        raise InputError(f"A worth of {name} is not within 0 and 1.", hint=hint)
    return tuple(pairs)


def read_worths(values: Mapping[str, Any], name: str, *, among: Sequence[str] = ()) -> dict[str, float]:
    """Read what each of some words is worth.

    Parameters
    ----------
    values
        Assumptions by name.
    name
        The one to read: a table of numbers from 0 to 1.
    among
        The words that must be there, and no other; default: any.

    Raises
    ------
    InputError
        It is missing, a word is missing or unknown, or a number is not within 0 and 1.
    """
    given = _given(values, name)
    if not isinstance(given, Mapping):
        raise InputError(f"{name} is no table.", hint="Write a number from 0 to 1 for each word.")
    if among and set(given) != set(among):
        raise InputError(f"{name} does not have exactly {', '.join(among)}.", hint="Write a number for each of them.")
    wrong = [word for word, number in given.items() if not _is_number(number) or not 0 <= number <= 1]
    if wrong:
        raise InputError(f"{name}.{wrong[0]} is not within 0 and 1.", hint="Write a number from 0 to 1.")
    return {str(word): float(number) for word, number in given.items()}


def read_number(
    values: Mapping[str, Any], name: str, *, above: float = 0.0, most: float = float("inf"), least: float | None = None
) -> float:
    """Read a number above one bound (or, with ``least``, from it on), and at most another.

    Raises
    ------
    InputError
        It is missing, no number, or out of bounds.
    """
    given = _given(values, name)
    inside = _is_number(given) and given <= most and (given > above if least is None else given >= least)
    if not inside:
        bound = f"at least {least:g}" if least is not None else f"above {above:g}"
        upper = "" if most == float("inf") else f" and at most {most:g}"
        raise InputError(f"{name} must be a number {bound}{upper}, not {given!r}.", hint="Set it in the assumptions.")
    return float(given)


def read_names(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Read a list of words.

    Raises
    ------
    InputError
        It is missing or no list of texts.
    """
    given = _given(values, name)
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(word, str) for word in given):
        raise InputError(f"{name} must be a list of texts, not {given!r}.", hint="Set it in the assumptions.")
    return tuple(given)


def _given(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise InputError(f"The assumption {name} is missing.", hint="Pass the values of the whole file.")
    return values[name]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))
