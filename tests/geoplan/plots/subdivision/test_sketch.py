import geopandas as gpd
import numpy as np
import pytest
import shapely
from dividing import STANDARDS, overlap, roads, rough_land
from hypothesis import given, settings
from hypothesis import strategies as st
from place import metres

from geoplan.errors import FrameError
from geoplan.plots.subdivision.sketch import sketch_area

PAST = ((-300.0, -5.0), (300.0, -5.0))


def series(shape: shapely.Geometry, crs: int = 3006) -> gpd.GeoSeries:
    return gpd.GeoSeries([metres(shape, crs)], crs=crs)


def test_an_area_gets_streets_with_plots_on_both_sides(crs: int) -> None:
    sketch = sketch_area(series(shapely.box(0, 0, 300, 148), crs), roads(*PAST, crs=crs), STANDARDS)
    assert sketch.connected == "yes"
    assert len(sketch.streets) == 1
    assert sketch.shares["plots"] > 0.75
    assert sketch.shares["streets"] < 0.2
    assert sum(sketch.areas_m2.values()) == pytest.approx(300 * 148, rel=1e-6)
    assert (sketch.plots["frontage_m"] >= STANDARDS.min_frontage).all()


def test_streets_that_reach_no_road_are_told() -> None:
    area = series(shapely.box(0, 50, 300, 200))
    assert sketch_area(area, roads(*PAST), STANDARDS).connected == "no"
    assert sketch_area(area, None, STANDARDS).connected == "unknown"


def test_an_area_that_is_none_is_refused() -> None:
    with pytest.raises(FrameError):
        sketch_area(gpd.GeoSeries([shapely.Point(0, 0)], crs=3006), None, STANDARDS)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_shares_add_up_and_plots_lie_apart_and_within(seed: int) -> None:
    area = rough_land(np.random.default_rng(seed))
    if area.area < 1:
        return
    area = series(shapely.affinity.scale(area, 2, 2, origin=(0, 0)))
    sketch = sketch_area(area, roads(*PAST), STANDARDS)
    assert sum(sketch.shares.values()) == pytest.approx(1, abs=1e-12)
    assert sketch.shares["rest"] >= -1e-9
    shapes = [*sketch.plots.geometry, *sketch.streets.geometry]
    whole = area.iloc[0]
    assert overlap(shapes) <= 1e-6 * whole.area
    assert all(shapely.difference(shape, whole).area <= 1e-6 * whole.area for shape in shapes)
    assert (sketch.plots["area_m2"] >= STANDARDS.min_area).all()
    assert (sketch.plots["frontage_m"] >= STANDARDS.min_frontage).all()
