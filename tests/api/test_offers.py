"""Status and sale of plots over HTTP, on a real server with a real database: at once, with history, and for whom."""

import csv
import datetime as dt
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import geopandas as gpd
import pyogrio
import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from geoplan.plots.offers import apply_offers
from geoplan.plots.record import RECORD_NAMES
from layers.offering import all_offers, offer
from layers.verifying import verify

PLOT = "SKOBY 1:2"
PATH = f"/plots/{quote(PLOT)}/status"
BODY = {
    "status": "reserved",
    "sale_form": "queue",
    "price_sek": 450_000,
    "reason": "For Bo Ek, in the queue since 2019.",
}
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
HOSTILE_CODE = "e1 <script>alert(1)</script>"
NASTY = "</dd><script>alert(1)</script> {{ 7 * 7 }} '; DROP TABLE geoplan.feature; --"


def empty(store):
    """Take the layer of plots for sale away, versions and all."""
    with store._engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM geoplan.layer_version WHERE layer = 'plot_offers'"))


@pytest.fixture
def official(deciding):
    """A client with a token; the layer of plots for sale is empty before and after."""
    empty(deciding.store)
    yield deciding.official
    empty(deciding.store)


def record(client, plot=PLOT):
    answer = client.get(f"/plots/{quote(plot, safe='')}")
    assert answer.status_code == 200, answer.text
    return answer.json()["properties"]


def found(client, **params):
    answer = client.get("/plots", params=params)
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def test_the_place_has_plots(deciding):
    assert PLOT in found(deciding.client)


def test_a_reserved_plot_is_shown_as_reserved_at_once(deciding, official):
    tag = deciding.client.get("/plots").headers["etag"]
    assert record(deciding.client)["status"] == "unknown"
    answer = official.post(PATH, json=BODY)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == PATH
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.json()["official"], answer.json()["before"]) == ("Anna <b>Å</b> Öberg", None)
    told = record(deciding.client)
    assert (told["status"], told["sale_form"], told["price_sek"], told["offer_basis"]) == (
        "reserved",
        "queue",
        450_000,
        "offer",
    )
    assert deciding.client.get("/plots", headers={"If-None-Match": tag}).status_code == 200
    assert found(deciding.client, status="reserved") == [PLOT]
    assert found(deciding.client, sale_form="queue", min_price_sek=450_000, max_price_sek=450_000) == [PLOT]
    assert found(deciding.client, min_price_sek=450_001) == []
    assert PLOT not in found(deciding.client, status="unknown")
    provenance = deciding.client.get("/plots?count=true&status=reserved").json()
    assert provenance["numberMatched"] == 1
    assert provenance["provenance"]["status"] == {
        "layer": "plot_offers",
        "version": 1,
        "as_of": dt.date.today().isoformat(),
    }


def test_csv_and_geopackage_and_map_are_the_same_record(deciding, official, tmp_path: Path):
    official.post(PATH, json=BODY)
    lines = {line["id"]: line for line in csv.DictReader(io.StringIO(deciding.client.get("/plots?f=csv").text))}
    assert list(next(iter(lines.values())))[: len(RECORD_NAMES)] == list(RECORD_NAMES)
    assert (lines[PLOT]["status"], lines[PLOT]["price_sek"], lines[PLOT]["municipality_code"]) == (
        "reserved",
        "450000",
        "9999",
    )
    path = tmp_path / "plots.gpkg"
    path.write_bytes(deciding.client.get("/plots?f=gpkg&status=reserved").content)
    frame = gpd.read_file(path, layer="plots")
    assert frame[["id", "status", "price_sek"]].to_numpy().tolist() == [[PLOT, "reserved", 450_000.0]]
    assert set(RECORD_NAMES) <= set(frame.columns)
    history = pyogrio.read_dataframe(path, layer="plot_status_history")
    assert history[["plot_id", "status"]].to_numpy().tolist() == [[PLOT, "reserved"]]
    about = pyogrio.read_dataframe(path, layer="about").set_index("name")["value"]
    assert "not legally binding" in about["notice"]
    page = deciding.client.get("/map?lang=en").text
    data = json.loads(re.search(r'<script type="application/json" id="layer-plots">(.*?)</script>', page)[1])
    drawn = {feature["properties"]["id"]: feature["properties"] for feature in data["data"]["features"]}
    assert (drawn[PLOT]["status"], drawn[PLOT]["price_sek"]) == ("reserved", 450_000)
    json_record = record(deciding.client)
    assert set(RECORD_NAMES) <= set(json_record)
    for name, value in drawn[PLOT].items():
        if isinstance(value, int | float):  # a page rounds
            assert json_record[name] == pytest.approx(value, abs=0.51), name
        elif name != "reasons":
            assert json_record[name] == value, name
    assert "sale_form" not in drawn["a/b c"]
    everywhere = (page, deciding.client.get("/plots").text, deciding.client.get("/plots?f=csv").text)
    assert not any("Bo Ek" in text or "Öberg" in text for text in everywhere)
    assert not any(b"Bo Ek" in path.read_bytes() for path in [path])


def test_sql_and_the_domain_agree_and_the_run_stays_as_it_was(deciding, official):
    before = deciding.store.rehash("plots")
    for plot, status in ((PLOT, "sold"), ("a/b c", "available"), ("SKOBY 1:1", "reserved"), ("SKOBY 1:1", "computed")):
        body = {"status": status, "reason": "x"}
        assert official.post(f"/plots/{quote(plot)}/status", json=body).status_code == 201
    assert deciding.store.rehash("plots") == before
    assert verify(deciding.store).equal
    expected = apply_offers(deciding.store.read("plots"), deciding.store.read("plot_offers"), as_of=dt.date.today())
    for plot in expected.to_dict("records"):
        assert record(deciding.client, plot["id"])["status"] == plot["status"]
    for status in ("available", "reserved", "sold", "unknown"):
        assert found(deciding.client, status=status) == expected.loc[expected["status"] == status, "id"].tolist()
    official.post(PATH, json={"status": "computed", "reason": "A mistake."})
    assert record(deciding.client)["status"] == "unknown"


def test_a_reservation_that_has_run_out_counts_no_longer(deciding, official):
    yesterday = (dt.date.today() - dt.timedelta(1)).isoformat()
    tomorrow = (dt.date.today() + dt.timedelta(1)).isoformat()
    official.post(PATH, json={"status": "available", "reason": "x"})
    official.post(PATH, json=BODY | {"until": yesterday, "from_date": yesterday})
    official.post(PATH, json={"status": "sold", "reason": "x", "from_date": tomorrow})
    assert record(deciding.client)["status"] == "available"
    told = deciding.client.get(PATH).json()
    assert [(row["status"], row["stands"]) for row in told["history"]] == [
        ("available", True),
        ("reserved", False),
        ("sold", False),
    ]
    assert told["standing"]["status"] == "available"


def test_what_is_left_out_stays_and_null_is_unknown(deciding, official):
    official.post(PATH, json=BODY | {"tenure": "freehold"})
    kept = official.post(PATH, json={"status": "sold", "reason": "x"}).json()
    assert (kept["sale_form"], kept["price_sek"], kept["tenure"]) == ("queue", 450_000, "freehold")
    assert kept["before"]["status"] == "reserved"
    unknown = official.post(PATH, json={"status": "sold", "reason": "x", "price_sek": None}).json()
    assert (unknown["sale_form"], unknown["price_sek"]) == ("queue", None)
    assert record(deciding.client)["price_sek"] is None


def test_everybody_reads_the_history_but_not_who_and_why(deciding, official):
    official.post(PATH, json=BODY)
    public, named = deciding.client.get(PATH), official.get(PATH)
    (row,) = public.json()["history"]
    assert {"status", "sale_form", "price_sek", "from_date", "until", "date", "stands"} <= set(row)
    assert not {"official", "reason", "source"} & set(row)
    assert "Authorization" in public.headers["vary"]
    assert named.json()["history"][0]["reason"] == BODY["reason"]
    assert named.headers["cache-control"] == "no-store"
    assert deciding.client.get(f"/plots/{quote('SKOBY 1:1')}/status").json()["history"] == []


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic QW5uYTp4", "Bearer é"])
def test_without_a_token_nothing_is_written(deciding, official, assert_problem, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    assert_problem(deciding.client.post(PATH, json=BODY, headers=headers), 401)
    assert all_offers(deciding.store) == []


def test_a_server_without_officials_takes_no_rows(served, assert_problem):
    name = served.store.read("plots")["id"].iloc[5]
    document = assert_problem(served.client.post(f"/plots/{name}/status", json=BODY), 403)
    assert "GEOPLAN_OFFICIALS_FILE" in document["hint"]
    assert served.client.get(f"/plots/{name}/status").json() == {"plot": name, "standing": None, "history": []}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"status", "reason"}),
        (BODY | {"status": "gone"}, {"status"}),
        (BODY | {"sale_form": "raffle"}, {"sale_form"}),
        (BODY | {"price_sek": "450000"}, {"price_sek"}),
        (BODY | {"price_sek": -1}, {"price_sek"}),
        (BODY | {"price_sek": True}, {"price_sek"}),
        (BODY | {"until": "tomorrow"}, {"until"}),
        (BODY | {"official": "Eve"}, {"official"}),
        ([], {"body"}),
    ],
)
def test_a_faulty_body_is_refused_member_by_member(official, assert_problem, body, names):
    document = assert_problem(official.post(PATH, json=body), 400)
    assert {fault["parameter"] for fault in document["errors"]} == names


def test_what_is_wrong_says_what_to_do(deciding, official, assert_problem):
    assert "SKOBY 1:" in assert_problem(official.post("/plots/SKOBY 1:3/status", json=BODY), 404)["hint"]
    assert_problem(deciding.client.get("/plots/nowhere/status"), 404)
    assert_problem(official.post("/plots/x%00y/status", json=BODY), 404)
    assert_problem(official.post(PATH, json=BODY | {"until": "2026-02-30"}), 400)
    assert_problem(official.post(PATH, json=BODY | {"reason": "\x1b[2J"}), 400)
    assert_problem(official.post(PATH, json={"status": "computed", "reason": "x"}), 400)
    assert_problem(official.post(PATH, content="{}", headers={"Content-Type": "text/plain"}), 415)
    assert_problem(official.post(PATH, json=BODY | {"reason": "x" * 20_000}), 413)
    assert_problem(
        official.post(PATH, content=b'{"price_sek": NaN}', headers={"Content-Type": "application/json"}), 400
    )
    assert_problem(deciding.client.get("/plots?sale_form=raffle"), 400)
    assert_problem(deciding.client.get("/plots?min_price_sek=-1"), 400)
    assert all_offers(deciding.store) == []


def test_two_officials_at_once_lose_nothing(deciding, official):
    def reserve(number):
        answer = official.post(PATH, json=BODY | {"reason": f"Number {number}."})
        assert answer.status_code == 201
        return answer.json()

    with ThreadPoolExecutor(20) as threads:
        told = list(threads.map(reserve, range(40)))
    rows = all_offers(deciding.store)
    assert {row["reason"] for row in rows} == {f"Number {number}." for number in range(40)}
    assert len(rows) == 40
    # Exactly one of them was the first, and every other is told of the one before it.
    assert sum(row["before"] is None for row in told) == 1
    assert len({row["before"]["reason"] for row in told if row["before"]}) == 39
    assert sum(row["stands"] for row in deciding.client.get(PATH).json()["history"]) == 1


def test_hostile_names_and_texts_are_kept_as_they_are(deciding, official):
    hostile = next(name for name in deciding.store.read("parcels")["id"] if name.startswith("</script>"))
    path = f"/plots/{quote(hostile, safe='')}/status"
    answer = official.post(path, json={"status": "reserved", "tenure": NASTY, "reason": NASTY, "source": NASTY})
    assert answer.status_code == 201, answer.text
    assert official.get(answer.headers["location"]).json()["history"][0]["reason"] == NASTY
    assert deciding.client.get(path).json()["standing"]["tenure"] == NASTY
    assert official.post("/plots/a/b c/status", json=BODY).status_code == 201
    assert record(deciding.client, "a/b c")["status"] == "reserved"


def test_hostile_names_and_texts_are_shown_as_text(served, browser_page):
    hostile = served.store.read("plots")["id"].iloc[0]
    assert hostile.startswith("</script>")
    terms = {"tenure": NASTY, "price_sek": 1_234_567, "sale_form": "lottery"}
    try:
        offer(served.store, hostile, "available", reason=NASTY, official="Eve", terms=terms)
        page = browser_page()
        page.goto(f"{served.url}/map?lang=en")
        page.wait_for_selector("html[data-ready=yes]")
        page.get_by_role("button", name=hostile[:10]).first.click()
        popup = page.locator(".leaflet-popup")
        expect(popup).to_contain_text(NASTY)
        expect(popup).to_contain_text("1,234,567 SEK (unknown how it is set)")
        expect(popup).not_to_contain_text("Eve")
        assert popup.locator("script, img").count() == 0
        lines = list(csv.DictReader(io.StringIO(served.client.get("/plots?f=csv").text)))
        assert lines[0]["tenure"] == NASTY
    finally:
        empty(served.store)


@pytest.mark.parametrize(
    ("language", "expected", "width"),
    [
        ("sv", ["Status", "Reserverad", "Försäljningsform", "Tomtkö", "Pris", "okänt (sätts genom värdering)"], 1280),
        ("en", ["Status", "Reserved", "Form of sale", "Queue", "Price", "unknown (set by a valuation)"], 390),
    ],
)
def test_the_popup_shows_the_same_record_in_both_languages(deciding, official, browser_page, language, expected, width):
    body = {"status": "reserved", "sale_form": "queue", "price_kind": "valuation", "until": "2099-01-31", "reason": "x"}
    assert official.post(PATH, json=body).status_code == 201
    page = browser_page(width=width)
    page.goto(f"{deciding.url}/map?lang={language}")
    page.wait_for_selector("html[data-ready=yes]")
    page.get_by_label("Status").select_option("reserved")
    expect(page.locator("#results button")).to_have_count(1)
    page.locator("#results button").click()
    popup = page.locator(".leaflet-popup")
    expect(popup.locator("h3")).to_have_text(PLOT)
    for text in [*expected, "2099-01-31", "9999"]:
        expect(popup).to_contain_text(text)
    titles = popup.locator("dl dt").all_inner_texts()
    assert len(titles) == len(set(titles))
    assert "undefined" not in popup.inner_text()
    assert "null" not in popup.inner_text()
    results = Axe().run(page, options=AXE)
    assert results.violations_count == 0, results.generate_report()


FULL = {
    "access": "shared",
    "house_fits": "yes",
    "lot_m2": 1_512.4,
    "frontage_m": 24.5,
    "cost_low": 150_000.0,
    "cost_high": 420_000.0,
    "cost_currency": "SEK",
    "likely": 0.4,
    "period_end": "2031-05-15",
    "max_building_area_m2": 220.0,
    "plan_status": "in_force",
    "shore_protection": "computed_general",
    "kind": "subdivided",
}
RIGHT = {
    "code": HOSTILE_CODE,
    "quantity": "building_area",
    "value": 20.0,
    "unit": "%",
    "of": "use_area",
    "per": "property",
}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("sv", ["Gemensam tillfart", "1 512 m²", "24,5 m", "150 000 kr", "0,4", "Generellt, beräknat", "Gäller"]),
        ("en", ["Shared access", "1,512 m²", "24.5 m", "420,000 SEK", "0.4", "General, computed", "In force"]),
    ],
)
def test_all_that_the_chain_tells_of_a_plot_is_in_the_popup_and_can_be_asked_for(
    served, browser_page, language, expected
):
    was = served.store.read("plots")
    told = was.assign(**FULL)
    told["right_basis"] = [[RIGHT]] * len(told)
    try:
        served.store.write("plots", told)
        assert len(found(served.client, access="shared", house_fits="yes", kind="subdivided")) == len(was)
        assert found(served.client, access="road") == []
        assert record(served.client, was["id"].iloc[3])["right_basis"] == [RIGHT]
        page = browser_page()
        page.goto(f"{served.url}/map?lang={language}")
        page.wait_for_selector("html[data-ready=yes]")
        page.locator("#results button").nth(3).click()
        popup = page.locator(".leaflet-popup")
        right = {
            "sv": "Byggnadsarea högst 20 % av användningsområdet",
            "en": "Building area at most 20 % of the use area",
        }
        for text in [*expected, f"{right[language]} ({HOSTILE_CODE})", "2031-05-15"]:
            assert text in popup.inner_text().replace("\u00a0", " "), text
        assert "[object" not in popup.inner_text()
        assert popup.locator("script").count() == 0
    finally:
        served.store.write("plots", was)


def test_openapi_describes_the_body_and_the_token(deciding):
    description = deciding.client.get("/openapi.json").json()
    operation = description["paths"]["/plots/{plot}/status"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"status", "reason"}
    assert operation["security"] == [{"HTTPBearer": []}]
    assert {"201", "400", "401", "403", "404", "413", "415"} <= set(operation["responses"])
    page = deciding.client.get("/docs?lang=en").text
    assert "POST /plots/{plot}/status" in page
