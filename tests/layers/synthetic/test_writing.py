import geopandas as gpd
import pytest

from geoplan.errors import SettingsError
from layers.synthetic import write_demo
from layers.workspace import Workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "almskar"
    write_demo(folder, size="small")
    return folder


def test_the_settings_are_a_workspace_with_a_file_for_every_layer(folder, small):
    workspace = Workspace.load(folder)
    assert set(workspace.layers) == set(small)
    assert workspace.demand is not None
    assert workspace.demand.years == (2030, 2035, 2040)
    assert all((folder / str(part.file)).is_file() for layer in workspace.layers.values() for part in layer.parts)


def test_parcels_come_back_to_the_bit(folder, small):
    read = gpd.read_file(folder / "data" / "parcels.gpkg")
    assert read["id"].tolist() == small["parcels"]["id"].tolist()
    assert (read.geometry.to_wkb() == small["parcels"].geometry.to_wkb()).all()


def test_nothing_is_overwritten(folder):
    with pytest.raises(SettingsError, match="already exists"):
        write_demo(folder, size="small")
