"""The chain on a small place of our own, and on two real ones, through a real database."""

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geoplan.errors import InputError, NotFoundError, SettingsError
from layers.assumptions import assumption_values
from layers.chain import DERIVED, derive, plan
from layers.database import Database
from layers.explaining import explain_place, explain_stored_parcel
from layers.hashing import content_hash
from layers.importing import import_all
from layers.rules import load_rule_set
from layers.store import Store
from layers.verifying import verify
from layers.workspace import Workspace

WORKSPACES = Path(__file__).resolve().parents[1] / "workspaces"
DAY = dt.date(2026, 1, 1)
SETTINGS: dict[str, Any] = {
    "municipality": {"name": "Prov", "code": "9999", "crs": "EPSG:3006"},
    "rules": {"set": "sweden", "as_of": DAY, "settings": {"road_half_width_m": 4}},
    "plots": {"min_area_m2": 600, "min_width_m": 18, "default_status": "private"},
    "demand": {"base_year": 2025, "years": [2030, 2035], "vacancy_reserve": 0.02},
}


def spatial(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array([600_000, 6_800_000]))
    return gpd.GeoDataFrame({"id": [f"{n}" for n in range(len(shapes))]} | columns, geometry=moved, crs=3006)


@pytest.fixture
def filled(store: Store) -> Store:
    """Ten parcels in a row inland from the sea, a house on one, and people who need homes."""
    layers = {
        "parcels": spatial([shapely.box(n * 40, 0, n * 40 + 40, 40) for n in range(10)]),
        "municipality": spatial([shapely.box(-500, -100, 500, 200)], name="Prov"),
        "water": spatial([shapely.box(-500, -100, -20, 200)], kind="sea", width_m=np.nan, constructed_after=None),
        "buildings": spatial([shapely.box(250, 10, 262, 22)], use="dwelling"),
        "statistical_areas": spatial([shapely.box(-500, -100, 500, 200)], name="Hela"),
        "population": pd.DataFrame({"area": ["0"], "year": [2025], "sex": ["all"], "age": [""], "population": [1_000]}),
        "household_quotas": pd.DataFrame({"quota": [0.5]}),
        "dwelling_stock": pd.DataFrame(
            {"area": ["0"], "year": [2025], "type": ["multi"], "dwellings": [505], "vacant": [5]}
        ),
    }
    for name, frame in layers.items():
        store.write(name, frame)
    return store


def test_a_run_derives_everything_and_accounts_for_every_square_metre(filled: Store) -> None:
    result = plan(Workspace.from_mapping(SETTINGS), filled)
    # What would need a layer that is not there.
    missing = set(DERIVED) - set(result.run.outputs)
    assert {name for name in missing if not name.startswith("programme_")} == {
        "crossings", "gates", "land_ledger", "queue_check", "stock_account",
    }  # fmt: skip
    assert any("[programme] is missing" in note["en"] for note in result.run.notes)
    steps = result.tables["waterfall"].set_index("step")["area_m2"]
    # 20 m of sea before the first parcel: the shore zone takes 80 m, two parcels, 5 m of them the strip for passage.
    # One is built and has its garden.
    assert steps["free_passage"] == pytest.approx(-5 * 40)
    assert steps["shore_protection"] == pytest.approx(-2 * 1_600 + 5 * 40)
    assert steps["parcels"] + steps[result.tables["waterfall"]["kind"].eq("loss").to_numpy()].sum() == pytest.approx(
        steps["plots"]
    )
    whole = result.tables["balance"].query("area == '*' and year == 2035").iloc[0]
    assert whole["need"] == pytest.approx(500 / 0.98 - 500 - 5)
    assert whole["supply_unplanned"] == len(filled.read("plots")) == 7  # there is no plan
    assert whole["balance"] == pytest.approx(0 - whole["need"])


def add_the_rest(store: Store) -> None:
    """Write the layers that the steps need which the small place does without."""
    rest = {
        "roads": spatial([shapely.LineString([(-10, 60), (410, 60)])], kind="municipal", width_m=5.0),
        "renewal_actions": pd.DataFrame(
            {"id": ["a"], "area": ["0"], "action": ["convert"], "year": [2028], "net_dwellings": [3], "type": ["multi"]}
        ),
        "island_gates": pd.DataFrame({"area": ["0"], "gate": ["water"], "capacity_homes": [9], "used_homes": [1]}),
        "plot_queue": pd.DataFrame({"area": ["0"], "since_from": [2015], "since_to": [2019], "persons": [12]}),
    }
    for name, frame in rest.items():
        store.write(name, frame)


def test_every_derived_column_is_documented_and_no_other(filled: Store) -> None:
    add_the_rest(filled)
    plan(Workspace.from_mapping(SETTINGS | {"programme": {"years": [2027, 2028]}}), filled)
    page = (Path(__file__).parents[2] / "docs" / "derived.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    assert set(sections) == set(DERIVED)
    for name, text in sections.items():
        columns = list(filled.read(name).columns)
        listing = text.strip().split("\n\n")[-1].replace("\n", " ")
        told = [entry.split("`")[1] for entry in listing.split(" · ")]
        told += [entry.split("`")[3] for entry in listing.split(" · ") if re.match(r"`\w+`\s+and `", entry)]
        assert sorted(told) == sorted(columns), name


def test_the_same_again_computes_nothing_and_a_change_makes_a_new_run(filled: Store) -> None:
    workspace = Workspace.from_mapping(SETTINGS)
    first = plan(workspace, filled)
    again = plan(workspace, filled)
    assert (again.unchanged, again.run.id) == (True, first.run.id)
    earlier = plan(workspace, filled, as_of=dt.date(2025, 6, 30))
    assert (earlier.unchanged, earlier.run.snapshot == first.run.snapshot) == (False, False)
    assert filled.versions("plots")[-1].number == 1  # same plots under either law: no new version


def test_a_run_is_recomputed_to_the_digit_from_what_it_recorded(filled: Store, database: Database) -> None:
    run = plan(Workspace.from_mapping(SETTINGS), filled).run
    parcels = filled.read("parcels")
    filled.write("parcels", parcels.iloc[:-1])  # a later version does not matter
    result = verify(filled, run=run.id)
    assert result.equal
    assert result.same_code
    assert {check.kind for check in result.checks} == {"input", "stored", "recomputed"}
    with database.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE geoplan.feature SET properties = jsonb_set(properties, '{homes}', '99') WHERE fid = 0 AND"
                " version_id = (SELECT id FROM geoplan.layer_version WHERE layer = 'plots')"
            )
        )
    tampered = verify(filled, run=run.id)
    assert [(check.layer, check.kind) for check in tampered.checks if not check.equal] == [("plots", "stored")]
    assert not tampered.equal


def test_as_many_years_are_foretold_as_the_assumption_says(filled: Store) -> None:
    years = list(range(2018, 2028))
    seen = {"kind": "gap", "owner_kind": "private", "plan": "yes", "plots_at_start": 100, "built": 4}
    filled.write("completions", pd.DataFrame({"id": [str(year) for year in years], "year": years} | seen))
    workspace = Workspace.from_mapping(SETTINGS)
    plan(workspace, filled)
    scores = filled.read("backtest").set_index("id")["value"]
    # The base year, 2025, is the last of them: what was built later is nobody's to foretell yet.
    assert scores["rows"] == assumption_values({})["priors"]["backtest_years"] == 4
    assert scores["built"] == 16


def test_a_grid_that_geometries_carry_changes_no_figure(filled: Store) -> None:
    rules, workspace = load_rule_set("sweden").with_settings({"road_half_width_m": 4}), Workspace.from_mapping(SETTINGS)
    hashes = []
    for stored in (False, True):
        layers = {version.layer: filled.read(version.layer) for version in filled.layers()}
        for name, frame in layers.items():
            if isinstance(frame, gpd.GeoDataFrame):
                shapes = shapely.set_precision(frame.geometry.to_numpy(), 0.001)
                # WKB keeps the coordinates and drops the grid.
                layers[name] = frame.set_geometry(shapely.from_wkb(shapely.to_wkb(shapes)) if stored else shapes)
        derived = derive(layers, rules, workspace, as_of=DAY)
        hashes.append({name: content_hash(table) for name, table in derived.tables.items()})
    assert hashes[0] == hashes[1]


def test_what_can_no_longer_be_derived_is_no_longer_served(filled: Store) -> None:
    workspace = Workspace.from_mapping(SETTINGS)
    plan(workspace, filled)
    import_all(workspace, filled)  # the settings name no layer at all
    assert filled.current("parcels") is None
    filled.write("municipality", filled.read("municipality", version=1).iloc[:1])
    plan(workspace, filled)
    assert filled.current("plots") is None
    assert filled.versions("plots")
    assert len(filled.read("plots", version=1)) == 7


def test_what_lacks_is_told_in_both_languages(store: Store) -> None:
    store.write("municipality", spatial([shapely.box(0, 0, 9_000, 9_000)], name="Prov"))
    store.write("land", spatial([shapely.box(-1, -1, 4_000, 9_001)]))
    result = plan(Workspace.from_mapping({**SETTINGS, "demand": None}), store)
    notes = " ".join(note["en"] for note in result.run.notes)
    for part in ("parcels is missing", "No water layer", "Never asked", "No need is computed"):
        assert part in notes
    assert all(note["sv"] for note in result.run.notes)
    figures = result.tables["figures"].set_index("id")["value"]
    assert figures["shore_zone_land_km2"] == pytest.approx(0.9, rel=1e-3)
    assert figures["sea_km2"] == pytest.approx(45)


def test_an_empty_store_and_a_missing_setting_say_what_to_do(store: Store, filled: Store) -> None:
    roads = spatial([shapely.LineString([(0, 0), (10, 0)])], kind="state", number="E4", width_m=np.nan)
    filled.write("roads", roads)
    undecided = {**SETTINGS, "rules": {"set": "sweden", "as_of": DAY}}
    with pytest.raises(SettingsError, match=r"rules\.settings\.road_half_width_m"):
        plan(Workspace.from_mapping(undecided), filled)
    assert filled.run() is None


def test_nothing_imported_says_so(store: Store) -> None:
    with pytest.raises(InputError, match="geoplan import"):
        plan(Workspace.from_mapping(SETTINGS), store)
    with pytest.raises(NotFoundError, match="no run"):
        verify(store)


def test_parcels_and_places_are_explained_from_the_store(filled: Store) -> None:
    with pytest.raises(NotFoundError, match="geoplan plan"):
        explain_stored_parcel(filled, "0")
    plan(Workspace.from_mapping(SETTINGS), filled)
    answer = explain_stored_parcel(filled, "1")
    shore = next(fact for fact in answer.facts if fact.rule.id == "shore_protection")
    assert (shore.holds, shore.basis, shore.version) == ("yes", "computed_general", 1)
    assert shore.distance_m == pytest.approx(60)
    assert answer.buildable == "no"
    place = explain_place(filled, 600_000 + 70, 6_800_000 + 20)
    assert place.parcel == "1"
    assert next(fact for fact in place.facts if fact.rule.id == "shore_protection").distance_m == pytest.approx(90)
    with pytest.raises(NotFoundError, match="no parcel 'x'"):
        explain_stored_parcel(filled, "x")


def real(name: str, database: Database, folder: Path, shared_data: Path) -> tuple[Workspace, Store]:
    """A copy of a real workspace with its layers imported."""
    shutil.copytree(WORKSPACES / name, folder / name)
    settings = folder / name / "geoplan.toml"
    settings.write_text(settings.read_text().replace("../../../../shared/data", str(shared_data)))
    workspace = Workspace.load(folder / name)
    store = Store(database.engine, crs=workspace.crs)
    done = import_all(workspace, store)
    assert not done.failures
    return workspace, store


def test_buena_vista(database: Database, tmp_path: Path, shared_data: Path) -> None:
    """A whole real town in US feet, from files to plots."""
    workspace, store = real("buena_vista", database, tmp_path, shared_data)
    result = plan(workspace, store, as_of=DAY)
    plots, houses = store.read("plots"), store.read("buildings")
    waterfall = result.tables["waterfall"].set_index("step")["area_m2"]
    assert waterfall["parcels"] / 10_000 == pytest.approx(1_750.3, abs=0.1)
    losses = result.tables["waterfall"].query("kind == 'loss'")["area_m2"].sum()
    assert waterfall["parcels"] + losses == pytest.approx(waterfall["plots"], rel=1e-9)
    assert len(plots) > 500
    assert gpd.sjoin(houses, plots).empty
    assert set(plots["plan_homes"]) <= {"allowed", "none"}
    assert verify(store).equal


def test_soderhamn(database: Database, tmp_path: Path, shared_data: Path) -> None:
    """A real coastal municipality without parcels: shore zone, need and balance, and what it lacks."""
    workspace, store = real("soderhamn", database, tmp_path, shared_data)
    result = plan(workspace, store, as_of=DAY)
    figures = result.tables["figures"].set_index("id")["value"]
    assert figures["land_km2"] == pytest.approx(1_173.5, abs=0.1)
    assert figures["shore_zone_land_km2"] == pytest.approx(20.4, abs=0.1)
    assert store.current("plots") is None
    balance = result.tables["balance"]
    whole = balance[balance["area"] == "*"].set_index("year")
    assert whole.loc[2035, "population"] == pytest.approx(22_852)
    assert whole.loc[2035, "need"] < 0
    assert whole["supply_homes"].isna().all()
    assert len(balance[balance["year"] == 2035]) == 17
    assert any("parcels is missing" in note["en"] for note in result.run.notes)
    assert verify(store).equal
