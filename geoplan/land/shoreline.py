"""The shore: where it runs, and the zone along it that the law protects (*strandskydd*).

The general zone is not mapped by anyone, so it is computed: all points, on land and in water, within a distance
of the shoreline at normal mean water (MB 7 kap. 13–14 §§). No polygon never means no protection.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pydantic import BaseModel, ConfigDict

from geoplan.frames import area_m2, metres_per_unit, same_crs
from geoplan.land.cutouts import cut_out
from geoplan.land.pieces import QUADRANT_SEGMENTS, chunk_lines

__all__ = ["ShoreRule", "protected_waters", "sea_from_land", "shore_zone", "shoreline", "unsure_waters"]


class ShoreRule(BaseModel):
    """Which waters have a protected shore; a number left out exempts none.

    Attributes
    ----------
    lake_min_area_m2
        Lakes smaller than this have none.
    stream_min_width_m
        Watercourses narrower than this have none.
    constructed_before
        Waters constructed on this day or later have none.
    extended
        Whether decided extensions belong to the zone; not to a strip that has a width of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lake_min_area_m2: float = 0.0
    stream_min_width_m: float = 0.0
    constructed_before: dt.date | None = None
    extended: bool = True


def sea_from_land(land: gpd.GeoDataFrame, municipality: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the sea as what the municipality holds besides land.

    Parameters
    ----------
    land
        Land polygons, mainland and islands; they may reach beyond the municipality.
    municipality
        The municipality's area, territorial sea included.

    Returns
    -------
    GeoDataFrame
        ``water`` rows of kind ``sea``; empty where all is land.

    Raises
    ------
    CRSError
        The two layers differ in CRS.
    """
    crs = same_crs(land, municipality)
    whole = shapely.union_all(municipality.geometry.to_numpy())
    dry = shapely.union_all(shapely.intersection(land.geometry.to_numpy(), whole))
    parts = shapely.get_parts(shapely.difference(whole, dry))
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    count = len(parts)
    return gpd.GeoDataFrame(
        {
            "id": pd.Series([f"sea-{number + 1}" for number in range(count)], dtype=object),
            "name": pd.Series([None] * count, dtype=object),
            "kind": pd.Series(["sea"] * count, dtype=object),
            "width_m": np.full(count, np.nan),
            "constructed_after": pd.Series([None] * count, dtype=object),
        },
        geometry=parts,
        crs=crs,
    )


def protected_waters(
    water: gpd.GeoDataFrame, rule: ShoreRule, *, extent: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Return the waters whose shore the rule protects, and those whose shore it may protect.

    Parameters
    ----------
    water
        The ``water`` layer: polygons, and watercourses as lines.
    rule
        What is exempt.
    extent
        The area that the data covers; a lake that ends with it may be larger than its part.
    """
    kinds = water["kind"].to_numpy()
    small = np.flatnonzero((kinds == "lake") & _is_flat(water) & (area_m2(water).to_numpy() < rule.lake_min_area_m2))
    exempt = np.zeros(len(water), dtype=bool)
    exempt[small] = ~_cut_off(water.iloc[small], extent)
    exempt |= (kinds == "stream") & (_widths(water) < rule.stream_min_width_m)
    if rule.constructed_before is not None:
        exempt |= _built(water) >= np.datetime64(rule.constructed_before)
    return water[~exempt]


def unsure_waters(water: gpd.GeoDataFrame, rule: ShoreRule) -> npt.NDArray[np.bool_]:
    """Tell for which waters the rule's answer hangs on something unknown.

    Parameters
    ----------
    water
        Waters that are not known to be exempt: those of :func:`protected_waters`.
    rule
        What is exempt.

    Returns
    -------
    numpy.ndarray
        True for a watercourse of unknown width, a constructed water of unknown day and a lake of unknown area, where
        the rule asks for it. A watercourse that is mapped as an area is known to be wide enough where a circle of
        that width fits in it; the area of a lake is unknown where it is a line, or ends small with the data.
    """
    kinds, flat = water["kind"].to_numpy(), _is_flat(water)
    unsure = np.zeros(len(water), dtype=bool)
    if rule.stream_min_width_m > 0:
        narrow = (kinds == "stream") & np.isnan(_widths(water))
        radius = rule.stream_min_width_m / 2 / metres_per_unit(water.crs)
        measured = np.flatnonzero(narrow & flat)
        narrow[measured] = shapely.is_empty(shapely.buffer(water.geometry.to_numpy()[measured], -radius))
        unsure |= narrow
    if rule.lake_min_area_m2 > 0:
        # A small lake that was not exempt is one that ends with the data; a line has no area at all.
        unsure |= (kinds == "lake") & (area_m2(water).to_numpy() < rule.lake_min_area_m2)
    if rule.constructed_before is not None:
        unsure |= (kinds == "constructed") & np.isnat(_built(water))
    return unsure


def _is_flat(water: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    flat: npt.NDArray[np.bool_] = shapely.get_dimensions(water.geometry.to_numpy()) == 2
    return flat


def _cut_off(lakes: gpd.GeoDataFrame, extent: gpd.GeoDataFrame | None) -> npt.NDArray[np.bool_]:
    """Tell which lakes end with the data: within a metre of its edge, and not beyond."""
    if extent is None or not len(extent) or not len(lakes):
        return np.zeros(len(lakes), dtype=bool)
    metre = 1.0 / metres_per_unit(lakes.crs)
    whole, shapes = shapely.union_all(extent.geometry.to_numpy()), lakes.geometry.to_numpy()
    inner, outer = shapely.buffer(whole, -metre), shapely.buffer(whole, metre)
    shapely.prepare([inner, outer])
    ends: npt.NDArray[np.bool_] = shapely.covers(outer, shapes) & ~shapely.covers(inner, shapes)
    return ends


def _widths(water: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return the widths in metres; NaN where unknown."""
    if "width_m" not in water:
        return np.full(len(water), np.nan)
    widths: npt.NDArray[np.float64] = pd.to_numeric(water["width_m"], errors="coerce").to_numpy(dtype=float)
    return widths


def _built(water: gpd.GeoDataFrame) -> npt.NDArray[np.datetime64]:
    """Return the days of construction; not-a-time where unknown."""
    if "constructed_after" not in water:
        return np.full(len(water), np.datetime64("NaT"))
    built: npt.NDArray[np.datetime64] = pd.to_datetime(water["constructed_after"], errors="coerce").to_numpy()
    return built


def shoreline(water: gpd.GeoDataFrame, *, extent: gpd.GeoDataFrame | None = None) -> npt.NDArray[Any]:
    """Return the shoreline as short lines.

    Parameters
    ----------
    water
        Water surfaces and watercourses. Touching surfaces share no shore.
    extent
        The area that the data covers, such as the municipality: where the water just ends with the data there
        is no shore.

    Returns
    -------
    numpy.ndarray
        LineStrings of a limited number of vertices, in the CRS of ``water``.
    """
    shapes = water.geometry.to_numpy()
    flat = shapely.get_dimensions(shapes) == 2
    edge = shapely.boundary(shapely.union_all(shapes[flat]))
    if extent is not None and len(extent):
        # A metre on either side of the data's edge: the same line is rarely digitised twice alike.
        metre = 1.0 / metres_per_unit(water.crs)
        rim = shapely.buffer(shapely.boundary(shapely.union_all(extent.geometry.to_numpy())), metre)
        edge = shapely.difference(edge, rim)
    return chunk_lines(np.concatenate([shapely.get_parts([edge]), shapes[~flat]]))[0]


def shore_zone(
    water: gpd.GeoDataFrame,
    *,
    distance_m: float,
    rule: ShoreRule | None = None,
    extent: gpd.GeoDataFrame | None = None,
    decisions: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Return the protected zone along the shore, on land and in water.

    Parameters
    ----------
    water
        The ``water`` layer, in a projected CRS of any unit.
    distance_m
        Width of the general zone on either side of the shoreline, in metres.
    rule
        Which waters are exempt; default: none.
    extent
        The area that the data covers (see :func:`shoreline`).
    decisions
        The ``shore_protection`` layer: ``extended`` areas are added as they were decided, ``lifted`` ones taken
        out and told.

    Returns
    -------
    GeoDataFrame
        ``basis`` (``computed_general``, ``computed_unsure`` where it hangs on something unknown about the water,
        ``decided_extended`` or ``lifted``), ``feature`` (the water's or the decision's id) and ``geometry``: many
        overlapping pieces; their union is the zone.

    Raises
    ------
    CRSError
        Layers differ in CRS.

    Notes
    -----
    Circles have :data:`~geoplan.land.pieces.QUADRANT_SEGMENTS` segments a quadrant. Where an unsure water's zone
    overlaps another's both are returned: whoever reads them lets the sure one decide.
    Source: MB 7 kap. 13–18 §§; https://www.naturvardsverket.se/vagledning-och-stod/skyddad-natur/strandskydd/
    """
    crs = same_crs(water, extent, decisions)
    rule = rule or ShoreRule()
    chosen = protected_waters(water, rule, extent=extent)
    unsure = unsure_waters(chosen, rule)
    parts = []
    for waters, basis in ((chosen[~unsure], "computed_general"), (chosen[unsure], "computed_unsure")):
        lines = shoreline(waters, extent=extent)
        zone = shapely.buffer(lines, distance_m / metres_per_unit(crs), quad_segs=QUADRANT_SEGMENTS)
        parts.append(_rows(zone, basis, _nearest_ids(lines, waters), crs))
    if decisions is not None and len(decisions):
        of_kind = decisions["decision"]
        if rule.extended:
            parts.append(_decided(decisions[of_kind == "extended"], "decided_extended"))
        lifted = _decided(decisions[of_kind == "lifted"], "lifted")
        parts = [*(_without(part, lifted) for part in parts), lifted]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _without(part: gpd.GeoDataFrame, lifted: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = cut_out(part.geometry.to_numpy(), lifted.geometry.to_numpy())
    return part.set_geometry(gpd.GeoSeries(shapes, index=part.index, crs=part.crs))[~shapely.is_empty(shapes)]


def _decided(rows: gpd.GeoDataFrame, basis: str) -> gpd.GeoDataFrame:
    return _rows(rows.geometry.to_numpy(), basis, _ids(rows), rows.crs)


def _rows(shapes: npt.NDArray[Any], basis: str, features: npt.NDArray[Any], crs: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"basis": basis, "feature": features}, geometry=shapes, crs=crs)


def _ids(frame: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    names: npt.NDArray[Any] = frame["id"].to_numpy(dtype=object) if "id" in frame else np.full(len(frame), None)
    return names


def _nearest_ids(lines: npt.NDArray[Any], water: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    """Name the water that each piece of shoreline belongs to."""
    if not len(lines):
        return np.empty(0, dtype=object)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    edges, owner = chunk_lines(water.geometry.to_numpy())
    return _ids(water)[owner[shapely.STRtree(edges).nearest(middle)]]
