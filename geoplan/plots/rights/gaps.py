"""Gaps (*lucktomter*): properties with a right to build homes and no home on them, and rights that are partly used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import InputError
from geoplan.frames import metres_per_unit, optional, same_crs
from geoplan.plots.rights.existing import existing_buildings
from geoplan.plots.rights.limits import property_names
from geoplan.plots.surroundings import utility_of

__all__ = ["GAP_COLUMNS", "GapStandards", "find_gaps"]

GAP_COLUMNS: Final = (
    "parcel", "designation", "kind", "plan_id", "max_building_area_m2", "existing_building_area_m2",
    "remaining_building_area_m2", "remaining_gross_floor_area_m2", "dwellings_remaining", "utility",
    "road_distance_m", "services_at_hand", "period_end", "implementation", "owner_kind", "reasons_not",
    "buildable_m2",
)  # fmt: skip
"""The columns of :func:`find_gaps` besides the geometry, in order; docs/method-rights.md explains each."""

GAP, PARTLY_USED, BLOCKED, UNKNOWN = "gap", "partly_used", "blocked", "unknown"

_AREAS: Final = ("building_area_m2", "gross_floor_area_m2")


@dataclass(frozen=True)
class GapStandards:
    """What counts as a gap that is ready, and as a right that is partly used.

    Attributes
    ----------
    road_distance_m
        A road within this distance of the property, in metres, is at hand.
    smallest_property_m2
        Smallest property for a house, in m², where the plan says nothing larger.
    smallest_buildable_m2
        Least buildable land, in m².
    partly_used_share
        A right is partly used where at least this share of its building area, or of its floor area, is left.
    no_lots
        Uses of parcels that are no lots, besides streets.
    """

    road_distance_m: float
    smallest_property_m2: float
    smallest_buildable_m2: float
    partly_used_share: float
    no_lots: tuple[str, ...] = ()

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> GapStandards:
        """Make them from the values of the assumptions file ``gaps``.

        Raises
        ------
        InputError
            A value is missing, unknown, or no number from zero up or list of texts.
        """
        names = {field.name for field in fields(cls)}
        uses = values.get("no_lots")
        numbers = {name: value for name, value in values.items() if name != "no_lots"}
        wrong = [name for name, value in numbers.items() if not isinstance(value, int | float) or value < 0]
        if not isinstance(uses, list | tuple) or not all(isinstance(use, str) for use in uses):
            wrong.append("no_lots")
        if names != set(values) or wrong:
            faults = sorted((names ^ set(values)) | set(wrong))
            raise InputError(
                f"Assumptions are missing, unknown or no number or list of texts: {', '.join(faults)}.",
                hint="See layers/assumptions/gaps.toml.",
            )
        return cls(**{**numbers, "no_lots": tuple(values["no_lots"])})


def find_gaps(
    parcels: gpd.GeoDataFrame,
    rights: pd.DataFrame,
    buildings: gpd.GeoDataFrame | None,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    standards: GapStandards,
    as_of: dt.date | None = None,
    buildable: pd.DataFrame | None = None,
    street_uses: Collection[str] = (),
) -> gpd.GeoDataFrame:
    """Find the properties whose right to build homes is unused, or partly used.

    Parameters
    ----------
    parcels
        ``id``; ``property`` tells which areas are one property; ``designation``, ``owner_kind`` and
        ``improvement_value`` are used where present.
    rights
        From :func:`geoplan.plots.rights.rights.building_rights`, of plans in force on the day.
    buildings
        Footprints or points in the same projected CRS; ``None``: nobody knows what is built.
    layers
        ``utility_areas`` and ``roads`` are used where present.
    standards
        What counts as ready, and as partly used.
    as_of
        The day that the plan's implementation period is asked on; without one it is unknown.
    buildable
        ``id`` and ``buildable_m2`` of parcels (:func:`geoplan.land.buildable.buildable_land`), where computed.
    street_uses
        Values of ``use`` that are a street; such a parcel is no lot.

    Returns
    -------
    geopandas.GeoDataFrame
        :data:`GAP_COLUMNS` and the parcel's geometry, in the parcels' order. ``kind`` is ``gap`` (no house to live in
        on any area of the property, something of the right left), ``partly_used`` (a house, and room for one more
        dwelling or a large share left), ``blocked`` (either, and nothing of it may be built on), or ``unknown`` (nobody
        knows whether a house stands there). ``reasons_not`` says why it is not ready; an empty list is ready.

    Raises
    ------
    CRSError
        Layers differ in CRS, or it is not projected.

    Notes
    -----
    A right whose size no plan states is a right: it is left where no house stands, and its size is NaN. A right is
    never called partly used on figures that nobody knows.
    """
    same_crs(parcels, buildings, *layers.values())
    allows = (rights["homes_one_or_two"] == "allowed") | (rights["homes_multi"] == "allowed")
    no_lots = parcels["id"][optional(parcels, "use").isin([*street_uses, *standards.no_lots])]
    mine = rights[allows & ~rights["parcel"].isin(no_lots)].reset_index(drop=True)
    place = pd.Series(np.arange(len(parcels)), index=parcels["id"].to_numpy(dtype=object))
    own = parcels.iloc[place.reindex(mine["parcel"]).to_numpy(dtype=int)].reset_index(drop=True)
    existing = _existing(parcels, own, buildings)
    room = _buildable(own, buildable)
    kind = _kinds(mine, existing, room, standards)
    chosen = np.flatnonzero(kind != "")
    own, mine, existing = (each.iloc[chosen].reset_index(drop=True) for each in (own, mine, existing))
    room = room[chosen]
    utility = utility_of(own.geometry, layers.get("utility_areas"))
    road = _road_distance(own.geometry, layers.get("roads"))
    implementation = _implementation(mine["period_end"], as_of)
    columns: dict[str, Any] = {name: mine[name].to_numpy() for name in GAP_COLUMNS if name in mine}
    columns |= {
        "designation": optional(own, "designation").to_numpy(dtype=object),
        "kind": kind[chosen],
        "existing_building_area_m2": existing["area_m2"].to_numpy(),
        "utility": utility,
        "road_distance_m": road,
        "services_at_hand": _at_hand(utility, road, standards),
        "implementation": implementation,
        "owner_kind": optional(own, "owner_kind").to_numpy(dtype=object),
        "reasons_not": _reasons(mine, existing, utility, road, room, standards),
        "buildable_m2": room,
    }
    table = pd.DataFrame(columns)[list(GAP_COLUMNS)]
    return gpd.GeoDataFrame(table, geometry=own.geometry.to_numpy(), crs=parcels.crs)


def _existing(parcels: gpd.GeoDataFrame, own: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return what stands on each, with ``property_lived_in``; what nobody knows of one area of a property, of none."""
    names, mine = property_names(parcels), property_names(own)
    related = parcels[np.isin(names, mine)].reset_index(drop=True)
    table = existing_buildings(related, buildings)
    grouped = table.groupby(property_names(related))
    table["property_lived_in"] = grouped["lived_in"].transform("sum") > 0
    table["why_unknown"] = grouped["why_unknown"].transform("first")
    place = pd.Series(np.arange(len(related)), index=related["id"].to_numpy(dtype=object))
    return table.iloc[place.reindex(own["id"]).to_numpy(dtype=int)].reset_index(drop=True)


def _kinds(
    rights: pd.DataFrame, existing: pd.DataFrame, room: npt.NDArray[np.float64], standards: GapStandards
) -> npt.NDArray[Any]:
    """Return the kind of each property, empty where it is none."""
    lived_in = existing["property_lived_in"].to_numpy()
    unsure = existing["why_unknown"].notna().to_numpy()
    left = {name: rights[f"remaining_{name}"].to_numpy(dtype=float) for name in _AREAS}
    most = {name: rights[f"max_{name}"].to_numpy(dtype=float) for name in _AREAS}
    # Of nothing no share is left.
    share = [np.divide(left[name], most[name], out=np.zeros(len(rights)), where=most[name] != 0) for name in _AREAS]
    more = rights["dwellings_remaining"].to_numpy(dtype=float)
    # Where a size is not stated nothing has used it up, and where it is unknown nothing is claimed of it.
    used_up = (left[_AREAS[0]] <= 0) | (left[_AREAS[1]] <= 0)
    spare = (more >= 1) | (np.fmin(*share) >= standards.partly_used_share)
    kind = np.full(len(rights), "", dtype=object)
    kind[~lived_in & ~used_up & ~(more <= 0)] = GAP
    kind[lived_in & ~used_up & spare] = PARTLY_USED
    kind[(kind != "") & (room <= 0)] = BLOCKED
    kind[unsure] = UNKNOWN
    return kind


def _reasons(
    rights: pd.DataFrame,
    existing: pd.DataFrame,
    utility: npt.NDArray[Any],
    road: npt.NDArray[np.float64],
    room: npt.NDArray[np.float64],
    standards: GapStandards,
) -> list[list[str]]:
    """Say for each property why it is not ready, in a fixed order."""
    smallest = rights["min_plot_m2"].fillna(standards.smallest_property_m2)
    faults = {
        "nobody_knows_what_stands_there": existing["why_unknown"].notna(),
        "another_building_stands_there": (existing["main"] > 0) & (existing["lived_in"] == 0),
        "smaller_than_a_plot": rights["area_m2"] < smallest,
        "too_little_buildable_land": pd.Series(room < standards.smallest_buildable_m2),
        "no_water_and_sewer": pd.Series(utility == "private"),
        "water_and_sewer_unknown": pd.Series(utility == "unknown"),
        "no_road": pd.Series(road > standards.road_distance_m),
        "road_unknown": pd.Series(np.isnan(road)),
        "provision_unread": rights["unread"].map(len) > 0,
    }
    table = pd.DataFrame({name: fault.to_numpy(dtype=bool) for name, fault in faults.items()})
    return [[name for name, holds in zip(faults, row, strict=True) if holds] for row in table.to_numpy()]


def _road_distance(places: gpd.GeoSeries, roads: gpd.GeoDataFrame | None) -> npt.NDArray[np.float64]:
    """Return the distance to the nearest road that a car may use, in metres; NaN where there is none."""
    result = np.full(len(places), np.nan)
    drivable = roads if roads is None or "kind" not in roads else roads[roads["kind"] != "path"]
    if drivable is None or not len(drivable) or not len(places):
        return result
    (place, _), distance = shapely.STRtree(drivable.geometry.to_numpy()).query_nearest(
        places.to_numpy(), return_distance=True, all_matches=False
    )
    result[place] = distance * metres_per_unit(places.crs)
    return result


def _at_hand(utility: npt.NDArray[Any], road: npt.NDArray[np.float64], standards: GapStandards) -> npt.NDArray[Any]:
    """Return True, False, or None where one is unknown and the other is not lacking."""
    result = np.full(len(road), None, dtype=object)
    result[(utility == "public") & (road <= standards.road_distance_m)] = True
    result[(utility == "private") | (road > standards.road_distance_m)] = False
    return result


def _implementation(ends: pd.Series[Any], as_of: dt.date | None) -> npt.NDArray[Any]:
    """Tell whether the period in which a plan is meant to be carried out is ``running`` or ``ended``."""
    day = pd.to_datetime(ends, errors="coerce")
    result = np.full(len(ends), "unknown", dtype=object)
    if as_of is not None:
        result[(day >= pd.Timestamp(as_of)).to_numpy()] = "running"
        result[(day < pd.Timestamp(as_of)).to_numpy()] = "ended"
    return result


def _buildable(own: gpd.GeoDataFrame, buildable: pd.DataFrame | None) -> npt.NDArray[np.float64]:
    if buildable is None:
        return np.full(len(own), np.nan)
    area = pd.Series(buildable["buildable_m2"].to_numpy(dtype=float), index=buildable["id"].to_numpy(dtype=object))
    return area.reindex(own["id"].to_numpy(dtype=object)).to_numpy(dtype=float)
