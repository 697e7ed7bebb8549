from itertools import pairwise

import numpy as np
import pytest
import shapely
from dividing import STANDARDS, ground, overlap, road, roads, rough_land
from hypothesis import given, settings
from hypothesis import strategies as st
from place import frame, metres

from geoplan.frames import metres_per_unit
from geoplan.plots.subdivision.access import find_roads
from geoplan.plots.subdivision.division import METHODS, Divided, best_layout, divide
from geoplan.plots.subdivision.shape import inscribed_widths

PAST = ((-300.0, -5.0), (300.0, -5.0))


def divided(shape: shapely.Geometry, crs: int = 3006) -> Divided | None:
    land = np.array([metres(shape, crs)], dtype=object)
    return divide(land, roads(*PAST, crs=crs), [STANDARDS], within=land)[0]


def test_land_along_a_road_is_cut_side_by_side(crs: int) -> None:
    found = divided(shapely.box(0, 0, 120, 32), crs)
    assert found is not None
    unit = metres_per_unit(crs)
    assert len(found.lots) == 4
    assert not found.accesses
    assert [lot.shape.area * unit**2 for lot in found.lots] == pytest.approx([960] * 4)
    assert [lot.front * unit for lot in found.lots] == pytest.approx([30] * 4, abs=0.1)
    west = [lot.shape.bounds[0] for lot in found.lots]
    assert west == sorted(west) or west == sorted(west, reverse=True)


def test_land_behind_a_plot_gets_a_strip_past_it(crs: int) -> None:
    found = divided(shapely.box(0, 0, 30, 66), crs)
    assert found is not None
    assert len(found.lots) == 2
    (strip,) = found.accesses
    assert not strip.street
    assert sorted(lot.access is None for lot in found.lots) == [False, True]
    unit = metres_per_unit(crs)
    assert shapely.area(strip.shape) * unit**2 == pytest.approx(5 * 33, rel=0.15)


def test_deep_land_gets_a_street_with_plots_on_both_sides() -> None:
    found = divided(shapely.box(0, 0, 74, 200))
    assert found is not None
    assert len(found.lots) >= 12
    (street,) = found.accesses
    assert street.street
    assert sum(lot.access is not None for lot in found.lots) >= 10


def test_a_road_inside_the_land_is_left_alone() -> None:
    shape = metres(shapely.box(0, 0, 150, 70), 3006)
    along = find_roads({"roads": road((-50, 35), (250, 35))}, STANDARDS, crs=3006)
    assert along is not None
    (found,) = divide(np.array([shape]), along, [STANDARDS], within=np.array([shape]))
    assert found is not None
    assert found.roadbed == pytest.approx(150 * 6, rel=1e-3)
    assert all(lot.access is None for lot in found.lots)
    bed = metres(shapely.LineString([(-50, 35), (250, 35)]).buffer(2.9), 3006)
    assert not any(lot.shape.intersects(bed) for lot in found.lots)


@pytest.mark.parametrize(
    "shape", [shapely.box(0, 0, 40, 40), shapely.box(0, 30, 100, 90), shapely.box(0, 0, 400, 6)], ids=str
)
def test_what_gives_no_two_plots_with_access_is_not_divided(shape: shapely.Polygon) -> None:
    assert divided(shape) is None


def test_the_better_method_is_kept() -> None:
    land = ground(metres(shapely.box(0, 0, 74, 200), 3006), roads(*PAST))
    worth = {name: method(land).worth for name, method in METHODS.items()}
    assert best_layout(land).worth == max(worth.values())


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([*METHODS, "both"]))
def test_plots_have_access_lie_apart_and_within_and_areas_add_up(seed: int, name: str) -> None:
    random = np.random.default_rng(seed)
    shapes = [part for part in shapely.get_parts(rough_land(random)) if part.area > 0]
    land = np.array([metres(part, 3006) for part in shapes], dtype=object)
    along = roads(*PAST)
    methods = tuple(METHODS) if name == "both" else (name,)
    answers = divide(land, along, [STANDARDS] * len(land), within=land, methods=methods)
    for shape, found in zip(land, answers, strict=True):
        if found is None:
            continue
        lots, ways = [lot.shape for lot in found.lots], [access.shape for access in found.accesses]
        assert len(lots) >= 2
        assert overlap(lots + ways) <= 1e-6 * shape.area
        assert all(shapely.difference(each, shape).area <= 1e-6 * shape.area for each in lots + ways)
        rest = shapely.difference(shape, shapely.union_all(lots + ways)).area
        assert sum(each.area for each in lots + ways) + rest == pytest.approx(shape.area, rel=1e-6)
        assert all(lot.area >= STANDARDS.min_area for lot in lots)
        assert (inscribed_widths(np.array(lots), np.full(len(lots), 18.0), 1.0) >= 18).all()
        assert sum(shapely.area(ways)) <= STANDARDS.road_share_limit * shape.area * (1 + 1e-9)
        front = along.fronts(np.array([shape]))[0].buffer(0.05)
        for lot in found.lots:
            reached = front if lot.access is None else found.accesses[lot.access].shape.buffer(0.05)
            assert shapely.length(shapely.intersection(lot.shape.exterior, reached)) >= STANDARDS.min_frontage - 0.1
        # New access hangs together with the road.
        for way in ways:
            assert all(part.distance(front) < 0.1 for part in shapely.get_parts(shapely.union_all(way.buffer(0.05))))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_what_lies_elsewhere_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    land = np.array(
        [metres(part, 3006) for part in shapely.get_parts(rough_land(random)) if part.area > 0], dtype=object
    )
    elsewhere = np.array([metres(shapely.box(900, 0, 1_000, 64), 3006)], dtype=object)
    alone = divide(land, roads(*PAST), [STANDARDS] * len(land), within=land)
    lines = [metres(shapely.LineString(xy), 3006) for xy in (PAST, ((800, -5), (1_100, -5)))]
    more = find_roads({"roads": frame(lines, kind="municipal", width_m=6.0)}, STANDARDS, crs=3006)
    assert more is not None
    mixed = np.r_[elsewhere, land[::-1]]
    again = divide(mixed, more, [STANDARDS] * len(mixed), within=mixed)[:0:-1]
    for before, after in zip(alone, again, strict=True):
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert [lot.shape.wkb for lot in before.lots] == [lot.shape.wkb for lot in after.lots]
            assert [shapely.to_wkb(way.shape) for way in before.accesses] == [
                shapely.to_wkb(way.shape) for way in after.accesses
            ]


def test_plots_are_counted_along_the_front() -> None:
    found = divided(shapely.box(0, 0, 220, 32))
    assert found is not None
    middles = [lot.shape.centroid.x for lot in found.lots]
    steps = np.sign([after - before for before, after in pairwise(middles)])
    assert len(set(steps)) == 1
