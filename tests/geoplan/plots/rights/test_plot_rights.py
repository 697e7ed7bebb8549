import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rightly import DWELLINGS, boxes, plan, provision, right

from geoplan.plots.rights.limits import whole_parts
from geoplan.plots.rights.plot_rights import PLOT_RIGHT_COLUMNS, plot_rights

LOT = (0, 0, 60, 30)


def plots(*sizes: float, kind: str = "subdivided", parcel: str = "f0") -> pd.DataFrame:
    count = len(sizes)
    return pd.DataFrame(
        {
            "id": [f"p{n}" for n in range(count)],
            "parcel": [parcel] * count,
            "kind": [kind] * count,
            "lot_m2": list(sizes),
        }
    )


def held(lots: pd.DataFrame, rights: pd.DataFrame, **options: object) -> pd.DataFrame:
    return plot_rights(lots, rights, dwellings=DWELLINGS, **options)


def test_a_vacant_parcel_has_the_whole_right_and_a_shed_takes_its_part():
    shed = boxes((2, 2, 6, 7), use=["complement"], dwellings=[0])
    rights = right(boxes(LOT), plan(LOT, max_bya_m2=[200.0], max_coverage=[0.1]), buildings=shed)
    table = held(plots(900.0, kind="vacant_parcel"), rights)
    assert table.loc[0, "max_building_area_m2"] == pytest.approx(180 - 20)
    assert list(table) == list(PLOT_RIGHT_COLUMNS)
    assert table.loc[0, ["homes", "homes_one_or_two", "homes_multi", "homes_basis"]].tolist() == [6, 1, 6, "plan"]


def test_what_nobody_knows_to_be_used_is_not_taken_for_nothing():
    shed = boxes((2, 2, 3, 3), use=["complement"], dwellings=[0])
    shed = shed.set_geometry(shed.geometry.centroid)
    whole = plots(900.0, kind="vacant_parcel")
    for numbers in ({"max_bya_m2": [200.0]}, {"max_coverage": [0.2]}):
        table = held(whole, right(boxes(LOT), plan(LOT, **numbers), buildings=shed))
        assert np.isnan(table.loc[0, "max_building_area_m2"])
        assert table.loc[0, ["homes", "homes_basis"]].tolist() == [1, "standard"]
    # What is usual, and never more than the plan could hold.
    small = right(boxes(LOT), plan(LOT, max_bya_m2=[60.0], homes_multi=["prohibited"]), buildings=shed)
    assert held(whole, small, homes_per_plot=4).loc[0, ["homes", "homes_basis"]].tolist() == [1, "standard"]
    none = right(boxes(LOT), plan(LOT, max_bya_m2=[0.0]), buildings=shed)
    assert held(whole, none).loc[0, "homes"] == 0


def test_a_number_per_property_holds_for_each_new_one_and_a_share_is_split():
    rights = right(boxes(LOT), plan(LOT, max_bya_m2=[120.0], max_homes_per_plot=[1]))
    each = held(plots(900.0, 600.0), rights)
    assert each["max_building_area_m2"].tolist() == [120, 120]
    assert each["homes"].tolist() == [1, 1]
    split = held(plots(900.0, 600.0), right(boxes(LOT), plan(LOT, max_coverage=[0.2])))
    assert split["max_building_area_m2"].tolist() == pytest.approx([180, 120])


def test_a_house_that_has_used_the_right_leaves_none_to_its_garden():
    house = boxes((5, 5, 35, 17), use=["dwelling"], dwellings=[1])
    used = held(plots(900.0, kind="remainder"), right(boxes(LOT), plan(LOT, max_coverage=[0.2]), buildings=house))
    assert used.loc[0, ["max_building_area_m2", "homes", "homes_basis"]].tolist() == [0.0, 0, "plan"]
    some = held(plots(900.0, kind="remainder"), right(boxes(LOT), plan(LOT, max_coverage=[0.25]), buildings=house))
    # The garden's own part is 225 m², and 450 - 360 are left.
    assert some.loc[0, "max_building_area_m2"] == pytest.approx(90)


def test_homes_by_density_are_split_too():
    rights = right(boxes(LOT), plan(LOT, homes_per_ha=[25.0]))
    assert rights.loc[0, "dwellings_max"] == 4
    assert held(plots(900.0, 450.0, 450.0), rights)["homes"].tolist() == [2, 1, 1]


def test_homes_by_density_are_not_lost_in_small_plots():
    land = (0, 0, 300, 100)
    rights = right(boxes(land), plan(land, homes_per_ha=[5.0]))
    assert rights.loc[0, "dwellings_max"] == 15
    for count, share, homes in ((10, 1.0, 15), (18, 1.0, 15), (18, 0.9, 13), (40, 1.0, 15)):
        given_plots = plots(*[30_000 * share / count] * count)
        table = held(given_plots, rights)
        assert table["homes"].sum() == homes
        assert set(table["homes_basis"]) == {"plan"}
        # Whatever the order of rows, the same plots have them.
        turned = held(given_plots.iloc[::-1], rights)
        pd.testing.assert_frame_equal(turned.sort_index(), table)
    house = boxes((5, 5, 20, 15), use=["dwelling"], dwellings=[4])
    left = held(plots(*[30_000 / 18] * 18), right(boxes(land), plan(land, homes_per_ha=[5.0]), buildings=house))
    assert left["homes"].sum() == 11


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 9) | st.just(np.nan), st.integers(0, 2)), min_size=1, max_size=12))
def test_whole_parts_add_up_to_the_whole_part_of_their_sum(rows):
    parts, groups = np.array([part for part, _ in rows]), np.array([group for _, group in rows])
    names = np.arange(len(rows))
    whole = whole_parts(parts, groups, names)
    assert (np.isnan(whole) == np.isnan(parts)).all()
    assert (np.abs(whole - parts)[~np.isnan(parts)] < 1 + 1e-6).all()
    for group in set(groups):
        mine = groups == group
        assert np.nansum(whole[mine]) == np.floor(np.nansum(parts[mine]) + 1e-9)
    order = np.random.default_rng(0).permutation(len(rows))
    assert np.array_equal(whole_parts(parts[order], groups[order], names[order]), whole[order], equal_nan=True)


def test_without_a_number_the_standard_holds_for_what_is_allowed():
    lots = boxes(LOT, (100, 0, 160, 30), (200, 0, 260, 30), (300, 0, 360, 30))
    plans = plan(
        LOT, (100, 0, 160, 30), (200, 0, 260, 30),
        homes_one_or_two=["allowed", "prohibited", "prohibited"],
        homes_multi=["prohibited", "allowed", "prohibited"],
    )  # fmt: skip
    given = pd.concat([plots(900.0, kind="vacant_parcel", parcel=f"f{n}") for n in range(4)], ignore_index=True)
    table = held(given, right(lots, plans), homes_per_plot=[1, 4, 1, 2])
    assert table["homes_basis"].tolist() == ["standard", "standard", "plan", "standard"]
    assert table["homes_one_or_two"].tolist() == [1, 0, 0, 2]
    assert table["homes_multi"].tolist() == [0, 4, 0, 0]
    assert table["homes"].tolist() == [1, 4, 0, 2]
    assert table["right_code"].tolist() == [None] * 4


def test_the_height_and_what_binds_come_along_and_the_index_is_kept():
    rights = right(boxes(LOT), plan(LOT, max_bya_m2=[50.0]), provision("RIDGE", 8.0, LOT), provision("USE", 90.0, LOT))
    given = plots(500.0, 600.0).set_axis([7, 3])
    table = held(given, rights)
    assert table.index.tolist() == [7, 3]
    assert table["max_height_m"].tolist() == [8.0, 8.0]
    assert [entry["code"] for entry in table.loc[3, "right_basis"]] == ["max_bya_m2", "RIDGE"]
    # 50 m² in two storeys are one house.
    assert table["homes"].tolist() == [1, 1]


def test_no_plots_and_no_rights_are_no_trouble():
    rights = right(boxes(LOT), plan(LOT))
    assert held(plots(), rights).empty
    nowhere = held(plots(900.0), rights.iloc[:0])
    assert nowhere.loc[0, ["homes", "homes_basis"]].tolist() == [1, "standard"]


SIZES = st.lists(st.floats(10, 900), min_size=1, max_size=5)
LIMITS = {
    "max_coverage": st.floats(0.01, 0.9),
    "max_floor_ratio": st.floats(0.01, 3.0),
    "homes_per_ha": st.floats(1, 90),
}


@settings(max_examples=12, deadline=None)
@given(SIZES, st.fixed_dictionaries({}, optional=LIMITS), st.booleans())
def test_plots_never_get_more_than_is_left_of_the_right(sizes, limits, built):
    house = boxes((5, 5, 20, 15), use=["dwelling" if built else "complement"], dwellings=[1 if built else 0])
    rights = right(boxes(LOT), plan(LOT, **{name: [value] for name, value in limits.items()}), buildings=house)
    table = held(plots(*sizes), rights)
    most = rights.loc[0]
    for left, got in (
        ("remaining_building_area_m2", "max_building_area_m2"),
        ("remaining_gross_floor_area_m2", "max_gross_floor_area_m2"),
    ):
        if not np.isnan(most[left]):
            assert table[got].sum() <= most[left] * (1 + 1e-9) + 1e-9
    if "homes_per_ha" in limits:
        assert table["homes"].sum() <= max(limits["homes_per_ha"] * 0.18 - most["existing_dwellings"], 0) + 1e-9


@settings(max_examples=12, deadline=None)
@given(SIZES, st.floats(0.01, 0.5), st.floats(0, 0.5), st.floats(10, 400), st.floats(0, 400))
def test_a_larger_right_never_gives_a_plot_less(sizes, share, more, area, extra):
    house = boxes((5, 5, 20, 15), use=["dwelling"], dwellings=[1])
    small, large = (
        held(plots(*sizes), right(boxes(LOT), plan(LOT, max_coverage=[c], max_bya_m2=[a]), buildings=house))
        for c, a in ((share, area), (share + more, area + extra))
    )
    names = ["homes", "homes_one_or_two", "homes_multi", "max_building_area_m2"]
    assert (large[names] >= small[names] - 1e-9).all(axis=None)
