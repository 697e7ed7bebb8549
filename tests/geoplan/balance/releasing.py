"""Small programmes, and what trying everything finds."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

import layers.assumptions
from geoplan.balance.standards import ProgrammeStandards

YEARS = (2027, 2028)


def standards(**changes: Any) -> ProgrammeStandards:
    file = Path(layers.assumptions.__file__).with_name("programme.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    values = {name: table["value"] for name, table in content.items() if name != "title"}
    return replace(ProgrammeStandards.from_values(values), **changes)


EXACT = standards(gap=0.0)


def measures(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {"kind": "plot", "area": "a", "homes": 1.0, "cost_high": 1.0, "land_new_m2": 1000.0}
    return pd.DataFrame([{"id": f"m{place}"} | plain | row for place, row in enumerate(rows)])


def needs(*rows: tuple[str, int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area", "year", "homes", "weight"])


def limits(**allowed: float) -> pd.DataFrame:
    """Limits by name: ``budget`` for all years together, ``budget_2027`` for one."""
    rows = []
    for name, most in allowed.items():
        kind, _, year = name.rpartition("_")
        rows.append((kind, int(year), most) if year.isdigit() else (name, None, most))
    if not any(kind in ("measures", "homes") for kind, _, _ in rows):
        rows.append(("measures", None, 1000.0))
    return pd.DataFrame(rows, columns=["limit", "year", "allowed"])


def plans(table: pd.DataFrame, bounds: pd.DataFrame) -> list[dict[str, int]]:
    """Every programme that keeps all limits: the year of each released measure."""
    rows = table.to_dict("records")
    found = []
    for years in itertools.product((None, *YEARS), repeat=len(rows)):
        plan = {row["id"]: year for row, year in zip(rows, years, strict=True) if year is not None}
        if _keeps(plan, {row["id"]: row for row in rows}, bounds):
            found.append(plan)
    return found


def _keeps(plan: dict[str, int], rows: dict[str, dict[str, Any]], bounds: pd.DataFrame) -> bool:
    for id_, year in plan.items():
        row = rows[id_]
        first = row.get("earliest_year")
        if first is not None and first == first and year < first:
            return False
        needed, barred = row.get("requires"), row.get("excludes")
        if isinstance(needed, str) and plan.get(needed, 9999) > year:
            return False
        if isinstance(barred, str) and barred in plan:
            return False
    for kind, year, most in bounds.itertuples(index=False):
        ids = [id_ for id_, when in plan.items() if year is None or year != year or when == year]
        use = {
            "budget": lambda row: row["cost_high"],
            "land_new": lambda row: row["land_new_m2"] / 10_000,
            "measures": lambda _: 1.0,
            "homes": lambda row: row["homes"],
        }[kind]
        if sum(use(rows[id_]) for id_ in ids) > most + 1e-9:
            return False
    return True


def worth(plan: dict[str, int], table: pd.DataFrame, wanted: pd.DataFrame, setting: ProgrammeStandards) -> float:
    """What a programme is worth: every home and need by themselves, matched by a linear programme.

    A home serves one need in one year, not before it is released nor before the need arises, in its own area.
    """
    homes = [row for row in table.to_dict("records") if row["id"] in plan]
    wishes = wanted.to_dict("records")
    ways = [
        (h, n, YEARS.index(year))
        for h, home in enumerate(homes)
        for n, need in enumerate(wishes)
        for year in YEARS
        if home["area"] == need["area"] and year >= max(plan[home["id"]], need["year"])
    ]
    if not ways:
        return 0.0
    value = [-wishes[n]["weight"] * (1 - setting.waiting * t) for _, n, t in ways]
    rows = np.zeros((len(homes) + len(wishes), len(ways)))
    for column, (h, n, _) in enumerate(ways):
        rows[h, column] = rows[len(homes) + n, column] = 1
    most = [home.get("likely", home["homes"]) for home in homes] + [need["homes"] for need in wishes]
    return float(-linprog(value, A_ub=rows, b_ub=most).fun)


def best(
    table: pd.DataFrame,
    wanted: pd.DataFrame,
    bounds: pd.DataFrame,
    setting: ProgrammeStandards,
    *,
    within: str | None = None,
    without: str | None = None,
) -> float | None:
    """The best worth of all programmes, with a measure in or out; ``None`` where there is no programme."""
    tried = [
        worth(plan, table, wanted, setting)
        for plan in plans(table, bounds)
        if (within is None or within in plan) and (without is None or without not in plan)
    ]
    return max(tried, default=None)
