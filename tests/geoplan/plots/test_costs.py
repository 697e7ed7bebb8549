from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from likely import shipped
from place import frame, metres

from geoplan.errors import InputError
from geoplan.plots.costs import COST_COLUMNS, UnitCosts, ready_costs
from geoplan.plots.surroundings import utility_of

VALUES: dict[str, Any] = {
    "currency": "EUR",
    "public_connection": [100, 120],
    "line": [1, 2],
    "private_sewer": [70, 150],
    "private_water": [60, 130],
    "access_road": [3, 10],
    "connection_reach": 50,
    "frontage": 15,
    "road_width": 6,
    "fee_map": [5, 5],
    "fee_power": [10, 30],
}
COSTS = UnitCosts.from_values(VALUES)
UNKNOWN = {"land_price", "stamp_duty", "ground", "lines_on_plot", "electricity_beyond_reach"}


def square(west: float, south: float, crs: int = 3006, side: float = 20) -> Any:
    return metres(shapely.box(west, south, west + side, south + side), crs)


def make(shapes: list[Any], utility: str | list[str], crs: int = 3006, homes: Any = 1) -> gpd.GeoDataFrame:
    return frame(shapes, crs, utility=utility, homes=homes)


def road(
    *coordinates: tuple[float, float], crs: int = 3006, kind: str = "municipal", width: Any = 10
) -> gpd.GeoDataFrame:
    return frame([metres(shapely.LineString(coordinates), crs)], crs, kind=kind, width_m=width)


def water(shape: Any, crs: int = 3006) -> gpd.GeoDataFrame:
    return frame([metres(shape, crs)], crs, kind="sea")


def served(shape: Any, crs: int = 3006, kind: str = "both", status: Any = "existing") -> gpd.GeoDataFrame:
    return frame([metres(shape, crs)], crs, kind=kind, status=status)


def test_public_private_and_unknown_connections(crs: int) -> None:
    plots = make([square(0, 0, crs), square(60, 0, crs), square(500, 0, crs)], ["public", "private", "unknown"], crs)
    layers = {"utility_areas": served(shapely.box(-10, -10, 30, 30), crs), "roads": road((0, -5), (600, -5), crs=crs)}
    table = ready_costs(plots, layers, unit_costs=COSTS)
    assert list(table.columns) == list(COST_COLUMNS)
    assert table["connection"].tolist() == ["public", "private", "unknown"]
    np.testing.assert_allclose(table["connection_length_m"], [0, 30, np.nan], atol=1e-6)
    # Private: 130 to 280 by a plant of its own; 30 m of line and the fee are 130 at the least, and nobody must connect.
    np.testing.assert_allclose(table["water_sewer_low"], [100, 130, 100], rtol=1e-6)
    np.testing.assert_allclose(table["water_sewer_high"], [120, 280, 280], rtol=1e-6)
    assert table["access_length_m"].tolist() == [0, 0, 0]
    np.testing.assert_allclose(table["total_low"], table["water_sewer_low"] + 15)
    np.testing.assert_allclose(table["total_high"], table["water_sewer_high"] + 35)
    assert set(table["currency"]) == {"EUR"}
    assert all(set(missing) == UNKNOWN for missing in table["missing"])


def test_a_near_service_lowers_the_low_end_only() -> None:
    plots = make([square(40, 0)], "private")
    near = ready_costs(plots, {"utility_areas": served(shapely.box(0, 0, 30, 30))}, unit_costs=COSTS).iloc[0]
    assert (near["connection_length_m"], near["water_sewer_low"], near["water_sewer_high"]) == pytest.approx(
        (10, 110, 280)
    )
    for far in (served(shapely.box(-90, 0, -60, 30)), served(shapely.box(0, 0, 30, 30), status="planned")):
        row = ready_costs(plots, {"utility_areas": far}, unit_costs=COSTS).iloc[0]
        assert np.isnan(row["connection_length_m"])
        assert (row["water_sewer_low"], row["water_sewer_high"]) == (130, 280)


def test_water_without_sewer_is_no_service() -> None:
    plots = make([square(40, 0)], "private")
    row = ready_costs(plots, {"utility_areas": served(shapely.box(0, 0, 30, 30), kind="water")}, unit_costs=COSTS).iloc[
        0
    ]
    assert np.isnan(row["connection_length_m"])


def test_an_access_road_goes_to_the_edge_of_the_road_and_frontage_needs_none(crs: int) -> None:
    plots = make([square(0, 0, crs), square(0, 100, crs)], "private", crs)
    table = ready_costs(plots, {"roads": road((-50, -19), (50, -19), crs=crs)}, unit_costs=COSTS)
    # The edge is 19 - 10/2 = 14 m away, which is frontage still, and 119 - 5 m.
    np.testing.assert_allclose(table["access_length_m"], [0, 114], atol=1e-6)
    np.testing.assert_allclose(table["access_low"], [0, 342], atol=1e-5)
    np.testing.assert_allclose(table["access_high"], [0, 1140], atol=1e-5)
    unknown_width = ready_costs(plots, {"roads": road((-50, -19), (50, -19), crs=crs, width=None)}, unit_costs=COSTS)
    np.testing.assert_allclose(unknown_width["access_length_m"], [16, 116], atol=1e-6)


def test_no_road_is_drawn_over_water_and_a_path_is_none() -> None:
    plots = make([square(0, 0)], "private", homes=2)
    sea = water(shapely.box(30, -100, 80, 100))
    layers = {"roads": road((100, -50), (100, 50)), "water": sea}
    row = ready_costs(plots, layers, unit_costs=COSTS).iloc[0]
    assert np.isnan(row["access_length_m"])
    assert set(row["missing"]) == UNKNOWN | {"access_over_water", "further_homes"}
    assert row["total_low"] == 130 + 15
    path = ready_costs(plots, {"roads": road((25, -50), (25, 50), kind="path")}, unit_costs=COSTS).iloc[0]
    assert set(path["missing"]) == UNKNOWN | {"access", "further_homes"}
    # A plot on the shore touches the water, and its road goes inland.
    shore = {"roads": road((-100, -50), (-100, 50)), "water": water(shapely.box(20, -100, 80, 100))}
    assert ready_costs(plots, shore, unit_costs=COSTS)["access_length_m"].tolist() == [pytest.approx(95)]


def test_lines_over_water_are_no_option() -> None:
    plots = make([square(40, 0)], "private")
    layers = {
        "utility_areas": served(shapely.box(0, 0, 30, 30)),
        "water": water(shapely.box(32, -500, 38, 500)),
    }
    assert ready_costs(plots, layers, unit_costs=COSTS)["connection_length_m"].isna().all()


def test_of_two_roads_as_near_the_order_decides_nothing() -> None:
    plots = make([square(0, 0)], "private")
    roads = pd.concat([road((-50, -30), (0, -30), width=4), road((0, -30), (50, -30), width=10)], ignore_index=True)
    lengths = [
        ready_costs(plots, {"roads": rows}, unit_costs=COSTS)["access_length_m"].tolist()
        for rows in (roads, roads[::-1])
    ]
    assert lengths[0] == lengths[1] == [pytest.approx(25)]


def test_no_plots_cost_nothing() -> None:
    plots = make([square(0, 0)], "private").iloc[:0]
    assert ready_costs(plots, {"roads": road((0, 0), (1, 1))}, unit_costs=COSTS).empty


def test_every_fault_of_the_unit_costs_is_told_at_once() -> None:
    wrong = {name: value for name, value in VALUES.items() if name != "currency"}
    wrong |= {"line": [2, 1], "fee_map": 5, "frontage": -1}
    with pytest.raises(InputError, match=r"currency is missing.*line must be two.*fee_map must be two.*frontage must"):
        UnitCosts.from_values(wrong)


def test_the_costs_that_ship_are_whole() -> None:
    costs = UnitCosts.from_values(shipped("costs"))
    assert costs.public_connection[0] == 115_000
    assert costs.fees["fee_survey_map"] == (6_300, 6_300)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(-400, 400), st.integers(-400, 400)), min_size=1, max_size=8), st.randoms())
def test_low_is_never_above_high_and_a_plot_costs_the_same_in_any_company(places, random) -> None:
    plots = make([square(*place) for place in places], "private")
    layers = {
        "roads": road((0, -500), (0, 500)),
        "utility_areas": served(shapely.box(-30, -30, 30, 30)),
        "water": water(shapely.box(100, -500, 140, 500)),
    }
    table = ready_costs(plots, layers, unit_costs=COSTS)
    for name in ("water_sewer", "fees", "total"):
        assert (table[f"{name}_low"] <= table[f"{name}_high"]).all()
    order = random.sample(range(len(plots)), len(plots))
    again = ready_costs(plots.iloc[order], layers, unit_costs=COSTS).set_index("plot").loc[table["plot"]].reset_index()
    pd.testing.assert_frame_equal(table, again, check_exact=True)


def test_columns_that_need_not_be_there_are_not_missed() -> None:
    plots = gpd.GeoDataFrame(
        {"id": ["a"], "utility": ["private"], "homes": [1]}, geometry=[shapely.box(0, 0, 10, 10)], crs=3006
    )
    road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, -50), (100, -50)])], crs=3006)
    areas = gpd.GeoDataFrame({"kind": ["both"]}, geometry=[shapely.box(0, 0, 100, 100)], crs=3006)
    bare = ready_costs(plots, {"roads": road, "utility_areas": areas}, unit_costs=COSTS)
    told = {"roads": road.assign(kind="state", width_m=None), "utility_areas": areas.assign(status="existing")}
    pd.testing.assert_frame_equal(bare, ready_costs(plots, told, unit_costs=COSTS))
    assert bare["access_length_m"].tolist() == [50 - COSTS.road_width / 2]
    assert bare["connection_length_m"].tolist() == [0]
    assert utility_of(plots.geometry, areas).tolist() == ["public"]
