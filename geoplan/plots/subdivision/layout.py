"""One way to divide a piece of land, and how much it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.plots.subdivision.shape import frontages, rectangularity, short_sides, wide
from geoplan.plots.subdivision.standards import SubdivisionStandards

__all__ = ["Ground", "Layout", "usable"]

Shapes = npt.NDArray[Any]


@dataclass(frozen=True)
class Ground:
    """A piece of land to divide.

    Attributes
    ----------
    shape
        One polygon.
    front
        What of its boundary is on a road, as thinly drawn areas; none where nothing is.
    lines
        The same as lines.
    standards
        In the unit of the CRS.
    hair
        What still counts as touching, in the unit of the CRS.
    """

    shape: shapely.Polygon
    front: Shapes
    lines: shapely.Geometry
    standards: SubdivisionStandards
    hair: float

    @property
    def lots(self) -> int:
        """How many plots it would give."""
        return self.standards.count(self.shape.area)

    def thin(self, shapes: Shapes) -> Shapes:
        """Return areas widened by a hair, so that boundaries on them can be measured."""
        return np.asarray(shapely.buffer(shapes, self.hair, quad_segs=1, join_style="mitre"))


@dataclass(frozen=True)
class Layout:
    """Land divided.

    Attributes
    ----------
    ground
        What is divided.
    lots
        Polygons that do for a plot.
    strips
        Polygons of new access.
    method
        How it was divided: ``boxes``, ``frontage`` or ``whole``.
    """

    ground: Ground
    lots: tuple[shapely.Polygon, ...]
    strips: tuple[shapely.Polygon, ...]
    method: str

    @cached_property
    def worth(self) -> float:
        """The area in plots, each counted up to the wanted area and times its rectangularity.

        In the square of the CRS's unit. It grows with the number of plots, with the land that they use, and with their
        shape: the one measure by which layouts of the same land are compared.
        """
        if not self.lots:
            return 0.0
        lots = np.array(self.lots, dtype=object)
        counted = np.minimum(shapely.area(lots), self.ground.standards.target_area)
        return float((counted * rectangularity(lots)).sum())

    @property
    def better(self) -> tuple[int, float]:
        """What is compared first when land may stay undivided: the number of plots, then the worth."""
        return len(self.lots), self.worth


def usable(lots: Sequence[shapely.Polygon] | Shapes, front: Any, standards: SubdivisionStandards) -> Shapes:
    """Tell which polygons do for a plot: area, frontage, and width by the largest circle that fits.

    Parameters
    ----------
    lots
        Polygons.
    front
        Where access is, as thinly drawn areas.
    standards
        In the unit of the CRS.

    Returns
    -------
    numpy.ndarray
        Truth for each.
    """
    shapes = np.array(lots, dtype=object)
    good = np.zeros(len(shapes), dtype=bool)
    if not len(shapes):
        return good
    good = shapely.area(shapes) >= standards.min_area
    good[good] = short_sides(shapes[good]) >= standards.min_width
    good[good] = frontages(shapes[good], front) >= standards.min_frontage
    good[good] = wide(shapes[good], standards.min_width)
    return good
