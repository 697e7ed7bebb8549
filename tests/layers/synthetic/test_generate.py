"""The small municipality, which is made by the same steps as the full one."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.errors import SettingsError
from geoplan.land.constraints import build_constraints
from layers.catalogue import catalogue
from layers.hashing import content_hash
from layers.rules import load_rule_set
from layers.synthetic import generate

DAY = dt.date(2026, 1, 1)

# Land is what the water leaves, and decisions are officials' to make.
GENERATED = set(catalogue()) - {"land", "overrides", "plot_offers"}


@pytest.fixture(scope="session")
def water(small):
    layer = small["water"]
    return layer[layer.geom_type != "LineString"]


def test_the_same_seed_gives_the_same_layers_and_another_does_not(small):
    again, other = generate(size="small"), generate(size="small", seed=7)
    assert {key: content_hash(frame) for key, frame in again.items()} == {
        key: content_hash(frame) for key, frame in small.items()
    }
    assert content_hash(other["parcels"]) != content_hash(small["parcels"])


def test_layers_are_as_they_come_back_from_a_store(small):
    for name, frame in small.items():
        if isinstance(frame, gpd.GeoDataFrame):
            assert not shapely.get_precision(frame.geometry.to_numpy()).any(), name
            assert not shapely.get_precision(shapely.get_parts(frame.geometry.to_numpy())).any(), name


def test_an_unknown_size_is_refused():
    with pytest.raises(SettingsError, match="medium"):
        generate(size="medium")


def test_every_layer_but_land_and_decisions_is_there(small):
    assert set(small) == GENERATED
    assert all(len(frame) for frame in small.values())


@pytest.mark.parametrize("layer_id", sorted(GENERATED))
def test_columns_and_values_are_the_catalogues(small, layer_id):
    kind, frame = catalogue()[layer_id], small[layer_id]
    assert [name for name in frame.columns if name != "geometry"] == list(kind.field_names)
    for field in kind.fields:
        values = frame[field.name].dropna()
        if field.values:
            assert set(values) <= set(field.values)
        if field.required:
            assert len(values) == len(frame)
    if not kind.is_table:
        assert frame.crs.to_epsg() == 3006
        assert frame.geometry.is_valid.all()
        assert not frame.geometry.is_empty.any()


def test_parcels_tile_the_land_exactly(small, water):
    parcels = small["parcels"].geometry.to_numpy()
    whole = small["municipality"].geometry.iloc[0]
    land = whole.difference(shapely.union_all(water.geometry))
    assert shapely.coverage_is_valid(parcels)
    assert shapely.area(parcels).sum() == pytest.approx(land.area, rel=1e-6)
    assert shapely.area(shapely.coverage_union_all(parcels)) == pytest.approx(land.area, rel=1e-6)


def test_parcels_have_ids_of_their_own_and_no_specks(small):
    parcels = small["parcels"]
    assert parcels["id"].is_unique
    assert 600 <= len(parcels) <= 1_200
    assert parcels.area.min() > 5
    assert (parcels.area > 100).mean() > 0.97


def test_statistical_areas_fill_the_municipality(small):
    areas = small["statistical_areas"]
    assert 12 <= len(areas) <= 16
    assert areas.area.sum() == pytest.approx(small["municipality"].area.sum(), rel=1e-6)
    assert set(small["population"]["area"]) == set(areas["id"])


def test_buildings_stand_clear_within_one_parcel_and_on_dry_land(small, water):
    buildings, parcels = small["buildings"], small["parcels"]
    inner = parcels.buffer(-4.49)
    held = shapely.STRtree(inner.to_numpy()).query(buildings.geometry.to_numpy(), predicate="within")
    assert sorted(held[0]) == list(range(len(buildings)))
    wet = shapely.union_all(water.geometry)
    shapely.prepare(wet)
    assert not shapely.intersects(wet, buildings.geometry.to_numpy()).any()


def test_some_house_plots_and_all_development_land_are_empty(small):
    parcels = small["parcels"]
    held = shapely.STRtree(parcels.geometry.to_numpy()).query(
        small["buildings"].geometry.to_numpy(), predicate="within"
    )
    built = np.zeros(len(parcels), bool)
    built[held[1]] = True
    homes = (parcels["use"] == "Småhus").to_numpy()
    assert 0.02 < (~built[homes]).mean() < 0.25
    development = (parcels["use"] == "Exploatering").to_numpy()
    assert development.any()
    assert not built[development].any()
    assert (parcels["owner_kind"][development] == "municipality").mean() > 0.4


def test_people_add_up(small):
    population = small["population"]["population"].sum()
    projection = small["population_projection"].set_index("year")["population"]
    assert population == projection[2025] == 700
    assert list(projection.index) == list(range(2025, 2046))
    stock = small["dwelling_stock"]
    leisure = stock["type"] == "leisure"
    assert stock.loc[~leisure, "dwellings"].sum() == small["buildings"]["dwellings"].sum()
    assert stock.loc[leisure, "dwellings"].sum() == (small["buildings"]["use"] == "leisure").sum()
    assert (stock["vacant"].fillna(0) <= stock["dwellings"]).all()
    reasons = [name for name in stock if name.startswith("vacant_")]
    assert (stock.loc[~leisure, reasons].sum(axis=1) == stock.loc[~leisure, "vacant"]).all()
    assert set(stock.loc[~leisure, "period"]) == {"-1930", "1931-1950", "1951-1970", "1971-1990", "1991-"}
    assert small["household_quotas"]["quota"].between(0, 1).all()


def test_waters_that_rules_ask_about_are_there(small):
    water = small["water"]
    lakes = water[water["kind"] == "lake"]
    assert (lakes.area < 10_000).any()
    assert (water["width_m"].dropna() < 2).any()
    dug = water[water["kind"] == "constructed"]
    assert pd.to_datetime(dug["constructed_after"]).dt.year.tolist() == [1988]
    assert (water["kind"] == "sea").sum() == 1


def test_decisions_of_every_kind_are_there(small):
    assert set(small["shore_protection"]["decision"]) == {"extended", "lifted"}
    assert set(small["flood"]["return_period"]) == {100, 200, 10_000}
    assert {"B", "J"} <= set(small["plans"]["use_code"])
    assert {"E4", "583"} <= set(small["roads"]["number"].dropna())
    assert {"state", "municipal", "private"} <= set(small["roads"]["kind"])
    assert set(small["plan_provisions"]["kind"]) == {"no_building", "complement_only", "building_right"}


def test_a_stream_of_unknown_width_has_a_shore_that_is_unsure(small):
    streams = small["water"].query("kind == 'stream'")
    assert streams["width_m"].isna().sum() == 1
    layers = {name: small[name] for name in ("water", "municipality", "shore_protection")}
    pieces = build_constraints(load_rule_set("sweden"), layers, as_of=DAY).of("shore_protection")
    unsure = pieces[pieces["basis"] == "computed_unsure"]
    assert set(unsure["feature"]) == set(streams.loc[streams["width_m"].isna(), "id"])
    assert set(unsure["severity"]) == {"investigate"}


def test_a_higher_sea_reaches_farther(small):
    levels = small["sea_levels"].set_index("level_m").geometry
    assert levels[1.5].difference(levels[2.5]).area < 1.0
    assert levels[2.5].area > levels[1.5].area


def test_provisions_lie_in_their_plans_and_along_the_edges_of_parcels(small):
    provisions = small["plan_provisions"]
    plans = small["plans"].dissolve("id").geometry
    for row in provisions.itertuples():
        assert row.geometry.difference(plans[row.plan].buffer(0.02)).area < 0.01
    fronts = provisions[provisions["kind"] == "no_building"].geometry
    # A strip of 5 m around a block: its area is 5 m times half of its two edges.
    assert (fronts.area / fronts.length).between(2.3, 2.6).all()
