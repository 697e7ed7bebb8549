"""What a run takes over from an earlier one: only ever a saving of time."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from layers.chain import PlanResult, plan
from layers.store import Store
from layers.verifying import verify
from layers.workspace import Workspace

DAY = "2026-01-01"
SETTINGS = {"municipality": {"name": "Prov", "code": "0000"}, "rules": {"set": "sweden", "as_of": DAY}}
ORIGIN = (600_000.0, 6_800_000.0)


def spatial(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + ORIGIN)
    ids = {"id": [f"{columns.pop('prefix', '')}{number}" for number in range(len(shapes))]}
    return gpd.GeoDataFrame(ids | columns, geometry=moved, crs="EPSG:3006")


RESERVES = [shapely.box(0, 50, 30, 100), shapely.box(400, 0, 500, 100)]


@pytest.fixture
def filled(store: Store) -> Store:
    """A hundred parcels by the sea, with two nature reserves."""
    store.write(
        "parcels", spatial([shapely.box(x, y, x + 50, y + 50) for x in range(0, 500, 50) for y in range(0, 500, 50)])
    )
    store.write("municipality", spatial([shapely.box(-500, -100, 600, 600)], name="Prov"))
    sea = spatial([shapely.box(-500, -100, -20, 600)], kind="sea", width_m=np.nan, constructed_after=None)
    store.write("water", sea)
    store.write("protected_nature", spatial(RESERVES, kind="nature_reserve", prefix="N"))
    return store


def run(store: Store, **settings: object) -> PlanResult:
    return plan(Workspace.from_mapping({**SETTINGS, **settings}), store)


def land(store: Store) -> list[pd.DataFrame]:
    tables = [store.read(name) for name in ("constraints", "buildable", "reasons", "remainders", "plots")]
    return [pd.DataFrame(table).map(lambda cell: cell.wkb if hasattr(cell, "wkb") else cell) for table in tables]


def test_a_change_of_a_layer_computes_the_parcels_that_it_touches(filled: Store) -> None:
    assert run(filled).parcels_computed == 100
    smaller = [RESERVES[0], shapely.box(400, 0, 470, 100)]
    filled.write("protected_nature", spatial(smaller, kind="nature_reserve", prefix="N"))
    # The columns of parcels from 350 to 500 and the rows from 0 to 150: those that the reserve reaches or touches.
    assert run(filled).parcels_computed == 9
    assert verify(filled).equal


def test_another_day_and_back_takes_over_what_was_prepared(filled: Store) -> None:
    run(filled)
    before = land(filled)
    earlier = run(filled, rules={"set": "sweden", "as_of": "2025-06-30"})
    assert earlier.parcels_computed is not None
    back = run(filled)
    assert (back.unchanged, back.parcels_computed) == (False, 0)
    for then, now in zip(before, land(filled), strict=True):
        assert_frame_equal(then, now)


def test_a_demand_setting_computes_no_land(filled: Store) -> None:
    run(filled)
    assert run(filled, plots={"min_area_m2": 900}).parcels_computed == 0


def test_new_parcels_and_officials_decisions_are_touched(filled: Store) -> None:
    run(filled)
    parcels = filled.read("parcels")
    more = spatial([shapely.box(500, 0, 550, 50)], prefix="new")
    filled.write("parcels", pd.concat([parcels, more], ignore_index=True))
    assert run(filled).parcels_computed == 1
    decision = {"parcel": ["0"], "rule": ["shore_protection"], "holds": ["no"]}
    filled.write("overrides", pd.DataFrame(decision | {key: ["x"] for key in ("reason", "official", "date")}))
    assert run(filled).parcels_computed == 1
    assert verify(filled).equal


def test_without_what_was_prepared_a_run_gives_the_same(filled: Store) -> None:
    run(filled)
    kept = land(filled)
    with filled._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM geoplan.preparation")
    run(filled, rules={"set": "sweden", "as_of": "2025-06-30"})
    run(filled)
    for then, now in zip(kept, land(filled), strict=True):
        assert_frame_equal(then, now)


def test_of_each_name_only_the_last_used_stay(filled: Store) -> None:
    for day in range(1, 8):
        run(
            filled,
            rules={"set": "sweden", "as_of": dt.date(2025, 6, day).isoformat()},
            plots={"min_area_m2": 600 + day},
        )
        filled.write("protected_nature", spatial([shapely.box(0, 0, day, 10)], kind="nature_reserve", prefix="N"))
    with filled._engine.connect() as connection:
        count = "SELECT name, count(*) FROM geoplan.preparation GROUP BY name"
        rows = dict(connection.exec_driver_sql(count).all())
    assert rows["land parcels"] == rows["rule nature_reserve"] == 4
    assert rows["rule water_surface"] == 1


def test_a_decision_on_a_rule_that_nobody_could_ask_counts_from_the_day_of_the_rule(
    filled: Store, tmp_path: Path
) -> None:
    rule = """extends = "sweden"
name = "own"
[[rules]]
id = "marsh"
title = { sv = "Kärr", en = "Marsh" }
layer = "landslide"
operation = "inside"
severity = "forbidden"
legal_basis = { sv = "x", en = "x" }
source = "x"
valid_from = 2025-07-01
"""
    (tmp_path / "own.toml").write_text(rule, encoding="utf-8")
    # Inland, where nothing else stands against building.
    decision = {"parcel": ["75"], "rule": ["marsh"], "holds": ["yes"]}
    filled.write("overrides", pd.DataFrame(decision | {key: ["x"] for key in ("reason", "official", "date")}))

    def left(day: str) -> float:
        settings = {"rules": {"set": "own.toml", "as_of": day}}
        plan(Workspace.from_mapping({**SETTINGS, **settings}, root=tmp_path), filled)
        return float(filled.read("buildable", keys=["75"])["buildable_m2"].iloc[0])

    assert left("2025-06-30") == 2_500
    assert left("2025-07-02") == 0
    assert verify(filled).equal


def test_what_cannot_be_read_is_made_anew(filled: Store, caplog: pytest.LogCaptureFixture) -> None:
    run(filled)
    kept = land(filled)
    with filled._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE geoplan.preparation SET content = substr(content, 1, 100)")
    assert run(filled, rules={"set": "sweden", "as_of": "2025-06-30"}).parcels_computed == 100
    assert "cannot be read and is made anew" in caplog.text
    run(filled)
    for then, now in zip(kept, land(filled), strict=True):
        assert_frame_equal(then, now)
