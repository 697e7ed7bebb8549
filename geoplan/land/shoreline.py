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
from geoplan.land.pieces import QUADRANT_SEGMENTS, chunk_lines

__all__ = ["ShoreRule", "protected_waters", "sea_from_land", "shore_zone", "shoreline"]


class ShoreRule(BaseModel):
    """Which waters have a protected shore; a number left out exempts none.

    Attributes
    ----------
    lake_min_area_m2
        Lakes smaller than this have none.
    stream_min_width_m
        Watercourses narrower than this have none; an unknown width counts as wide enough.
    constructed_before
        Waters constructed on this day or later have none; an unknown day counts as earlier.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lake_min_area_m2: float = 0.0
    stream_min_width_m: float = 0.0
    constructed_before: dt.date | None = None


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


def protected_waters(water: gpd.GeoDataFrame, rule: ShoreRule) -> gpd.GeoDataFrame:
    """Return the waters whose shore the rule protects.

    Parameters
    ----------
    water
        The ``water`` layer: polygons, and watercourses as lines.
    rule
        What is exempt.
    """
    kinds = water["kind"].to_numpy()
    areas = area_m2(water).to_numpy()
    is_area = shapely.get_dimensions(water.geometry.to_numpy()) == 2
    exempt = (kinds == "lake") & is_area & (areas < rule.lake_min_area_m2)
    if "width_m" in water:
        width = pd.to_numeric(water["width_m"], errors="coerce").to_numpy(dtype=float)
        exempt |= (kinds == "stream") & (width < rule.stream_min_width_m)
    if rule.constructed_before is not None and "constructed_after" in water:
        built = pd.to_datetime(water["constructed_after"], errors="coerce").to_numpy()
        exempt |= built >= np.datetime64(rule.constructed_before)
    return water[~exempt]


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
        ``basis`` (``computed_general``, ``decided_extended`` or ``lifted``), ``feature`` (the water's or the
        decision's id) and ``geometry``: many overlapping pieces; their union is the zone.

    Raises
    ------
    CRSError
        Layers differ in CRS.

    Notes
    -----
    Circles have :data:`~geoplan.land.pieces.QUADRANT_SEGMENTS` segments a quadrant.
    Source: MB 7 kap. 13–18 §§; https://www.naturvardsverket.se/vagledning-och-stod/skyddad-natur/strandskydd/
    """
    crs = same_crs(water, extent, decisions)
    chosen = protected_waters(water, rule or ShoreRule())
    lines = shoreline(chosen, extent=extent)
    zone = shapely.buffer(lines, distance_m / metres_per_unit(crs), quad_segs=QUADRANT_SEGMENTS)
    parts = [_rows(zone, "computed_general", _nearest_ids(lines, chosen), crs)]
    if decisions is not None and len(decisions):
        for decision, basis in (("extended", "decided_extended"), ("lifted", "lifted")):
            rows = decisions[decisions["decision"] == decision]
            parts.append(_rows(rows.geometry.to_numpy(), basis, _ids(rows), crs))
        parts = _without(parts, parts[-1])
    return pd.concat(parts, ignore_index=True)


def _without(parts: list[gpd.GeoDataFrame], lifted: gpd.GeoDataFrame) -> list[gpd.GeoDataFrame]:
    """Take the lifted areas out of the other parts; only pieces that they touch are cut."""
    if lifted.empty:
        return parts
    area = shapely.union_all(lifted.geometry.to_numpy())
    shapely.prepare(area)
    result = []
    for part in parts[:-1]:
        shapes = part.geometry.to_numpy().copy()
        hit = shapely.intersects(area, shapes)
        shapes[hit] = shapely.difference(shapes[hit], area)
        result.append(part.set_geometry(gpd.GeoSeries(shapes, crs=part.crs))[~shapely.is_empty(shapes)])
    return [*result, lifted]


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
