"""Small networks on a plain, in metres from a corner, and the standards that they are travelled by."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geoplan.plots.travel.standards import TravelStandards

ASSUMPTIONS = Path(__file__).resolve().parents[3] / "layers" / "assumptions" / "reach.toml"

EAST, NORTH = 612_000.0, 6_797_000.0
CRS = "EPSG:3006"

Line = Sequence[tuple[float, float]]


def values() -> dict[str, Any]:
    content = tomllib.loads(ASSUMPTIONS.read_text(encoding="utf-8"))
    return {name: entry["value"] for name, entry in content.items() if name != "title"}


def standards(**changes: Any) -> TravelStandards:
    """Round speeds: a kilometre takes 12 minutes on foot, 4 by bike, 1 by car (2 on private roads)."""
    plain = TravelStandards(
        walking_speed=5.0,
        bike_speed={"state": 15.0, "municipal": 15.0, "private": 15.0, "path": 15.0},
        car_speed={"state": 60.0, "municipal": 60.0, "private": 30.0, "path": 0.0},
        snapping=1.0,
        longest_access=500.0,
        access_detour=1.2,
        access_speed={"bike": 10.0, "car": 10.0},
        access_over_water=10.0,
        quay_access=100.0,
        ferry_wait=0.5,
        ferry_hours=16.0,
        ferry_departures=4.0,
        winter_crossing=30.0,
    )
    return replace(plain, **changes)


def roads(*lines: Line, **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString(moved(line)) for line in lines]
    attributes = {"id": [f"R{n}" for n in range(len(lines))], "kind": "municipal"} | columns
    return gpd.GeoDataFrame(attributes, index=range(len(lines)), geometry=shapes, crs=CRS)


def places(*points: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(*point) for point in moved(points)]
    attributes = columns or {"id": [f"P{n}" for n in range(len(points))]}
    return gpd.GeoDataFrame(attributes, index=range(len(points)), geometry=shapes, crs=CRS)


def services(**kinds: tuple[float, float]) -> gpd.GeoDataFrame:
    return places(*kinds.values(), id=list(kinds), kind=[name.rstrip("0123456789") for name in kinds])


def ferries(*lines: Line, minutes: Any = 10.0, **columns: Any) -> gpd.GeoDataFrame:
    return roads(*lines, **{"minutes": minutes} | columns).drop(columns="kind")


def lake(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    shapes = [shapely.transform(shapely.box(*box), lambda xy: xy + np.array([EAST, NORTH])) for box in boxes]
    return gpd.GeoDataFrame({"id": [f"V{n}" for n in range(len(boxes))], "kind": "sea"}, geometry=shapes, crs=CRS)


def moved(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(EAST + x, NORTH + y) for x, y in points]
