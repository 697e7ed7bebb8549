"""Helpers of the tests of uncertainty: a small municipality, with and without cohorts, and the shipped bands."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geoplan.homes.bands import Bands
from geoplan.homes.cohorts import cohort_model
from geoplan.homes.needinputs import NeedInputs, need_inputs
from geoplan.homes.population import project_population
from geoplan.plots.likelihood.capacity import Supply

YEARS = (2030, 2035)
BASE = 2025
AGE_BANDS = ("0-19", "20-44", "45-64", "65+")
QUOTAS = pd.DataFrame({"age": list(AGE_BANDS), "quota": [0.0, 0.55, 0.6, 0.75]})
STOCK = pd.DataFrame({"area": ["a", "b"], "dwellings": [900.0, 400.0], "vacant": [20.0, 15.0], "year": BASE})
DEMAND: dict[str, Any] = {"vacancy_reserve": 0.02, "exits_per_year": {"a": 0.004, "*": 0.002}, "initial_deficit": 40.0}
SUPPLY = Supply(("", "b"), YEARS, np.array([[3.0, 30.0], [4.0, 60.0]]))
TOTALS = pd.DataFrame({"area": "*", "year": [2030, 2040], "population": [2_100.0, 2_000.0]})
RATES = pd.DataFrame(
    [
        ("fertility", "20-39", 0.06),
        ("mortality", "0-64", 0.002),
        ("mortality", "65-84", 0.03),
        ("mortality", "85+", 0.15),
        ("out_migration", "", 0.04),
        ("in_migration", "", 0.04),
    ],
    columns=["kind", "age", "rate"],
).assign(area="*", sex="all")


def people() -> pd.DataFrame:
    rows = [
        (area, BASE, sex, age, float(persons * (1 + place)))
        for place, area in enumerate(("b", "a"))
        for sex in ("female", "male")
        for age, persons in zip(AGE_BANDS, (70, 100, 90, 80), strict=True)
    ]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "age", "population"])


def make_inputs(*, cohorts: bool = False, supply: Supply | None = SUPPLY, shuffle: int | None = None) -> NeedInputs:
    """Return the inputs of the municipality, its tables' rows in any order."""
    tables = [people(), QUOTAS, STOCK, RATES, TOTALS]
    if shuffle is not None:
        tables = [table.sample(frac=1, random_state=shuffle) for table in tables]
    base, quotas, stock, rates, totals = tables
    model = None
    if cohorts:
        model = cohort_model(base, rates, base_year=BASE, last_year=YEARS[-1])
        projected = project_population(base, None, base_year=BASE, years=YEARS, rates=rates).table
    else:
        projected = project_population(base, totals, base_year=BASE, years=YEARS).table
    return need_inputs(projected, quotas, stock, base_year=BASE, years=YEARS, model=model, supply=supply, **DEMAND)


def values() -> dict[str, Any]:
    """Return the values of ``layers/assumptions/uncertainty.toml``."""
    file = Path(__file__).resolve().parents[3] / "layers" / "assumptions" / "uncertainty.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    content.pop("title")
    return {name: entry["value"] for name, entry in content.items()}


def shipped() -> Bands:
    """Return the bands that come with geoplan."""
    return Bands.from_values(values())
