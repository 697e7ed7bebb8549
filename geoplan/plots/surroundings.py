"""What lies around a plot: water and sewer, the shore, noise, loud ways, neighbours, and what a rule protects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit, optional
from geoplan.land.areas import containing
from geoplan.land.pieces import chunk_lines

__all__ = [
    "dwellings_within",
    "noise_levels",
    "protected_shares",
    "served",
    "utility_of",
    "water_distance_m",
    "ways_distance",
]

Floats = npt.NDArray[np.float64]


def utility_of(places: gpd.GeoSeries, areas: gpd.GeoDataFrame | None) -> npt.NDArray[Any]:
    """Tell whether public water and sewer reach each place: ``public`` only where both do."""
    if areas is None:
        return np.full(len(places), "unknown", dtype=object)
    water, sewer = (containing(places, served(areas, kind), "kind").notna().to_numpy() for kind in ("water", "sewer"))
    return np.where(water & sewer, "public", "private").astype(object)


def served(areas: gpd.GeoDataFrame, kind: Literal["water", "sewer"]) -> gpd.GeoDataFrame:
    """Return the areas that public water, or sewer, serves today: ``status`` is ``existing``, or not told."""
    status = optional(areas, "status")
    return areas[(status.isna() | (status == "existing")) & areas["kind"].isin([kind, "both"])]


def water_distance_m(places: gpd.GeoSeries, water: gpd.GeoDataFrame | None) -> npt.NDArray[np.float64]:
    """Return the distance to the nearest water in metres; NaN where there is no water layer."""
    result = np.full(len(places), np.nan)
    if water is None or not len(water) or not len(places):
        return result
    shapes = places.to_numpy()
    # Against short pieces of shore: one distance to a whole archipelago costs as much as a thousand of these.
    edges, _ = chunk_lines(water.geometry.to_numpy())
    (place, _), distance = shapely.STRtree(edges).query_nearest(shapes, return_distance=True, all_matches=False)
    result[place] = distance * metres_per_unit(places.crs)
    result[shapely.STRtree(shapes).query(water.geometry.to_numpy(), predicate="intersects")[1]] = 0.0
    return result


def noise_levels(places: gpd.GeoSeries, noise: gpd.GeoDataFrame) -> Floats:
    """Return the level of traffic noise at each place.

    Parameters
    ----------
    places
        Points, or areas that are represented by a point inside.
    noise
        Polygons with ``level_dba``, the lowest equivalent level within, in dBA; they may overlap.

    Returns
    -------
    numpy.ndarray
        The highest level of the areas around the place, in dBA; NaN outside all of them.
    """
    level = np.full(len(places), -np.inf)
    points = shapely.point_on_surface(places.to_numpy())
    place, area = shapely.STRtree(noise.geometry.to_numpy()).query(points, predicate="intersects")
    np.maximum.at(level, place, pd.to_numeric(noise["level_dba"]).to_numpy(dtype=float)[area])
    return np.where(np.isinf(level), np.nan, level)


def ways_distance(
    places: gpd.GeoSeries, roads: gpd.GeoDataFrame, railways: gpd.GeoDataFrame | None, *, large: Sequence[str]
) -> Floats:
    """Return how far it is to the nearest railway or large road.

    Parameters
    ----------
    places
        Points, or areas that are represented by a point inside.
    roads
        Lines with ``kind``.
    railways
        Lines; ``None``: none are known.
    large
        The kinds of road that count as large.

    Returns
    -------
    numpy.ndarray
        Metres as the crow flies, to the middle of the way; infinite where there is none.
    """
    lines = roads.geometry.to_numpy()[roads["kind"].isin(list(large)).to_numpy()]
    if railways is not None:
        lines = np.r_[lines, railways.geometry.to_numpy()]
    distance = np.full(len(places), np.inf)
    # Against short pieces: the box of a long road holds half the municipality.
    pieces, _ = chunk_lines(lines)
    if len(pieces) and len(places):
        points = shapely.point_on_surface(places.to_numpy())
        (place, _), far = shapely.STRtree(pieces).query_nearest(points, return_distance=True, all_matches=False)
        distance[place] = far * metres_per_unit(places.crs)
    return distance


def dwellings_within(places: gpd.GeoSeries, buildings: gpd.GeoDataFrame, *, within_m: float) -> Floats:
    """Return how many dwellings there are around each place.

    Parameters
    ----------
    places
        Plots.
    buildings
        Points or areas with ``dwellings``, ``use``, or both. A building whose dwellings are not known counts as one
        where its use is ``dwelling``, and as none otherwise.
    within_m
        How far from the plot's edge a building's middle may lie, in metres.

    Returns
    -------
    numpy.ndarray
        Dwellings; NaN everywhere where neither column is there.
    """
    if "dwellings" not in buildings and "use" not in buildings:
        return np.full(len(places), np.nan)
    homes = np.zeros(len(buildings))
    if "use" in buildings:
        homes = (buildings["use"] == "dwelling").to_numpy(dtype=float)
    if "dwellings" in buildings:
        known = pd.to_numeric(buildings["dwellings"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        homes = np.where(np.isnan(known), homes, known)
    lived = np.flatnonzero(homes > 0)
    middles = shapely.centroid(buildings.geometry.to_numpy()[lived])
    reach = within_m / metres_per_unit(places.crs)
    place, building = shapely.STRtree(middles).query(places.to_numpy(), predicate="dwithin", distance=reach)
    return np.bincount(place, weights=homes[lived][building], minlength=len(places)).astype(float)


def protected_shares(
    parcels: pd.Series[Any], reasons: pd.DataFrame | None, rules: Collection[str]
) -> tuple[Floats, Floats]:
    """Return how much of each plot's parcel some rules protect, for sure and perhaps.

    Parameters
    ----------
    parcels
        The parcel's id of each plot.
    reasons
        ``parcel``, ``rule``, ``severity``, ``share`` (0 to 1) and where known ``basis``, as
        :func:`geoplan.land.buildable.buildable_land` gives them; ``None`` where they are not at hand.
    rules
        Ids of the rules, those that were never asked left out.

    Returns
    -------
    sure, unsure : numpy.ndarray
        Shares of the parcel's area, 0 to 1, by rules that hold and by rules that something decides which is yet to be
        investigated; NaN where there are no reasons or no such rule. What was lifted does not count. Of several
        rules, and of several bases of one, the largest share counts: they mostly overlap, and shares do not tell by
        how much, so the result is never too high.
    """
    unknown = np.full(len(parcels), np.nan)
    if reasons is None or not rules:
        return unknown, unknown
    mine = reasons[reasons["rule"].isin(list(rules))]
    if "basis" in mine:
        mine = mine[mine["basis"] != "lifted"]
    doubtful = mine["severity"] == "investigate"
    return _shares(parcels, mine[~doubtful]), _shares(parcels, mine[doubtful])


def _shares(parcels: pd.Series[Any], reasons: pd.DataFrame) -> Floats:
    share = reasons.groupby("parcel", sort=True)["share"].max().clip(upper=1.0)
    return parcels.map(share).fillna(0.0).to_numpy(dtype=float)
