"""What is wanted on guarded land, and where other land is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.alternatives.candidates import add_surroundings
from geoplan.errors import InputError
from geoplan.frames import area_m2, metres_per_unit
from geoplan.land.areas import AREA_KINDS
from geoplan.land.buildable import Buildable
from geoplan.plots.search import PlotStandards, find_plots
from geoplan.text import Text

__all__ = ["LEAST_GUARDED_M2", "SearchArea", "Wanted", "check_guarded", "site_values"]

LEAST_GUARDED_M2 = 1.0
"""Less guarded land than this is no guarded site: boundaries of two sources that almost agree."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted, and where.

    Attributes
    ----------
    title
        What the site is called: a parcel's id, or a name.
    shape
        The site, in the CRS of the parcels.
    parcel
        The parcel's id, where the site is one.
    purpose
        What the land is for, as the asker words it.
    homes
        How many homes, where the area was asked for in homes.
    """

    title: str
    shape: shapely.Geometry
    parcel: str | None = None
    purpose: str | None = None
    homes: int | None = None


@dataclass(frozen=True)
class SearchArea:
    """Where other land is looked for: everywhere, within a distance, or in one area.

    Attributes
    ----------
    within_m
        A parcel counts where any part of it lies within this distance of the site, in metres.
    area, name
        An area and what it is called: a parcel counts where an inner point of it lies there.
    """

    within_m: float | None = None
    area: shapely.Geometry | None = None
    name: str | None = None

    def holds(self, parcels: gpd.GeoDataFrame, site: shapely.Geometry) -> npt.NDArray[np.bool_]:
        """Tell which parcels count."""
        shapes = parcels.geometry.to_numpy()
        if self.within_m is not None:
            reach = self.within_m / metres_per_unit(parcels.crs)
            return np.asarray(shapely.dwithin(shapes, site, reach))
        if self.area is not None:
            shapely.prepare(self.area)
            return np.asarray(shapely.intersects(shapely.point_on_surface(shapes), self.area))
        return np.ones(len(parcels), dtype=bool)

    def text(self) -> Text:
        """Say it."""
        if self.within_m is not None:
            km = f"{self.within_m / 1000:g}"
            return Text(sv=f"inom {km.replace('.', ',')} km från platsen", en=f"within {km} km of the site")
        if self.area is not None:
            return Text(sv=f"i området {self.name}", en=f"in the area {self.name}")
        return Text(sv="i hela materialet", en="in all of the data")


def site_values(wanted: Wanted, layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, Any]:
    """Return of the site that is wanted what is told of every alternative, measured the same way.

    Parameters
    ----------
    wanted
        The site.
    layers
        As in :func:`find_alternatives`; one must be there, for the CRS.
    """
    crs = layers["parcels"].crs
    shape = gpd.GeoDataFrame({"id": [wanted.title]}, geometry=[wanted.shape], crs=crs)
    shape["buildable_m2"] = area_m2(shape)
    asked = {name: layers[name] for name in ("utility_areas", "statistical_areas") if name in layers}
    # The site is measured as if nothing stood there.
    asked["buildings"] = shape.iloc[:0]
    if "plans" in layers:
        asked["plans"] = layers["plans"].drop(columns="min_plot_m2", errors="ignore")
    everything = {kind: PlotStandards(min_area_m2=0.0, min_width_m=0.0, house=None).undivided() for kind in AREA_KINDS}
    nothing = pd.DataFrame()
    plots = find_plots(shape, Buildable(shape, nothing, gpd.GeoDataFrame(nothing)), asked, standards=everything).plots
    row = add_surroundings(plots, layers, wanted.shape).iloc[0]
    names = ("area_m2", "width_m", "plan_id", "plan_use", "plan_homes", "utility", "settlement_m", "road_m", "area")
    return {name: _plain(row[name]) for name in names}


def check_guarded(guarded_m2: float, holding: Sequence[Text], rule: Text) -> None:
    """Refuse a site that is not on guarded land.

    Raises
    ------
    InputError
        Saying which rules do hold there.
    """
    if guarded_m2 >= LEAST_GUARDED_M2:
        return
    names = "; ".join(text.en for text in holding) or "none"
    raise InputError(
        f"The site is not on land that is guarded by the rule {rule.en!r}.",
        hint=f"Rules that do hold there: {names}.",
    )


def _plain(value: Any) -> Any:
    missing = value is None or (not isinstance(value, str) and pd.isna(value))
    return None if missing else value.item() if hasattr(value, "item") else value
