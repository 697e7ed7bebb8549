import numpy as np
import pytest
import shapely

from geoplan.land.cutouts import cut_out


def test_areas_are_taken_out_of_what_they_overlap_and_of_nothing_else() -> None:
    shapes = np.array([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10), shapely.box(40, 0, 50, 10)])
    areas = np.array([shapely.box(5, -1, 25, 11), shapely.box(-1, -1, 1, 11)])
    first, second, third = cut_out(shapes, areas)
    assert first.equals(shapely.box(1, 0, 5, 10))
    assert second.equals(shapely.box(25, 0, 30, 10))
    assert third is shapes[2]


def test_what_is_covered_is_empty_and_what_only_touches_is_left_to_the_bit() -> None:
    shapes = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    covered, beside = cut_out(shapes, np.array([shapely.box(-1, -1, 10, 4), shapely.box(-1, 4, 10, 11)]))
    assert covered.is_empty
    assert beside is shapes[1]


def test_lines_and_points_take_nothing_and_no_area_takes_nothing() -> None:
    shapes = np.array([shapely.box(0, 0, 10, 10)])
    for areas in ([shapely.Point(5, 5), shapely.LineString([(0, 0), (10, 10)])], []):
        assert cut_out(shapes, np.array(areas, dtype=object))[0] is shapes[0]
    assert len(cut_out(np.array([], dtype=object), shapes)) == 0


def test_taken_and_left_add_up() -> None:
    rng = np.random.default_rng(1)
    shapes = shapely.buffer(shapely.points(rng.uniform(0, 100, (50, 2))), rng.uniform(1, 20, 50))
    areas = shapely.buffer(shapely.points(rng.uniform(0, 100, (20, 2))), rng.uniform(1, 20, 20))
    left = shapely.area(cut_out(shapes, areas))
    taken = shapely.area(shapely.intersection(shapes, shapely.union_all(areas)))
    assert left + taken == pytest.approx(shapely.area(shapes), rel=1e-9)
