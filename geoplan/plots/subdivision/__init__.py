"""Larger pieces of land divided into house plots, access first."""

from geoplan.plots.subdivision.boxes import divide_by_boxes
from geoplan.plots.subdivision.division import Access, Divided, Lot, best_layout, divide
from geoplan.plots.subdivision.frontage import divide_by_frontage
from geoplan.plots.subdivision.layout import Ground, Layout
from geoplan.plots.subdivision.sketch import Sketch, sketch_area
from geoplan.plots.subdivision.standards import Subdivide, SubdivisionStandards

__all__ = [
    "Access",
    "Divided",
    "Ground",
    "Layout",
    "Lot",
    "Sketch",
    "Subdivide",
    "SubdivisionStandards",
    "best_layout",
    "divide",
    "divide_by_boxes",
    "divide_by_frontage",
    "sketch_area",
]
