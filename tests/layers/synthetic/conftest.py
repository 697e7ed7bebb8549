import geopandas as gpd
import pandas as pd
import pytest

from layers.synthetic import generate

Frames = dict[str, gpd.GeoDataFrame | pd.DataFrame]


@pytest.fixture(scope="session")
def small() -> Frames:
    return generate(size="small")
