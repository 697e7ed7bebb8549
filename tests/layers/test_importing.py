from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoplan.errors import CRSError, InputError, NotFoundError
from geoplan.frames import check_frame
from layers.catalogue import catalogue, layer_type
from layers.importing import import_all, import_layer, prepare_layer
from layers.sources.report import ImportReport, RejectedError
from layers.store import Store
from layers.workspace import Workspace

Squares = Callable[..., gpd.GeoDataFrame]
Write = Callable[..., Path]
Make = Callable[..., Workspace]

BOWTIE = shapely.Polygon([(612_000, 6_797_000), (612_100, 6_797_100), (612_100, 6_797_000), (612_000, 6_797_100)])


def told(report: ImportReport) -> list[tuple[str, str, int | None]]:
    return [(issue.severity, issue.reason, issue.row) for issue in report.issues]


def consistent(report: ImportReport) -> None:
    assert report.rows_read == report.rows_imported + report.rows_rejected + report.rows_filtered
    assert report.rows_repaired <= report.rows_imported
    rejected = [(i.file, i.row) for i in report.issues if i.severity == "rejected"]
    assert len(rejected) == report.rows_rejected


# --- what comes out -------------------------------------------------------------------------------


def test_a_clean_layer(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("p.gpkg", squares(ID=[7, 8, 9], VALUE=["2.47", None, "3"], extra=[1, 2, 3]))
    workspace = make_workspace(
        parcels={
            "file": "p.gpkg", "columns": {"id": "ID", "improvement_value": "VALUE"}, "keep": ["extra"],
            "source": "us", "licence": "CC0", "date": "2025-01-01",
        }
    )  # fmt: skip
    prepared = prepare_layer(workspace, "parcels")
    frame = prepared.frame
    assert isinstance(frame, gpd.GeoDataFrame)
    assert list(frame.columns) == [*layer_type("parcels").field_names, "extra", "geometry"]
    assert frame["id"].tolist() == ["7", "8", "9"]
    assert frame["improvement_value"].dtype == "float64"
    assert frame["improvement_value"].tolist()[::2] == [2.47, 3.0]
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.crs == workspace.crs
    check_frame(frame, name="parcels", columns=["id"], geometry=["polygon"], unique="id")
    consistent(prepared.report)
    assert prepared.report.issues == ()
    (file,) = prepared.source["files"]
    assert (file["path"], file["driver"], file["layer"], file["rows"]) == ("p.gpkg", "GeoPackage", "p", 3)
    assert (file["source"], file["licence"], file["date"]) == ("us", "CC0", "2025-01-01")
    assert file["crs"] == "EPSG:3006 (SWEREF99 TM)"
    assert len(file["sha256"]) == 64
    assert json.loads(json.dumps(prepared.source)) == prepared.source


@pytest.mark.parametrize("layer_id", sorted(catalogue()))
def test_every_layer_of_the_catalogue_can_be_imported(
    make_workspace: Make, squares: Squares, write: Write, layer_id: str
) -> None:
    """A source with the catalogue's own columns needs no mapping and loses nothing."""
    layer = layer_type(layer_id)
    cells: dict[str, list[Any]] = {}
    for field in layer.fields:
        examples = {"string": ["a", "b", "c"], "integer": [1, 2, 3], "number": [0.5, 2.0, 1e6]}
        dates = ["2026-01-31", "1975-06-30", "2000-01-01"]
        values: list[Any] = [field.values[n % len(field.values)] for n in range(3)] if field.values else []
        cells[field.name] = values or examples.get(field.type, dates)
    frame: Any = squares(**cells)
    if layer.is_table:
        write("l.csv", pd.DataFrame(cells).to_csv(index=False))
    else:
        if "polygon" not in layer.geometry:
            frame = frame.set_geometry(
                frame.centroid if "point" in layer.geometry else frame.geometry.boundary, crs=3006
            )
        write("l.gpkg", frame)
    workspace = make_workspace(**{layer_id: {"file": f"l.{'csv' if layer.is_table else 'gpkg'}"}})
    prepared = prepare_layer(workspace, layer_id)
    assert prepared.report.issues == ()
    assert isinstance(prepared.frame, gpd.GeoDataFrame) != layer.is_table
    for name, values in cells.items():
        assert prepared.frame[name].tolist() == values


def test_feet_stay_feet(make_workspace: Make, write: Write) -> None:
    acre = gpd.GeoDataFrame(
        {"id": ["a"]}, geometry=[shapely.box(11_230_000, 3_790_000, 11_230_208.71, 3_790_208.71)], crs=2284
    )
    write("p.gpkg", acre)
    frame = prepare_layer(make_workspace(crs="EPSG:2284", parcels={"file": "p.gpkg"}), "parcels").frame
    assert frame["geometry"].iloc[0].equals_exact(acre.geometry.iloc[0])
    # The report's square metres are metres all the same: half of this bowtie is an eighth of an acre.
    ring = [
        (11_230_000, 3_790_000),
        (11_230_100, 3_790_100),
        (11_230_100, 3_790_000),
        (11_230_000, 3_790_100),
    ]
    write("b.gpkg", gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Polygon(ring)], crs=2284))
    report = prepare_layer(make_workspace(crs="EPSG:2284", parcels={"file": "b.gpkg"}), "parcels").report
    assert report.issues[0].detail.endswith("(+464.52 m²)")


def test_reprojection(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("p.geojson", squares().to_crs(4326))
    frame = prepare_layer(make_workspace(parcels={"file": "p.geojson"}), "parcels").frame
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.area.tolist() == pytest.approx([10_000] * 3, rel=1e-3)
    assert frame.geometry.iloc[0].centroid.distance(squares().geometry.iloc[0].centroid) < 0.1


def test_swapped_axes_can_be_mended(make_workspace: Make, squares: Squares, write: Write) -> None:
    swapped = squares().set_geometry(shapely.transform(squares().geometry.to_numpy(), lambda p: p[:, ::-1]), crs=3006)
    write("p.gpkg", swapped)
    with pytest.raises(CRSError, match="swap_axes = true"):
        prepare_layer(make_workspace(parcels={"file": "p.gpkg"}), "parcels")
    frame = prepare_layer(make_workspace(parcels={"file": "p.gpkg", "swap_axes": True}), "parcels").frame
    assert frame["geometry"].tolist() == squares().geometry.tolist()


def test_a_wrong_zone_is_told_by_the_municipality(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("m.gpkg", squares(1, id=["1"], name=["x"]))
    # SWEREF 99 16 30, and the file says 15 00.
    write("p.gpkg", squares().to_crs(3010).set_crs(3009, allow_override=True))
    workspace = make_workspace(municipality={"file": "m.gpkg"}, parcels={"file": "p.gpkg", "crs": "EPSG:3007"})
    with pytest.raises(CRSError, match=r"They fit EPSG:3010 \(SWEREF99 16 30\)"):
        prepare_layer(workspace, "parcels")


def test_unchecked_areas(make_workspace: Make, squares: Squares, write: Write) -> None:
    far = squares().set_geometry(shapely.transform(squares().geometry.to_numpy(), lambda p: p / 10), crs=3006)
    write("p.gpkg", far)
    with pytest.raises(CRSError):
        prepare_layer(make_workspace(parcels={"file": "p.gpkg"}), "parcels")
    workspace = make_workspace(parcels={"file": "p.gpkg", "area_check": False})
    assert len(prepare_layer(workspace, "parcels").frame) == 3


# --- rows that are not as they should be ----------------------------------------------------------


def test_every_kind_of_row(make_workspace: Make, squares: Squares, write: Write) -> None:
    frame = squares(8, ID=["a", "b", "a", None, "d", "e", "f", "g"], KIND=["private"] * 7 + ["martian"])
    shapes = frame.geometry.to_list()
    shapes[1] = BOWTIE
    shapes[4], shapes[5], shapes[6] = (
        None,
        shapely.LineString([(612_000, 6_797_000), (612_100, 6_797_000)]),
        shapely.box(0, 0, 1, 1),
    )
    write("p.gpkg", frame.set_geometry(shapes, crs=3006), geometry_type="Unknown")
    workspace = make_workspace(
        parcels={"file": "p.gpkg", "columns": {"id": "ID", "owner_kind": "KIND"}, "max_rejected": 0.5}
    )
    prepared = prepare_layer(workspace, "parcels")
    report = prepared.report
    consistent(report)
    assert prepared.frame["id"].tolist() == ["a", "b", "a-2", "row-4", "g"]
    assert sorted(told(report), key=lambda issue: (issue[2] or 0, issue[1])) == [
        ("repaired", "the geometry was invalid", 2),
        ("warning", "the id was made unique", 3),
        ("warning", "the id was made up", 4),
        ("rejected", "there is no geometry", 5),
        ("rejected", "the geometry is no polygon", 6),
        ("rejected", "it lies outside the reference system's area of use", 7),
        ("repaired", "owner_kind could not be used and was emptied", 8),
    ]
    assert (report.rows_read, report.rows_imported, report.rows_rejected, report.rows_repaired) == (
        8,
        5,
        3,
        2,
    )
    assert next(issue for issue in report.issues if issue.row == 6).detail == "a line"
    assert next(issue for issue in report.issues if issue.row == 5).id == "d"
    assert pd.isna(prepared.frame["owner_kind"].iloc[-1])


def test_required_values(make_workspace: Make, write: Write) -> None:
    write(
        "p.csv",
        "area,year,population\nA,2025,1\n,2025,2\nB,soon,3\nC,2025,\nD,2025,many\nE,2025,5,6\nF,2025,6\n",
    )
    workspace = make_workspace(population={"file": "p.csv", "max_rejected": 0.9})
    prepared = prepare_layer(workspace, "population")
    consistent(prepared.report)
    assert prepared.frame["area"].tolist() == ["A", "F"]
    assert prepared.frame["year"].dtype == "int64"
    assert sorted((i.row or 0, i.reason, i.detail) for i in prepared.report.issues) == [
        (3, "area is missing", ""),
        (4, "year cannot be used", "'soon' is no number"),
        (5, "population is missing", ""),
        (6, "population cannot be used", "'many' is no number"),
        (7, "the line has another number of cells than the header", "4 cells where the header has 3"),
    ]


def test_a_mapping_that_fits_no_value_fails(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("p.gpkg", squares(4, id=list("abcd"), owner=["P", "P", "private", None]))
    workspace = make_workspace(parcels={"file": "p.gpkg", "columns": {"owner_kind": "owner"}})
    with pytest.raises(RejectedError, match=r"2 of 3 values of owner_kind cannot be used.*values\.owner_kind"):
        prepare_layer(workspace, "parcels")


def test_too_many_rejected_rows_fail_the_layer(make_workspace: Make, squares: Squares, write: Write) -> None:
    frame = squares(20)
    shapes = frame.geometry.to_list()
    shapes[3] = shapes[4] = None
    write("p.gpkg", frame.set_geometry(shapes, crs=3006))
    with pytest.raises(RejectedError) as caught:
        prepare_layer(make_workspace(parcels={"file": "p.gpkg"}), "parcels")
    assert "2 of 20 rows would be rejected, and max_rejected = 0.05 allows 1: there is no geometry (2)" in str(
        caught.value
    )
    report = caught.value.report
    assert (report.rows_imported, report.rows_rejected, len(report.issues)) == (0, 2, 2)
    prepared = prepare_layer(make_workspace(parcels={"file": "p.gpkg", "max_rejected": 0.1}), "parcels")
    assert len(prepared.frame) == 18


def test_all_rejected_is_an_error_whatever_is_allowed(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("p.gpkg", squares().set_geometry([None] * 3, crs=3006), geometry_type="Polygon")
    with pytest.raises(RejectedError, match="3 of 3 rows"):
        prepare_layer(make_workspace(parcels={"file": "p.gpkg", "max_rejected": 1}), "parcels")


@pytest.mark.parametrize(("invalid", "kept"), [("repair", 3), ("reject", 2)])
def test_invalid_geometry(make_workspace: Make, squares: Squares, write: Write, invalid: str, kept: int) -> None:
    write("p.gpkg", squares().set_geometry([BOWTIE, *squares().geometry[1:]], crs=3006))
    settings_ = {"file": "p.gpkg", "invalid": invalid, "max_rejected": 0.5}
    prepared = prepare_layer(make_workspace(parcels=settings_), "parcels")
    assert len(prepared.frame) == kept
    with pytest.raises(InputError, match=r'1 invalid geometries, the first in row 1.*invalid = "repair"'):
        prepare_layer(make_workspace(parcels={"file": "p.gpkg", "invalid": "fail"}), "parcels")


def test_heights_and_repeated_geometry_are_told(make_workspace: Make, squares: Squares, write: Write) -> None:
    shapes = shapely.force_3d(squares().geometry.to_numpy(), 5.0)
    shapes[2] = shapes[0]
    write("p.gpkg", squares().set_geometry(shapes, crs=3006))
    prepared = prepare_layer(make_workspace(parcels={"file": "p.gpkg"}), "parcels")
    assert told(prepared.report) == [
        ("warning", "heights were dropped", None),
        ("warning", "the same geometry is there before", 3),
    ]
    assert not shapely.has_z(prepared.frame["geometry"].to_numpy()).any()


def test_repeated_rows_of_a_table_are_told(make_workspace: Make, write: Write) -> None:
    write("p.csv", "area,year,population\nA,2025,1\nB,2025,1\nA,2025,1\n")
    report = prepare_layer(make_workspace(population={"file": "p.csv"}), "population").report
    assert told(report) == [("warning", "the same row is there before", 4)]


def test_hostile_text(make_workspace: Make, squares: Squares, write: Write, store: Store) -> None:
    names = ["Robert'); DROP TABLE feature;--", "å" * 100_000, "𝕊\u202e\u0000x", "<script>alert(1)</script>"]
    write(
        "p.csv",
        "id;x;y;designation\n" + "".join(f'{n};{612_000 + n};6797000;"{name}"\n' for n, name in enumerate(names)),
    )
    workspace = make_workspace(
        buildings={"file": "p.csv", "x": "x", "y": "y", "crs": "EPSG:3006", "keep": ["designation"]}
    )
    report = import_layer(workspace, store, "buildings")
    consistent(report)
    stored = store.read("buildings")
    assert stored["designation"].tolist() == [name.replace("\u0000", "") for name in names]
    assert store.current("buildings").content_hash == store.rehash("buildings")  # type: ignore[union-attr]


# --- several parts, areas, coordinates ------------------------------------------------------------


def test_parts_are_put_after_one_another(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("sea.gpkg", squares(2, id=["1", "2"]))
    write(
        "streams.fgb",
        squares(2, id=["1", None]).set_geometry(squares(2).geometry.boundary, crs=3006).to_crs(3010),
    )
    workspace = make_workspace(
        water={
            "parts": [
                {"file": "sea.gpkg", "constants": {"kind": "sea"}},
                {"file": "streams.fgb", "constants": {"kind": "stream", "width_m": 2.5}},
            ],
        }
    )
    prepared = prepare_layer(workspace, "water")
    assert sorted(prepared.frame["kind"]) == ["sea", "sea", "stream", "stream"]
    assert set(prepared.frame["id"].dropna()) == {"1", "2", "1-2"}
    assert prepared.frame["width_m"].isna().sum() == 2
    assert [file.path for file in prepared.report.files] == ["sea.gpkg", "streams.fgb"]
    # The same extent in two sources is no repetition.
    (issue,) = prepared.report.issues
    assert (issue.reason, issue.id, issue.file) == ("the id was made unique", "1-2", "streams.fgb")


def test_faults_of_a_part_name_it(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("sea.gpkg", squares(2))
    workspace = make_workspace(
        water={"constants": {"kind": "sea"}, "parts": [{"file": "sea.gpkg"}, {"file": "lakes.gpkg"}]}
    )
    with pytest.raises(InputError, match=r"did you mean sea\.gpkg\?.*|layers\.water\.parts\.1\.file"):
        prepare_layer(workspace, "water")


def test_within_keeps_what_touches(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("m.gpkg", squares(1, id=["1"], name=["x"]))
    write("p.gpkg", squares(5))
    workspace = make_workspace(municipality={"file": "m.gpkg"}, parcels={"file": "p.gpkg", "within": "municipality"})
    prepared = prepare_layer(workspace, "parcels")
    consistent(prepared.report)
    assert prepared.frame["id"].tolist() == ["P 0"]
    assert prepared.report.rows_filtered == 4
    write("p.gpkg", squares(5).iloc[2:])
    with pytest.raises(InputError, match="none of 3 features touches municipality"):
        prepare_layer(workspace, "parcels")


def test_coordinates_of_a_table(make_workspace: Make, write: Write) -> None:
    write("s.csv", "namn;slag;lon;lat\nEtt;school;17,1;61,3\nTvå;shop;17,2;61,3\n")
    base = {"file": "s.csv", "columns": {"name": "namn", "kind": "slag"}, "decimal": ","}
    with pytest.raises(InputError, match=r"has no geometry.*layers\.services\.x"):
        prepare_layer(make_workspace(services=base), "services")
    with pytest.raises(CRSError, match=r"perhaps to EPSG:4326"):
        prepare_layer(make_workspace(services={**base, "x": "lon", "y": "lat"}), "services")
    workspace = make_workspace(services={**base, "x": "lon", "y": "lat", "crs": "EPSG:4326"})
    frame = prepare_layer(workspace, "services").frame
    assert frame["name"].tolist() == ["Ett", "Två"]
    assert 600_000 < frame["geometry"].iloc[0].x < 620_000


def test_areas_as_points(make_workspace: Make, squares: Squares, write: Write) -> None:
    write("s.gpkg", squares(kind=["school", "shop", "health"]))
    workspace = make_workspace(services={"file": "s.gpkg", "as_points": True})
    frame = prepare_layer(workspace, "services").frame
    assert set(shapely.get_type_id(frame["geometry"].to_numpy())) == {0}


def test_unknown_layers(make_workspace: Make) -> None:
    with pytest.raises(NotFoundError, match=r"Add \[layers\.parcels\]"):
        prepare_layer(make_workspace(), "parcels")
    with pytest.raises(NotFoundError, match="Did you mean parcels"):
        prepare_layer(make_workspace(), "parcel")


# --- into the store -------------------------------------------------------------------------------


def test_import_is_all_or_nothing_and_keeps_versions(
    make_workspace: Make, squares: Squares, write: Write, store: Store
) -> None:
    workspace = make_workspace(parcels={"file": "p.gpkg", "keep": ["n"]})
    frame = squares(3, id=["a", "b", "c"], n=[1, 2, 3])
    write("p.gpkg", frame)
    report = import_layer(workspace, store, "parcels")
    first = store.current("parcels")
    assert first is not None
    assert (first.number, first.feature_count) == (1, 3)
    assert first.report == json.loads(json.dumps(report.to_dict()))
    assert first.source["files"][0]["path"] == "p.gpkg"
    prepared = prepare_layer(workspace, "parcels").frame
    pd.testing.assert_frame_equal(pd.DataFrame(store.read("parcels")), pd.DataFrame(prepared))
    # The same again is no new version.
    import_layer(workspace, store, "parcels")
    assert [version.number for version in store.versions("parcels")] == [1]
    # A faulty delivery leaves all as it was.
    write("p.gpkg", frame.set_geometry([None, None, frame.geometry[2]], crs=3006))
    with pytest.raises(RejectedError):
        import_layer(workspace, store, "parcels")
    assert [version.number for version in store.versions("parcels")] == [1]
    assert store.rehash("parcels") == first.content_hash
    # A new one is a new version, and the old one stays.
    write("p.gpkg", frame.assign(n=[1, 2, 4]))
    import_layer(workspace, store, "parcels")
    assert [version.number for version in store.versions("parcels")] == [1, 2]
    assert store.read("parcels", version=1)["n"].tolist() == [1, 2, 3]
    assert store.read("parcels")["n"].tolist() == [1, 2, 4]


def test_import_all_goes_on_past_failures(make_workspace: Make, squares: Squares, write: Write, store: Store) -> None:
    write("p.gpkg", squares(5))
    write("m.gpkg", squares(1, id=["1"], name=["x"]))
    write("pop.csv", "area,year,population\nA,2025,1\n")
    workspace = make_workspace(
        parcels={"file": "p.gpkg", "within": "municipality"},
        roads={"file": "missing.gpkg"},
        population={"file": "pop.csv"},
        municipality={"file": "m.gpkg"},
    )
    steps: list[tuple[str, int | None]] = []
    done: list[int] = []

    @contextmanager
    def progress(label: str, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
        steps.append((label, total))
        yield done.append

    result = import_all(workspace, store, progress=progress)
    assert list(result.reports) == ["municipality", "parcels", "population"]
    assert list(result.failures) == ["roads"]
    assert "does not exist" in str(result.failures["roads"])
    assert (steps, done) == ([("Importing layers", 4)], [1, 1, 1, 1])
    assert [version.layer for version in store.layers()] == ["municipality", "parcels", "population"]
    assert store.current("parcels").feature_count == 1  # type: ignore[union-attr]
    some = import_all(workspace, store, layers=["population"])
    assert list(some.reports) == ["population"]


CELL = st.none() | st.sampled_from(["", "1", "2.5", "x", "private", "a\x00", "'", "Å"])
SHAPE = st.sampled_from(["square", "bowtie", "line", "none", "empty", "far", "collection"])


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL, SHAPE), min_size=1, max_size=6))
def test_no_row_is_lost_in_silence(
    make_workspace: Make, squares: Squares, write: Write, tmp_path: Path, rows: list[tuple[Any, ...]]
) -> None:
    square = squares(1).geometry.iloc[0]
    shapes = {
        "square": square,
        "bowtie": BOWTIE,
        "line": square.boundary,
        "none": None,
        "empty": shapely.Polygon(),
        "far": shapely.box(0, 0, 1, 1),
        "collection": shapely.GeometryCollection([square, shapely.Point(612_000, 6_797_000)]),
    }
    ids, owners, values, kinds = (list(column) for column in zip(*rows, strict=True))
    frame = gpd.GeoDataFrame(
        {"id": ids, "owner_kind": owners, "improvement_value": values},
        geometry=np.array([shapes[kind] for kind in kinds], dtype=object),
        crs=3006,
    ).astype({"id": "str", "owner_kind": "str", "improvement_value": "str"})
    write("p.parquet", frame)
    workspace = make_workspace(parcels={"file": "p.parquet", "max_rejected": 1})
    try:
        prepared = prepare_layer(workspace, "parcels")
    except (RejectedError, CRSError) as error:
        report = getattr(error, "report", None)
        far, placed = kinds.count("far"), len(rows) - kinds.count("none") - kinds.count("empty")
        right = far * 2 > placed if report is None else report.rows_imported == 0
    else:
        right = True
        consistent(prepared.report)
        assert prepared.report.rows_read == len(rows)
        check_frame(prepared.frame, name="parcels", geometry=["polygon"], unique="id")
        assert set(prepared.frame["owner_kind"].dropna()) <= {"private"}
    assert right
