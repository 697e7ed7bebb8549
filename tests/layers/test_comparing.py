"""Other land, searched in what a run left in a real store."""

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geoplan.alternatives.evidence import Evidence
from geoplan.errors import GeoplanError, InputError, NotFoundError
from layers.chain import plan
from layers.comparing import Comparing, compare, read_site
from layers.store import Store
from layers.workspace import Workspace


def ask(store: Store, **how: Any) -> Evidence:
    defaults: dict[str, Any] = {"rule": "farmland", "parcel": "F 1", "area_m2": 5_000.0, "command": "geoplan …"}
    if {"place", "shape"} & set(how):
        defaults["parcel"] = None
    return compare(store, Comparing(**(defaults | how)))[0]


def test_the_run_is_searched_and_told_of(farm_store: Store) -> None:
    evidence = ask(farm_store)
    found = evidence.found
    fell = dict(zip(found.candidates["id"], found.candidates["fell"], strict=True))
    assert fell["W 3"] == "forbidden"
    assert [names[0] for names in found.sites["parcels"][:2]] == ["W 1", "W 2"]
    assert found.site["guarded_m2"] == pytest.approx(12_000)
    assert found.site["owner_kind"] == "private"
    origin = evidence.provenance
    run = farm_store.run()
    assert run is not None
    assert (origin.run, origin.snapshot, origin.as_of) == (run.id, run.snapshot, "2026-01-01")
    assert origin.command == f"geoplan … --run {run.id}"
    farmland = next(used for used in origin.layers if used.layer == "farmland")
    assert (farmland.version, farmland.rows, farmland.date, farmland.licence) == (1, 1, "2026-01-31", "CC0")
    assert farmland.content_hash == run.inputs["farmland"]["content_hash"]
    assert "farmland" in set(evidence.site_reasons["rule"])


def test_a_rule_that_was_never_asked_makes_it_preliminary(farm_store: Store) -> None:
    evidence = ask(farm_store)
    assert evidence.found.preliminary
    assert "flood_100" in evidence.found.unknown  # there is no flood layer
    assert "farmland" not in evidence.found.unknown
    assert {rule.id for rule in evidence.asked()} & set(evidence.found.unknown) == set()
    told = evidence.to_dict()
    assert told["preliminary"] is True
    assert {entry["rule"] for entry in told["never_asked"]} == set(evidence.found.unknown)


def test_a_site_is_a_parcel_a_place_or_an_area(farm_store: Store, tmp_path: Path) -> None:
    place = ask(farm_store, place=(600_020.0, 6_800_050.0))
    assert place.found.wanted.parcel == "F 1"
    file = tmp_path / "tomt.geojson"
    drawn = gpd.GeoDataFrame(geometry=[shapely.box(600_000, 6_800_000, 600_050, 6_800_100)], crs=3006)
    drawn.to_crs(4326).to_file(file)
    name, shape = read_site(file, farm_store.crs)
    area = ask(farm_store, shape=(name, shape))
    assert area.found.wanted.title == "tomt"
    assert area.found.site["guarded_m2"] == pytest.approx(5_000, rel=1e-3)
    assert area.found.site["owner_kind"] is None
    assert set(area.site_reasons["rule"]) == set(place.site_reasons["rule"])


def test_homes_are_wanted_in_the_workspace_s_plots(farm_store: Store) -> None:
    evidence = ask(farm_store, area_m2=None, homes=10)
    assert evidence.found.criterion("area").threshold == 10 * 600
    assert evidence.found.criterion("width").threshold == 18


def test_the_search_area_is_a_distance_or_the_statistical_area(farm_store: Store) -> None:
    assert len(ask(farm_store).found.candidates) == 5
    assert len(ask(farm_store, within=100.0).found.candidates) == 2
    area = ask(farm_store, within="area").found
    assert area.candidates["id"].tolist() == ["F 1", "W 1", "W 2", "W 3"]
    assert area.search.text().sv == "i området Söder"


def test_an_earlier_run_is_searched_again_with_the_same_answer(farm_store: Store) -> None:
    before = ask(farm_store)
    run = before.provenance.run
    parcels = farm_store.read("parcels")
    farm_store.write("parcels", parcels[parcels["id"] != "W 1"])
    settings = farm_store.run()
    assert settings is not None
    plan(Workspace.from_mapping(dict(settings.parameters)), farm_store)
    assert "W 1" not in set(ask(farm_store).found.candidates["id"])
    again = ask(farm_store, run=run)
    assert again.to_dict()["provenance"]["snapshot"] == before.provenance.snapshot
    assert again.found.sites.drop(columns="geometry").equals(before.found.sites.drop(columns="geometry"))


@pytest.mark.parametrize(
    ("how", "error", "match"),
    [
        ({"parcel": "X 1"}, NotFoundError, "no parcel 'X 1'"),
        ({"place": (1.0, 2.0)}, NotFoundError, "no parcel at 1.0, 2.0"),
        ({"parcel": "W 1"}, InputError, "not on land that is guarded"),
        ({"rule": "elk"}, NotFoundError, "no rule 'elk'"),
        ({"rule": "flood_100"}, InputError, "unknown: the layer flood is missing"),
        ({"area_m2": 0.0}, InputError, "area needed must be more than zero"),
        ({"area_m2": None}, InputError, "either an area or a number of homes"),
        ({"homes": 3}, InputError, "either an area or a number of homes"),
        ({"area_m2": None, "homes": -1}, InputError, "homes must be more than zero"),
        ({"within": 0.0}, InputError, "distance to search within"),
        ({"parcel": None}, InputError, "Name one site"),
        ({"parcel": "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}", "within": "area"}, InputError, "no stat"),
        ({"run": 99}, NotFoundError, "no run 99"),
    ],
)
def test_what_cannot_be_answered_says_why(
    farm_store: Store, how: dict[str, Any], error: type[GeoplanError], match: str
) -> None:
    with pytest.raises(error, match=match) as raised:
        ask(farm_store, **how)
    assert raised.value.hint or "Name one site" in str(raised.value) or "zero" in str(raised.value)


def test_a_site_off_the_guarded_land_is_told_what_holds_there(farm_store: Store) -> None:
    with pytest.raises(InputError) as raised:
        ask(farm_store, parcel="W 3")
    assert "Nature reserve" in str(raised.value.hint)


def test_without_a_run_or_farmland_there_is_no_answer(store: Store, farm_store: Store) -> None:
    settings = farm_store.run()
    assert settings is not None
    workspace = Workspace.from_mapping(dict(settings.parameters))
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE geoplan.layer_version SET is_current = false WHERE layer = 'farmland'")
    plan(workspace, store, as_of=dt.date(2026, 1, 2))
    with pytest.raises(InputError, match="the layer farmland is missing") as raised:
        ask(store)
    assert "Import it" in str(raised.value.hint)


def test_a_shore_of_a_sea_that_was_derived_from_land_is_unknown_in_part(store: Store, farm_store: Store) -> None:
    settings = farm_store.run()
    assert settings is not None
    land = farm_store.read("municipality").drop(columns="name")
    store.write("land", land.assign(geometry=land.geometry.buffer(-50)))
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE geoplan.layer_version SET is_current = false WHERE layer = 'water'")
    plan(Workspace.from_mapping(dict(settings.parameters)), store)
    evidence = ask(store)
    assert "shore_protection" in evidence.found.unknown
    assert any("lakes and streams are unknown" in note.en for note in evidence.provenance.notes)


def test_nothing_computed_is_told(store: Store) -> None:
    with pytest.raises(NotFoundError, match="Nothing is computed yet"):
        ask(store)


@pytest.mark.parametrize("content", ["not a map", '{"type":"FeatureCollection","features":[]}'])
def test_a_file_that_is_no_site_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "site.geojson"
    file.write_text(content)
    with pytest.raises(InputError):
        read_site(file, 3006)


def test_a_site_of_lines_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "site.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=3006).to_file(file)
    with pytest.raises(InputError, match="valid areas only"):
        read_site(file, 3006)
