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
    pieces = subdivide(np.array([shapely.Point(900, 0).buffer(5), star]), max_vertices=32, margin=margin)
    sides = np.ptp(shapely.bounds(pieces.shapes).reshape(-1, 2, 2), axis=1).max(axis=1)
    small = shapely.get_num_coordinates(pieces.shapes) <= max(32, 4 * QUADRANT_SEGMENTS + 1)
    assert (small | (sides <= 4 * margin)).all()
    union = shapely.union_all(pieces.shapes[pieces.owner == 1])
    assert union.symmetric_difference(star).area <= 1e-6 * star.area


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_within_its_window_a_piece_is_all_that_there_is(seed: int) -> None:
    random = np.random.default_rng(seed)
    comb = shapely.union_all([shapely.box(x, 0, x + 4, 100 * random.random() + 5) for x in range(0, 200, 6)])
    shape = comb.union(shapely.box(0, 0, 200, 3)).difference(shapely.Point(90, 2).buffer(1.5))
    pieces = subdivide(np.array([shape]), max_vertices=16, max_waste=500, margin=8)
    assert len(pieces) > 4
    assert shapely.is_valid(pieces.shapes).all()
    for box in shapely.box(*(random.random((2, 20)) * [[190], [90]]), *(random.random((2, 20)) * [[190], [90]])):
        west, south, east, north = box.bounds
        window = pieces.window
        inside = (window[:, 0] <= west) & (window[:, 1] <= south) & (window[:, 2] >= east) & (window[:, 3] >= north)
        for piece in pieces.shapes[inside]:
            assert piece.intersection(box).area == pytest.approx(shape.intersection(box).area, abs=1e-9)


def test_long_pieces_fill_their_boxes() -> None:
    road = shapely.LineString([(0, 0), (20_000, 20_000)]).buffer(12)
    pieces = subdivide(np.array([road]), max_waste=1e6, margin=60).shapes
    box = shapely.box(*shapely.bounds(pieces).T)
    assert (shapely.area(box) - shapely.area(pieces)).max() <= 1e6
    assert shapely.union_all(pieces).symmetric_difference(road).area == pytest.approx(0, abs=1e-3)


def test_a_million_vertices_are_cut_like_any_other() -> None:
    angle = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    radius = 10_000 + 500 * np.sin(angle * 3_000)
    star = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    pieces = subdivide(np.array([star]), margin=60)
    assert len(pieces) > 1_000
    shapely.prepare(star)
    assert shapely.contains(star, shapely.point_on_surface(pieces.shapes)).all()
    assert pieces.shapes[shapely.STRtree(pieces.shapes).nearest(shapely.Point(0, 0))].covers(shapely.Point(0, 0))


def test_what_clipping_gets_wrong_the_overlay_puts_right(monkeypatch: pytest.MonkeyPatch) -> None:
    disc = shapely.Point(0, 0).buffer(1_000, quad_segs=500)
    right, faults = shapely.lib.clip_by_rect, []

    def wrong(shapes: np.ndarray, *boxes: np.ndarray) -> np.ndarray:
        clipped = right(shapes, *boxes)
        bad = shapely.area(clipped) < 2e6
        faults.append(bad.sum())
        return np.where(bad, shapely.buffer(clipped, -1), clipped)

    monkeypatch.setattr(shapely.lib, "clip_by_rect", wrong)
    pieces = subdivide(np.array([disc]), max_vertices=64, margin=10)
    assert shapely.union_all(pieces.shapes).symmetric_difference(disc).area <= 1e-6 * disc.area
    assert sum(faults) > 10


def test_pieces_overlap_by_the_margin_so_that_a_cut_leaves_no_sliver() -> None:
    disc = shapely.Point(0, 0).buffer(100, quad_segs=500)
    pieces = subdivide(np.array([disc]), max_vertices=64, margin=0.5).shapes
    parcel = shapely.box(-30, -30, 30, 30)
    assert shapely.difference(parcel, shapely.union_all(pieces)).is_empty


def test_of_collections_within_collections_every_polygon_counts() -> None:
    inner = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)])
    nested = shapely.GeometryCollection(
        [shapely.GeometryCollection([inner, shapely.Point(9, 9)]), shapely.box(5, 5, 6, 6)]
    )
    pieces = subdivide(np.array([shapely.Point(0, 0), nested]))
    assert shapely.area(pieces.shapes).sum() == 3
    assert pieces.owner.tolist() == [1, 1, 1]
