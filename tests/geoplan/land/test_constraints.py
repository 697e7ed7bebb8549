import datetime as dt

import pandas as pd
import pytest
import shapely
from place import TEXT, frame, make_rule, make_rules, metres

from geoplan.errors import CRSError, SettingsError
from geoplan.frames import metres_per_unit
from geoplan.land.constraints import build_constraints, select_features
from geoplan.land.rules import Condition

DAY = dt.date(2026, 1, 1)


def test_distances_are_metres_in_every_unit(crs: int) -> None:
    roads = frame([metres(shapely.LineString([(0, 0), (1_000, 0)]), crs)], crs)
    rules = make_rules(make_rule(id="road", layer="roads", operation="within_distance", distance_m=30))
    zone = shapely.union_all(build_constraints(rules, {"roads": roads}, as_of=DAY).pieces.geometry.to_numpy())
    assert zone.covers(metres(shapely.Point(500, 29.9), crs))
    assert not zone.intersects(metres(shapely.Point(500, 30.1), crs))
    expected = 1_000 * 60 + 3.1366 * 30**2  # a circle of 64 segments
    assert zone.area * metres_per_unit(crs) ** 2 == pytest.approx(expected, rel=1e-4)


def test_a_feature_s_own_field_decides_its_distance() -> None:
    roads = frame([shapely.Point(0, 0), shapely.Point(1_000, 0), shapely.Point(2_000, 0)], number=["E4", "583", "1"])
    by = {"field": "number", "values": {"E4": 50, "583": 30}}
    rule = make_rule(id="road", layer="roads", operation="within_distance", distance_by=by)
    pieces = build_constraints(make_rules(rule), {"roads": roads}, as_of=DAY).pieces
    assert pieces.groupby("feature")["distance_m"].first().to_dict() == {"f0": 50.0, "f1": 30.0}
    rule["distance_m"] = 12
    pieces = build_constraints(make_rules(rule), {"roads": roads}, as_of=DAY).pieces
    assert pieces.set_index("feature")["distance_m"]["f2"] == 12.0


def test_half_a_road_s_width_is_its_distance_and_the_setting_only_asked_where_the_width_is_unknown() -> None:
    rule = make_rule(
        id="road",
        layer="roads",
        operation="within_distance",
        distance_by={"field": "width_m", "scale": 0.5},
        distance_setting="half_width",
    )
    rules = make_rules(rule, settings={"half_width": {"title": TEXT, "unit": "m", "source": "x"}})
    roads = frame([shapely.Point(0, 0), shapely.Point(100, 0)], width_m=[9.0, 6.0])
    pieces = build_constraints(rules, {"roads": roads}, as_of=DAY).pieces
    assert pieces.set_index("feature")["distance_m"].to_dict() == {"f0": 4.5, "f1": 3.0}
    unknown = roads.assign(width_m=[9.0, None])
    with pytest.raises(SettingsError, match="half_width"):
        build_constraints(rules, {"roads": unknown}, as_of=DAY)
    decided = build_constraints(rules.with_settings({"half_width": 2}), {"roads": unknown}, as_of=DAY).pieces
    assert decided.set_index("feature")["distance_m"].to_dict() == {"f0": 4.5, "f1": 2.0}


def test_a_missing_layer_is_never_asked_and_a_required_setting_only_asked_where_its_layer_is() -> None:
    rules = make_rules(
        make_rule(id="flood", layer="flood", operation="inside"),
        make_rule(id="road", layer="roads", operation="within_distance", distance_setting="clearance"),
        settings={"clearance": {"title": TEXT, "unit": "m", "source": "x"}},
    )
    parcels = frame([shapely.box(0, 0, 1, 1)])
    constraints = build_constraints(rules, {"parcels": parcels}, as_of=DAY)
    assert constraints.unknown == ("flood", "road")
    assert constraints.pieces.empty
    with pytest.raises(SettingsError, match="clearance"):
        build_constraints(rules, {"roads": frame([shapely.Point(0, 0)])}, as_of=DAY)


def test_outside_is_everywhere_but_inside() -> None:
    areas = frame([shapely.box(0, 0, 10, 10)], status=["existing"])
    parcels = frame([shapely.box(0, 0, 20, 10)])
    rules = make_rules(make_rule(id="va", layer="areas", operation="outside", severity="costs"))
    zone = shapely.union_all(
        build_constraints(rules, {"areas": areas, "parcels": parcels}, as_of=DAY).pieces.geometry.to_numpy()
    )
    assert zone.equals(shapely.box(10, 0, 20, 10))


def test_conditions_filter_by_value_number_and_date() -> None:
    layer = frame(
        [shapely.Point(n, 0) for n in range(4)],
        kind=["a", "b", "a", None],
        years=[100, 200, None, 50],
        day=pd.Series(["2020-01-01", "2021-01-01", None, "1999-01-01"], dtype=object),
    )

    def chosen(*conditions: dict[str, object]) -> list[str]:
        return list(select_features(layer, tuple(map(Condition.model_validate, conditions)))["id"])

    assert chosen({"field": "kind", "in": ["a"]}) == ["f0", "f2"]
    assert chosen({"field": "years", "max": 100}) == ["f0", "f3"]
    assert chosen({"field": "years", "min": 101}) == ["f1"]
    assert chosen({"field": "day", "min": dt.date(2020, 1, 1)}) == ["f0", "f1"]
    assert chosen({"field": "kind", "in": ["a"]}, {"field": "years", "min": 1}) == ["f0"]


def test_a_field_that_the_layer_lacks_is_named() -> None:
    rules = make_rules(make_rule(id="x", layer="plans", operation="inside", where=[{"field": "homes", "in": ["a"]}]))
    with pytest.raises(SettingsError, match="homes"):
        build_constraints(rules, {"plans": frame([shapely.box(0, 0, 1, 1)])}, as_of=DAY)


def test_layers_of_different_crs_are_refused() -> None:
    rules = make_rules(make_rule(id="x", layer="a", operation="inside"))
    with pytest.raises(CRSError):
        build_constraints(rules, {"a": frame([shapely.Point(0, 0)]), "b": frame([shapely.Point(0, 0)], 3010)})
