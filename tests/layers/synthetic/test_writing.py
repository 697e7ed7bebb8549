import geopandas as gpd
import pytest
import shapely

from geoplan.errors import SettingsError
from geoplan.land.constraints import build_constraints
from layers.rules import load_rule_set
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


def test_every_swedish_rule_holds_somewhere_with_the_settings_of_the_demo(folder, small):
    workspace = Workspace.load(folder)
    rules = load_rule_set(workspace.rules.set).with_settings(workspace.rules.settings)
    layers = {name: frame for name, frame in small.items() if isinstance(frame, gpd.GeoDataFrame)}
    constraints = build_constraints(rules, layers, as_of=workspace.rules.as_of)
    # The small town has no centre, whose plans allow homes after a trial only.
    known = {rule.id for rule in constraints.rules.rules} - {"plan_unclear"}
    assert constraints.unknown == ()
    assert set(constraints.pieces["rule"]) == known
    parcels = shapely.STRtree(small["parcels"].geometry.to_numpy())
    on_land = parcels.query(constraints.pieces.geometry.to_numpy(), predicate="intersects")[0]
    assert set(constraints.pieces["rule"].iloc[on_land]) >= known - {"water_surface"}


def test_parcels_come_back_to_the_bit(folder, small):
    read = gpd.read_file(folder / "data" / "parcels.gpkg")
    assert read["id"].tolist() == small["parcels"]["id"].tolist()
    assert (read.geometry.to_wkb() == small["parcels"].geometry.to_wkb()).all()


def test_nothing_is_overwritten(folder):
    with pytest.raises(SettingsError, match="already exists"):
        write_demo(folder, size="small")
