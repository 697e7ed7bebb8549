from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from geoplan.errors import InputError
from layers.sources.files import FORMATS, Raw, read_file
from layers.sources.source import LayerPart


def read(path: Path, *, spatial: bool = True, **settings: Any) -> Raw:
    return read_file(path, LayerPart(file=path.name, **settings), key="layers.parcels", spatial=spatial)


def refused(path: Path, **settings: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(path, **settings)
    return str(caught.value)


@pytest.fixture
def places(squares: Callable[..., gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    names = ["Söderhamn", "'; DROP TABLE x; --", "日本 𝕊"]
    return squares(name=names, number=[1, 2, 3], share=[0.1, np.nan, 1e9], big=[2**53 + 1, 5, 7])


@pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.parquet", "p.geojson", "p.shp", "p.geojsonl"])
def test_every_format_gives_the_same(places: gpd.GeoDataFrame, write: Callable[..., Path], name: str) -> None:
    frame = places.to_crs(4326) if "geojson" in name else places
    options = {"encoding": "UTF-8"} if name.endswith("shp") else {}
    path = write(name, frame, **options)
    raw = read(path)
    assert raw.driver == FORMATS[path.suffix]
    assert raw.crs is not None
    assert raw.crs.to_epsg() == (4326 if "geojson" in name else 3006)
    # FlatGeobuf sorts features by place.
    assert sorted(raw.frame["number"]) == [1, 2, 3]
    assert set(raw.frame["name"]) == set(places["name"])
    assert raw.frame["share"].isna().sum() == 1
    there, here = (np.sort(shapely.area(f["geometry"].to_numpy())) for f in (raw.frame, frame))
    # GeoJSON has seven decimals of a degree.
    assert there == pytest.approx(here, rel=1e-3 if "geojson" in name else 1e-9)
    assert isinstance(raw.frame, gpd.GeoDataFrame)
    assert raw.frame.crs is None
    assert (raw.broken, raw.issues) == ({}, ())


def test_zipped_shapefiles(places: gpd.GeoDataFrame, write: Callable[..., Path], tmp_path: Path) -> None:
    path = write("p.shp", places, encoding="UTF-8")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for part in tmp_path.glob("p.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    raw = read(tmp_path / "p.zip")
    assert raw.frame["name"].tolist() == read(path).frame["name"].tolist()


def test_csv(write: Callable[..., Path]) -> None:
    raw = read(write("p.csv", "id;namn\n007;Åsa\n;Bo\n"))
    assert raw.frame["id"].tolist()[0] == "007"
    assert raw.frame["id"].isna().tolist() == [False, True]
    assert raw.frame.index.tolist() == [2, 3]
    assert raw.crs is None


def test_plain_parquet(write: Callable[..., Path], tmp_path: Path) -> None:
    pd.DataFrame({"area": ["a", "b"], "n": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    raw = read(tmp_path / "t.parquet", spatial=False)
    assert raw.driver == "Parquet"
    assert raw.frame.index.tolist() == [1, 2]
    assert "geometry" not in raw.frame.columns


def test_rows_are_numbered_as_in_the_file(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    assert read(write("p.gpkg", places)).frame.index.tolist() == [1, 2, 3]
    assert read(write("p.shp", places, encoding="UTF-8"), where="number > 1").frame.index.tolist() == [1, 2]
    assert read(write("p.parquet", places), where="number > 1").frame.index.tolist() == [2, 3]


def test_whole_numbers_keep_their_digits_beside_empty_cells(
    squares: Callable[..., gpd.GeoDataFrame], write: Callable[..., Path]
) -> None:
    big = 2**53 + 1
    raw = read(write("p.gpkg", squares(big=pd.array([big, None, 3], dtype="Int64"))))
    assert raw.frame["big"].iloc[0] == big
    assert raw.frame["big"].isna().tolist() == [False, True, False]


def test_the_digest_is_of_the_content(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.shp", places, encoding="UTF-8")
    before = read(path).sha256
    assert before == read(path).sha256
    # Another value changes the .dbf alone, and is another source all the same.
    shp = path.read_bytes()
    write("p.shp", places.assign(number=[1, 2, 4]), encoding="UTF-8")
    assert path.read_bytes() == shp
    assert read(path).sha256 != before


# --- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("n > 100", ["b", "c"]),
        ("n = '20'", ["a"]),
        ("code = '0180'", ["a"]),
        ("namn LIKE 'Å%' OR n IS NULL", ["a", "d"]),
        ('"odd ""name" = \'x\'', ["c"]),
    ],
)
def test_where_means_the_same_in_every_format(write: Callable[..., Path], where: str, kept: list[str]) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "n": [20, 300, 1000, None],
            "code": ["0180", "180", "2182", "1"],
            "namn": ["Åsa", "Bo", None, "Eva"],
            'odd "name': [None, "y", "x", "y"],
        }
    )
    text = frame.assign(n=frame["n"].astype("Int64")).to_csv(index=False)
    table = read(write("t.csv", text), spatial=False, where=where)
    assert table.frame["id"].tolist() == kept
    assert read(write("t.gpkg", frame), spatial=False, where=where).frame["id"].tolist() == kept
    path = write("x.bin", b"").with_suffix(".parquet")
    frame.to_parquet(path)
    assert read(path, spatial=False, where=where).frame["id"].tolist() == kept


@pytest.mark.parametrize("name", ["p.gpkg", "p.parquet", "p.shp", "p.fgb"])
@pytest.mark.parametrize("where", ["nope = 1", "number = "])
def test_faulty_conditions_name_the_setting(
    places: gpd.GeoDataFrame, write: Callable[..., Path], name: str, where: str
) -> None:
    assert "layers.parcels.where" in refused(write(name, places), where=where)


def test_conditions_cannot_change_a_file(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.gpkg", places, layer="parcels")
    before = path.read_bytes()
    read(path, where="number = 1; DROP TABLE parcels")
    assert path.read_bytes() == before
    told = refused(write("t.csv", "id\n1\n"), where="id = 1; DROP TABLE rows")
    assert "layers.parcels.where is not understood" in told


@pytest.mark.parametrize("name", ["p.gpkg", "p.parquet", "p.shp"])
def test_conditions_that_nothing_meets(places: gpd.GeoDataFrame, write: Callable[..., Path], name: str) -> None:
    assert "has no rows that meet 'number = 99'" in refused(write(name, places), where="number = 99")


# --- what cannot be read --------------------------------------------------------------------------


def test_missing_files_name_the_close_ones(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("parcels.gpkg", places)
    assert "did you mean parcels.gpkg?" in refused(path.with_name("parcel.gpkg"))
    assert "Nor is there a folder" in refused(path.parent / "nowhere" / "p.gpkg")


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    assert "is no name of a file" in refused(tmp_path / ("x" * 5000 + ".gpkg"))


def test_folders_and_other_formats(tmp_path: Path, write: Callable[..., Path]) -> None:
    (tmp_path / "d.gpkg").mkdir()
    assert "is a folder" in refused(tmp_path / "d.gpkg")
    assert "of no format that geoplan reads" in refused(write("p.xyz", "hello"))
    assert "of no format" in refused(write("p.vrt", "<OGRVRTDataSource/>"))


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_files_of_no_bytes(write: Callable[..., Path], suffix: str) -> None:
    assert "is empty (0 bytes)" in refused(write(f"p{suffix}", b""))


@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {".csv", ".tsv", ".txt"}))
def test_files_that_are_something_else(write: Callable[..., Path], suffix: str) -> None:
    assert "cannot be read" in refused(write(f"p{suffix}", "hello, world\n1,2\n"))


@pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.parquet", "p.geojson", "p.shp"])
def test_files_that_break_off(places: gpd.GeoDataFrame, write: Callable[..., Path], name: str) -> None:
    path = write(name, places)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    if name.endswith("shp"):
        # GDAL reads on past what is lost in a Shapefile; then the loss must show.
        assert read(path).frame["geometry"].isna().any()
    else:
        told = refused(path)
        assert "cannot be read" in told or "has no layers" in told


@pytest.mark.parametrize("name", ["p.gpkg", "p.parquet", "p.shp", "p.fgb"])
def test_files_without_rows(places: gpd.GeoDataFrame, write: Callable[..., Path], name: str) -> None:
    assert "has no rows" in refused(
        write(name, places.iloc[:0], **({} if "parquet" in name else {"geometry_type": "Polygon"}))
    )


def test_csv_without_rows(write: Callable[..., Path]) -> None:
    assert "has a header but no rows" in refused(write("p.csv", "id,name\n"))


def test_layers_are_listed(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.gpkg", places, layer="parcels")
    assert "Mend layers.parcels.layer: did you mean parcels?" in refused(path, layer="parcel")
    pyogrio.write_dataframe(places, path, layer="roads", append=True)
    assert "has several layers: parcels, roads. Choose one in layers.parcels.layer" in refused(path)
    assert len(read(path, layer="roads").frame) == 3
    assert "has no layers" in refused(write("p.csv", "a\n1\n"), layer="x")


def test_tables_and_styles_beside_a_layer_need_no_choice(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.gpkg", places, layer="parcels")
    table = pd.DataFrame({"styleName": ["red"]})
    pyogrio.write_dataframe(table, path, layer="layer_styles", append=True)
    pyogrio.write_dataframe(table, path, layer="owners", append=True)
    assert read(path).layer == "parcels"
    assert read(path, spatial=False).layer == "owners"


# --- encodings ------------------------------------------------------------------------------------


def test_shapefiles_with_a_wrong_code_page(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.shp", places.assign(name=["Asa", "Söderhamn", "Bo"]), encoding="cp1252")
    path.with_suffix(".cpg").write_text("UTF-8")
    told = refused(path)
    assert "row 1, column name: 0xF6 is not UTF-8" in told
    assert 'Set layers.parcels.encoding, perhaps to "cp1252" (the cell then reads "Söderhamn' in told
    assert read(path, encoding="cp1252").frame["name"].tolist() == ["Asa", "Söderhamn", "Bo"]


def test_geojson_that_is_not_utf8(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.geojson", places.to_crs(4326))
    path.write_bytes(path.read_text(encoding="utf-8").replace("日本 𝕊", "x").encode("cp1252"))
    assert "is not UTF-8" in refused(path)
    assert "Söderhamn" in read(path, encoding="cp1252").frame["name"].tolist()


# --- geometry that is not as it should be ---------------------------------------------------------


def polygon_wkb(*rings: list[tuple[float, float]]) -> bytes:
    parts = [np.array([1], "<u1").tobytes(), np.array([3, len(rings)], "<u4").tobytes()]
    for ring in rings:
        parts += [np.array([len(ring)], "<u4").tobytes(), np.array(ring, "<f8").tobytes()]
    return b"".join(parts)


def put_wkb(path: Path, row: int, wkb: bytes) -> None:
    """Put geometry into a GeoPackage that no library would write."""
    with sqlite3.connect(path) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        head = b"GP\x00\x01" + np.array([3006], "<i4").tobytes()
        database.execute("UPDATE parcels SET geom = ? WHERE fid = ?", (head + wkb, row))
    database.close()


def test_rings_that_geos_refuses_cost_one_row(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.gpkg", places, layer="parcels")
    put_wkb(path, 2, polygon_wkb([(0, 0), (0, 0)]))
    raw = read(path)
    assert raw.frame["geometry"].isna().tolist() == [False, True, False]
    assert list(raw.broken) == [2]
    assert "Invalid number of points in LinearRing" in raw.broken[2]


def test_geoparquet_with_such_rings(places: gpd.GeoDataFrame, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    wkb = [*shapely.to_wkb(places.geometry.to_numpy())[:2], polygon_wkb([(0, 0), (1, 1)])]
    column = {"encoding": "WKB", "geometry_types": [], "crs": pyproj.CRS(3006).to_json_dict()}
    meta = {"version": "1.0.0", "primary_column": "shape", "columns": {"shape": column}}
    table = pa.table({"id": ["a", "b", "c"], "shape": wkb})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(meta)}), tmp_path / "p.parquet")
    raw = read(tmp_path / "p.parquet")
    assert raw.frame["id"].tolist() == ["a", "b", "c"]
    assert raw.frame["geometry"].isna().tolist() == [False, False, True]
    assert list(raw.broken) == [3]
    assert raw.crs is not None
    assert raw.crs.to_epsg() == 3006


def test_arcs_become_lines(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    path = write("p.gpkg", places, layer="parcels")
    circle = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)]
    string = b"\x01" + np.array([8, 5], "<u4").tobytes() + np.array(circle, "<f8").tobytes()
    put_wkb(path, 1, b"\x01" + np.array([10, 1], "<u4").tobytes() + string)
    stroked = read(path).frame["geometry"].iloc[0]
    assert stroked.geom_type == "Polygon"
    assert stroked.area == pytest.approx(np.pi * 50, rel=1e-2)


def test_null_geometry_is_not_broken_geometry(places: gpd.GeoDataFrame, write: Callable[..., Path]) -> None:
    raw = read(write("p.gpkg", places.set_geometry([None, *places.geometry[1:]], crs=3006)))
    assert raw.frame["geometry"].isna().tolist() == [True, False, False]
    assert raw.broken == {}


# --- OpenStreetMap --------------------------------------------------------------------------------


def test_osm_rings_that_gdal_meets_in_helsinki(shared_data: Path) -> None:
    raw = read(shared_data / "osm" / "helsinki-centre.osm.pbf", layer="multipolygons")
    assert len(raw.frame) == 1095
    assert len(raw.broken) == 11
    assert raw.frame["geometry"].isna().sum() == 11
    assert any("Non closed ring" in issue.detail for issue in raw.issues)
    assert {issue.severity for issue in raw.issues} == {"warning"}


def test_osm_layers_and_tags(shared_data: Path) -> None:
    path = shared_data / "osm" / "monaco.osm.pbf"
    assert "Choose one in layers.parcels.layer" in refused(path)
    where = "hstore_get_value(other_tags, 'amenity') = 'school'"
    found = read(path, layer="points", where=where)
    assert 0 < len(found.frame) < 50
    assert found.frame["other_tags"].str.contains('"amenity"=>"school"').all()
