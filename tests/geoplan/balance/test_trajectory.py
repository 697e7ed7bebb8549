"""Years of supply, shortfall and course, against what an authority has published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from choosing import assumptions
from hypothesis import given
from hypothesis import strategies as st

from geoplan.balance.trajectory import (
    SupplyStandards,
    requirement_ahead,
    trajectory,
    yearly,
    years_of_supply,
)
from geoplan.errors import InputError

STANDARDS = SupplyStandards.from_values(assumptions("supply"))


def test_gateshead_2023() -> None:
    """Gateshead Council, five-year housing land supply 2023: requirement with undersupply 4,514, buffer 5 %."""
    told = years_of_supply(4514, 3226, buffer=0.05)
    assert round(told.buffered) == 4740
    assert f"{told.percent:.1f}" == "68.1"
    assert f"{told.years:.2f}" == "3.40"
    # The default assumptions are those that it used.
    assert (STANDARDS.years, STANDARDS.buffer) == (5, 0.05)


@given(st.floats(1, 1e5), st.floats(0, 1e5), st.floats(0, 1), st.floats(0, 1e4))
def test_more_required_never_lasts_longer(requirement: float, supply: float, buffer: float, undersupply: float) -> None:
    plain = years_of_supply(requirement, supply)
    more = years_of_supply(requirement, supply, buffer=buffer, undersupply=undersupply)
    assert more.years <= plain.years
    assert more.requirement == requirement + undersupply


def test_where_nothing_is_required_there_is_no_number_of_years() -> None:
    assert np.isnan(years_of_supply(-10, 5).years)


def test_sedgefield_makes_up_at_once_and_liverpool_to_the_end_of_the_plan() -> None:
    at_once = requirement_ahead(500, 300, method="sedgefield", years=5, years_left=15)
    evenly = requirement_ahead(500, 300, method="liverpool", years=5, years_left=15)
    assert (at_once, evenly) == (800, 600)
    assert requirement_ahead(500, 300, method="liverpool", years=5, years_left=3) == 800
    assert requirement_ahead(500, -300, method="sedgefield", years=5, years_left=15) == 500
    with pytest.raises(InputError, match="no method"):
        requirement_ahead(500, 300, method="oxford", years=5, years_left=15)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=5))
def test_single_years_add_up_to_the_total(totals: list[float]) -> None:
    table = pd.DataFrame({"area": "A", "year": [2025 + 5 * (n + 1) for n in range(len(totals))], "need": totals})
    rows = yearly(table, "need", base_year=2025)
    assert rows["homes"].sum() == pytest.approx(totals[-1], abs=1e-6)
    assert rows["year"].tolist() == list(range(2026, 2026 + 5 * len(totals)))


def test_the_course_tells_shortfall_windfall_and_what_is_ahead() -> None:
    years = range(2026, 2036)
    cell = {"area": "A", "dwelling_type": "all", "tenure": "all"}
    required = pd.DataFrame({**cell, "year": years, "homes": 10.0})
    supplied = pd.DataFrame({**cell, "year": years, "homes": [4.0] * 5 + [12.0] * 5})
    windfall = pd.DataFrame({**cell, "homes": [1.0]}, index=[0])
    told = trajectory(required, supplied, standards=STANDARDS, windfall=windfall).set_index("year")
    assert told.index.tolist() == list(range(2025, 2036))
    assert told.loc[2025, ["shortfall", "required_ahead", "supply_ahead"]].tolist() == pytest.approx([0, 52.5, 25])
    assert told.loc[2030, ["shortfall", "required_ahead", "supply_ahead"]].tolist() == pytest.approx([25, 78.75, 65])
    assert told.loc[2030, "years_of_supply"] == pytest.approx(5 * 65 / 78.75)
    assert told.loc[2031:, "years_of_supply"].isna().all()
    liverpool = SupplyStandards(years=5, buffer=0.0, method="liverpool")
    evenly = trajectory(required, supplied, standards=liverpool).set_index("year")
    assert evenly.loc[2027, "required_ahead"] == pytest.approx(50 + 12 * 5 / 8)


def test_wrong_standards_are_refused() -> None:
    with pytest.raises(InputError, match="lack method"):
        SupplyStandards.from_values({"years": 5, "buffer": 0.05})
    with pytest.raises(InputError, match="wrong"):
        SupplyStandards.from_values({"years": 5, "buffer": 0.05, "method": "oxford"})


def test_a_supply_that_shrinks_lasts_no_years() -> None:
    required = yearly(pd.DataFrame({"area": ["A"], "year": [2035], "need": [50.0]}), "need", base_year=2025)
    supplied = yearly(pd.DataFrame({"area": ["A"], "year": [2035], "homes": [-20.0]}), "homes", base_year=2025)
    first = trajectory(required, supplied, standards=SupplyStandards(years=5, buffer=0.0, method="sedgefield")).iloc[0]
    assert first[["supply_ahead", "percent", "years_of_supply"]].tolist() == [-10.0, 0.0, 0.0]
