import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from place import frame, make_rule, make_rules, metres

from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import Constraints, build_constraints
from geoplan.plots.search import PlotSearch, PlotStandards, find_plots
from geoplan.plots.subdivision.standards import SubdivisionStandards
from geoplan.plots.waterfall import waterfall

DAY = dt.date(2026, 1, 1)
RULES = make_rules(
    make_rule(id="building", layer="buildings", operation="within_distance", distance_m=4.5),
    make_rule(id="reserve", layer="protected_nature", operation="inside", severity="needs_exemption"),
)
STANDARDS = {"rural": PlotStandards(min_area_m2=600, min_width_m=18, default_status="private")}


def search(
    parcels: gpd.GeoDataFrame, layers: dict[str, gpd.GeoDataFrame]
) -> tuple[PlotSearch, Constraints, pd.DataFrame]:
    constraints = build_constraints(RULES, layers | {"parcels": parcels}, as_of=DAY)
    buildable = buildable_land(parcels, constraints)
    built = {"buildings": frame(np.empty(0, dtype=object), parcels.crs)} | layers
    found = find_plots(parcels, buildable, built, standards=STANDARDS, unknown=constraints.unknown)
    return found, constraints, waterfall(buildable, constraints, found)


def at(crs: int, *shapes: shapely.Geometry) -> list[shapely.Geometry]:
    return [metres(shape, crs) for shape in shapes]


def test_a_vacant_parcel_that_is_large_and_wide_enough_is_a_plot(crs: int) -> None:
    shapes = at(crs, shapely.box(0, 0, 30, 30), shapely.box(40, 0, 60, 20), shapely.box(100, 0, 117, 100))
    found, _, table = search(frame(shapes, crs), {"buildings": frame(np.empty(0, dtype=object), crs)})
    (plot,) = found.plots.to_dict("records")
    assert (plot["id"], plot["kind"], plot["status"], plot["homes"]) == ("f0", "vacant_parcel", "private", 1)
    assert plot["area_m2"] == pytest.approx(900, rel=1e-9)
    assert plot["width_m"] == pytest.approx(30, abs=0.05)
    assert found.dropped.set_index("parcel")["reason"].to_dict() == {"f1": "too_small", "f2": "too_narrow"}
    assert table["area_m2"].iloc[-1] == pytest.approx(900, rel=1e-9)


def test_a_thin_diagonal_strip_is_too_narrow_however_large_its_box() -> None:
    strip = shapely.LineString([(0, 0), (200, 200)]).buffer(8, cap_style="flat")
    found, _, _ = search(frame([strip]), {})
    assert found.plots.empty
    assert found.dropped["reason"].tolist() == ["too_narrow"]


def test_a_built_parcel_keeps_a_garden_and_gives_what_is_left(crs: int) -> None:
    parcels = frame(at(crs, shapely.box(0, 0, 30, 30), shapely.box(100, 0, 220, 40)), crs)
    houses = frame(at(crs, shapely.box(10, 10, 20, 20), shapely.box(105, 10, 117, 22)), crs, use="dwelling")
    found, _, _ = search(parcels, {"buildings": houses})
    (plot,) = found.plots.to_dict("records")
    assert (plot["id"], plot["parcel"], plot["kind"]) == ("f1-1", "f1", "remainder")
    garden = metres(shapely.box(105, 10, 117, 22).buffer(np.sqrt(600 / np.pi) - 0.1), crs)
    assert not plot["geometry"].intersects(garden)
    assert set(found.dropped["reason"]) <= {"built", "too_small", "too_narrow"}


def test_a_shed_leaves_a_parcel_vacant_and_a_point_does_not() -> None:
    parcels = frame([shapely.box(0, 0, 40, 40), shapely.box(100, 0, 140, 40), shapely.box(200, 0, 240, 40)])
    buildings = frame(
        [shapely.box(1, 1, 6, 6), shapely.Point(120, 20), shapely.box(201, 1, 211, 11)],
        use=["other", "dwelling", "complement"],
    )
    found, _, _ = search(parcels, {"buildings": buildings})
    assert found.plots.set_index("id")["kind"].to_dict() == {"f0": "vacant_parcel", "f2": "vacant_parcel"}


def test_improvements_without_a_building_on_the_map_give_no_plot() -> None:
    parcels = frame([shapely.box(0, 0, 40, 40)], improvement_value=[125_000])
    found, _, _ = search(parcels, {"buildings": frame(np.empty(0, dtype=object))})
    assert found.plots.empty
    assert found.dropped["reason"].tolist() == ["built_place_unknown"]


def test_without_a_layer_of_buildings_only_land_without_improvements_is_vacant() -> None:
    parcels = frame([shapely.box(n * 50, 0, n * 50 + 40, 40) for n in range(3)], improvement_value=[0, 125_000, None])
    buildable = buildable_land(parcels, build_constraints(RULES, {"parcels": parcels}, as_of=DAY))
    found = find_plots(parcels, buildable, {}, standards=STANDARDS)
    assert found.plots["id"].tolist() == ["f0"]
    assert found.dropped.set_index("parcel")["reason"].to_dict() == dict.fromkeys(["f1", "f2"], "built_place_unknown")
    nothing_told = find_plots(parcels.drop(columns="improvement_value"), buildable, {}, standards=STANDARDS)
    assert nothing_told.plots.empty
    assert nothing_told.dropped["area_m2"].sum() == pytest.approx(4_800)
    told_of_none = {"buildings": frame(np.empty(0, dtype=object))}
    assert find_plots(parcels, buildable, told_of_none, standards=STANDARDS).plots["id"].tolist() == ["f0", "f2"]


def test_the_plan_says_how_many_homes_and_how_small(crs: int) -> None:
    parcels = frame(at(crs, *[shapely.box(n * 100, 0, n * 100 + 30, 30) for n in range(4)]), crs)
    plans = frame(
        at(crs, shapely.box(-1, -1, 31, 31), shapely.box(99, -1, 131, 31), shapely.box(200, 0, 212, 30)),
        crs,
        use_code=["B", "B", "B"],
        homes=["allowed", "allowed", "allowed"],
        max_homes_per_plot=[4, None, 9],
        min_plot_m2=[None, 1_000, None],
    )
    found, _, _ = search(parcels, {"plans": plans})
    plots = found.plots.set_index("id")
    assert plots["homes"].to_dict() == {"f0": 4, "f2": 1, "f3": 1}
    assert plots["homes_basis"].to_dict() == {"f0": "plan", "f2": "standard", "f3": "standard"}
    # Less than half of f2 lies in the plan, so the plan does not speak for it.
    assert plots["plan_homes"].to_dict() == {"f0": "allowed", "f2": "none", "f3": "none"}
    assert found.dropped.set_index("parcel")["reason"]["f1"] == "too_small"


def test_a_plan_that_gives_no_right_says_nothing_of_a_plot() -> None:
    parcels = frame(at(3006, *[shapely.box(n * 100, 0, n * 100 + 30, 66) for n in range(4)]))
    plans = frame(
        parcels.geometry.to_numpy(),
        use_code="B",
        homes="allowed",
        max_homes_per_plot=4,
        min_plot_m2=[5_000, 5_000, 5_000, None],
        status=["repealed", "in_preparation", "in_force", "in_force"],
        in_force=["2002-01-01", None, "2027-01-01", "2002-01-01"],
    )
    road = frame([metres(shapely.LineString([(-50, -5), (500, -5)]), 3006)], kind="municipal", width_m=6.0)
    standards = {"rural": PlotStandards(subdivision=SubdivisionStandards(target_area=900, depth=32))}
    buildable = buildable_land(parcels, build_constraints(RULES, {"parcels": parcels}, as_of=DAY))
    layers = {"plans": plans, "roads": road, "buildings": frame(np.empty(0, dtype=object))}
    plots = find_plots(parcels, buildable, layers, standards=standards, as_of=DAY).plots
    # Neither its number of homes, nor its smallest plot, nor that planned land is divided.
    assert plots["id"].tolist() == ["f0", "f1", "f2", "f3-1", "f3-2"]
    assert plots["homes"].tolist() == [1, 1, 1, 4, 4]
    assert plots["plan_homes"].tolist() == ["none", "none", "none", "allowed", "allowed"]
    undated = find_plots(parcels, buildable, layers, standards=standards).plots
    assert "f2" not in set(undated["id"])


def test_what_a_household_asks_of_a_plot(crs: int) -> None:
    parcels = frame(at(crs, shapely.box(0, 0, 30, 30), shapely.box(100, 0, 130, 30)), crs)
    layers = {
        "water": frame(at(crs, shapely.box(-70, 0, -20, 50)), crs, kind=["lake"]),
        "utility_areas": frame(
            at(crs, shapely.box(-9, -9, 40, 40), shapely.box(-9, -9, 140, 40), shapely.box(90, -9, 140, 40)),
            crs,
            kind=["water", "sewer", "water"],
            status=["existing", "existing", "planned"],
        ),
        "statistical_areas": frame(at(crs, shapely.box(-9, -9, 50, 50)), crs),
    }
    found, _, _ = search(parcels, layers)
    plots = found.plots.set_index("id")
    assert plots["water_distance_m"].tolist() == pytest.approx([20, 120], rel=1e-6)
    assert plots["utility"].tolist() == ["public", "private"]
    assert plots["area"].iloc[0] == "f0"
    assert pd.isna(plots["area"].iloc[1])
    assert set(plots["certainty"]) == {"preliminary"}
    assert plots["unknown"].iloc[0] == ["building", "reserve"]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_every_square_metre_is_accounted_for_and_no_plot_lies_on_a_building(seed: int) -> None:
    random = np.random.default_rng(seed)
    parcels = frame([shapely.box(x * 50, y * 50, x * 50 + 50, y * 50 + 50) for x in range(5) for y in range(5)])
    houses = frame([shapely.Point(*xy).buffer(4 + 4 * random.random()) for xy in random.random((15, 2)) * 250])
    reserve = frame([shapely.Point(*xy).buffer(40) for xy in random.random((2, 2)) * 250])
    found, _, table = search(parcels, {"buildings": houses, "protected_nature": reserve})
    losses = table[table["kind"] == "loss"]["area_m2"].sum()
    assert 62_500 + losses == pytest.approx(table["area_m2"].iloc[-1], abs=1e-6)
    totals = table[table["kind"] == "total"]["area_m2"].tolist()
    assert totals[0] == pytest.approx(62_500)
    assert totals[-1] == pytest.approx(found.plots.area.sum())
    assert not found.plots.geometry.intersects(shapely.union_all(houses.geometry.to_numpy())).any()
    assert found.plots["id"].is_unique
    assert table["plots"].iloc[-1] == len(found.plots)


def test_no_parcels_give_no_plots() -> None:
    found, _, table = search(frame(np.empty(0, dtype=object)), {})
    assert found.plots.empty
    assert table["area_m2"].tolist() == [0.0, 0.0, 0.0]
