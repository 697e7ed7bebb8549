"""Age bands as text: ``0-4``, ``80+``, ``37``, or empty for all ages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geoplan.errors import InputError

__all__ = ["OLDEST", "AgeBand"]

OLDEST = 120
"""The last year of an open band; nobody is older."""

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
