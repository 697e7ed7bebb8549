import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from place import frame, make_rule, make_rules

from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.land.rules import RuleSet
from geoplan.land.updating import LandInputs, touched_parcels, update_land

DAY = dt.date(2026, 1, 1)
RULES = (
    make_rule(id="a", layer="a", operation="inside", severity="needs_exemption"),
    make_rule(id="b", layer="b", operation="within_distance", distance_m=2),
    make_rule(id="c", layer="c", operation="inside", severity="costs"),
    make_rule(id="out", layer="c", operation="outside", severity="investigate"),
)

Random = np.random.Generator
Layers = dict[str, gpd.GeoDataFrame]


def boxes(random: Random, count: int, size: float) -> list[shapely.Geometry]:
    low, extent = random.random((count, 2)) * 100, random.random((count, 2)) * size + 0.5
    shapes = [shapely.box(*a, *(a + b)) for a, b in zip(low, extent, strict=True)]
    return [shapely.affinity.rotate(shape, random.random() * 90) for shape in shapes]


def named(shapes: list[shapely.Geometry], prefix: str) -> gpd.GeoDataFrame:
    return frame(np.array(shapes, dtype=object)).assign(id=[f"{prefix}{n}" for n in range(len(shapes))])


def drop_and_add(random: Random, layer: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    kept = layer[random.random(len(layer)) > 0.2]
    new = named(boxes(random, int(random.integers(0, 3)), 15), f"{name}{random.integers(10**9)}-")
    return pd.concat([new, kept], ignore_index=True)


def assert_same(one: Buildable, other: Buildable) -> None:
    """Equal to the bit: the same rows, in the same order, the same coordinates."""
    assert_frame_equal(one.reasons, other.reasons)
    for name in ("parcels", "remainders"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert_frame_equal(pd.DataFrame(mine.drop(columns="geometry")), pd.DataFrame(theirs.drop(columns="geometry")))
        assert shapely.equals_identical(mine.geometry.to_numpy(), theirs.geometry.to_numpy()).all()
        assert mine.crs == theirs.crs


def inputs(parcels: gpd.GeoDataFrame, layers: Layers, rules: RuleSet, overrides: pd.DataFrame | None) -> LandInputs:
    return LandInputs(parcels, build_constraints(rules, layers, as_of=DAY), overrides)


def full(now: LandInputs) -> Buildable:
    return buildable_land(now.parcels, now.constraints, overrides=now.overrides)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_random_edits_one_after_the_other_give_exactly_what_a_full_run_gives(seed: int) -> None:
    random = np.random.default_rng(seed)
    parcels = named([shapely.box(0, 0, 90, 90), *boxes(random, 25, 20)], "p")
    layers = {name: named(boxes(random, int(random.integers(1, 25)), 15), name) for name in "abc"}
    rules = [dict(rule) for rule in RULES]
    overrides = None
    was = inputs(parcels, layers, make_rules(*rules), overrides)
    land = full(was)
    for _ in range(3):
        match random.integers(6):
            case 0 | 1:
                name = str(random.choice(list("abc")))
                layers = layers | {name: drop_and_add(random, layers[name], name)}
            case 2:
                next(rule for rule in rules if rule["id"] == "b")["distance_m"] = float(random.integers(1, 5))
            case 3:
                rules = [rules[n] for n in random.permutation(len(rules))]
            case 4:
                parcels = drop_and_add(random, parcels, "p")
            case _:
                rows = {"parcel": random.choice(parcels["id"], 3), "rule": random.choice(["a", "b", "out"], 3)}
                overrides = pd.DataFrame(rows | {"holds": random.choice(["yes", "no", "unknown"], 3)})
        now = inputs(parcels, layers, make_rules(*rules), overrides)
        land, count = update_land(land, was, now)
        assert 0 <= count <= len(parcels)
        assert_same(land, full(now))
        was = now


def test_only_what_a_change_touches_is_computed() -> None:
    parcels = named([shapely.box(n * 10, 0, n * 10 + 10, 10) for n in range(100)], "p")
    layers = {name: named([shapely.box(0, 0, 5, 5)], name) for name in "abc"}
    rules = make_rules(*RULES[:3])
    was = inputs(parcels, layers, rules, None)
    more = pd.concat([layers["a"], named([shapely.box(501, 1, 519, 2)], "new")], ignore_index=True)
    now = inputs(parcels, layers | {"a": more}, rules, None)
    assert list(parcels["id"][touched_parcels(was, now)]) == ["p50", "p51"]
    assert not touched_parcels(now, now).any()
    land, count = update_land(full(was), was, now)
    assert count == 2
    assert land.reasons.query("parcel == 'p50'")["area_m2"].tolist() == [9.0]


def test_the_other_order_of_two_rules_touches_every_parcel() -> None:
    parcels = named([shapely.box(0, 0, 10, 10)], "p")
    layers = {name: named([shapely.box(0, 0, 5, 5)], name) for name in "ab"}
    was = inputs(parcels, layers, make_rules(RULES[0], RULES[1]), None)
    now = inputs(parcels, layers, make_rules(RULES[1], RULES[0]), None)
    assert touched_parcels(was, now).all()
    assert_geodataframe_equal(full(was).parcels, full(now).parcels)


@pytest.mark.parametrize("copies", [1, 2])
def test_of_equal_pieces_each_counts(copies: int) -> None:
    parcels = named([shapely.box(0, 0, 10, 10)], "p")
    one = named([shapely.box(0, 0, 5, 5)], "a")
    several = pd.concat([one] * copies, ignore_index=True)
    was = inputs(parcels, {"a": several}, make_rules(RULES[0]), None)
    now = inputs(parcels, {"a": one}, make_rules(RULES[0]), None)
    assert touched_parcels(was, now).tolist() == [copies == 2]


def test_of_equal_boxes_and_areas_the_shapes_decide_whatever_the_rows_order() -> None:
    parcels = named([shapely.affinity.rotate(shapely.box(0.1, 0.1, 7.3, 9.1), angle) for angle in range(0, 90, 3)], "p")
    halves = [shapely.Polygon([(1, 1), (6.1, 1), (6.1, 8.3)]), shapely.Polygon([(1, 1), (1, 8.3), (6.1, 8.3)])]
    layer = named(halves, "a")
    turned = layer.iloc[::-1].reset_index(drop=True)
    was = inputs(parcels, {"a": layer}, make_rules(RULES[0]), None)
    now = inputs(parcels, {"a": turned}, make_rules(RULES[0]), None)
    assert not touched_parcels(was, now).any()
    assert_same(full(was), full(now))


def test_another_crs_touches_every_parcel() -> None:
    parcels = named([shapely.box(0, 0, 10, 10)], "p")
    layers = {"a": named([shapely.box(0, 0, 5, 5)], "a")}
    was = inputs(parcels, layers, make_rules(RULES[0]), None)
    feet = {name: layer.set_crs(2284, allow_override=True) for name, layer in layers.items()}
    now = inputs(parcels.set_crs(2284, allow_override=True), feet, make_rules(RULES[0]), None)
    assert touched_parcels(was, now).all()
