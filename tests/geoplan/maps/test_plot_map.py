"""The map's page from GeoDataFrames alone; what it looks like in a browser is tested with the API."""

import json
import re
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.errors import CRSError, InputError
from geoplan.land.rules import RuleSet
from geoplan.maps import MapLinks, draw_map, plot_map, prepare_map, save_map

CRS = "EPSG:3006"
HOSTILE = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}{% raw %}"
RULES = RuleSet.from_mapping(
    {
        "name": "test",
        "title": {"sv": "Prov", "en": "Test"},
        "description": {"sv": "Prov.", "en": "Test."},
        "rules": [
            {
                "id": "shore",
                "title": {"sv": f"Strandskydd {HOSTILE}", "en": "Shore protection"},
                "layer": "water",
                "operation": "shore_zone",
                "distance_m": 100,
                "severity": "needs_exemption",
                "legal_basis": {"sv": "Lagrum", "en": "Provision"},
                "source": "test",
            }
        ],
    }
)


def place(count: int = 12, crs: str = CRS) -> dict[str, Any]:
    """Return the layers of a small place as keyword arguments."""
    x = 600_000 + 100.0 * np.arange(count)
    squares = shapely.box(x, 6_795_000, x + 40, 6_795_040)
    ids = [HOSTILE, *(f"A 1:{n}" for n in range(1, count))]
    plots = gpd.GeoDataFrame(
        {
            "id": ids,
            "parcel": ids,
            "kind": "vacant_parcel",
            "area_kind": np.resize(["town", "rural", "archipelago"], count),
            "area": "S1",
            "area_m2": 1600.0,
            "width_m": np.nan,
            "homes": 1,
            "certainty": np.resize(["confirmed", "preliminary"], count),
            "unknown": [["flood"]] * count,
        },
        geometry=squares,
        crs=CRS,
    )
    ground = shapely.box(599_000, 6_794_000, 603_000, 6_796_000)
    frame = gpd.GeoDataFrame({"id": ["S1"], "name": [HOSTILE], "kind": ["urban"]}, geometry=[ground], crs=CRS)
    layers = {
        "plots": plots,
        "municipality": frame,
        "land": frame,
        "settlements": frame,
        "areas": frame,
        "constraints": gpd.GeoDataFrame(
            {"rule": ["shore"], "severity": ["needs_exemption"], "basis": [None]}, geometry=[ground], crs=CRS
        ),
    }
    return {name: layer.to_crs(crs) for name, layer in layers.items()} | {
        "rules": RULES,
        "reasons": pd.DataFrame(
            {"parcel": ids, "rule": "shore", "severity": "needs_exemption", "area_m2": 16.0, "share": 0.01}
        ),
        "balance": pd.DataFrame(
            {
                "area": ["S1", "*"],
                "area_name": [HOSTILE, None],
                "year": 2035,
                "need": [-5.0, -5.0],
                "supply_homes": [12.0, 12.0],
                "balance": [17.0, 17.0],
                "plots": [12, 12],
            }
        ),
    }


def page(**more: Any) -> str:
    layers = place() | more
    return str(plot_map(layers.pop("plots"), title="Almskär", **layers).get_root().render())


def data(text: str, element: str) -> Any:
    return json.loads(re.search(f'<script type="application/json" id="{element}">(.*?)</script>', text)[1])


def test_it_is_a_folium_map_that_takes_other_layers():
    layers = place()
    drawn = plot_map(layers.pop("plots"), title="Almskär", **layers)
    assert isinstance(drawn, folium.Map)
    folium.CircleMarker([61.28, 16.87], radius=3).add_to(drawn)
    assert "L.circleMarker" in drawn.get_root().render()


def test_hostile_strings_stay_data():
    text = page()
    assert "<img src=x" not in text
    record = data(text, "layer-plots")["data"]["features"][0]["properties"]
    assert record["id"] == HOSTILE
    assert data(text, "geoplan-page")["rules"]["shore"]["title"].endswith(HOSTILE)
    assert "&lt;/script&gt;&lt;img" in text  # in the table, where it is text


def test_every_plot_is_there_with_its_record():
    layers = place()
    features = data(page(), "layer-plots")["data"]["features"]
    assert [feature["properties"]["id"] for feature in features] == layers["plots"]["id"].tolist()
    record = features[1]["properties"]
    assert record["area_m2"] == 1600
    assert "width_m" not in record  # nobody has said
    assert record["unknown"] == ["flood"]
    assert record["reasons"] == [{"rule": "shore", "severity": "needs_exemption", "area_m2": 16, "share": 0.01}]


def test_the_same_input_gives_the_same_page():
    assert page() == page()


def test_the_page_says_what_it_must():
    swedish, english = page(), page(language="en", synthetic=True)
    assert "inte rättsligt bindande" in swedish
    assert "not legally binding" in english
    assert "does not exist" in english
    assert 'class="synthetic"' not in swedish
    assert '<html lang="en">' in english
    assert "Never asked, because the layer is missing: flood" in english
    assert "user-scalable" not in english
    assert "Outlines are simplified" in english


def test_the_table_holds_negative_need_and_a_total():
    text = page()
    assert re.search(r"<tfoot>.*Hela kommunen.*\u22125.*12.*\+17.*</tfoot>", text, re.DOTALL)


def test_a_file_of_its_own_links_nowhere(tmp_path):
    layers = place()
    path = save_map(plot_map(layers.pop("plots"), title="Almskär", **layers), tmp_path / "map.html")
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|img|iframe)[^>]*\ssrc=", text.replace("\\u003c", ""))
    assert re.findall(r'<link[^>]*href="([^"]*)"', text) == ["data:,"]
    assert data(text, "geoplan-page")["explain"] is None


def test_links_are_escaped():
    links = MapLinks(start='/"><b>', explain_parcel="/p/{parcel}", explain_place="/e?x={x}&y={y}")
    assert "<b>" not in page(links=links)


def test_provenance_is_told():
    text = page(provenance={"run": "7", "created_at": "2026-01-01", "other": "<i>"}, links=MapLinks(run="/runs/7"))
    assert '<a href="/runs/7">7</a>' in text
    assert "&lt;i&gt;" in text


@pytest.mark.parametrize("crs", ["EPSG:3006", "EPSG:3010", "EPSG:25833"])
def test_any_projected_crs(crs):
    layers = place(crs=crs)
    found = prepare_map(layers.pop("plots"), **layers)
    (south, west), (north, east) = found.bounds
    assert (south, west) == pytest.approx((61.265, 16.846), abs=0.01)
    assert (north, east) == pytest.approx((61.285, 16.922), abs=0.01)


def test_without_parcels_the_need_is_shown():
    layers = place()
    balance = layers["balance"].assign(supply_homes=None, balance=None, plots=None)
    text = page(plots=None, reasons=None, constraints=None, balance=balance)
    assert "Inga fastigheter är inlästa" in text
    assert data(text, "geoplan-page")["areas"]["S1"]["2035"]["style"] == "areas.5"
    assert 'id="find"' not in text


def test_no_layer_but_one_is_needed():
    only = {"land": place()["land"]}
    assert plot_map(None, title="A", **only).get_root().render()
    with pytest.raises(InputError, match="nothing to draw"):
        prepare_map(None)
    assert plot_map(place()["plots"].iloc[:0], title="A", **only).get_root().render()


def test_layers_of_different_crs_are_refused():
    layers = place()
    layers["land"] = layers["land"].to_crs("EPSG:3010")
    with pytest.raises(CRSError):
        prepare_map(layers.pop("plots"), **layers)


def test_prepared_once_drawn_in_both_languages():
    layers = place()
    found = prepare_map(layers.pop("plots"), **layers)
    texts = [draw_map(found, title="A", language=code).get_root().render() for code in ("sv", "en")]
    assert data(texts[0], "layer-plots") == data(texts[1], "layer-plots")
    assert data(texts[0], "geoplan-page")["texts"] != data(texts[1], "geoplan-page")["texts"]


def test_three_thousand_plots_stay_below_ten_megabytes():
    layers = place(3_000)
    rng = np.random.default_rng(1)
    land = shapely.union_all(
        shapely.buffer(shapely.points(rng.uniform(600_000, 640_000, 800), rng.uniform(6_780_000, 6_820_000, 800)), 300)
    )
    rough = shapely.segmentize(land, 2.0)
    zone = shapely.buffer(shapely.boundary(land), 100)
    layers["land"] = gpd.GeoDataFrame({"id": ["1"]}, geometry=[rough], crs=CRS)
    layers["constraints"] = gpd.GeoDataFrame(
        {"rule": ["shore"], "severity": ["needs_exemption"], "basis": ["computed"]}, geometry=[zone], crs=CRS
    )
    text = plot_map(layers.pop("plots"), title="A", **layers).get_root().render()
    assert len(text.encode()) < 10_000_000


def test_parcel_boundaries_are_drawn_once_and_ground_where_land_is_unknown():
    layers = place()
    parcels = gpd.GeoDataFrame(
        {"id": ["1", "2"]},
        geometry=shapely.box([600_000, 600_100], 6_795_000, [600_100, 600_200], 6_795_100),
        crs=CRS,
    )
    text = page(parcels=parcels, land=None)
    drawn = data(text, "layer-parcels")["data"]["features"]
    assert len(drawn) == 1
    lines = shapely.geometry.shape(drawn[0]["geometry"])
    length = gpd.GeoSeries([lines], crs=4326).to_crs(CRS).length.iloc[0]
    assert length == pytest.approx(700, rel=0.02)  # 800 if the shared side were there twice
    assert data(text, "layer-ground")["data"]["features"]
    assert 'class="stage dry"' in text
    assert "layer-ground" not in page(**{key: layers[key] for key in ("land",)})
