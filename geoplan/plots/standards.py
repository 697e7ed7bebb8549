"""What makes a plot, in one kind of area."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from geoplan.plots.fit import House
from geoplan.plots.subdivision.standards import SubdivisionStandards

__all__ = ["PlotStandards"]


@dataclass(frozen=True)
class PlotStandards:
    """What makes a plot, in one kind of area.

    Attributes
    ----------
    min_area_m2
        Smallest plot, in m². Where a plan allows homes it is asked of the whole lot, elsewhere of the buildable ground
        in one piece.
    min_width_m
        Smallest width of the same: the diameter of the largest circle that fits, in metres.
    homes_per_plot
        Homes on a plot where no plan says more.
    default_status
        Status of a plot that no source tells of.
    house
        The house that every plot has to hold; None where nobody asks, and then whether it fits is unknown.
    subdivision
        How larger pieces are divided, and what being on a road means; its ``min_area`` and ``min_width`` are not used.
    """

    min_area_m2: float = 600.0
    min_width_m: float = 18.0
    homes_per_plot: int = 1
    default_status: str = "unknown"
    house: House | None = field(default_factory=House)
    subdivision: SubdivisionStandards = field(default_factory=SubdivisionStandards)

    def undivided(self) -> PlotStandards:
        """Return the same standards with no land divided."""
        return replace(self, subdivision=replace(self.subdivision, subdivide="none"))
