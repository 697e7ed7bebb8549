"""Age bands as text: ``0-4``, ``80+``, ``37``, or empty for all ages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.errors import InputError

__all__ = ["LAST_AGE", "OLDEST", "AgeBand", "age_weights", "told_twice"]

OLDEST = 120
"""The last year of an open band; nobody is older."""

LAST_AGE = 100
"""The last single year of age that is told apart: those who are older are taken with it."""

_FORM = re.compile(r"^\s*(\d{1,3})\s*(?:(?:-|–)\s*(\d{1,3})|(\+))?\s*(?:år)?\s*$")


@dataclass(frozen=True, order=True)
class AgeBand:
    """Ages from ``low`` to ``high``, both inclusive, in whole years."""

    low: int
    high: int

    @classmethod
    def parse(cls, text: object) -> AgeBand:
        """Read an age band; missing or empty text is all ages.

        Raises
        ------
        InputError
            The text is no age band.
        """
        if text is None or text != text or str(text).strip() == "":
            return cls(0, OLDEST)
        match = _FORM.match(str(text))
        if match:
            low = int(match[1])
            high = OLDEST if match[3] else int(match[2] or low)
            if low <= high <= OLDEST:
                return cls(low, high)
        raise InputError(f"{text!r} is not an age band.", hint="Write 0-4, 80+ or 37.")

    @property
    def years(self) -> int:
        """How many single years the band has."""
        return self.high - self.low + 1

    def overlap(self, other: AgeBand) -> int:
        """Return how many single years two bands share."""
        return max(0, min(self.high, other.high) - max(self.low, other.low) + 1)

    def __str__(self) -> str:
        if self.high == OLDEST:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def age_weights(band: AgeBand, *, open_age_exponent: float = 2.0) -> npt.NDArray[np.float64]:
    """Return how persons of a band are spread over its years.

    Parameters
    ----------
    band
        The band.
    open_age_exponent
        How an open band falls off: as (101 − age) to this power, as in
        :func:`geoplan.homes.singleyears.split_bands`. A default of ours, in ``layers/assumptions/population.toml``.

    Returns
    -------
    array
        Weights by year of age, 0 to :data:`OLDEST`: 0 outside the band, even within a closed one.
    """
    ages = np.arange(OLDEST + 1)
    inside = ((ages >= band.low) & (ages <= band.high)).astype(float)
    falling = inside * np.maximum(LAST_AGE + 1.0 - ages, 0.0) ** open_age_exponent * (ages <= LAST_AGE)
    return falling if band.high == OLDEST and falling.any() else inside


def told_twice(groups: Iterable[tuple[str, AgeBand]]) -> list[str]:
    """Name pairs of groups, by sex and age, that tell of the same persons.

    Parameters
    ----------
    groups
        Sex (or ``all``) and age band of each row.

    Returns
    -------
    list of str
        ``female 0-9 and all 5+``, sorted; the same group twice too.
    """
    ordered = sorted(groups, key=lambda group: (group[1], group[0]))
    found = []
    for n, (sex, band) in enumerate(ordered):
        for other, later in ordered[n + 1 :]:
            if later.low > band.high:
                break
            if sex == other or "all" in (sex, other):
                found.append(f"{sex} {band} and {other} {later}")
    return found
