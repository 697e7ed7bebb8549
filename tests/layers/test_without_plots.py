"""Where nobody has told what is built there are no plots, and the need is told all the same."""

import datetime as dt
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
import shapely.affinity

from layers.chain import derive
from layers.rules import load_rule_set
from layers.workspace import Workspace

DAY = dt.date(2026, 1, 1)
SETTINGS: dict[str, Any] = {
    "municipality": {"name": "Prov", "code": "9999", "crs": "EPSG:3006"},
    "rules": {"set": "sweden", "as_of": DAY},
    "plots": {"min_area_m2": 600, "min_width_m": 18},
    "demand": {"base_year": 2025, "years": [2030], "vacancy_reserve": 0.02},
}


def spatial(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = [shapely.affinity.translate(shape, 600_000, 6_800_000) for shape in shapes]
    return gpd.GeoDataFrame({"id": [f"{n}" for n in range(len(shapes))]} | columns, geometry=moved, crs=3006)


def test_a_place_without_plots_is_derived_to_the_end() -> None:
    whole = shapely.box(-500, -100, 500, 200)
    layers: dict[str, Any] = {
        "parcels": spatial([shapely.box(n * 40, 0, n * 40 + 40, 40) for n in range(3)]),
        "municipality": spatial([whole], name="Prov"),
        "water": spatial([shapely.box(-500, -100, -400, 200)], kind="sea", width_m=None, constructed_after=None),
        "statistical_areas": spatial([whole], name="Hela"),
        "population": pd.DataFrame({"area": ["0"], "year": [2025], "sex": ["all"], "age": [""], "population": [1_000]}),
        "household_quotas": pd.DataFrame({"quota": [0.5]}),
        "dwelling_stock": pd.DataFrame(
            {"area": ["0"], "year": [2025], "type": ["multi"], "dwellings": [505], "vacant": [5]}
        ),
    }
    workspace = Workspace.from_mapping(SETTINGS)
    rules = load_rule_set("sweden").with_settings(workspace.rules.settings)
    tables = derive(layers, rules, workspace, as_of=DAY).tables
    assert tables["plots"].empty
    assert set(tables["dropped"]["reason"]) <= {"built_place_unknown"}
    assert len(tables["need_range"])
    layers["parcels"]["improvement_value"] = 0
    assert len(derive(layers, rules, workspace, as_of=DAY).tables["plots"]) == 3
