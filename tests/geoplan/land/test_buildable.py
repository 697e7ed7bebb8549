import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from place import frame, make_rule, make_rules

from geoplan.errors import FrameError
from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import Constraints, build_constraints

DAY = dt.date(2026, 1, 1)
RULES = make_rules(
    make_rule(id="a", layer="a", operation="inside", severity="needs_exemption"),
    make_rule(id="b", layer="b", operation="inside"),
    make_rule(id="c", layer="c", operation="inside", severity="costs"),
)


def random_place(seed: int, parcels: int = 30) -> tuple[gpd.GeoDataFrame, dict[str, gpd.GeoDataFrame]]:
    random = np.random.default_rng(seed)

    def boxes(count: int, size: float) -> list[shapely.Geometry]:
        corner, extent = random.random((count, 2)) * 100, random.random((count, 2)) * size + 0.5
        shapes = [shapely.box(*low, *(low + span)) for low, span in zip(corner, extent, strict=True)]
        turned = [shapely.affinity.rotate(shape, random.random() * 90) for shape in shapes]
        return [shape.buffer(random.random() * 3) if n % 2 else shape for n, shape in enumerate(turned)]

    land = frame(boxes(parcels, 20))
    return land, {name: frame(boxes(int(random.integers(1, 25)), 15)) for name in "abc"}


def compute(parcels: gpd.GeoDataFrame, layers: dict[str, gpd.GeoDataFrame]) -> tuple[Buildable, Constraints]:
    constraints = build_constraints(RULES, layers, as_of=DAY)
    return buildable_land(parcels, constraints, sliver_width_m=0), constraints


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_every_parcel_adds_up_and_equals_the_plain_overlay(seed: int) -> None:
    parcels, layers = random_place(seed)
    result, _ = compute(parcels, layers)
    blocking = shapely.union_all([*layers["a"].geometry, *layers["b"].geometry])
    expected = shapely.area(shapely.difference(parcels.geometry.to_numpy(), blocking))
    table = result.parcels
    np.testing.assert_allclose(table["buildable_m2"], expected, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(table["area_m2"], table["buildable_m2"] + table["taken_m2"], rtol=1e-12)
    taken = result.reasons.groupby("parcel")["taken_m2"].sum().reindex(table["id"], fill_value=0.0)
    np.testing.assert_allclose(taken.to_numpy(), table["taken_m2"], rtol=1e-6, atol=1e-6)
    for name in "abc":
        union = shapely.union_all(layers[name].geometry.to_numpy())
        alone = shapely.area(shapely.intersection(parcels.geometry.to_numpy(), union))
        mine = result.reasons[result.reasons["rule"] == name].set_index("parcel")["area_m2"]
        np.testing.assert_allclose(mine.reindex(table["id"], fill_value=0.0), alone, rtol=1e-9, atol=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.data())
def test_a_parcel_depends_on_nothing_but_what_touches_it(seed: int, data: st.DataObject) -> None:
    parcels, layers = random_place(seed)
    result, _ = compute(parcels, layers)
    number = data.draw(st.integers(0, len(parcels) - 1))
    shape = parcels.geometry.iloc[number]
    touching = {name: layer[layer.intersects(shape)] for name, layer in layers.items()}
    alone, _ = compute(parcels.iloc[[number]], touching)
    assert alone.parcels["buildable_m2"].iloc[0] == pytest.approx(result.parcels["buildable_m2"].iloc[number])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_one_more_constraint_never_adds_buildable_land(seed: int) -> None:
    parcels, layers = random_place(seed)
    fewer = layers | {"a": layers["a"].iloc[:-1]}
    more, less = compute(parcels, layers)[0], compute(parcels, fewer)[0]
    assert (more.parcels["buildable_m2"] <= less.parcels["buildable_m2"] + 1e-6).all()


def test_a_swallowed_parcel_keeps_its_reason_and_no_land() -> None:
    parcels = frame([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)])
    layers = {"a": frame([shapely.box(-5, -5, 15, 15)]), "b": frame([shapely.box(8, 0, 12, 10)])}
    result, constraints = compute(parcels, layers)
    assert result.parcels["buildable_m2"].tolist() == [0.0, 100.0]
    assert result.parcels.geometry.iloc[0].is_empty
    assert constraints.unknown == ("c",)
    rows = result.reasons.set_index("rule")
    # The forbidden rule stands before the one that an exemption can lift, and takes its part first.
    assert list(rows.index) == ["b", "a"]
    assert rows["area_m2"].to_dict() == {"b": 20.0, "a": 100.0}
    assert rows["taken_m2"].to_dict() == {"b": 20.0, "a": 80.0}
    assert rows["feature"].to_dict() == {"b": "f0", "a": "f0"}


def test_what_costs_takes_nothing_and_is_told() -> None:
    parcels = frame([shapely.box(0, 0, 10, 10)])
    result, _ = compute(parcels, {"c": frame([shapely.box(0, 0, 5, 10)])})
    assert result.parcels["buildable_m2"].iloc[0] == 100.0
    (row,) = result.reasons.to_dict("records")
    assert (row["rule"], row["blocks"], row["area_m2"], row["taken_m2"]) == ("c", False, 50.0, 0.0)


def test_touching_along_an_edge_is_no_reason() -> None:
    parcels = frame([shapely.box(0, 0, 10, 10)])
    result, _ = compute(parcels, {"b": frame([shapely.box(10, 0, 20, 10)])})
    assert result.reasons.empty
    assert result.parcels["taken_m2"].iloc[0] == 0.0


def test_no_constraints_leave_everything() -> None:
    result, _ = compute(frame([shapely.box(0, 0, 10, 10)]), {"a": frame(np.empty(0, dtype=object))})
    assert result.parcels["buildable_m2"].iloc[0] == 100.0
    assert result.reasons.empty


def test_parcels_must_be_valid_and_unique() -> None:
    bad = frame([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), shapely.box(0, 0, 1, 1)])
    bad["id"] = "same"
    with pytest.raises(FrameError, match=r"not unique.*invalid"):
        compute(bad, {"a": frame([shapely.box(0, 0, 1, 1)])})
