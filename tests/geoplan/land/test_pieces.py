import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.land.pieces import QUADRANT_SEGMENTS, chunk_lines, subdivide


@given(st.lists(st.integers(2, 90), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_chunks_are_short_and_together_the_line(sizes: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    lines = np.array([shapely.LineString(random.random((size, 2)).cumsum(axis=0)) for size in sizes])
    chunks, owner = chunk_lines(lines, vertices=8)
    assert shapely.get_num_coordinates(chunks).max() <= 8
    assert shapely.length(chunks).sum() == pytest.approx(shapely.length(lines).sum(), rel=1e-12)
    assert np.bincount(owner, weights=shapely.length(chunks)) == pytest.approx(shapely.length(lines))
    assert shapely.get_num_coordinates(chunks).sum() - len(chunks) == sum(sizes) - len(sizes)


def test_no_lines_give_no_chunks() -> None:
    assert len(chunk_lines(np.empty(0, dtype=object))[0]) == 0


def test_areas_give_their_boundaries_and_points_nothing() -> None:
    ring = shapely.Point(0, 0).buffer(10).difference(shapely.Point(0, 0).buffer(5))
    shapes = np.array([shapely.Point(0, 0), ring, shapely.LineString([(0, 0), (3, 4)])])
    chunks, owner = chunk_lines(shapes)
    assert set(owner) == {1, 2}
    assert shapely.length(chunks[owner == 1]).sum() == pytest.approx(ring.length)


@settings(deadline=None, max_examples=30)
@given(st.integers(20, 400), st.floats(0.0, 2.0), st.integers(0, 2**32 - 1))
def test_pieces_are_small_and_together_the_polygon(vertices: int, margin: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    angle = np.sort(random.random(vertices)) * 2 * np.pi
    radius = 50 + 50 * random.random(vertices)
    star = shapely.make_valid(shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])))
    star = max(shapely.get_parts(star), key=shapely.area)
    pieces, owner = subdivide(np.array([shapely.Point(900, 0).buffer(5), star]), max_vertices=32, margin=margin)
    assert shapely.get_num_coordinates(pieces).max() <= max(32, 4 * QUADRANT_SEGMENTS + 1)
    union = shapely.union_all(pieces[owner == 1])
    assert union.symmetric_difference(star).area <= 1e-6 * star.area


def test_pieces_overlap_by_the_margin_so_that_a_cut_leaves_no_sliver() -> None:
    disc = shapely.Point(0, 0).buffer(100, quad_segs=500)
    pieces, _ = subdivide(np.array([disc]), max_vertices=64, margin=0.5)
    parcel = shapely.box(-30, -30, 30, 30)
    assert shapely.difference(parcel, shapely.union_all(pieces)).is_empty
