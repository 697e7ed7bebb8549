import numpy as np
import pytest
import shapely

from benchmarks.county import RANKS, County, build_county


@pytest.fixture(scope="module")
def county() -> County:
    return build_county(side_km=6)


def test_the_same_seed_gives_the_same_county(county: County) -> None:
    again = build_county(side_km=6)
    assert again.parcels.geom_equals_exact(county.parcels, tolerance=0).all()
    assert again.constraints.geom_equals_exact(county.constraints, tolerance=0).all()
    assert again.constraints["kind"].equals(county.constraints["kind"])


def test_another_seed_gives_another_county(county: County) -> None:
    other = build_county(side_km=6, seed=8)
    assert other.parcels.total_bounds.tolist() != county.parcels.total_bounds.tolist()


def test_parcels_are_of_the_sizes_told_and_hardly_overlap(county: County) -> None:
    parcels = county.parcels.geometry.to_numpy()
    assert len(parcels) > 1000
    area = shapely.area(parcels)
    assert area.min() >= 1_000
    assert area.max() <= 100_000
    assert county.parcels["id"].is_unique
    assert shapely.area(shapely.union_all(parcels)) == pytest.approx(area.sum(), rel=1e-3)


def test_constraints_are_valid_polygons_that_leave_swallow_and_cut(county: County) -> None:
    shapes = county.constraints.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert set(shapely.get_type_id(shapes)) == {3}
    assert set(county.constraints["kind"]) <= set(RANKS)
    assert {"buildings", "shore", "roads"} <= set(county.constraints["kind"])
    parcels = county.parcels.geometry.to_numpy()
    shapely.prepare(shapes)
    parcel, constraint = shapely.STRtree(shapes).query(parcels, predicate="intersects")
    swallowed = np.unique(parcel[shapely.covers(shapes[constraint], parcels[parcel])])
    touched = np.unique(parcel)
    for share in (len(swallowed), len(touched) - len(swallowed), len(parcels) - len(touched)):
        assert share > 0.1 * len(parcels)
