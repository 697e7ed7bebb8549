import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas.testing import assert_frame_equal

from geoplan.errors import CRSError, DatabaseError, FrameError, NotFoundError
from layers.database import Database
from layers.hashing import content_hash
from layers.store import NewLayer, Store

RUN: dict[str, Any] = {
    "kind": "plan",
    "inputs": {"parcels": {"number": 1, "hash": "0" * 64}},
    "rule_set": {"id": "generic"},
    "parameters": {"min_area_m2": 600},
    "code_version": {"geoplan": "0"},
    "notes": [{"sv": "Saknas", "en": "Missing"}],
    "snapshot": "f" * 64,
}


def squares(count: int, *, crs: str = "EPSG:3006", **columns: Any) -> gpd.GeoDataFrame:
    boxes = [shapely.box(600_000 + 20 * n, 6_700_000, 600_010.1 + 20 * n, 6_700_010.7) for n in range(count)]
    return gpd.GeoDataFrame(
        columns or {"id": [f"p{n}" for n in range(count)]}, geometry=np.array(boxes, dtype=object), crs=crs
    )


@pytest.fixture
def mixed() -> gpd.GeoDataFrame:
    """Every kind of column that a layer has been seen to have."""
    return squares(
        3,
        id=["Almskär 1:1", "Almskär 1:2", "Ö 2:1>3"],
        integer=np.array([1, -2, 2**62]),
        gaps=pd.array([1, None, 3], dtype="Int64"),
        real=[0.1, -1e-300, 123456789.123456789],
        holes=[np.nan, 2.0, 1e300],
        small=np.array([1.5, 2.25, np.nan], dtype="float32"),
        truth=[True, False, True],
        maybe=pd.array([True, None, False], dtype="boolean"),
        text=["", None, 'å "quoted" \\ \n\t ☃'],
        nothing=[None, None, None],
        items=[["a", 1, None], [], None],
        record=[{"b": 1, "a": [2]}, None, {}],
        day=["2025-01-01", None, "1999-12-31"],
        moment=pd.to_datetime(["2025-01-01 12:00", "2025-01-01 12:00:00.25", None], format="ISO8601"),
        zoned=pd.to_datetime(["2025-01-01", "2025-07-01", None], format="ISO8601").tz_localize("Europe/Stockholm"),
    )


def test_a_layer_comes_back_as_it_was_written(store: Store, mixed: gpd.GeoDataFrame) -> None:
    written = store.write("parcels", mixed, source={"file": "x.gpkg"}, report={"rows": 3})
    back = store.read("parcels")
    assert_geodataframe_equal(back, mixed, check_like=False)
    assert [str(kind) for kind in back.dtypes] == [str(kind) for kind in mixed.dtypes]
    assert list(back.columns) == list(mixed.columns)
    assert shapely.to_wkb(back.geometry.to_numpy()).tolist() == shapely.to_wkb(mixed.geometry.to_numpy()).tolist()
    assert (written.layer, written.number, written.feature_count) == ("parcels", 1, 3)
    assert (written.source, written.report, written.srid) == ({"file": "x.gpkg"}, {"rows": 3}, 3006)
    assert written.content_hash == content_hash(mixed) == content_hash(back) == store.rehash("parcels")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    numbers=arrays("float64", 8, elements=st.floats(allow_infinity=False)),
    texts=st.lists(
        st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        min_size=8,
        max_size=8,
    ),
    places=arrays("float64", (8, 2), elements=st.floats(allow_infinity=False, allow_nan=False)),
)
def test_numbers_and_text_come_back_to_the_last_bit(
    store: Store, numbers: Any, texts: list[str | None], places: Any
) -> None:
    frame = gpd.GeoDataFrame({"number": numbers, "text": texts}, geometry=shapely.points(places), crs=3006)
    written = store.write("anything", frame, key=None)
    back = store.read("anything")
    # Minus zero is stored as zero: the one number that changes.
    assert np.array_equal(back["number"].to_numpy(), numbers, equal_nan=True)
    assert back["text"].astype(object).where(back["text"].notna(), None).tolist() == texts
    assert np.array_equal(shapely.get_coordinates(back.geometry.to_numpy()), places)
    assert written.content_hash == store.rehash("anything")


@pytest.mark.parametrize("count", [0, 3])
def test_a_table_has_no_geometry(store: Store, count: int) -> None:
    frame = pd.DataFrame({"area": list("abc"), "year": [2025] * 3, "need": [1.5, -2.0, 0.0]}).head(count)
    version = store.write("need", frame, key=None)
    back = store.read("need")
    assert not isinstance(back, gpd.GeoDataFrame)
    assert_frame_equal(back, frame)
    assert (version.srid, version.feature_count) == (None, count)


def test_an_empty_layer_keeps_its_columns(store: Store, mixed: gpd.GeoDataFrame) -> None:
    store.write("parcels", mixed.head(0))
    back = store.read("parcels")
    assert isinstance(back, gpd.GeoDataFrame)
    assert len(back) == 0
    assert back.crs == mixed.crs
    assert list(zip(back.columns, back.dtypes.astype(str), strict=True)) == list(
        zip(mixed.columns, mixed.dtypes.astype(str), strict=True)
    )
    assert store.rehash("parcels") == content_hash(mixed.head(0))


def test_missing_and_empty_geometries_and_every_type_survive(store: Store) -> None:
    shapes = shapely.from_wkt(
        [
            "POINT (1 2)",
            "MULTIPOINT (1 2, 3 4)",
            "LINESTRING (0 0, 1 1)",
            "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
            "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))",
            "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))",
            "GEOMETRYCOLLECTION (POINT (1 1))",
            "POLYGON EMPTY",
            "POINT EMPTY",
        ]
    )
    frame = gpd.GeoDataFrame({"id": range(10)}, geometry=[*shapes, None], crs=3006)
    store.write("shapes", frame)
    back = store.read("shapes")
    assert back.geometry.to_wkt().tolist() == frame.geometry.to_wkt().tolist()
    assert store.rehash("shapes") == content_hash(frame)


def test_height_is_left_out(store: Store) -> None:
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.Point(1, 2, 3)], crs=3006)
    store.write("parcels", frame)
    assert store.read("parcels").geometry.to_wkt().tolist() == ["POINT (1 2)"]


def test_a_workspace_in_feet_keeps_its_feet(database: Database) -> None:
    store = Store(database.engine, crs="EPSG:2284")
    frame = squares(2, crs="EPSG:2284")
    assert store.write("parcels", frame).srid == 2284
    assert_geodataframe_equal(store.read("parcels"), frame)


@pytest.mark.parametrize(
    "claims",
    [
        [("plots/1", "1", "plots"), ("plots/1", "2", "plots")],
        [("plots/1", "1", "plots"), ("gaps/1", "1", "gaps")],
    ],
    ids=["one id twice", "two layers claim one parcel"],
)
def test_the_database_refuses_to_count_a_source_of_homes_twice(
    store: Store, claims: list[tuple[str, str, str]]
) -> None:
    frame = pd.DataFrame({"id": ["a"]})
    wrong = pd.DataFrame(claims, columns=["key", "place", "source"])
    with pytest.raises(DatabaseError, match="Writing failed and nothing is changed"):
        store.write_many([NewLayer("supply", frame, claims=wrong)])
    assert store.current("supply") is None
    # One layer may have several rows on a parcel, and rows without land claim none.
    right = [
        ("plots/1-1", "1", "plots"),
        ("plots/1-2", "1", "plots"),
        ("a", None, "renewal_actions"),
        ("b", None, "gaps"),
    ]
    sound = pd.DataFrame(right, columns=["key", "place", "source"])
    store.write_many([NewLayer("supply", frame, claims=sound)])
    assert store.current("supply") is not None


def test_the_same_content_makes_no_new_version(store: Store) -> None:
    first = store.write("parcels", squares(3), source={"read": 1})
    again = store.write("parcels", squares(3), source={"read": 2})
    assert (again.id, again.number) == (first.id, 1)
    assert again.source == {"read": 2}
    assert len(store.versions("parcels")) == 1


def test_versions_are_kept_and_one_is_current(store: Store) -> None:
    for count in (1, 2, 3):
        store.write("parcels", squares(count))
    store.write("roads", squares(1))
    assert [(version.number, version.feature_count) for version in store.versions("parcels")] == [
        (1, 1),
        (2, 2),
        (3, 3),
    ]
    current = store.current("parcels")
    assert current is not None
    assert current.number == 3
    assert len(store.read("parcels")) == 3
    assert len(store.read("parcels", version=2)) == 2
    assert [version.layer for version in store.layers()] == ["parcels", "roads"]
    assert store.current("water") is None
    with pytest.raises(NotFoundError, match=r"no layer water.*parcels, roads"):
        store.read("water")
    with pytest.raises(NotFoundError, match="version 9"):
        store.read("parcels", version=9)


def test_prune_keeps_the_newest(store: Store) -> None:
    for count in (1, 2, 3):
        store.write("parcels", squares(count))
    store.write("roads", squares(1))
    assert store.prune(keep=2) == 1
    assert [version.number for version in store.versions("parcels")] == [2, 3]
    assert store.prune(keep=0) == 1
    assert len(store.read("parcels")) == 3
    assert store.write("parcels", squares(4)).number == 4


def test_reading_by_box_key_value_and_column(store: Store) -> None:
    frame = squares(4, id=list("abcd"), kind=["x", "y", "x", None], homes=[1, 2, 3, 4])
    store.write("parcels", frame)
    inside = store.read("parcels", bbox=(600_015, 6_699_000, 600_045, 6_701_000))
    assert inside["id"].tolist() == ["b", "c"]
    assert list(inside.index) == [0, 1]
    assert store.read("parcels", keys=["d", "a", "zzz"])["id"].tolist() == ["a", "d"]
    assert store.read("parcels", where={"kind": "x"})["id"].tolist() == ["a", "c"]
    assert store.read("parcels", where={"kind": ["y", None]})["id"].tolist() == ["b", "d"]
    assert store.read("parcels", where={"kind": "x", "homes": np.int64(3)})["id"].tolist() == ["c"]
    assert store.read("parcels", where={"kind": []})["id"].tolist() == []
    table = store.read("parcels", columns=["homes", "id"])
    assert_frame_equal(table, pd.DataFrame(frame[["homes", "id"]]))
    assert isinstance(store.read("parcels", columns=["geometry"]), gpd.GeoDataFrame)
    with pytest.raises(NotFoundError, match="no column owner"):
        store.read("parcels", where={"owner": 1})


def test_what_a_caller_asks_for_never_becomes_sql(store: Store) -> None:
    store.write("parcels", squares(2))
    hostile = "'); DROP TABLE geoplan.feature; --"
    assert len(store.read("parcels", keys=[hostile])) == 0
    assert len(store.read("parcels", where={"id": hostile})) == 0
    with pytest.raises(NotFoundError):
        store.read(hostile)
    assert len(store.read("parcels")) == 2


def test_a_box_uses_the_index(store: Store, database: Database) -> None:
    store.write("other", squares(5000))
    version = store.write("parcels", squares(4000))
    with database.engine.connect() as connection:
        plan = "\n".join(
            connection.scalars(
                sa.text(
                    "EXPLAIN SELECT fid FROM geoplan.feature WHERE version_id = :version "
                    "AND geom && ST_MakeEnvelope(600000, 6700000, 600050, 6700050, 3006)"
                ),
                {"version": version.id},
            )
        )
    assert "ix_feature_geom" in plan


def test_another_crs_is_refused(store: Store) -> None:
    with pytest.raises(CRSError, match="EPSG:2284, the workspace in EPSG:3006"):
        store.write("parcels", squares(1, crs="EPSG:2284"))
    assert store.layers() == []


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (squares(2, id=["a", "b\0"]), "id holds a null character \\(row 1"),
        (squares(2, id=pd.Series(["a", "\udcff"], dtype=object)), "id holds what cannot be stored \\(row 1"),
        (squares(2, area=[1.0, np.inf]), "area holds what cannot be stored \\(row 1: inf"),
        (squares(2, place=[shapely.Point(0, 0), None]), "place holds what cannot be stored"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns are called 'a'"),
        (squares(1).rename_geometry("shape"), "must be called 'geometry'"),
    ],
)
def test_what_cannot_be_stored_is_told_and_changes_nothing(store: Store, frame: pd.DataFrame, told: str) -> None:
    store.write("parcels", squares(1))
    with pytest.raises(FrameError, match=told):
        store.write("parcels", frame)
    assert [version.number for version in store.versions("parcels")] == [1]
    assert len(store.read("parcels")) == 1


def test_derived_layers_are_written_all_or_none(store: Store) -> None:
    store.write("plots", squares(1))
    bad = pd.DataFrame({"x": [np.inf]})
    with pytest.raises(FrameError):
        store.write_many([NewLayer("plots", squares(2)), NewLayer("need", bad)], run=RUN)
    assert [version.number for version in store.versions("plots")] == [1]
    assert store.run() is None

    written = store.write_many(
        [NewLayer("plots", squares(2)), NewLayer("need", pd.DataFrame({"x": [1]}), key=None)], run=RUN
    )
    run = store.run()
    assert run is not None
    assert {version.run for version in written} == {run.id}
    assert {name: getattr(run, name) for name in RUN} == RUN
    assert {name: output["number"] for name, output in run.outputs.items()} == {"plots": 2, "need": 1}
    assert store.run(run.id) == run
    assert store.run(run.id + 1) is None


def test_two_writers_of_one_layer_take_turns(store: Store) -> None:
    errors: list[Exception] = []

    def write(count: int) -> None:
        try:
            # In opposite orders, which would deadlock were the layers locked as they come.
            names = ["plots", "need"] if count % 2 else ["need", "plots"]
            store.write_many([NewLayer(name, squares(count)) for name in names])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(count,)) for count in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [version.number for version in store.versions("plots")] == list(range(1, 9))
    assert sum(version.layer == "plots" for version in store.layers()) == 1


def test_a_lost_server_is_a_database_error(store: Store, database: Database) -> None:
    frame = squares(2)
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE geoplan.feature RENAME TO gone"))
    with pytest.raises(DatabaseError, match="nothing is changed"):
        store.write("parcels", frame)


def test_a_writer_killed_while_copying_leaves_the_version_before(store: Store, database_url: str) -> None:
    store.write("parcels", squares(2))
    code = f"""
import sys, time
import layers.store as module
from layers.store import Store
import sqlalchemy as sa, geopandas as gpd, shapely
rows = module.plain_rows
def slow(frame):
    for number, row in enumerate(rows(frame)):
        if number == 15_000:
            print("copying", flush=True)
            time.sleep(60)
        yield row
module.plain_rows = slow
points = shapely.points([(n, n) for n in range(20_000)])
frame = gpd.GeoDataFrame({{"id": range(20_000)}}, geometry=points, crs=3006)
Store(sa.create_engine({database_url!r}), crs=3006).write("parcels", frame)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "copying\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert len(store.read("parcels")) == 2
    # The server drops the dead writer's lock, so that the next one is not kept waiting.
    started = time.monotonic()
    assert store.write("parcels", squares(3)).number == 2
    assert time.monotonic() - started < 10
    assert store.rehash("parcels") == content_hash(squares(3))


def test_the_view_serves_current_features_only(store: Store, database: Database) -> None:
    store.write("parcels", squares(3))
    store.write("parcels", squares(2))
    with database.read_only_engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT layer, key, ST_SRID(geom) FROM geoplan.current_feature ORDER BY fid")
        ).all()
    assert [tuple(row) for row in rows] == [("parcels", "p0", 3006), ("parcels", "p1", 3006)]


def test_real_parcels_come_back_as_they_are(database: Database, shared_data: Path) -> None:
    files = sorted((shared_data / "buena-vista").glob("*arcel*"))
    if not files:
        pytest.skip("no parcels among the real data")
    frame = gpd.read_file(files[0])
    store = Store(database.engine, crs=frame.crs)
    version = store.write("parcels", frame, key=None)
    assert store.rehash("parcels") == version.content_hash
    assert_geodataframe_equal(store.read("parcels"), frame, check_dtype=True)
