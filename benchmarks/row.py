"""A row of a benchmark's table."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """One contender on one case.

    Attributes
    ----------
    case
        What was asked, such as how many parcels.
    contender, version
        Who, and which.
    seconds, prepare_seconds
        Wall time of the computation, and of what is done once before it; medians.
    peak_mb
        The most memory held, MB; median.
    ratio
        The contender's whole time over that of whom it is measured by; missing where that one was not measured.
    equal, outside
        Whether every result is that of the reference, and how many are not.
    """

    case: str
    contender: str
    version: str
    seconds: float
    prepare_seconds: float
    peak_mb: float
    ratio: float | None
    equal: bool
    outside: int

    @property
    def whole(self) -> float:
        """Seconds of preparation and computation together."""
        return self.seconds + self.prepare_seconds
