from dataclasses import replace

import numpy as np
import pytest
import shapely
from dividing import STANDARDS, road, roads, unit_of
from place import frame, metres

from geoplan.plots.subdivision.access import find_roads
from geoplan.plots.subdivision.division import piece_fronts


def front_m(shape: shapely.Geometry, crs: int = 3006, *xy: tuple[float, float]) -> float:
    along = roads(*(xy or ((-100, -5), (200, -5))), crs=crs)
    return float(shapely.length(along.fronts(np.array([metres(shape, crs)]))[0])) * unit_of(crs)


def test_the_front_is_the_boundary_along_the_road_and_not_the_sides(crs: int) -> None:
    assert front_m(shapely.box(0, 0, 30, 40), crs) == pytest.approx(30, abs=0.01)
    # 3 m to the road's edge and 6 m beyond it: at 9 m from the middle a boundary is still on the road.
    assert front_m(shapely.box(0, 3.9, 30, 40), crs) == pytest.approx(30, abs=0.01)
    assert front_m(shapely.box(0, 4.1, 30, 40), crs) == 0


def test_a_road_through_the_land_is_a_front() -> None:
    assert front_m(shapely.box(0, -400, 100, 400)) == pytest.approx(100)


def test_a_path_is_no_road_and_a_road_without_a_width_has_the_standard_one() -> None:
    path = find_roads({"roads": road((0, 0), (90, 0), kind="path")}, STANDARDS, crs=3006)
    assert path is not None
    assert path.complete
    assert shapely.is_empty(path.fronts(np.array([metres(shapely.box(0, 1, 30, 40), 3006)]))).all()
    unknown = find_roads({"roads": road((0, 0), (90, 0), width_m=None)}, STANDARDS, crs=3006)
    assert unknown is not None
    assert set(unknown.half_width) == {STANDARDS.road_width / 2}


def test_a_street_among_the_parcels_gives_access_but_is_not_all_roads() -> None:
    parcels = frame(
        [metres(shapely.box(0, -10, 90, 0), 3006), metres(shapely.box(0, 0, 30, 40), 3006)], use=["street", "x"]
    )
    assert find_roads({"parcels": parcels}, STANDARDS, crs=3006) is None
    named = find_roads({"parcels": parcels}, replace(STANDARDS, street_uses=("street",)), crs=3006)
    assert named is not None
    assert not named.complete
    # At the corner the side runs along the street's own side for the half metre that counts as touching.
    assert shapely.length(named.fronts(parcels.geometry.to_numpy()[1:]))[0] == pytest.approx(30.5, abs=0.01)


def test_without_roads_nobody_knows() -> None:
    assert find_roads({}, STANDARDS, crs=3006) is None


def test_own_ground_that_stays_free_may_be_crossed_and_other_land_may_not() -> None:
    along = roads((-100, -5), (200, -5))
    parcel = metres(shapely.box(0, 0, 30, 80), 3006)
    pieces = [shapely.box(0, 11, 30, 80), shapely.box(0, 13, 30, 80)]
    # Behind the bay lies more of the piece itself: from there one does not see the road.
    bay = shapely.box(0, 0, 30, 80).difference(shapely.box(5, 4, 25, 9))
    shapes = np.array([metres(piece, 3006) for piece in (*pieces, bay)], dtype=object)
    fronts = piece_fronts(shapes, along, [STANDARDS] * 3, within=np.array([parcel] * 3, dtype=object))
    assert shapely.length(fronts) == pytest.approx([30, 0, 30], abs=0.05)
