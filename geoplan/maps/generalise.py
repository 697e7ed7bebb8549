"""Geometry small enough to be drawn: dissolved, simplified, rounded, and written as GeoJSON within a budget.

What is drawn is never computed on, and what was generalised says so (:attr:`Drawing.tolerance_m`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geoplan.frames import metres_per_unit

__all__ = ["Drawing", "dissolve", "draw", "json_for_html"]

# Steps of generalisation in metres, tried in turn until the layer fits its budget.
_LADDER_M = (0.2, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_BYTES_PER_VERTEX = {5: 20, 6: 22}


@dataclass(frozen=True)
class Drawing:
    """A layer ready to be drawn.

    Attributes
    ----------
    geojson
        A FeatureCollection in EPSG:4326 (lon, lat), safe inside an HTML ``script`` element.
    features
        Number of features in it.
    tolerance_m
        How far a drawn line may lie from the true one, in metres.
    as_points
        Whether areas are drawn as points because even the coarsest outlines would not fit.
    """

    geojson: str
    features: int
    tolerance_m: float
    as_points: bool = False


def dissolve(frame: gpd.GeoDataFrame, by: Sequence[str]) -> gpd.GeoDataFrame:
    """Return one feature per combination of values: the union of its geometries.

    Parameters
    ----------
    frame
        Features, overlaps allowed; ``None`` values in ``by`` are a value of their own.
    by
        Columns to group by; all other columns are dropped.
    """
    rows: list[dict[str, Any]] = []
    for values, group in frame.groupby(list(by), dropna=False, sort=True):
        union = shapely.disjoint_subset_union_all(group.geometry.to_numpy())
        if not shapely.is_empty(union):
            rows.append({**dict(zip(by, values, strict=True)), "geometry": union})
    return gpd.GeoDataFrame(rows, columns=[*by, "geometry"], geometry="geometry", crs=frame.crs)


def draw(
    geometry: gpd.GeoSeries,
    properties: Sequence[Mapping[str, Any]],
    *,
    budget: int,
    finest_m: float = 1.0,
    coarsest_m: float = 500.0,
    decimals: int = 5,
    drop_small: bool = True,
) -> Drawing:
    """Generalise geometries no more than their budget asks for, and write them.

    Parameters
    ----------
    geometry
        In a projected CRS; empty and missing ones are passed over.
    properties
        One mapping per geometry, written as they are.
    budget
        Bytes that the coordinates may take.
    finest_m, coarsest_m
        Tolerances to begin and end with, in metres. If the coarsest does not fit, areas become points.
    decimals
        Decimals of a degree: 5 is about a metre, 6 about a decimetre.
    drop_small
        Leave out parts smaller than the square of the tolerance, which are less than a speck.
    """
    scale = metres_per_unit(geometry.crs)
    shapes = np.asarray(geometry.to_numpy(), dtype=object)
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    shapes = shapes[present]
    kept = [dict(entry) for entry, keep in zip(properties, present, strict=True) if keep]
    room = budget // _BYTES_PER_VERTEX[decimals]
    tolerance = 0.0
    as_points = False
    for step in _LADDER_M:
        if step < finest_m:
            continue
        if step > coarsest_m:
            shapes, as_points = shapely.point_on_surface(shapes), True
            break
        shapes = _simplify(shapes, step / scale, drop_small=drop_small)
        tolerance = step
        if int(shapely.get_num_coordinates(shapes).sum()) <= room:
            break
    lonlat = np.asarray(gpd.GeoSeries(shapes, crs=geometry.crs).to_crs(4326).to_numpy(), dtype=object)
    lonlat = shapely.transform(lonlat, lambda xy: np.round(xy, decimals))
    features = [
        '{"type":"Feature","properties":' + json_for_html(entry) + ',"geometry":' + text + "}"
        for entry, text in zip(kept, shapely.to_geojson(lonlat), strict=True)
    ]
    body = ",".join(features)
    return Drawing(
        geojson='{"type":"FeatureCollection","features":[' + body + "]}",
        features=len(features),
        tolerance_m=tolerance,
        as_points=as_points,
    )


def json_for_html(value: object) -> str:
    """Return compact JSON that can stand inside any HTML ``script`` element.

    ``<``, ``>`` and ``&`` are written as escapes: no string can end the element or begin a comment.
    NaN has no JSON form and raises.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _simplify(shapes: Any, tolerance: float, *, drop_small: bool) -> Any:
    """Simplify within the tolerance (Douglas and Peucker), each ring and line by itself.

    What is drawn need not be valid: keeping rings from touching each other takes minutes for a coast with
    thousands of islands and changes no pixel.
    """
    if not drop_small:
        return shapely.simplify(shapes, tolerance, preserve_topology=True)
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6))
    result = shapes.copy()
    result[~is_area] = shapely.simplify(shapes[~is_area], tolerance, preserve_topology=False)
    areas = np.flatnonzero(is_area)
    if areas.size:
        parts, owner = shapely.get_parts(shapes[areas], return_index=True)
        size = shapely.area(parts)
        largest = np.zeros(len(areas))
        np.maximum.at(largest, owner, size)
        keep = (size >= tolerance**2) | (size >= largest[owner])
        simple = _simplify_rings(parts[keep], tolerance)
        result[areas] = shapely.multipolygons(simple, indices=owner[keep])
    return result


def _simplify_rings(polygons: Any, tolerance: float) -> Any:
    """Simplify polygons ring by ring; holes smaller than the square of the tolerance go."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    lines: Any = shapely.simplify(shapely.linestrings(coordinates, indices=ring), tolerance, preserve_topology=False)
    first = np.r_[True, owner[1:] != owner[:-1]]
    stands = shapely.get_num_coordinates(lines) >= 4
    solid = stands & (first | (shapely.area(shapely.polygons(rings)) >= tolerance**2))
    coordinates, ring = shapely.get_coordinates(lines[solid], return_index=True)
    made: Any = shapely.linearrings(coordinates, indices=ring)
    made_owner, made_first = owner[solid], first[solid]
    result = polygons.copy()
    result[made_owner[made_first]] = shapely.polygons(made[made_first])
    gone = owner[first & ~stands]  # these keep the triangle that preserving topology leaves of them
    result[gone] = shapely.simplify(polygons[gone], tolerance, preserve_topology=True)
    holes = np.flatnonzero(~made_first & np.isin(made_owner, made_owner[made_first]))
    for polygon, chosen in _groups(made_owner[holes], holes):
        shell = shapely.get_exterior_ring(result[polygon])
        result[polygon] = shapely.polygons(shell, holes=made[chosen])
    return result


def _groups(keys: Any, values: Any) -> Iterator[tuple[int, Any]]:
    """Yield each key with its values; equal keys follow each other."""
    if len(keys):
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
        for start, chosen in zip(starts, np.split(values, starts[1:]), strict=True):
            yield int(keys[start]), chosen
