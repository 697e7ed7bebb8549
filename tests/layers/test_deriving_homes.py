"""The need derived from layers alone: empty ones are as if they were not there."""

import datetime as dt

import pandas as pd
import pytest

from layers.chain import derive
from layers.rules import load_rule_set
from layers.workspace import Workspace

WORKSPACE = Workspace.from_mapping(
    {
        "municipality": {"name": "Prov", "code": "9999", "crs": "EPSG:3006"},
        "rules": {"set": "sweden", "as_of": dt.date(2026, 1, 1), "settings": {"road_half_width_m": 4}},
        "plots": {"min_area_m2": 600, "min_width_m": 18, "default_status": "private"},
        "demand": {"base_year": 2025, "years": [2030, 2035], "vacancy_reserve": 0.02},
    }
)
LAYERS = {
    "population": pd.DataFrame(
        [(area, 2025, "all", age, 90.0 + n) for n, area in enumerate("AB") for age in ("0-19", "20-64", "65+")],
        columns=["area", "year", "sex", "age", "population"],
    ),
    "household_quotas": pd.DataFrame({"sex": "all", "age": ["0-19", "20-79", "80+"], "quota": [0.0, 0.6, 0.8]}),
    "dwelling_stock": pd.DataFrame({"area": ["A", "B"], "year": 2025, "type": "multi", "dwellings": [130.0, 90.0]}),
}
EMPTY = {
    "demographic_rates": ["kind", "area", "year", "sex", "age", "rate", "persons"],
    "population_projection": ["area", "year", "sex", "age", "population"],
    "household_types": ["age", "household_type", "persons", "share"],
    "group_counts": ["group", "area", "year", "households", "persons"],
    "preferences": ["household_type", "age", "dwelling_type", "tenure", "size", "share"],
    "forecast_bands": ["input", "area", "year", "low", "high", "level", "measure"],
}


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_an_empty_layer_is_as_none(name: str) -> None:
    rules = load_rule_set("sweden").with_settings(WORKSPACE.rules.settings)
    empty = {name: pd.DataFrame({column: [] for column in EMPTY[name]})}
    without = derive(LAYERS, rules, WORKSPACE, as_of=dt.date(2026, 1, 1)).tables
    found = derive(LAYERS | empty, rules, WORKSPACE, as_of=dt.date(2026, 1, 1)).tables
    for table in ("need", "need_by_type", "need_range", "households_by_group"):
        pd.testing.assert_frame_equal(found[table], without[table], check_exact=True)
