"""Searching plots over HTTP, against a real PostGIS."""

import csv
import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import pyogrio
import pytest
import shapely
from sqlalchemy import text

HOSTILE = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


def get(served: Any, **params: Any) -> dict[str, Any]:
    answer = served.client.get("/plots", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(served: Any) -> gpd.GeoDataFrame:
    frame = served.store.read("plots")
    assert isinstance(frame, gpd.GeoDataFrame)
    return frame


def ids(answer: dict[str, Any]) -> list[str]:
    return [feature["id"] for feature in answer["features"]]


def test_all_plots_as_they_are_stored(served):
    answer = get(served)
    plots = stored(served)
    assert ids(answer) == plots["id"].tolist()
    assert answer["numberReturned"] == 40
    assert "next" not in answer
    first = answer["features"][0]
    assert first["properties"]["area_m2"] == plots["area_m2"].iloc[0]
    drawn = gpd.GeoSeries([shapely.geometry.shape(f["geometry"]) for f in answer["features"]], crs=4326)
    shift = drawn.to_crs(plots.crs).centroid.distance(plots.geometry.centroid)
    assert shift.max() < 0.02  # seven decimals of a degree


def test_geojson_is_rfc_7946(served):
    answer = served.client.get("/plots")
    assert answer.headers["content-type"] == "application/geo+json"
    document = answer.json()
    assert "crs" not in document
    shape = shapely.geometry.shape(document["features"][0]["geometry"])
    assert shapely.is_ccw(shape.exterior)
    x, y = shape.exterior.coords[0]
    assert 16 < x < 17.5
    assert 61 < y < 61.5


def test_a_plot_carries_its_reasons_strongest_first(served):
    record = served.client.get(f"/plots/{quote(HOSTILE, safe='')}").json()
    assert [reason["rule"] for reason in record["properties"]["reasons"]] == ["nature", "shore"]
    assert record["properties"]["reasons"][1]["share"] == 0.25
    assert record["properties"] == get(served, limit=1)["features"][0]["properties"]
    assert record["provenance"]["run"] == served.run


def test_ids_with_slashes_are_found_unquoted(served):
    name = stored(served)["id"].iloc[7]
    assert served.client.get(f"/plots/{name}").json()["id"] == name
    assert served.client.get(f"/plots/{HOSTILE}").json()["id"] == HOSTILE


@pytest.mark.parametrize(
    ("params", "keep"),
    [
        ({"area": "A1"}, lambda p: p["area"] == "A1"),
        ({"area_kind": "archipelago"}, lambda p: p["area_kind"] == "archipelago"),
        ({"status": "available"}, lambda p: p["status"] == "available"),
        ({"min_area_m2": 2000}, lambda p: p["area_m2"] >= 2000),
        ({"max_area_m2": 2000}, lambda p: p["area_m2"] <= 2000),
        ({"max_water_distance_m": 200}, lambda p: p["water_distance_m"] <= 200),
        ({"min_water_distance_m": 200}, lambda p: p["water_distance_m"] >= 200),
        ({"certainty": "preliminary"}, lambda p: p["certainty"] == "preliminary"),
        (
            {"area_kind": "town", "min_area_m2": 1500, "area": "A2"},
            lambda p: (p["area_kind"] == "town") & (p["area_m2"] >= 1500) & (p["area"] == "A2"),
        ),
        ({"kind": "remainder"}, lambda p: p["kind"] == "remainder"),
    ],
)
def test_filters_equal_pandas(served, params, keep):
    plots = stored(served)
    expected = plots.loc[keep(plots), "id"].tolist()
    assert ids(get(served, **params)) == expected
    assert get(served, **params, count=True, limit=1)["numberMatched"] == len(expected)


def test_box_equals_geometry(served):
    plots = stored(served)
    west, south, east, north = plots.iloc[10:20].to_crs(4326).total_bounds
    box = gpd.GeoSeries([shapely.segmentize(shapely.box(west, south, east, north), 1e-4)], crs=4326)
    expected = plots.loc[plots.intersects(box.to_crs(plots.crs).iloc[0]), "id"].tolist()
    assert 10 <= len(expected) < 40
    assert ids(get(served, bbox=f"{west},{south},{east},{north}")) == expected


@pytest.mark.parametrize("limit", [1, 7, 39, 40])
def test_pages_join_to_the_whole(served, limit):
    seen: list[str] = []
    answer = get(served, limit=limit, status="available")
    pages = 1
    while True:
        seen += ids(answer)
        if "next" not in answer:
            break
        response = served.client.get(answer["next"])
        answer = response.json()
        pages += 1
    expected = ids(get(served, status="available"))
    assert seen == expected
    assert pages == -(-len(expected) // limit)


def test_next_is_also_a_link_header(served):
    answer = served.client.get("/plots", params={"limit": 3})
    assert answer.links["next"]["url"] == answer.json()["next"]


def test_etag_spares_the_second_answer(served):
    first = served.client.get("/plots", params={"limit": 5})
    again = served.client.get("/plots", params={"limit": 5}, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = served.client.get("/plots", params={"limit": 6}, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    whole = served.client.get("/plots")
    as_csv = served.client.get("/plots", headers={"Accept": "text/csv"})
    assert as_csv.headers["etag"] != whole.headers["etag"]


def test_csv_holds_all_plots_and_no_formula(served):
    refused = served.client.get("/plots", params={"f": "csv", "limit": 3})
    assert refused.status_code == 400
    assert "limit is for GeoJSON" in refused.json()["detail"]
    answer = served.client.get("/plots", params={"f": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    plots = stored(served)
    assert [line["id"] for line in lines] == plots["id"].tolist()
    assert [float(line["area_m2"]) for line in lines] == plots["area_m2"].tolist()
    assert lines[0]["unknown"] == "flood"
    assert "nature 10 m²" in lines[0]["reasons"]
    assert not [cell for line in lines for cell in line.values() if cell[:1] in {"=", "@", "+", "\t"}]


def test_csv_disarms_formulas(served):
    frame = stored(served).iloc[:3].copy()
    frame["id"] = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)"]
    frame["plan_id"] = ["-1", "\tx", None]
    try:
        served.store.write("plots", frame)
        lines = list(csv.DictReader(io.StringIO(served.client.get("/plots?f=csv").text)))
    finally:
        served.store.write("plots", _original(served))
    assert [line["id"] for line in lines] == ["'=1+1", "'+cmd|' /C calc'!A0", "'@SUM(A1)"]
    assert [line["plan_id"] for line in lines] == ["'-1", "'\tx", ""]


def test_geopackage_is_in_the_storage_crs(served, tmp_path: Path):
    answer = served.client.get(
        "/plots", params={"area_kind": "town"}, headers={"Accept": "application/geopackage+sqlite3"}
    )
    path = tmp_path / "plots.gpkg"
    path.write_bytes(answer.content)
    frame = gpd.read_file(path, layer="plots")
    plots = stored(served)
    expected = plots[plots["area_kind"] == "town"]
    assert frame["id"].tolist() == expected["id"].tolist()
    assert frame.crs.to_epsg() == 3006
    assert frame.geometry.area.tolist() == pytest.approx(expected["area_m2"].tolist())
    assert set(pyogrio.list_layers(path)[:, 0]) == {"plots", "reasons", "plot_status_history", "fields", "about"}
    reasons = pyogrio.read_dataframe(path, layer="reasons")
    assert set(reasons["parcel"]) <= set(expected["parcel"])


def test_empty_result_is_an_answer(served):
    assert get(served, min_area_m2=1e9)["features"] == []
    empty = served.client.get("/plots", params={"f": "gpkg", "min_area_m2": 1e9})
    assert empty.status_code == 200
    assert served.client.get("/plots", params={"f": "csv", "min_area_m2": 1e9}).text.count("\n") == 1


def test_nothing_of_a_request_reaches_sql(served):
    nasty = "'; DROP TABLE geoplan.feature; --"
    assert get(served, area=nasty)["features"] == []
    assert served.client.get("/plots", params={"area": nasty, "f": "csv"}).status_code == 200
    assert served.client.get(f"/plots/{nasty}").status_code == 404
    assert len(get(served)["features"]) == 40


def test_the_serving_engine_cannot_write(served):
    with (
        served.database.read_only_engine.connect() as connection,
        pytest.raises(Exception, match=r"read-only|permission"),
    ):
        connection.execute(text("DELETE FROM geoplan.feature"))


def _original(served: Any) -> gpd.GeoDataFrame:
    first = served.store.versions("plots")
    return served.store.read("plots", version=min(version.number for version in first))
