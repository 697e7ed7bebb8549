import numpy as np
import pytest
import shapely
from dividing import rough_land
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.plots.subdivision.sweep import Axis, box_axes, cut_at, cut_positions, polygons_of, without


def test_a_rectangle_is_cut_where_its_area_says() -> None:
    assert cut_positions(shapely.box(0, 0, 10, 20), Axis(1, 0), np.array([0.25, 0.5])).tolist() == [2.5, 5.0]
    assert cut_positions(shapely.box(0, 0, 10, 20), Axis(0, 1), np.array([0.25])).tolist() == [5.0]


def test_a_triangle_is_cut_nearer_to_its_wide_end() -> None:
    triangle = shapely.Polygon([(0, 0), (10, -5), (10, 5)])
    assert cut_positions(triangle, Axis(1, 0), np.array([0.5]))[0] == pytest.approx(10 / np.sqrt(2))


def test_the_longer_side_comes_first() -> None:
    along, across = box_axes(shapely.affinity.rotate(shapely.box(0, 0, 40, 10), 30))
    assert (abs(along.x), abs(along.y)) == pytest.approx((np.cos(np.pi / 6), 0.5))
    assert along.x * across.x + along.y * across.y == pytest.approx(0)


def test_lines_and_points_in_what_an_overlay_gives_are_nothing() -> None:
    mixed = shapely.GeometryCollection(
        [shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1)]
    )
    assert len(polygons_of(mixed)) == 1
    assert len(polygons_of(shapely.Polygon())) == 0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_pieces_have_their_shares_whatever_the_shape(seed: int) -> None:
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi)
    shares = np.sort(random.uniform(0.05, 0.95, 3))
    for part in polygons_of(shapely.affinity.translate(rough_land(random), 600_000, 6_800_000)):
        if part.area < 10:
            continue
        axis = Axis(float(np.cos(angle)), float(np.sin(angle)))
        pieces = cut_at(part, axis, cut_positions(part, axis, shares))
        got = [float(shapely.area(piece).sum()) / part.area for piece in pieces]
        assert got == pytest.approx(np.diff(np.r_[0, shares, 1]), abs=1e-6)


def test_land_falls_apart_where_a_strip_goes_through() -> None:
    land = shapely.affinity.rotate(shapely.box(0, 0, 61.7, 43.3), 23.3)
    lane = shapely.affinity.rotate(shapely.box(30, -5, 35, 50), 23.3, origin=land.centroid)
    strip = shapely.intersection(land, lane)
    pieces = without(land, [strip])
    assert len(pieces) == 2
    assert shapely.area(pieces).sum() + strip.area == pytest.approx(land.area, abs=1e-3)
