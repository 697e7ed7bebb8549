"""Households of the demo choose homes: conserved to the unit, and compared with a logit."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geoplan.balance.allocation import Allocation, allocation
from geoplan.balance.choice import ChoiceStandards
from geoplan.balance.gates import gate_room, gates
from geoplan.balance.logit import solve_logit
from geoplan.balance.options import OPTION_COLUMNS, options_of
from geoplan.balance.problem import build_problem
from geoplan.balance.queue import QUEUE, QueueStandards, check_queue, queue_check, with_queue
from geoplan.balance.reaching import reachable
from geoplan.balance.release_rule import RULES, release
from geoplan.balance.seekers import Seekers, household_groups, seekers
from geoplan.balance.trajectory import SupplyStandards
from geoplan.homes.account import supply_account
from geoplan.homes.households import households, households_by_age
from geoplan.homes.householdtypes import households_by_type
from geoplan.homes.need import housing_need
from geoplan.homes.population import project_population
from geoplan.homes.preferences import Preferences
from geoplan.homes.rates import PopulationAssumptions
from geoplan.plots.travel.crossings import crossing_minutes
from geoplan.plots.travel.standards import TravelStandards
from layers.assumptions import assumption_values
from layers.chain.balance import Choosing, _notes_on_losses
from layers.homesettings import DemandSettings
from layers.synthetic.generate import generate

YEARS = (2030, 2035, 2040)
NUMBERS = assumption_values()
STANDARDS = ChoiceStandards.from_values(NUMBERS["allocation"])


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return generate(size="small")


@pytest.fixture(scope="module")
def supply(demo: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    return options_of(supply_account(actions=demo["renewal_actions"]).table, YEARS, standards=STANDARDS)


@pytest.fixture(scope="module")
def asking(demo: dict[str, Any], supply: tuple[pd.DataFrame, pd.DataFrame]) -> Seekers:
    population = project_population(
        demo["population"],
        demo["population_projection"],
        base_year=2025,
        years=YEARS,
        rates=demo["demographic_rates"],
        assumptions=PopulationAssumptions.from_values(NUMBERS["population"]),
    ).table
    stock, quotas = demo["dwelling_stock"], demo["household_quotas"]
    need = housing_need(
        households(population, quotas), stock, base_year=2025, vacancy_reserve=0.02, exits_per_year=0.001
    ).table
    by_type, _ = households_by_type(households_by_age(population, quotas), demo["household_types"])
    groups, wanted = household_groups(by_type, Preferences.from_table(demo["preferences"]), old_from=75)
    return seekers(groups, need, wanted, base_year=2025, stock=stock, lost=supply[1])


@pytest.fixture(scope="module")
def reach(demo: dict[str, Any]) -> pd.DataFrame:
    travel = TravelStandards.from_values(NUMBERS["reach"])
    areas = gpd.GeoDataFrame(demo["statistical_areas"])
    minutes = crossing_minutes(areas, demo["roads"], demo["ferries"], standards=travel, water=demo["water"])
    return reachable(areas["id"], minutes, travel.winter_crossing)


@pytest.fixture(scope="module")
def room(demo: dict[str, Any]) -> dict[str, int]:
    return gate_room(gates(demo["island_gates"], pd.DataFrame({"area": [], "homes": []})))


def test_the_demo_conserves_households_to_the_unit(
    asking: Seekers, supply: tuple[pd.DataFrame, pd.DataFrame], reach: pd.DataFrame, room: dict[str, int]
) -> None:
    result = allocation(asking, supply[0], standards=STANDARDS, reach=reach, room=room)
    summary = result.summary
    assert (summary["seekers"] == summary["served"] + summary["left"]).all()
    assert (summary["supply"] == summary["used"] + summary["unused"]).all()
    whole = summary[summary["area"] == "*"]
    assert whole["year"].tolist() == list(YEARS)
    assert (whole["served"] > 0).all()
    assert (whole["subtraction"] == whole["unused"] - whole["left"] - whole["reserve_short"]).all()
    assert (whole["served"] == whole["used"]).all()
    near = set(zip(reach["from_area"], reach["to_area"], strict=True))
    assert set(zip(result.served["area"], result.served["option_area"], strict=True)) <= near


def test_the_logit_serves_no_more_on_the_demo(
    asking: Seekers, supply: tuple[pd.DataFrame, pd.DataFrame], reach: pd.DataFrame
) -> None:
    served = allocation(asking, supply[0], standards=STANDARDS, reach=reach).summary.set_index(["area", "year"])
    stands = asking.homes.assign(area_kind="unknown", cost=float("nan"))[list(OPTION_COLUMNS)]
    every = pd.concat([stands, supply[0]]).astype({"cost": float})
    asked, offered = (table[table["year"] == 2040] for table in (asking.table, every))
    logit = solve_logit(build_problem(asked, offered, standards=STANDARDS, reach=reach), STANDARDS)
    assert logit.overflow <= 1e-6
    assert 0 < logit.served <= served.loc[("*", 2040), "served"] + 1e-3


def test_the_queue_joins_the_demo_and_changes_no_need(
    demo: dict[str, Any], asking: Seekers, supply: tuple[pd.DataFrame, pd.DataFrame], reach: pd.DataFrame
) -> None:
    standards = QueueStandards.from_values(NUMBERS["plot_queue"])
    queue = check_queue(demo["plot_queue"], smallest_count=standards.smallest_count)
    more = with_queue(asking, queue, stock=demo["dwelling_stock"], standards=standards)
    assert (more.table["group"] == QUEUE).any()
    before, after = (allocation(each, supply[0], standards=STANDARDS, reach=reach) for each in (asking, more))
    columns = ["need", "subtraction"]
    pd.testing.assert_frame_equal(before.summary[columns], after.summary[columns])
    told = queue_check(queue, before)
    assert told.loc[told["area"] == "*", "queued"].eq(demo["plot_queue"]["persons"].sum()).all()
    for rule in RULES:
        tried = release(queue, {"*": 2}, rule=rule, year=2026, standards=standards)
        assert 0 < tried.summary["taken"].iloc[0] <= 2


@pytest.mark.parametrize("areas", [("A",), ("*",)])
def test_demolition_never_makes_the_supply_last_longer(areas: tuple[str, ...]) -> None:
    years = (2030, 2035, 2040)
    groups = pd.DataFrame(
        [(area, year, "all", 100.0 + 20 * n) for area in areas for n, year in enumerate((2025, *years))],
        columns=["area", "year", "group", "households"],
    )
    wanted = pd.DataFrame(
        [("all", "multi", "all", "all", 1.0)], columns=["group", "dwelling_type", "tenure", "size", "share"]
    )
    sums = groups.drop(columns="group").assign(population=0.0)
    choosing = Choosing(
        groups=groups,
        wanted=wanted,
        need=housing_need(sums, None, base_year=2025).table,
        stock=None,
        likely=pd.DataFrame(
            {"id": pd.Series(dtype=object), "year": pd.Series(dtype=int), "likely": pd.Series(dtype=float)}
        ),
        area_kinds={},
        reach=None,
        room=None,
        demand=DemandSettings(base_year=2025, years=years),
        standards=STANDARDS,
    )
    actions = pd.DataFrame(
        [("N", "A", "densify", 2028, 40), ("D", "A", "demolish", 2027, 0), ("E", "Nowhere", "demolish", 2037, 0)],
        columns=["id", "area", "action", "year", "net_dwellings"],
    ).assign(status="decided", type="multi")
    before, last = None, None
    for taken in (0, 5, 30, 60):
        account = supply_account(actions=actions.assign(net_dwellings=[40, -taken, -taken])).table
        found, options = choosing.ask(account)
        course = choosing.course(found, options, SupplyStandards.from_values(NUMBERS["supply"]))
        whole = course[course["area"] == "*"].set_index("year")
        assert whole["supplied_total"].iloc[-1] == pytest.approx(40 - 2 * taken)
        assert found.summary.query("area == '*' and year == 2040")["lost"].item() == 2 * taken
        lasts = whole["years_of_supply"].dropna()
        if before is not None:
            assert (lasts.reindex(before.index) <= before + 1e-9).all()
            assert lasts.iloc[0] < last
        before, last = lasts, lasts.iloc[0]


def test_it_is_told_where_exits_and_actions_may_be_the_same_homes_or_an_area_is_unknown() -> None:
    need = pd.DataFrame({"exits": [2.0]})
    account = pd.DataFrame({"homes": [-3.0]})
    summary = pd.DataFrame({"area": ["", "A"], "lost": [3, 0]})
    empty = pd.DataFrame()

    def notes(need: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
        found = Allocation(empty, empty, empty, summary, ())
        return [note.en for note in _notes_on_losses(account, need, found)]

    both = notes(need, summary)
    assert "one of the exits" in both[0]
    assert "take away 3 homes in areas" in both[1]
    assert notes(need.assign(exits=0.0), summary.assign(lost=0)) == []
