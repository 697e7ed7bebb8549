"""Land that one rule guards, and what is left of the other land when the other rules have taken theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit, same_crs
from geoplan.land.areas import AreaKind
from geoplan.land.buildable import Buildable
from geoplan.land.decisions import BASIS
from geoplan.land.rules import BLOCKING, Rule, Severity
from geoplan.plots.search import PlotSearch, PlotStandards, find_plots

__all__ = ["LEFT", "Unguarded", "holds", "outside_guarded"]

LEFT: Mapping[str, str] = {
    "guarded": "unguarded_m2",
    "forbidden": "forbidden_m2",
    "needs_exemption": "needs_exemption_m2",
    "investigate": "clear_m2",
}
"""The columns of :attr:`Unguarded.areas` that say what is left after each step, in their order."""


@dataclass(frozen=True)
class Unguarded:
    """What is left of every parcel outside the guarded land.

    Attributes
    ----------
    areas
        One row a parcel in the parcels' order: ``id``, ``area_m2``, and what is left outside the guarded land
        (``unguarded_m2``), when what is forbidden is taken as well (``forbidden_m2``), what needs an exemption
        (``needs_exemption_m2``) and what has to be investigated, with slivers (``clear_m2``). None is more than
        the one before it.
    shapes
        By the last rule that counts (``forbidden``, ``needs_exemption``, ``investigate``): what is left, as
        geometries in the parcels' order. ``investigate``: all rules count.
    guarded
        The guarded land of every parcel; empty where it has none.
    """

    areas: pd.DataFrame
    shapes: Mapping[str, npt.NDArray[Any]]
    guarded: npt.NDArray[Any]

    def plots(
        self,
        counting: Severity,
        where: npt.NDArray[np.bool_],
        parcels: gpd.GeoDataFrame,
        layers: Mapping[str, gpd.GeoDataFrame],
        *,
        standards: Mapping[AreaKind, PlotStandards],
        unknown: tuple[str, ...] = (),
    ) -> PlotSearch:
        """Find plots on what is left when only rules of a severity and stronger count.

        Parameters
        ----------
        counting
            The weakest severity that takes land.
        where
            Which parcels; the others have no plots.
        parcels, layers, standards, unknown
            As in :func:`geoplan.plots.search.find_plots`.
        """
        chosen = parcels[where].reset_index(drop=True)
        land = {
            "id": chosen["id"],
            "buildable_m2": shapely.area(self.shapes[counting][where]) * metres_per_unit(parcels.crs) ** 2,
        }
        frame = gpd.GeoDataFrame(land, geometry=self.shapes[counting][where], crs=parcels.crs)
        nothing = pd.DataFrame()
        left = Buildable(frame, nothing, gpd.GeoDataFrame(nothing))
        # A purpose may need more in one piece than a house plot.
        undivided = {kind: standard.undivided() for kind, standard in standards.items()}
        return find_plots(chosen, left, layers, standards=undivided, unknown=unknown)


def holds(rows: pd.DataFrame, rule: Rule) -> npt.NDArray[np.bool_]:
    """Tell which rows, of reasons or of constraint pieces, say that a rule holds: not those where it was lifted."""
    strong = rows["severity"].isin([*BLOCKING, rule.severity])
    return ((rows["rule"] == rule.id) & strong & (rows["basis"] != "lifted")).to_numpy()


def outside_guarded(
    parcels: gpd.GeoDataFrame,
    buildable: Buildable,
    pieces: gpd.GeoDataFrame,
    rule: Rule,
) -> Unguarded:
    """Measure what is left of every parcel outside the land that a rule guards.

    Parameters
    ----------
    parcels
        The parcels, with a unique ``id``.
    buildable
        What the run derived for the same parcels in the same order; of its ``reasons`` only the rule's own rows are
        used.
    pieces
        Where rules hold (see :class:`geoplan.land.constraints.Constraints`); only the rule's own are used.
    rule
        The rule that guards.

    Notes
    -----
    What an official decided of the rule on a parcel counts: it is in the reasons. A parcel without a reason of
    the rule has no guarded land, whatever the pieces say.
    """
    same_crs(parcels, buildable.parcels, pieces)
    square = metres_per_unit(parcels.crs) ** 2
    reasons = buildable.reasons[holds(buildable.reasons, rule)]
    guarded = _guarded(parcels, reasons, pieces[holds(pieces, rule)])
    some = np.flatnonzero(~shapely.is_empty(guarded))
    stages: dict[str, npt.NDArray[Any]] = {
        "guarded": parcels.geometry.to_numpy().copy(),
        "forbidden": buildable.left("forbidden").geometry.to_numpy().copy(),
        "needs_exemption": buildable.left("needs_exemption").geometry.to_numpy().copy(),
        "investigate": buildable.parcels.geometry.to_numpy().copy(),
    }
    table: dict[str, Any] = {
        "id": parcels["id"].to_numpy(),
        "area_m2": buildable.parcels["area_m2"].to_numpy(dtype=float),
    }
    ceiling = table["area_m2"]
    for name, shapes in stages.items():
        shapes[some] = _only_areas(shapely.difference(shapes[some], guarded[some]))
        ceiling = np.minimum(ceiling, shapely.area(shapes) * square)
        table[LEFT[name]] = ceiling
    return Unguarded(pd.DataFrame(table), stages, guarded)


def _guarded(parcels: gpd.GeoDataFrame, reasons: pd.DataFrame, pieces: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    """Return the guarded land of every parcel."""
    shapes = parcels.geometry.to_numpy()
    result = np.full(len(parcels), shapely.Polygon(), dtype=object)
    index = pd.Index(parcels["id"])
    some = np.unique(index.get_indexer(pd.Index(reasons["parcel"].unique())))
    some = some[some >= 0]
    position, piece = shapely.STRtree(pieces.geometry.to_numpy()).query(shapes[some], predicate="intersects")
    if len(position):
        order = np.argsort(position, kind="stable")
        met, start = np.unique(position[order], return_index=True)
        groups = np.split(pieces.geometry.to_numpy()[piece[order]], start[1:])
        unions = np.array([shapely.union_all(group) for group in groups], dtype=object)
        result[some[met]] = _only_areas(shapely.intersection(shapes[some[met]], unions))
    # What holds by an official's word alone holds on the whole parcel.
    whole = index.get_indexer(pd.Index(reasons.loc[reasons["basis"] == BASIS, "parcel"].unique()))
    whole = whole[whole >= 0]
    result[whole] = shapes[whole]
    return result


def _only_areas(shapes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Drop the lines and points that an overlay leaves where areas only touch."""
    mixed = shapely.get_type_id(shapes) == 7
    if mixed.any():
        parts, owner = shapely.get_parts(shapes[mixed], return_index=True)
        solid = np.isin(shapely.get_type_id(parts), (3, 6))
        parts, again = shapely.get_parts(parts[solid], return_index=True)
        rest = np.full(int(mixed.sum()), shapely.Polygon(), dtype=object)
        shapely.multipolygons(parts, indices=owner[solid][again], out=rest)
        shapes[mixed] = rest
    line = np.isin(shapely.get_type_id(shapes), (0, 1, 2, 4, 5))
    shapes[line] = shapely.Polygon()
    return shapes
