import datetime as dt

import pytest
import shapely
from place import frame, make_rule, make_rules, metres

from geoplan.frames import metres_per_unit
from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints, read_layers
from geoplan.land.rules import Rule

DAY = dt.date(2026, 1, 1)
REGISTER = make_rule(id="soil", layer="sites", operation="touches", severity="investigate")
ROAD = make_rule(id="road", layer="roads", operation="within_distance", distance_m=30, except_in=["plans"])


def test_touches_takes_the_whole_of_each_parcel_that_a_point_lies_in_or_on_the_edge_of() -> None:
    parcels = frame([shapely.box(n * 10, 0, n * 10 + 10, 10) for n in range(4)])
    sites = frame([shapely.Point(5, 5), shapely.Point(6, 6), shapely.Point(20, 5)])
    constraints = build_constraints(make_rules(REGISTER), {"sites": sites, "parcels": parcels}, as_of=DAY)
    zone = shapely.union_all(constraints.pieces.geometry.to_numpy())
    assert zone.equals(shapely.box(0, 0, 30, 10))
    by_feature = constraints.pieces.dissolve("feature").area.to_dict()
    assert by_feature == {"f0": 100.0, "f1": 100.0, "f2": 200.0}
    left = buildable_land(parcels, constraints).parcels.set_index("id")["buildable_m2"]
    assert left.to_dict() == {"f0": 0.0, "f1": 0.0, "f2": 0.0, "f3": 100.0}


def test_touches_leaves_the_neighbour_that_only_shares_a_boundary_with_an_area_or_a_line() -> None:
    parcels = frame([shapely.box(n * 10, 0, n * 10 + 10, 10) for n in range(4)])
    sites = frame([shapely.box(12, 2, 20, 8), shapely.LineString([(30, 0), (30, 10)])])
    zone = build_constraints(make_rules(REGISTER), {"sites": sites, "parcels": parcels}, as_of=DAY).pieces
    assert shapely.union_all(zone.geometry.to_numpy()).equals(shapely.box(10, 0, 20, 10))
    across = frame([shapely.LineString([(5, 5), (15, 5)])])
    zone = build_constraints(make_rules(REGISTER), {"sites": across, "parcels": parcels}, as_of=DAY).pieces
    assert shapely.union_all(zone.geometry.to_numpy()).equals(shapely.box(0, 0, 20, 10))


def test_touches_without_parcels_was_never_asked() -> None:
    sites = frame([shapely.Point(5, 5)])
    constraints = build_constraints(make_rules(REGISTER), {"sites": sites}, as_of=DAY)
    assert constraints.unknown == ("soil",)
    assert constraints.pieces.empty
    none = build_constraints(make_rules(REGISTER), {"sites": sites.iloc[:0], "parcels": sites}, as_of=DAY)
    assert (none.unknown, len(none.pieces)) == ((), 0)


def test_a_rule_does_not_hold_inside_what_it_excepts(crs: int) -> None:
    road = frame([metres(shapely.LineString([(0, 0), (1_000, 0)]), crs)], crs)
    plans = frame([metres(shapely.box(400, -500, 600, 10), crs), metres(shapely.box(0, 30, 9, 90), crs)], crs)
    layers = {"roads": road, "plans": plans}
    zone = shapely.union_all(build_constraints(make_rules(ROAD), layers, as_of=DAY).pieces.geometry.to_numpy())
    whole = shapely.union_all(
        build_constraints(make_rules(ROAD), {"roads": road}, as_of=DAY).pieces.geometry.to_numpy()
    )
    # Of the zone's 60 m of width, the plan takes 40 over 200 m of road.
    square = metres_per_unit(crs) ** 2
    assert (whole.area - zone.area) * square == pytest.approx(40 * 200, rel=1e-9)
    assert not zone.intersects(metres(shapely.Point(500, 9.9), crs))
    assert zone.covers(metres(shapely.Point(500, 10.1), crs))
    assert zone.covers(metres(shapely.Point(399, 0), crs))


def test_an_excepted_layer_takes_nothing_from_pieces_that_it_does_not_touch() -> None:
    road = frame([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(900, 0), (999, 0)])])
    far = frame([shapely.box(800, -99, 1_200, 99)])
    with_plan = build_constraints(make_rules(ROAD), {"roads": road, "plans": far}, as_of=DAY).pieces
    without = build_constraints(make_rules(ROAD), {"roads": road}, as_of=DAY).pieces
    assert set(with_plan["feature"]) == {"f0"}
    kept = without[without["feature"] == "f0"].geometry.to_wkb()
    assert list(with_plan.geometry.to_wkb()) == list(kept)


def test_a_rule_reads_every_layer_that_decides_it() -> None:
    def read(**given: object) -> tuple[str, ...]:
        return read_layers(Rule.model_validate(make_rule(id="x", **given)))

    assert read(layer="a", operation="inside") == ("a",)
    assert read(layer="a", operation="touches", except_in=["b"]) == ("a", "parcels", "b")
    assert read(layer="a", operation="inside", except_in=["b", "a"]) == ("a", "b")
    shore = read(layer="water", operation="shore_zone", distance_m=1, except_in=["plans"])
    assert shore == ("water", "municipality", "shore_protection", "plans")


def test_an_unsure_shore_is_something_to_investigate_and_the_sure_one_wins_where_both_are() -> None:
    rule = make_rule(
        id="shore",
        layer="water",
        operation="shore_zone",
        severity="needs_exemption",
        distance_m=10,
        parameters={"stream_min_width_m": 2},
    )
    streams = frame(
        [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(200, 0), (200, 100)])],
        kind="stream",
        width_m=[3.0, None],
    )
    # The second parcel lies between both streams' zones, within 10 m of each.
    parcels = frame([shapely.box(0, 0, 50, 20), shapely.box(195, 0, 205, 50)])
    constraints = build_constraints(make_rules(rule), {"water": streams, "parcels": parcels}, as_of=DAY)
    found = constraints.pieces.groupby("basis")["severity"].agg(set).to_dict()
    assert found == {"computed_general": {"needs_exemption"}, "computed_unsure": {"investigate"}}
    both = frame([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 0), (100, 0)])])
    both = both.assign(kind="stream", width_m=[3.0, None])
    parcel = frame([shapely.box(20, 0, 60, 20)])
    reasons = buildable_land(parcel, build_constraints(make_rules(rule), {"water": both}, as_of=DAY)).reasons
    taken = reasons.set_index("basis")["taken_m2"]
    assert taken["computed_general"] == pytest.approx(400)
    assert taken["computed_unsure"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("severity", "unsure"), [("forbidden", "investigate"), ("noted", "noted"), ("costs", "costs")])
def test_unsure_never_weighs_more_than_sure(severity: str, unsure: str) -> None:
    rule = make_rule(
        id="shore",
        layer="water",
        operation="shore_zone",
        severity=severity,
        distance_m=10,
        parameters={"stream_min_width_m": 2},
    )
    stream = frame([shapely.LineString([(0, 0), (9, 0)])], kind="stream", width_m=[None])
    pieces = build_constraints(make_rules(rule), {"water": stream}, as_of=DAY).pieces
    assert set(pieces["severity"]) == {unsure}
