"""A lot of 30 × 30 m, of which 20 × 30 m lie in the use area and 20 × 20 m in the provision's area of 1,000 m²."""

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rightly import DWELLINGS, boxes, plan, provision, right

from geoplan.errors import CRSError, InputError
from geoplan.plots.planning import plans_in_force
from geoplan.plots.rights.dwellings import DwellingAssumptions
from geoplan.plots.rights.readings import Reading
from geoplan.plots.rights.rights import RIGHT_COLUMNS, building_rights

LOT = (0, 0, 30, 30)
USE = (0, 0, 20, 90)
PART = (0, 10, 20, 60)


@pytest.mark.parametrize("crs", [3006, 2284])
@pytest.mark.parametrize(
    ("code", "area", "gives"),
    [
        ("PART", 400, 80),  # 20 % of the lot within the provision's area
        ("USE", 600, 120),  # 20 % of the lot within the use area
        ("LOT", 900, 180),  # 20 % of the lot
        ("EACH", None, 20),  # 20 m² on each lot
        ("SHARED", 400, 8),  # 20 m² that the area shares: two fifths of it are on the lot
        ("SHARED-USE", 600, 20 / 3),  # 20 m² that the use area shares: a third of it is on the lot
    ],
)
def test_the_same_number_gives_another_right_by_what_it_is_a_share_of(code, area, gives, crs):
    table = right(boxes(LOT, crs=crs), plan(USE, crs=crs), provision(code, 20.0, PART, crs=crs))
    assert table.loc[0, "max_building_area_m2"] == pytest.approx(gives)
    (basis,) = table.loc[0, "right_basis"]
    assert (basis["code"], basis["value"], basis["binds"]) == (code, 20.0, True)
    assert basis["area_m2"] == (None if area is None else pytest.approx(area))
    assert basis["gives"] == pytest.approx(gives)
    assert table.loc[0, "right_code"] == code


@pytest.mark.parametrize(
    ("column", "value", "quantity", "gives"),
    [
        ("max_bya_m2", 200.0, "max_building_area_m2", 200.0),
        ("max_coverage", 0.25, "max_building_area_m2", 150.0),
        ("max_floor_ratio", 0.5, "max_gross_floor_area_m2", 300.0),
        ("max_height_m", 9.0, "max_height_m", 9.0),
        ("min_plot_m2", 700.0, "min_plot_m2", 700.0),
        ("max_plot_m2", 2000.0, "max_plot_m2", 2000.0),
        ("homes_per_ha", 50.0, "dwellings_max", 3.0),
        ("max_homes_per_plot", 2, "dwellings_max", 2.0),
    ],
)
def test_the_columns_of_a_zoning_table_come_to_the_same_model(column, value, quantity, gives):
    table = right(boxes(LOT, crs=2284), plan(USE, crs=2284, **{column: [value]}))
    assert table.loc[0, quantity] == pytest.approx(gives)
    assert table.loc[0, "right_code"] == column


def test_the_tightest_of_several_numbers_binds():
    table = right(
        boxes(LOT),
        plan(USE, max_bya_m2=[100.0]),
        provision("PART", 20.0, PART),
        provision("USE", 15.0, PART),
        provision("SMALLEST", 500.0, PART),
        provision("SMALLEST", 800.0, PART),
    )
    assert table.loc[0, "max_building_area_m2"] == pytest.approx(80)
    assert table.loc[0, "min_plot_m2"] == 800
    assert table.loc[0, "right_code"] == "PART, SMALLEST"
    assert {entry["code"] for entry in table.loc[0, "right_basis"]} == {"PART", "USE", "SMALLEST", "max_bya_m2"}


def test_provision_areas_side_by_side_add_up_and_overlapping_ones_do_not():
    beside = right(boxes(LOT), plan(USE), provision("PART", 20.0, (0, 0, 20, 10), (0, 10, 20, 30)))
    assert beside.loc[0, "max_building_area_m2"] == pytest.approx(0.2 * 600)
    over = right(boxes(LOT), plan(USE), provision("PART", 20.0, PART), provision("PART", 10.0, (0, 10, 20, 20)))
    # Of the 400 m², 200 m² at 10 % and the others at 20 %.
    assert over.loc[0, "max_building_area_m2"] == pytest.approx(20 + 40)


def test_what_an_area_shares_is_never_given_twice():
    lots = boxes((0, 0, 20, 30), (0, 30, 20, 60), (0, 60, 20, 90))
    houses = boxes((5, 5, 15, 15), (2, 32, 18, 48), use=["dwelling", "dwelling"], dwellings=[1, 1])
    table = right(lots, plan(USE), provision("SHARED", 450.0, USE), buildings=houses)
    assert table["max_building_area_m2"].tolist() == pytest.approx([150, 150, 150])
    # The second has built 256 m² of its 150; what is left of the whole is 94 m², and the others' 50 and 150 are cut.
    left = table["remaining_building_area_m2"]
    assert left.sum() == pytest.approx(450 - 100 - 256)
    assert left.tolist() == pytest.approx([94 / 4, 0, 94 * 3 / 4])


def test_parts_of_one_property_share_what_the_property_may_build():
    lots = boxes((0, 0, 20, 30), (0, 30, 20, 40), (0, 50, 20, 90), property=["A", "A", None])
    table = right(lots, plan(USE, max_bya_m2=[200.0], max_homes_per_plot=[1]))
    assert table["max_building_area_m2"].tolist() == pytest.approx([150, 50, 200])
    assert table["dwellings_max"].tolist() == [1, 0, 1]


def test_heights_above_the_ground_and_above_a_datum_are_not_mixed():
    both = right(boxes(LOT), plan(USE), provision("LEVEL", 4.0, PART), provision("RIDGE", 9.0, PART))
    assert both.loc[0, ["max_height_m", "height_reference"]].tolist() == [9.0, "ground"]
    level = right(boxes(LOT), plan(USE, max_bya_m2=[100.0]), provision("LEVEL", 30.0, PART))
    assert level.loc[0, ["max_height_m", "height_reference"]].tolist() == [30.0, "datum"]
    # Nobody knows how many storeys fit below a level: the default.
    assert level.loc[0, "dwellings_one_or_two"] == 1
    ground = right(boxes(LOT), plan(USE, max_bya_m2=[100.0]), provision("RIDGE", 8.0, PART))
    assert ground.loc[0, "dwellings_one_or_two"] == 2


def test_what_nobody_has_read_is_told_and_gives_nothing():
    strange = provision("STRANGE", 20.0, PART)
    empty, wrong = provision("PART", None, PART), provision("USE", 20.0, PART).assign(unit="m²")
    table = right(boxes(LOT), plan(USE), strange, empty, wrong)
    assert table.loc[0, "unread"] == ["PART", "STRANGE", "USE"]
    assert table.loc[0, "right_basis"] == []
    assert np.isnan(table.loc[0, "max_building_area_m2"])
    assert table.loc[0, "dwellings_basis"] == "no_number"


def test_provisions_that_say_where_and_not_how_much_are_left_to_the_rules():
    ground = provision("PART", 20.0, PART).assign(kind="no_building")
    table = right(boxes(LOT), plan(USE), ground)
    assert table.loc[0, ["unread", "right_basis"]].tolist() == [[], []]


def test_a_provision_of_another_plan_and_a_sliver_do_not_reach():
    other = provision("EACH", 20.0, PART).assign(plan="elsewhere")
    sliver = provision("EACH", 30.0, (0, 29, 20, 80))
    table = right(boxes(LOT), plan(USE), other, sliver)
    assert table.loc[0, "right_basis"] == []
    own = provision("EACH", 20.0, PART).assign(plan="f0")
    assert right(boxes(LOT), plan(USE), own).loc[0, "max_building_area_m2"] == 20


def test_only_a_plan_in_force_gives_a_right():
    plans = plan(
        USE, (40, 0, 60, 30), (80, 0, 100, 30), (120, 0, 140, 30),
        status=["in_force", "in_preparation", "repealed", None],
        in_force=["2020-01-01", None, "1990-01-01", "2027-01-01"],
    )  # fmt: skip
    lots = boxes((0, 0, 20, 30), (40, 0, 60, 30), (80, 0, 100, 30), (120, 0, 140, 30))
    given = {"plans": plans}
    table = building_rights(lots, given, readings={}, dwellings=DWELLINGS, as_of=dt.date(2026, 1, 1))
    assert table["parcel"].tolist() == ["f0"]
    assert table.loc[0, ["plan_status", "in_force"]].tolist() == ["in_force", "2020-01-01"]
    assert plans_in_force(plans)["id"].tolist() == ["f0", "f3"]
    assert plans_in_force(None) is None


def test_a_parcel_outside_plans_has_no_row_and_columns_are_fixed():
    table = right(boxes((100, 100, 120, 120), LOT), plan(USE))
    assert table["parcel"].tolist() == ["f1"]
    assert list(table) == list(RIGHT_COLUMNS)
    assert list(right(boxes(LOT), plan((500, 500, 600, 600)))) == list(RIGHT_COLUMNS)
    assert len(building_rights(boxes(LOT), {}, readings={}, dwellings=DWELLINGS)) == 0


def test_what_stands_there_is_taken_from_what_is_allowed():
    houses = boxes((2, 2, 12, 12), (14, 2, 18, 7), use=["dwelling", "complement"], dwellings=[1, 0])
    plans = plan(USE, max_bya_m2=[200.0], max_floor_ratio=[0.5], homes_multi=["prohibited"])
    row = right(boxes(LOT), plans, buildings=houses).loc[0]
    assert row["existing_building_area_m2"] == pytest.approx(120)
    assert row["remaining_building_area_m2"] == pytest.approx(80)
    assert row["existing_gross_floor_area_m2"] == pytest.approx(120)
    assert row["remaining_gross_floor_area_m2"] == pytest.approx(180)
    assert row["existing_dwellings"] == 1
    assert row[["dwellings_one_or_two", "dwellings_remaining"]].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("numbers", "left"),
    [({"max_bya_m2": [200.0]}, 20.0), ({"max_coverage": [0.1]}, 100.0), ({"max_bya_m2": [100.0]}, 0.0)],
)
def test_what_a_property_has_built_is_taken_from_the_whole_of_it(numbers, left):
    lots = boxes((0, 0, 40, 40), (60, 0, 90, 40), property=["P", "P"])
    house = boxes((65, 5, 80, 17), use=["dwelling"], dwellings=[1])
    table = right(lots, plan((-10, -10, 200, 200), **numbers), buildings=house)
    assert table["remaining_building_area_m2"].sum() == pytest.approx(left)
    assert (table["remaining_building_area_m2"] >= 0).all()
    whole = right(boxes((20, 0, 90, 40)), plan((-10, -10, 200, 200), **numbers), buildings=house)
    assert whole["remaining_building_area_m2"].tolist() == pytest.approx([left])


def test_dwellings_left_on_the_areas_of_a_property_stay_whole():
    lots = boxes(*[(n * 50, 0, n * 50 + 40, 40) for n in range(4)], property=["P"] * 4)
    house = boxes((5, 5, 20, 17), use=["dwelling"], dwellings=[2])
    table = right(lots, plan((-10, -10, 300, 60), max_homes_per_plot=[4], max_bya_m2=[9_000.0]), buildings=house)
    assert table["dwellings_max"].tolist() == [1, 1, 1, 1]
    assert table["dwellings_remaining"].tolist() == [0, 1, 1, 0]


def test_a_house_that_is_a_point_leaves_the_rest_unknown():
    point = boxes((5, 5, 6, 6), use=["dwelling"])
    point = point.set_geometry(point.centroid)
    table = right(boxes(LOT), plan(USE, max_bya_m2=[200.0]), buildings=point)
    assert (
        table[["existing_building_area_m2", "remaining_building_area_m2", "dwellings_remaining"]].isna().all(axis=None)
    )
    assert table.loc[0, "max_building_area_m2"] == 200


@pytest.mark.parametrize(
    ("homes", "types", "expected"),
    [
        ("allowed", {}, (4, 8, "max_homes_per_plot")),
        ("allowed", {"homes_multi": ["prohibited"]}, (4, 0, "building_area")),
        ("special", {"homes_one_or_two": ["special"], "homes_multi": ["allowed"]}, (0, 8, "max_homes_per_plot")),
        ("special", {}, (0, 0, "special")),
        ("prohibited", {}, (0, 0, "prohibited")),
    ],
)  # fmt: skip
def test_dwellings_follow_by_type_from_area_and_caps(homes, types, expected):
    plans = plan(USE, max_bya_m2=[400.0], max_homes_per_plot=[8], **types).assign(homes=homes)
    row = right(boxes(LOT), plans).loc[0]
    # 400 m²: four houses of 100 m² in one storey, or sixteen flats of 50 m² in two storeys, of which 8 are allowed.
    assert (row["dwellings_one_or_two"], row["dwellings_multi"], row["dwellings_basis"]) == expected
    assert row["dwellings_max"] == max(expected[:2])


def test_a_type_of_which_nobody_knows_is_unknown():
    plans = plan(USE, max_bya_m2=[100.0], homes_one_or_two=["unknown"], homes_multi=["prohibited"])
    row = right(boxes(LOT), plans).loc[0]
    assert np.isnan(row["dwellings_one_or_two"])
    assert np.isnan(row["dwellings_max"])
    assert row["dwellings_basis"] == "unknown"


def test_too_little_area_holds_no_dwelling_and_two_flats_are_no_block():
    assert right(boxes(LOT), plan(USE, max_bya_m2=[49.0])).loc[0, "dwellings_max"] == 0
    small = right(boxes(LOT), plan(USE, max_bya_m2=[60.0])).loc[0]
    assert small[["dwellings_one_or_two", "dwellings_multi"]].tolist() == [1, 0]


@settings(max_examples=12, deadline=None)
@given(st.floats(1, 60), st.floats(0, 30), st.sampled_from(["PART", "USE", "LOT", "EACH", "SHARED", "SHARED-USE"]))
def test_a_larger_number_never_gives_less(value, more, code):
    houses = boxes((2, 2, 12, 12), use=["dwelling"], dwellings=[1])
    small, large = (
        right(boxes(LOT), plan(USE), provision(code, number, PART), buildings=houses)
        for number in (value, value + more)
    )
    names = ["max_building_area_m2", "remaining_building_area_m2", "dwellings_max", "dwellings_remaining"]
    assert (large[names] >= small[names] - 1e-9).all(axis=None)
    assert (small["remaining_building_area_m2"] <= small["max_building_area_m2"] + 1e-9).all()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(1, 30), min_size=1, max_size=4), st.floats(10, 2_000), st.data())
def test_lots_of_an_area_never_get_more_than_it_shares(widths, value, data):
    edges = np.r_[0.0, np.cumsum(widths)]
    lots = boxes(*((west, 0, east, 30) for west, east in itertools.pairwise(edges)))
    area = (0, 0, data.draw(st.floats(1, 130)), 30)
    table = right(lots, plan((0, 0, 200, 30)), provision("SHARED", value, area))
    assert table["max_building_area_m2"].sum() <= value * (1 + 1e-9)
    assert table["remaining_building_area_m2"].sum() <= value * (1 + 1e-9)


def test_rights_depend_on_nothing_but_their_own_land():
    lots = boxes(LOT, (40, 0, 60, 30), (80, 0, 90, 30))
    plans = plan(USE, (40, 0, 90, 30), max_bya_m2=[100.0, 200.0])
    whole = right(lots, plans, provision("PART", 20.0, PART))
    turned = right(lots.iloc[[2, 0]].reset_index(drop=True), plans, provision("PART", 20.0, PART))
    alike = whole.iloc[[2, 0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(turned, alike)


def test_layers_of_two_systems_are_refused():
    with pytest.raises(CRSError):
        right(boxes(LOT), plan(USE, crs=2284))


@pytest.mark.parametrize(
    "values",
    [
        {"quantity": "height", "unit": "m", "source": "x"},
        {"quantity": "building_area", "unit": "%", "source": "x"},
        {"quantity": "building_area", "unit": "m²", "per": "area", "source": "x"},
        {"quantity": "volume", "unit": "m²", "source": "x"},
        {"quantity": "building_area", "unit": "m²"},
        {"quantity": "building_area", "unit": "m²", "source": "x", "colour": "red"},
    ],
)
def test_a_reading_that_makes_no_sense_is_refused(values):
    with pytest.raises(InputError):
        Reading.from_values(values)


def test_assumptions_that_lack_something_are_refused():
    good = {name: getattr(DWELLINGS, name) for name in DWELLINGS.__dataclass_fields__}
    assert DwellingAssumptions.from_values(good) == DWELLINGS
    with pytest.raises(InputError, match="storeys"):
        DwellingAssumptions.from_values({name: value for name, value in good.items() if name != "storeys"})
    with pytest.raises(InputError, match="storeys"):
        DwellingAssumptions.from_values(good | {"storeys": {"one_or_two": 2}})
