"""Travel times on networks that can be reckoned by hand, and what must hold on any."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from travelling import ferries, lake, moved, places, roads, services, standards, values

from geoplan.errors import CRSError, FrameError, InputError
from geoplan.plots.travel.crossings import crossing_minutes
from geoplan.plots.travel.network import build_network
from geoplan.plots.travel.reach import SERVICE_KINDS, reach
from geoplan.plots.travel.routes import build_routes
from geoplan.plots.travel.sailings import sailings
from geoplan.plots.travel.standards import MODES, TravelStandards

STREET = [(0, 0), (1000, 0)]
ISLAND = [(3000, 0), (4000, 0)]
NO_FERRIES = ferries(STREET).iloc[:0]


def times(*arguments, **options):
    result = reach(*arguments, standards=options.pop("standards", standards()), **options)
    return result.times.set_index(["plot", "mode"])


def test_a_way_is_access_road_and_access_to_the_second():
    # 100 m to the road, 700 m along it, 50 m to the school; access is 1.2 times as long.
    found = times(places((100, 100)), services(school=(800, 50)), roads(STREET))
    expected = {
        "foot": (100 * 1.2 + 50 * 1.2) / 5000 * 60 + 0.7 * 12,
        "bike": (100 * 1.2 + 50 * 1.2) / 10_000 * 60 + 0.7 * 4,
        "car": (100 * 1.2 + 50 * 1.2) / 10_000 * 60 + 0.7 * 1,
    }
    for mode in MODES:
        row = found.loc["P0", mode]
        assert row["school"] * 60 == pytest.approx(expected[mode] * 60, abs=0.01)
        assert row["connection"] == "road"
        assert row["access_m"] == 100
        assert np.isnan(row["shop"])


def test_both_on_one_edge_and_both_beyond_each_others_ends():
    crossing = [(500, -500), (500, 500)]
    found = times(places((490, 0), (500, 400)), services(school=(510, 0), shop=(0, 0)), roads(STREET, crossing))
    assert found.loc[("P0", "foot"), ["school", "shop"]].tolist() == pytest.approx([0.02 * 12, 0.49 * 12])
    assert found.loc[("P1", "foot"), ["school", "shop"]].tolist() == pytest.approx([0.41 * 12, 0.9 * 12])


def test_a_polygons_way_begins_at_its_edge():
    plot = places((200, 60))
    plot.geometry = plot.buffer(40, cap_style="square")
    found = times(plot, services(school=(1000, 0)), roads(STREET))
    assert found.loc[("P0", "foot"), "access_m"] == pytest.approx(20)


def along(*corners, streets=((-1000, 0), (2000, 0)), **options):
    """Return the minutes on foot to a school at the west end of a street, from one plot."""
    plot = places((0, 0))
    plot.geometry = [shapely.Polygon(moved(corners))]
    lines = [streets] if not isinstance(streets[0][0], tuple) else streets
    found = times(plot, services(school=(-1000, 0)), roads(*lines), **options)
    return found.loc[("P0", "foot"), ["school", "access_m"]].tolist()


@pytest.mark.parametrize("streets", [((-1000, 0), (2000, 0)), (((-1000, 0), (200, 0)), ((200, 0), (2000, 0)))])
def test_minutes_do_not_hang_on_a_millimetre(streets):
    # A side of 600 m runs along the street: the way begins in its middle, whichever corner is nearest.
    sides = [[(0, 20), (600, 20 + lift), (600, 60), (0, 60)] for lift in (0.0, 0.001, -0.001)]
    found = np.array([along(*side, streets=streets) for side in sides])
    assert found[0] == pytest.approx([1.3 * 12 + 20 * 1.2 / 5000 * 60, 20], abs=0.001)
    assert (np.ptp(found, axis=0) < 0.002).all()


@settings(max_examples=60, deadline=None)
@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(0.0005, 0.002))
def test_minutes_follow_a_side_without_leaps(left, right, step):
    # However the side lies: a millimetre more at one corner moves the way's foot by less than a metre.
    before, after = (along((0, 40 + left), (600, 40 + right + more), (600, 99), (0, 99)) for more in (0.0, step))
    assert abs(before[0] - after[0]) < 12 / 1000
    assert abs(before[1] - after[1]) < 0.01


def test_the_middle_is_as_near_as_the_nearest_and_as_dry():
    # Two arms reach for the street: the way begins at one of them, not between them.
    arms = [(0, 20), (100, 20), (100, 300), (500, 300), (500, 20), (600, 20), (600, 400), (0, 400)]
    minutes, access = along(*arms)
    assert 20 <= access <= 21
    kilometres = (minutes - access * 1.2 / 5000 * 60) / 12
    assert min(abs(kilometres - 1.1), abs(kilometres - 1.5)) < 0.01
    # A pond before the middle of a side: the way begins where it is dry.
    pond = lake((250, 3, 350, 17))
    minutes, access = along((0, 20), (600, 20), (600, 60), (0, 60), water=pond)
    assert access == 20
    kilometres = (minutes - 20 * 1.2 / 5000 * 60) / 12
    assert not 1.25 < kilometres < 1.35


def test_kinds_and_attributes_of_roads_close_and_slow_them():
    network = roads(STREET, kind="path")
    found = times(places((0, 0)), services(school=(1000, 0)), network, NO_FERRIES)
    assert found.loc[("P0", "foot"), "school"] == pytest.approx(12)
    assert found.loc[("P0", "car"), "connection"] == "none"
    assert np.isnan(found.loc[("P0", "car"), "access_m"])
    fast = times(places((0, 0)), services(school=(1000, 0)), roads(STREET, speed_kmh=[120.0], foot="no"), NO_FERRIES)
    assert fast.loc[("P0", "car"), "school"] == pytest.approx(0.5)
    assert fast.loc[("P0", "foot"), "connection"] == "none"
    track = times(places((0, 0)), services(school=(1000, 0)), roads(STREET, kind="path", car="yes"))
    assert track.loc[("P0", "car"), "school"] == pytest.approx(2)


def test_one_way_holds_for_vehicles_and_not_for_walkers():
    around = [(1000, 0), (1000, 1000), (0, 1000), (0, 0)]
    network = roads(STREET, around, direction=["backward", "backward"])
    found = times(places((0, 0)), services(school=(1000, 0)), network)
    assert found.loc[("P0", "car"), "school"] == pytest.approx(3)
    assert found.loc[("P0", "foot"), "school"] == pytest.approx(12)
    back = times(places((1000, 0)), services(school=(0, 0)), network)
    assert back.loc[("P0", "car"), "school"] == pytest.approx(1)


def test_an_island_without_a_ferry_is_reached_by_nothing():
    found = reach(
        places((100, 0), (3500, 0)), services(school=(1000, 0)), roads(STREET, ISLAND), NO_FERRIES,
        standards=standards(),
    )  # fmt: skip
    rows = found.times.set_index(["plot", "mode"])
    assert rows.loc["P0", "connection"].tolist() == ["road"] * 3
    assert rows.loc["P1", "connection"].tolist() == ["none"] * 3
    assert rows.loc["P1", "school"].isna().all()
    assert found.islands["plot"].tolist() == ["P1"]
    assert found.islands[["winter_minutes", "summer_minutes"]].isna().all(axis=None)
    assert found.islands["within_limit"].tolist() == [False]


def test_an_island_with_a_ferry_is_reached_and_the_minutes_add_up_to_the_second():
    # The mainland is the longer road.
    sound = ferries([(1010, 0), (2990, 0)], minutes=20.0, winter_minutes=24.0, headway_minutes=30.0, cars="no")
    plots, goals, network = places((3100, 0)), services(school=(0, 0)), roads([(-2000, 0), (1000, 0)], ISLAND)
    winter = reach(plots, goals, network, sound, standards=standards())
    rows = winter.times.set_index(["plot", "mode"])
    walks = 20 * 1.2 / 5000 * 60
    assert rows.loc[("P0", "foot"), "school"] * 60 == pytest.approx((1.1 * 12 + walks + 15 + 24) * 60, abs=0.01)
    assert rows.loc["P0", "connection"].tolist() == ["ferry", "ferry", "none"]
    assert winter.islands.loc[0, ["winter_minutes", "summer_minutes"]].tolist() == pytest.approx([39, 35])
    assert not winter.islands.loc[0, "within_limit"]
    summer = times(plots, goals, network, sound, season="summer")
    assert summer.loc[("P0", "foot"), "school"] * 60 == pytest.approx((1.1 * 12 + walks + 15 + 20) * 60, abs=0.01)
    carried = times(plots, goals, network, sound.assign(cars="yes"))
    assert carried.loc[("P0", "car"), "connection"] == "ferry"
    assert carried.loc[("P0", "car"), "school"] == pytest.approx(1.1 + 20 * 1.2 / 10_000 * 60 + 39)


def test_a_summer_ferry_leaves_an_island_alone_in_winter():
    sound = ferries([(1000, 0), (3000, 0)], season="summer", departures_per_day=16.0)
    network = roads([(-2000, 0), (1000, 0)], ISLAND)
    found = reach(places((3100, 0)), services(school=(0, 0)), network, sound, standards=standards())
    assert found.times["connection"].tolist() == ["none"] * 3
    assert found.islands["summer_minutes"].tolist() == [10 + 30]
    assert found.islands["winter_minutes"].isna().all()


def test_an_island_without_roads_is_left_from_its_quay():
    sound = ferries([(1000, 0), (3000, 0)], headway_minutes=20.0)
    found = times(places((3000, 100)), services(school=(1000, 0)), roads(STREET), sound)
    assert found.loc[("P0", "foot"), "connection"] == "ferry"
    assert found.loc[("P0", "foot"), "school"] == pytest.approx(120 / 5000 * 60 + 10 + 10)


def test_ferries_of_one_quay_follow_one_another_with_a_wait_each():
    chain = ferries([(1000, 0), (3000, 0)], [(3020, 0), (6000, 0)], minutes=[10.0, 15.0], headway_minutes=[20.0, 40.0])
    found = times(places((6000, 0)), services(school=(1000, 0)), roads(STREET), chain)
    expected = 15 + 20 + 20 * 1.2 / 5000 * 60 + 10 + 10
    assert found.loc[("P0", "foot"), "school"] == pytest.approx(expected)


def test_a_ferry_across_a_narrow_sound_is_no_walk():
    sound = ferries([(1000, 0), (1080, 0)], headway_minutes=20.0)
    network = roads(STREET, [(1080, 0), (1300, 0)])
    found = reach(places((1300, 0)), services(school=(1000, 0)), network, sound, standards=standards())
    assert found.times.loc[0, "connection"] == "ferry"
    assert found.times.loc[0, "school"] == pytest.approx(0.22 * 12 + 20)


def test_a_straight_way_does_not_cross_the_sea_but_a_ditch():
    network, sea = roads(STREET, [(-200, 300), (400, 300)]), lake((-500, 100, 2000, 200))
    plots, goals = places((100, 240), (900, 240), (300, 50)), services(school=(1000, 0))
    dry = times(plots, goals, network, NO_FERRIES, water=sea)
    assert dry["connection"].xs("foot", level="mode").tolist() == ["none", "none", "road"]
    # P1 lies nearer to the mainland's road than to its own island's, 502 m away.
    assert dry.loc[("P0", "foot"), "access_m"] == 60
    assert np.isnan(dry.loc[("P1", "foot"), "access_m"])
    swum = times(plots, goals, network, NO_FERRIES)
    assert swum["connection"].xs("foot", level="mode").tolist() == ["none", "road", "road"]
    ditch = times(plots, goals, network, NO_FERRIES, water=lake((-500, 100, 2000, 108)))
    assert ditch["connection"].xs("foot", level="mode").tolist() == ["road"] * 3


def test_a_fragment_that_lies_nearer_does_not_cut_a_plot_off():
    network, far = roads(STREET, [(100, 150), (120, 150)]), lake((9000, 9000, 9100, 9100))
    found = times(places((110, 160)), services(school=(1000, 0)), network, water=far)
    assert found.loc[("P0", "foot"), ["connection", "access_m"]].tolist() == ["road", 160]
    unsure = times(places((110, 160)), services(school=(1000, 0)), network)
    assert unsure.loc[("P0", "foot"), ["connection", "access_m"]].tolist() == ["road", 160]
    # Where there is nothing else, a fragment is better than no road.
    alone = times(places((110, 1160)), services(school=(1000, 0)), roads(STREET, [(100, 1150), (120, 1150)]))
    assert alone.loc[("P0", "foot"), ["connection", "access_m"]].tolist() == ["unknown", 10]


def test_what_is_not_known_is_unknown_and_said():
    plots, goals = places((100, 0), (3500, 0)), services(school=(1000, 0))
    found = reach(plots, goals, None, standards=standards())
    assert found.times["connection"].tolist() == ["unknown"] * 6
    assert found.times[["access_m", *SERVICE_KINDS]].isna().all(axis=None)
    assert len(found.islands) == 0
    assert "no layer of roads" in found.notes[0].en
    assert "inga vägar" in found.notes[0].sv
    partly = reach(plots, None, roads(STREET, ISLAND), standards=standards())
    assert partly.times["connection"].tolist() == ["road"] * 3 + ["unknown"] * 3
    said = " ".join(note.en for note in partly.notes)
    for missing in ("ferries", "water", "services"):
        assert f"no layer of {missing}" in said
    guessed = reach(plots, goals, roads(STREET, ISLAND), ferries([(1000, 0), (3000, 0)]), standards=standards())
    assert any("1 ferries do not say how often" in note.en for note in guessed.notes)
    assert guessed.islands["winter_minutes"].tolist() == [10 + 0.5 * 16 * 60 / 4]


def test_whether_a_crossing_is_within_the_limit_is_unknown_without_a_layer_of_ferries():
    plots, network = places((100, 0), (3500, 0)), roads(STREET, ISLAND)
    asked = {"never": None, "none": NO_FERRIES, "one": ferries([(1000, 0), (3000, 0)], headway_minutes=20.0)}
    told = {name: reach(plots, None, network, sails, standards=standards()).islands for name, sails in asked.items()}
    assert {name: islands["within_limit"].tolist() for name, islands in told.items()} == {
        "never": [pd.NA],
        "none": [False],
        "one": [True],
    }
    assert {str(islands["within_limit"].dtype) for islands in told.values()} == {"boolean"}


def test_crossings_between_areas_count_only_what_is_over_water():
    sound = ferries([(1000, 0), (3000, 0)], headway_minutes=20.0, winter_minutes=25.0)
    network = roads([(-2000, 0), (1000, 0)], ISLAND, [(8000, 0), (9000, 0)])
    areas = places((0, 0), (3500, 0), (8500, 0))
    areas.geometry = areas.buffer(900)
    found = crossing_minutes(areas, network, sound, standards=standards())
    table = found.pivot(index="from_area", columns="to_area", values="minutes")
    assert table.loc["P0", "P1"] == table.loc["P1", "P0"] == 35
    assert np.isnan(table.loc["P0", "P2"])
    assert np.diag(table).tolist() == [0, 0, 0]
    assert found["from_area"].tolist()[:3] == ["P0"] * 3
    summer = crossing_minutes(areas, network, sound, standards=standards(), season="summer")
    assert summer["minutes"].tolist()[1] == 20
    points = crossing_minutes(places((0, 10), (3500, 10)), network, sound, standards=standards())
    assert points["minutes"].tolist() == [0, 35, 35, 0]


def test_the_assumptions_file_is_what_the_standards_take():
    given_ = values()
    assert TravelStandards.from_values(given_).ferry_wait == 0.5
    with pytest.raises(InputError, match=r"ferry_wait is missing.*walk is unknown"):
        TravelStandards.from_values({k: v for k, v in given_.items() if k != "ferry_wait"} | {"walk": 1})
    with pytest.raises(InputError, match="access_detour must be at least 1"):
        TravelStandards.from_values(given_ | {"access_detour": 0.5})
    with pytest.raises(InputError, match="car_speed must be a table"):
        TravelStandards.from_values(given_ | {"car_speed": {"state": -1}})
    with pytest.raises(InputError, match=r"access_speed\.car must be above 0"):
        TravelStandards.from_values(given_ | {"access_speed": {"bike": 5}})


def test_bad_layers_are_refused():
    plots, goals, network = places((0, 0)), services(school=(0, 0)), roads(STREET)
    with pytest.raises(FrameError, match="1 rows have no minutes"):
        reach(plots, goals, network, ferries(STREET, minutes=[None]), standards=standards())
    with pytest.raises(FrameError, match="headway_minutes that is not above zero"):
        reach(plots, goals, network, ferries(STREET, headway_minutes=[-5.0]), standards=standards())
    with pytest.raises(CRSError):
        reach(plots.to_crs(3007), goals, network, standards=standards())
    with pytest.raises(FrameError, match="id is not unique"):
        reach(places((0, 0), (1, 1), id=["a", "a"]), goals, network, standards=standards())


# A grid of seven by seven; roads go from one of its points to another.
POINT = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda xy: (xy[0] * 100.0, xy[1] * 100.0))
ROAD = st.tuples(POINT, POINT).filter(lambda ends: ends[0] != ends[1])
ROADS = st.lists(ROAD, min_size=1, max_size=12, unique=True)


def minutes_between(network, points, mode="foot"):
    """Return the minutes from each of some points on the network to each other."""
    frame = places(*points)
    # All points lie on roads.
    touching = standards(longest_access=1.0)
    none = sailings(None, season="winter", standards=touching)
    routes = build_routes(network, none, mode=mode, standards=touching)
    shapes = frame.geometry.to_numpy()
    return routes.minutes(routes.meet(shapes), [shapes[[n]] for n in range(len(points))])


@settings(max_examples=40, deadline=None)
@given(ROADS)
def test_a_detour_is_never_shorter(lines):
    points = sorted({end for line in lines for end in line})[:6]
    minutes = minutes_between(build_network(roads(*lines), snapping_m=1.0), points)
    assert np.diag(minutes).tolist() == pytest.approx([0] * len(points), abs=1e-9)
    for middle in range(len(points)):
        assert (minutes <= minutes[middle][None, :] + minutes[:, [middle]] + 1e-6).all()
    # Walkers go both ways.
    finite = np.isfinite(minutes)
    assert (finite == finite.T).all()
    assert np.allclose(minutes[finite], minutes.T[finite])


@settings(max_examples=40, deadline=None)
@given(ROADS, ROAD)
def test_a_road_more_never_lengthens_a_time(lines, more):
    points = sorted({end for line in lines for end in line})[:6]
    before = minutes_between(build_network(roads(*lines), snapping_m=1.0), points)
    after = minutes_between(build_network(roads(*lines, more), snapping_m=1.0), points)
    assert (after <= before + 1e-6).all()


@settings(max_examples=25, deadline=None)
@given(ROADS, st.lists(POINT, min_size=2, max_size=5, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(lines, spots, random):
    network, plots = roads(*lines), places(*spots)
    goals = pd.concat([services(school=spots[0], shop=(250, 130)), services(school2=(610, 420))])
    sound = ferries([(0, 0), (600, 600)], [(0, 600), (600, 0)], headway_minutes=[20.0, 30.0], cars=["yes", "no"])
    one = reach(plots, goals, network, sound, standards=standards())

    def shuffled(frame):
        return frame.iloc[random.sample(range(len(frame)), len(frame))]

    other = reach(shuffled(plots), shuffled(goals), shuffled(network), shuffled(sound), standards=standards())
    keys = ["plot", "mode"]
    pd.testing.assert_frame_equal(
        one.times.sort_values(keys, ignore_index=True),
        other.times.sort_values(keys, ignore_index=True),
        check_exact=True,
    )
    pd.testing.assert_frame_equal(
        one.islands.sort_values("plot", ignore_index=True),
        other.islands.sort_values("plot", ignore_index=True),
        check_exact=True,
    )
    alone = reach(plots.iloc[[0]], goals, network, sound, standards=standards())
    pd.testing.assert_frame_equal(alone.times, one.times.iloc[:3].reset_index(drop=True), check_exact=True)


def test_a_network_in_feet_gives_the_same_minutes():
    feet = 1200 / 3937
    frames = [places((100, 100)), services(school=(800, 50)), roads(STREET)]
    expected = times(*frames)["school"]
    for frame in frames:
        frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy / feet)
    stretched = [frame.set_crs("EPSG:2284", allow_override=True) for frame in frames]
    assert times(*stretched)["school"].tolist() == pytest.approx(expected.tolist())
