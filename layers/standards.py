"""What a workspace's settings and assumptions make a plot of."""

from __future__ import annotations

from geoplan.land.areas import AREA_KINDS, AreaKind
from geoplan.plots.fit import House
from geoplan.plots.standards import PlotStandards
from geoplan.plots.subdivision.standards import SubdivisionStandards
from layers.assumptions import assumption_values
from layers.workspace import Workspace

__all__ = ["plot_standards"]


def plot_standards(workspace: Workspace) -> dict[AreaKind, PlotStandards]:
    """Return what makes a plot in each kind of area."""
    values = assumption_values(workspace.assumptions)
    house = House.from_values(values["fit"])
    standards = {}
    for kind in AREA_KINDS:
        settings = workspace.plots.of(kind)
        standards[kind] = PlotStandards(
            min_area_m2=settings.min_area_m2,
            min_width_m=settings.min_width_m,
            homes_per_plot=settings.homes_per_plot,
            default_status=settings.default_status,
            house=house,
            subdivision=SubdivisionStandards.from_values(values["subdivision"], kind=kind),
        )
    return standards
