"""Geometry for the screen: within its budget, as near the truth as it says, and safe inside HTML."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geoplan.maps.generalise import dissolve, draw, json_for_html

CRS = "EPSG:3006"


def rough(east: float, radius: float, *, vertices: int = 4000, seed: int = 1) -> shapely.Polygon:
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    far = radius * (1 + 0.002 * np.random.default_rng(seed).standard_normal(vertices))
    return shapely.buffer(shapely.Polygon(np.c_[east + far * np.cos(turn), 6_795_000 + far * np.sin(turn)]), 0)


def drawn(drawing) -> gpd.GeoSeries:
    features = json.loads(drawing.geojson)["features"]
    return gpd.GeoSeries([shapely.geometry.shape(f["geometry"]) for f in features], crs=4326)


def test_what_fits_is_drawn_at_the_finest_tolerance():
    shapes = gpd.GeoSeries([shapely.box(600_000, 6_795_000, 600_100, 6_795_100)], crs=CRS)
    drawing = draw(shapes, [{"id": "a"}], budget=10_000)
    assert drawing.tolerance_m == 1.0
    assert json.loads(drawing.geojson)["features"][0]["properties"] == {"id": "a"}
    assert drawn(drawing).to_crs(CRS).hausdorff_distance(shapes).iloc[0] < 1.5


@pytest.mark.parametrize("budget", [4_000, 20_000, 80_000])
def test_budget_holds_and_so_does_the_tolerance(budget):
    shapes = gpd.GeoSeries([rough(600_000, 3_000), rough(620_000, 2_000, seed=2)], crs=CRS)
    drawing = draw(shapes, [{}, {}], budget=budget)
    assert len(drawing.geojson) < budget + 500
    back = drawn(drawing).to_crs(CRS)
    away = [
        shapely.hausdorff_distance(shapely.boundary(a), shapely.boundary(b)) for a, b in zip(back, shapes, strict=True)
    ]
    # Steps add up when several were tried: at most twice the last one, and a metre of rounding.
    assert max(away) <= 2 * drawing.tolerance_m + 1


def test_a_smaller_budget_never_draws_finer():
    shapes = gpd.GeoSeries([rough(600_000, 3_000)], crs=CRS)
    tolerances = [draw(shapes, [{}], budget=budget).tolerance_m for budget in (100_000, 30_000, 8_000, 2_000)]
    assert tolerances == sorted(tolerances)


def test_feet_are_not_metres():
    shape = shapely.transform(rough(600_000, 3_000), lambda xy: xy + np.array([40_000, 4_175_000 - 6_795_000]))
    metres = gpd.GeoSeries([shape], crs="EPSG:26917")  # a place in Virginia
    feet = metres.to_crs("EPSG:2284")
    fine = draw(metres, [{}], budget=30_000)
    in_feet = draw(feet, [{}], budget=30_000)
    assert in_feet.tolerance_m == fine.tolerance_m
    assert len(in_feet.geojson) == pytest.approx(len(fine.geojson), rel=0.05)


def test_features_are_never_dropped_but_become_points():
    squares = shapely.box(600_000 + np.arange(2_000) * 50.0, 6_795_000, 600_030 + np.arange(2_000) * 50.0, 6_795_030)
    drawing = draw(gpd.GeoSeries(squares, crs=CRS), [{"n": n} for n in range(2_000)], budget=100_000, coarsest_m=5.0)
    assert drawing.as_points
    assert drawing.features == 2_000
    points = drawn(drawing).to_crs(CRS)
    assert shapely.dwithin(points.to_numpy(), squares, 1.5).all()


def test_missing_and_empty_geometry_is_passed_over_with_its_properties():
    shapes = gpd.GeoSeries([None, shapely.Polygon(), shapely.box(6e5, 6.795e6, 600_100, 6_795_100)], crs=CRS)
    drawing = draw(shapes, [{"n": 0}, {"n": 1}, {"n": 2}], budget=10_000)
    assert [f["properties"]["n"] for f in json.loads(drawing.geojson)["features"]] == [2]


def test_specks_go_but_a_feature_keeps_its_largest_part():
    many = shapely.multipolygons(
        [
            rough(600_000, 3_000),
            *shapely.box(610_000 + np.arange(50) * 9.0, 6_795_000, 610_003 + np.arange(50) * 9.0, 6_795_003),
        ]
    )
    lone = shapely.box(630_000, 6_795_000, 630_004, 6_795_004)
    drawing = draw(gpd.GeoSeries([many, lone], crs=CRS), [{}, {}], budget=12_000)
    assert drawing.tolerance_m >= 5
    assert len(shapely.get_parts(drawn(drawing).iloc[0])) == 1
    assert not drawn(drawing).iloc[1].is_empty


def test_holes_survive_unless_they_are_specks():
    ring = shapely.difference(
        shapely.box(6e5, 6.795e6, 601_000, 6_796_000), shapely.box(600_400, 6_795_400, 600_600, 6_795_600)
    )
    pierced = shapely.difference(ring, shapely.box(600_100, 6_795_100, 600_100.5, 6_795_100.5))
    shape = drawn(draw(gpd.GeoSeries([shapely.multipolygons([pierced])], crs=CRS), [{}], budget=10_000)).iloc[0]
    assert sum(len(part.interiors) for part in shapely.get_parts(shape)) == 1


def test_dissolve_is_a_union_by_value():
    frame = gpd.GeoDataFrame(
        {"rule": ["a", "a", "b"], "basis": [None, None, "x"], "more": [1, 2, 3]},
        geometry=shapely.box([0, 5, 0], 0, [10, 15, 1], 1),
        crs=CRS,
    )
    merged = dissolve(frame, ["rule", "basis"])
    assert merged.columns.tolist() == ["rule", "basis", "geometry"]
    assert merged.area.tolist() == [15.0, 1.0]


def test_json_cannot_leave_its_element():
    value = {"a": "</script><!--<script>&\u2028", "b": [1.5, None, "å"]}
    text = json_for_html(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value
    with pytest.raises(ValueError, match="JSON compliant"):
        json_for_html(float("nan"))
