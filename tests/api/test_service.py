"""What is not plots: landing page, tables, layers, errors, headers, documentation."""

import asyncio
import csv
import io
import json
import re

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.errors import STATUS
from geoplan import errors as family

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_landing_page_for_programs_and_for_people(served):
    program = served.client.get("/", headers={"Accept": "application/json"})
    assert program.json()["plots"] == 40
    assert program.json()["homes"] == 18  # in plans
    for link in program.json()["links"]:
        assert served.client.get(link["href"]).status_code == 200, link
    page = served.client.get("/", headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-language"] == "sv"
    assert '<html lang="sv">' in page.text
    assert "=Norra" in page.text
    assert "Påhittade data" in page.text


@pytest.mark.parametrize(
    ("params", "accept", "expected"),
    [
        ({"lang": "en"}, "sv", "en"),
        ({}, "en-GB,sv;q=0.5", "en"),
        ({}, "en;q=0.3,sv;q=0.5", "sv"),
        ({}, "de", "sv"),
        ({}, "en;q=0", "sv"),
    ],
)
def test_language(served, params, accept, expected):
    page = served.client.get("/", params=params, headers={**HTML, "Accept-Language": accept})
    assert page.headers["content-language"] == expected


def test_balance_as_json_and_csv(served):
    answer = served.client.get("/balance")
    rows = answer.json()["balance"]
    assert len(rows) == 6
    assert list(rows[0]) == ["area", "area_name", "year", "need", "supply_homes", "balance", "plots"]
    assert rows[0]["balance"] == rows[0]["supply_homes"] - rows[0]["need"]
    assert answer.json()["provenance"]["href"] == f"/runs/{served.run}"
    one = served.client.get("/balance", params={"area": "*", "year": 2035}).json()["balance"]
    assert [(row["area"], row["need"], row["balance"]) for row in one] == [("*", 48, -8)]
    lines = list(csv.DictReader(io.StringIO(served.client.get("/balance?f=csv").text)))
    assert [line["area_name"] for line in lines[:2]] == ["Södra", "'=Norra"]
    assert lines[1]["need"] == "-6"


def test_waterfall(served):
    answer = served.client.get("/waterfall").json()
    assert answer["waterfall"][1] == {"step": "nature", "taken_m2": 10, "left_m2": 90}


def test_layers_and_the_run_behind_them(served):
    layers = {layer["id"]: layer for layer in served.client.get("/layers").json()["layers"]}
    assert layers["municipality"]["title"]["sv"] == "Kommun"
    assert layers["municipality"]["source"]["source"] == "Provdata"
    assert layers["plots"]["run"] == served.run
    run = served.client.get(layers["plots"]["href"]).json()
    assert run["rule_set"]["name"] == "test"
    assert run["snapshot"] == "0" * 64


def test_health(served):
    health = served.client.get("/healthz").json()
    assert health["status"] == "ok"
    assert health["latest_run"] == served.run
    assert health["schema_version"]


def test_unknown_parameter_names_the_closest(served, assert_problem):
    document = assert_problem(served.client.get("/plots?min_aera_m2=3"), 400)
    assert document["hint"] == "Did you mean min_area_m2?"
    assert_problem(served.client.get("/balance?colour=red"), 400)
    assert_problem(served.client.get("/healthz?x=1"), 400)


@pytest.mark.parametrize(
    "path",
    [
        "/plots?limit=0",
        "/plots?limit=10001",
        "/plots?min_area_m2=big",
        "/plots?status=free",
        "/plots?f=shp",
        "/plots?bbox=1,2,3",
        "/plots?bbox=1,2,3,x",
        "/plots?bbox=17,62,16,61",
        "/plots?bbox=nan,0,1,1",
        "/plots?after=nothing",
        "/balance?year=soon",
        "/?lang=de",
        "/runs/one",
    ],
)
def test_faulty_questions(served, assert_problem, path):
    assert_problem(served.client.get(path), 400)


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/plots/nothing", "/runs/999", "/assets/geoplan/none.js", "/assets/%2e%2e/%2e%2e/errors.py"],
)
def test_what_is_not_there(served, assert_problem, path):
    assert_problem(served.client.get(path), 404)


_HUGE = "9" * 30


@pytest.mark.parametrize(
    "path",
    [
        "/plots?area=%00",
        "/plots?after=%00",
        "/plots?f=csv&area=a%00b",
        f"/plots?min_homes={_HUGE}",
        "/plots?bbox=%00",
        "/demand?area=%00",
        f"/demand?year={_HUGE}",
        "/balance?area=%00",
        f"/balance?year={_HUGE}",
        "/balance?year=-1",
        "/programme?area=%00",
        f"/programme?year={_HUGE}",
        "/tables/need?area=%00",
        f"/tables/need?year={_HUGE}",
        "/explain?parcel=%00",
        f"/runs/{_HUGE}",
    ],
)
def test_what_the_database_cannot_hold_is_a_faulty_question(served, assert_problem, path):
    assert_problem(served.client.get(path), 400)


@pytest.mark.parametrize(
    "path",
    [
        "/plots/%00",
        "/plots/a%00b/status",
        "/parcels/%00/explain",
        "/tables/%00",
        "/programme/%00",
        "/assets/%00",
        "/assets/pages/%00",
        "/%00",
    ],
)
def test_no_name_is_what_the_database_cannot_hold(served, assert_problem, path):
    assert_problem(served.client.get(path), 404)


def test_a_value_that_the_database_refuses_is_not_its_silence(served, assert_problem):
    app = create_app(served.database, title="Almskär", crs="EPSG:3006")

    @app.get("/halved")
    def halved(number: str) -> None:
        with served.database.read_only_engine.connect() as connection:
            connection.execute(sa.text("SELECT CAST(:number AS integer)"), {"number": number})

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get("/halved?number=twelve")

    assert_problem(asyncio.run(asked()), 400)


def test_other_methods_are_refused(served, assert_problem):
    answer = served.client.post("/plots")
    assert_problem(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_head_is_get_without_a_body(served):
    for path in ("/plots", "/", "/map", "/balance?f=csv"):
        head, whole = served.client.head(path), served.client.get(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers.get("etag") == whole.headers.get("etag")


def test_every_error_class_has_a_status():
    classes = [getattr(family, name) for name in family.__all__]
    for kind in classes:
        assert next(STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS) >= 400


def test_headers_keep_browsers_from_guessing_and_loading(served):
    for path in ("/", "/map", "/plots", "/nowhere", "/assets/geoplan/map.js"):
        headers = served.client.get(path, headers=HTML).headers
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


def test_other_pages_may_read(served):
    answer = served.client.get("/plots", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_no_page_names_another_host(served):
    for path in ("/", "/map", "/docs", "/map.html"):
        text = served.client.get(path, headers=HTML).text
        loaded = re.findall(r"<(?:script|img|iframe|link)[^>]*(?:src|href)=[\"']?(\w+:)?//", text)
        assert loaded == [], path


def test_openapi_describes_what_is_served_and_docs_show_it(served):
    description = served.client.get("/openapi.json").json()
    page = served.client.get("/docs", params={"lang": "en"}).text
    for path in description["paths"]:
        assert f"GET {path}" in page
    for parameter in description["paths"]["/plots"]["get"]["parameters"]:
        assert f"<code>{parameter['name']}</code>" in page
        assert parameter.get("description"), parameter


def test_gzip(served):
    answer = served.client.get("/map.html")
    assert answer.headers["content-encoding"] == "gzip"


def test_an_empty_database_says_what_to_do(serve_empty, assert_problem):
    page = serve_empty.get("/", headers=HTML)
    assert page.status_code == 200
    assert "geoplan plan" in page.text
    for path in ("/plots", "/balance", "/map", "/waterfall"):
        assert assert_problem(serve_empty.get(path), 404)["hint"]
    assert serve_empty.get("/layers").json() == {"layers": []}
    assert serve_empty.get("/healthz").json()["latest_run"] is None


def test_etags_of_tables_follow_the_data(served):
    tag = served.client.get("/balance").headers["etag"]
    assert served.client.get("/balance", headers={"If-None-Match": tag}).status_code == 304
    frame = served.store.read("balance")
    changed = frame.assign(need=frame["need"] + 1)
    try:
        served.store.write("balance", changed)
        assert served.client.get("/balance", headers={"If-None-Match": tag}).status_code == 200
    finally:
        served.store.write("balance", frame)
    assert json.loads(served.client.get("/balance").text)["balance"][0]["need"] == frame["need"].iloc[0]


def test_explain_a_parcel(served, assert_problem):
    name = served.store.read("plots")["id"].iloc[5]
    answer = served.client.get(f"/parcels/{name}/explain").json()
    assert answer["parcel"] == name
    facts = {fact["rule"]: fact for fact in answer["facts"]}
    assert facts["shore"]["holds"] in {"yes", "no"}
    assert facts["flood"]["holds"] == "unknown"
    assert answer["provenance"]["run"] == served.run
    text = served.client.get(f"/parcels/{name}/explain?f=text&lang=en")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Shore protection" in text.text
    by_question = served.client.get("/explain", params={"parcel": name})
    assert by_question.json()["facts"] == answer["facts"]
    assert_problem(served.client.get("/parcels/no such/explain"), 404)


def test_explain_a_hostile_parcel_as_a_page(served):
    hostile = served.store.read("plots")["id"].iloc[0]
    page = served.client.get("/explain", params={"parcel": hostile, "lang": "sv"}, headers=HTML)
    assert page.status_code == 200
    assert "<img" not in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "Skyddad natur" in page.text


def test_explain_a_place_in_degrees_or_in_the_crs(served, assert_problem):
    east, north = 601_000.0, 6_796_000.0
    in_crs = served.client.get("/explain", params={"x": east, "y": north}).json()
    in_degrees = served.client.get("/explain", params={"x": 16.8844965147, "y": 61.2850940521}).json()
    assert [fact["holds"] for fact in in_crs["facts"]] == ["yes", "no", "unknown"]
    assert [fact["holds"] for fact in in_degrees["facts"]] == ["yes", "no", "unknown"]
    for question in ("x=17", "", "x=17&y=61&parcel=a", "x=nan&y=61", "x=inf&y=1"):
        assert_problem(served.client.get(f"/explain?{question}"), 400)
