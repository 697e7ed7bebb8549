"""Tables of a small place, as the chain derives them; one area has a hostile name."""

from __future__ import annotations

import pandas as pd
import pytest

HOSTILE = "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture
def housing_tables() -> dict[str, pd.DataFrame]:
    """Every table that a section of a report reads, of two areas."""
    return _frames()


def _frames() -> dict[str, pd.DataFrame]:
    """Return every table that a section reads, of two areas."""
    areas = ["A1", "A2"]
    need = pd.DataFrame(
        [
            {
                "area": area,
                "year": year,
                "population": 100.0,
                "households": 50.0,
                "household_change": change,
                "exits": 1.0,
                "reserve": 2.0,
                "vacant": 3.0,
                "deficit": 0.0,
                "need": change,
                "building_need": max(change, 0.0),
            }
            for year in (2030, 2040)
            for area, change in zip(areas, (12.0, -20.0), strict=True)
        ]
    )
    ranges = pd.DataFrame(
        [
            {"area": area, "year": year, "quantity": "need", "p10": v - 5, "p50": v, "p90": v + 7, "mean": v}
            for year in (2030, 2040)
            for area, v in (("A1", 12.0), ("A2", -20.0), ("*", -8.0))
        ]
    )
    kinds = [("multi", "rental", 6.0), ("one_or_two", "owned", -14.0)]
    return {
        "need": need,
        "need_range": ranges,
        "sensitivity": pd.DataFrame(
            {"input": ["quotas", "in_migration"], "low": [0.0, -30.0], "high": [2.0, 20.0], "swing": [2.0, 50.0]}
        ),
        "need_scenarios": pd.DataFrame(
            {"scenario": ["low", "high"], "area": "*", "year": 2040, "quantity": "need", "value": [-30.0, 20.0]}
        ),
        "need_chances": pd.DataFrame({"area": ["*"], "year": [2040], "need_positive": [0.125], "short": [0.25]}),
        "need_by_density": need[["area", "year", "need"]],
        "need_by_type": pd.DataFrame(
            [
                {"area": "A1", "year": 2040, "dwelling_type": kind, "tenure": tenure, "size": "all", "need": value}
                for kind, tenure, value in kinds
            ]
        ),
        "mismatch": pd.DataFrame(
            {
                "area": [*areas, "*"],
                "year": 2040,
                "need": [12.0, -20.0, -8.0],
                "shortage": [12.0, 6.0, 6.0],
                "surplus": [0.0, 26.0, 14.0],
                "wrong_stock": [False, True, True],
            }
        ),
        "households_by_type": pd.DataFrame(
            {"area": "A1", "year": [2025, 2030], "household_type": "single", "persons": 1.0, "households": [40.0, 41.0]}
        ),
        "households_by_group": pd.DataFrame(
            {
                "area": ["A1", "A2", "*", "A1"],
                "year": 2030,
                "group": ["young", "young", "violence", "violence"],
                "households": [5.0, 6.0, 3.0, 9137.0],
                "basis": ["computed", "computed", "counted", "counted"],
            }
        ),
        "population": pd.DataFrame({"area": areas, "year": 2025, "population": [90.0, 95.0]}),
        "stock_account": pd.DataFrame(
            {
                "area": "A1",
                "type": "multi",
                "tenure": "rental",
                "year": [2030, 2040],
                "opening": [10.0, 12.0],
                "completed": [3.0, 0.0],
                "converted": 0.0,
                "split": 0.0,
                "leisure": 0.0,
                "demolished": [-1.0, -2.0],
                "converted_away": 0.0,
                "closing": [12.0, 10.0],
            }
        ),
        "land_ledger": pd.DataFrame(
            {
                "year": pd.array([2030, 2030, None, None], dtype="Int64"),
                "area": ["A1", "*", "A1", "*"],
                "dwellings": 4.0,
                "new_ha": 0.5,
                "reused_ha": 0.25,
                "freed_ha": 0.1,
                "ha_per_dwelling": 0.1875,
                "reused_share": 1 / 3,
            }
        ),
        "supply": pd.DataFrame(
            {
                "id": ["plots/1", "actions/1", "stock/1"],
                "kind": ["empty_plot", "demolition", "vacant_in_use"],
                "stage": ["planned", "decided", "ready"],
                "homes": [7.0, -2.0, 4.0],
                "counts_in": ["supply", "supply", "need"],
            }
        ),
        "supply_left_out": pd.DataFrame({"id": ["gaps/1"], "reason": ["stands_as_plot"], "homes": [1.0]}),
        "capacity": pd.DataFrame(
            {
                "area": ["A1", "*"],
                "year": 2040,
                "supply": "planned",
                "plots": 7,
                "nominal": 7.0,
                "likely": 2.5,
                "p10": 0.0,
                "p90": 5.0,
            }
        ),
        "gates": pd.DataFrame(
            {
                "area": ["A1", "A2"],
                "plan_homes": [7.0, 2.0],
                "gates_allow": [3.0, None],
                "binding": ["water", None],
                "unknown": [None, "quay,school"],
                "verdict": ["binds", "unknown"],
            }
        ),
        "balance": pd.DataFrame(
            {
                "area": ["A1", "A2", "*"],
                "area_name": ["Södra", HOSTILE, "*"],
                "year": 2040,
                "need": [12.0, -20.0, -8.0],
                "supply_homes": [7.0, 0.0, 7.0],
                "balance": [-5.0, 20.0, 15.0],
            }
        ),
        "allocation_summary": pd.DataFrame(
            {
                "area": ["A1", "A2", "*"],
                "year": 2040,
                "seekers": [9, 1, 10],
                "served": [6, 1, 7],
                "left": [3, 0, 3],
                "unused": [1, 0, 1],
                "new_homes": [7, 0, 7],
                "lost": 0,
                "reserve_short": 0,
                "subtraction": [-5, 20, 15],
            }
        ),
        "allocation_served": pd.DataFrame(
            {"area": ["A1"], "year": [2040], "group": ["single"], "kind": ["plot"], "households": [6]}
        ),
        "allocation_left": pd.DataFrame(
            {
                "area": ["A1"],
                "year": [2040],
                "group": ["single_old"],
                "wanted_type": ["multi"],
                "why": ["out_of_reach"],
                "households": [3],
            }
        ),
        "trajectory": pd.DataFrame(
            {
                "area": "A1",
                "dwelling_type": "all",
                "tenure": "all",
                "year": [2030, 2031, 2032],
                "required_total": [0.0, 4.0, 8.0],
                "supplied_total": [0.0, 1.0, 3.0],
                "years_of_supply": [3.4, None, None],
                "percent": [68.1, None, None],
            }
        ),
        "queue_check": pd.DataFrame(
            {
                "area": ["A1", "*"],
                "year": 2040,
                "queued": 42,
                "house_seekers": 10,
                "served": 8,
                "left": 2,
                "plots_taken": 3,
                "above": True,
            }
        ),
        "programme_releases": pd.DataFrame(
            {"id": ["plots/1", "=cmd()"], "area": ["A1", "A2"], "year": [2030, 2031], "homes": [2.0, 4.0]}
        ),
        "programme_served": pd.DataFrame(
            {"area": ["A1", "A1"], "year": 2030, "group": ["families", "violence"], "homes": [2.0, 9137.0]}
        ),
        "programme_usage": pd.DataFrame({"year": [2030], "limit": ["budget"], "used": [1e6], "allowed": [5e6]}),
        "programme_result": pd.DataFrame({"status": ["time_limit"], "objective": [6.0], "gap": [0.0164]}),
        "indicators": pd.DataFrame(
            {
                "kpi": "N07913",
                "municipality": ["9999", "9999", "1111"],
                "year": [2020, 2024, 2024],
                "value": [500.0, 510.5, 1.0],
                "gender": "T",
                "title": HOSTILE,
                "source": "Kolada",
            }
        ),
    }
