"""A grid that geometries carry is taken off, and nothing else."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.precision import without_grid

CRS = "EPSG:3006"
TRIANGLE = shapely.Polygon([(600_000.1, 6_795_000.2), (600_010.3, 6_795_000.2), (600_005.5, 6_795_009.9)])


def test_coordinates_stay_and_what_is_computed_of_them_is_not_rounded():
    coarse = shapely.set_precision(shapely.MultiPolygon([TRIANGLE, shapely.box(0, 0, 1, 1)]), 0.1)
    layer = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[coarse, None], crs=CRS, index=[7, 3])
    plain = without_grid(layer)
    stored = shapely.from_wkb(shapely.to_wkb(coarse))
    shape = plain.geometry.iloc[0]
    assert shapely.equals_identical(shape, stored)
    assert shapely.get_precision(shapely.get_parts(shape)).tolist() == [0, 0]
    assert shapely.centroid(shape).equals_exact(shapely.centroid(stored))
    assert shapely.buffer(shape, 0.123).equals_exact(shapely.buffer(stored, 0.123))
    assert not shapely.buffer(coarse, 0.123).equals_exact(shapely.buffer(stored, 0.123))
    assert plain.geometry.iloc[1] is None
    assert (plain.index.tolist(), plain.crs, plain["id"].tolist()) == ([7, 3], layer.crs, ["a", "b"])
    assert shapely.get_precision(layer.geometry.iloc[0]) == 0.1


def test_what_has_no_grid_is_given_back_as_it_is():
    table, empty = pd.DataFrame({"id": [1]}), gpd.GeoDataFrame(geometry=[], crs=CRS)
    layer = gpd.GeoDataFrame({"id": [1]}, geometry=[TRIANGLE], crs=CRS)
    for frame in (table, empty, layer, gpd.GeoDataFrame({"id": np.arange(2)})):
        assert without_grid(frame) is frame
