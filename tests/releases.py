"""A small place with a release programme: five plots of the municipality's, homes that are missing, three actions."""

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.store import Store
from layers.workspace import Workspace

__all__ = ["PROGRAMME", "fill", "workspace"]

DAY = dt.date(2026, 1, 1)
PROGRAMME: dict[str, Any] = {
    "years": [2027, 2028, 2029],
    "limits": {"measures": 2},
    "totals": {"land_new_ha": 1.0},
}
SETTINGS: dict[str, Any] = {
    "municipality": {"name": "Prov", "code": "9999", "crs": "EPSG:3006"},
    "rules": {"set": "sweden", "as_of": DAY, "settings": {"road_half_width_m": 4}},
    "plots": {"min_area_m2": 600, "min_width_m": 18},
    "demand": {"base_year": 2025, "years": [2030, 2035], "initial_deficit": {"0": 8}},
    "programme": PROGRAMME,
}
OWNERS = ["municipality"] * 5 + ["private"] * 4 + [None]


def _spatial(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array([600_000, 6_800_000]))
    return gpd.GeoDataFrame({"id": [f"{n}" for n in range(len(shapes))]} | columns, geometry=moved, crs=3006)


def workspace(**changes: Any) -> Workspace:
    """Return the place's settings with something changed; eight homes are missing."""
    return Workspace.from_mapping(SETTINGS | changes)


def fill(store: Store) -> None:
    """Write ten parcels in a plan for homes, five of them the municipality's, and three actions."""
    whole = shapely.box(-500, -100, 500, 200)
    layers = {
        "parcels": _spatial([shapely.box(n * 40, 0, n * 40 + 40, 40) for n in range(10)], owner_kind=OWNERS),
        "buildings": _spatial([], use=[]),
        "municipality": _spatial([whole], name="Prov"),
        "roads": _spatial([shapely.LineString([(-10, 45), (410, 45)])], kind="municipal", width_m=5.0),
        "plans": _spatial([shapely.box(-20, -20, 420, 60)], use_code="B", homes="allowed", status="in_force"),
        "statistical_areas": _spatial([whole], name="Hela"),
        "population": pd.DataFrame({"area": ["0"], "year": [2025], "sex": ["all"], "age": [""], "population": [1_000]}),
        "household_quotas": pd.DataFrame({"quota": [0.5]}),
        "dwelling_stock": pd.DataFrame(
            {"area": ["0"], "year": [2025], "type": ["one_or_two"], "dwellings": [500], "vacant": [0]}
        ),
        "renewal_actions": pd.DataFrame(
            {
                "id": ["a", "b", "c"],
                "area": ["0"] * 3,
                "parcel": [None, "1", None],
                "action": ["densify", "densify", "keep"],
                "year": [2028, 2028, 2028],
                "net_dwellings": [1, 1, 0],
                "type": ["one_or_two"] * 3,
                "land_m2": [300.0, 700.0, None],
                "land_kind": ["reused", "new", None],
                "status": ["proposed", "proposed", "decided"],
            }
        ),
    }
    for name, frame in layers.items():
        store.write(name, frame)
