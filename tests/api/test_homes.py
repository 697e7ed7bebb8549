"""The homes over HTTP: need, balance, programme, any table, the official's page, and the report."""

import csv
import io
import json
import re
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

HOSTILE = "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def housed(serve_tables, housing_tables, tmp_path_factory, kept):
    """All tables, served once for the module; ``goals`` is the municipality's own text."""
    if "all" not in kept:
        folder = tmp_path_factory.mktemp("own")
        (folder / "goals.md").write_text(f"Vi vill {HOSTILE}\n\n- mer", encoding="utf-8")
        changed = {"population": {"boys_share": 0.4}}
        kept["folder"] = folder
        kept["all"] = serve_tables(housing_tables, own=folder, assumptions=_assumptions(changed))
    return kept["all"]


def _assumptions(changed):
    from layers.assumptions import assumption_values

    return assumption_values(changed)


def book(answer) -> openpyxl.Workbook:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def lines(sheet) -> list[tuple]:
    return list(sheet.iter_rows(values_only=True))


def test_demand_by_area_has_the_range_and_the_whole(housed):
    answer = housed.client.get("/demand", params={"year": 2040}).json()
    rows = {row["area"]: row for row in answer["demand"]}
    assert set(rows) == {"A1", "A2", "*"}
    assert rows["*"]["need"] == rows["A1"]["need"] + rows["A2"]["need"] == -8
    assert rows["*"]["building_need"] == 0
    assert (rows["A1"]["p10"], rows["A1"]["p50"], rows["A1"]["p90"]) == (7, 12, 19)
    assert answer["provenance"]["href"] == f"/runs/{housed.run}"
    assert [other["layer"] for other in answer["provenance"]["others"]] == ["need_range"]
    one = housed.client.get("/demand", params={"year": 2040, "area": "*"}).json()["demand"]
    assert [row["area"] for row in one] == ["*"]


def test_a_need_of_the_whole_has_one_row_a_year(serve_tables, housing_tables):
    need = housing_tables["need"].query("area == 'A1'").assign(area="*")
    served = serve_tables({"need": need})
    rows = served.client.get("/demand").json()["demand"]
    assert [(row["area"], row["year"], row["need"]) for row in rows] == [("*", 2030, 12.0), ("*", 2040, 12.0)]


def test_no_single_vacant_home_and_no_small_group_is_shown(serve_tables):
    import pandas as pd

    ids = [f"dwelling_stock/A1/multi/rental/{period}/vacant_to_let" for period in ("1961-1970", "1971-1980")]
    supply = pd.DataFrame({"id": ids, "area": "A1", "homes": [1.0, 2.0], "source": "dwelling_stock"})
    groups = pd.DataFrame({"area": ["A1", "*"], "year": 2030, "group": "young", "households": [3.0, 3.0]})
    served = serve_tables({"supply": supply, "households_by_group": groups})
    rows = served.client.get("/tables/supply").json()["supply"]
    assert [(row["id"], row["homes"]) for row in rows] == [("dwelling_stock/A1/multi/rental/vacant_to_let", None)]
    for form in ("csv", "json"):
        assert "1961" not in served.client.get(f"/tables/supply?f={form}").text
    assert "1961" not in str(lines(book(served.client.get("/tables/supply?f=xlsx"))["supply"]))
    for path in ("/demand?by=group", "/tables/households_by_group"):
        found = next(value for value in served.client.get(path).json().values() if isinstance(value, list))
        assert [row["households"] for row in found] == [None, 3.0], path
    assert served.store.read("supply")["homes"].tolist() == [1.0, 2.0]


def test_demand_by_type_and_by_group(housed):
    by_type = housed.client.get("/demand?by=type").json()
    assert {row["dwelling_type"] for row in by_type["demand"]} == {"multi", "one_or_two"}
    groups = housed.client.get("/demand?by=group").json()["demand"]
    assert {row["group"] for row in groups} == {"young", "violence"}


def test_those_who_must_leave_violence_have_no_place_in_any_answer(housed):
    for path in ("/demand?by=group", "/tables/households_by_group", "/programme", "/tables/programme_served"):
        for form in ("json", "csv"):
            text = housed.client.get(path, params={"f": form}).text
            assert "9137" not in text, path
    sheet = book(housed.client.get("/programme?f=xlsx"))["programme_served"]
    assert "violence" not in str(lines(sheet))
    for path in ("/homes", "/report?f=html"):
        assert not re.search(r"9.?137", housed.client.get(path, headers=HTML).text)


def test_the_balance_has_the_allocation_beside_it(housed):
    answer = housed.client.get("/balance", params={"area": "A1"}).json()
    assert [(row["balance"], row["seekers"], row["served"], row["left"]) for row in answer["balance"]] == [
        (-5, 9, 6, 3)
    ]
    assert answer["allocation_left"][0]["why"] == "out_of_reach"
    assert answer["allocation_served"][0]["households"] == 6
    assert housed.client.get("/balance", params={"area": "A2"}).json()["allocation_left"] == []
    table = list(csv.DictReader(io.StringIO(housed.client.get("/balance?f=csv").text)))
    assert [row["left"] for row in table] == ["3", "0", "3"]


def test_the_programme_tells_its_gap(housed):
    answer = housed.client.get("/programme").json()
    assert answer["programme_result"][0]["gap"] == 0.0164
    assert [row["id"] for row in answer["programme_releases"]] == ["plots/1", "=cmd()"]
    assert [row["id"] for row in housed.client.get("/programme?year=2031").json()["programme_releases"]] == ["=cmd()"]
    assert "'=cmd()" in housed.client.get("/programme?f=csv").text


def test_a_workbook_opens_has_no_formula_and_says_what_made_it(housed):
    found = book(housed.client.get("/programme?f=xlsx"))
    assert found.sheetnames == [
        "programme_releases",
        "programme_served",
        "programme_usage",
        "programme_result",
        "provenance",
    ]
    releases = lines(found["programme_releases"])
    assert releases[0] == ("id", "area", "year", "homes")
    assert releases[2] == ("'=cmd()", "A2", 2031, 4)
    assert all(cell.data_type != "f" for sheet in found for row in sheet.iter_rows() for cell in row)
    told = {row[0]: row[1:] for row in lines(found["provenance"]) if row and row[0]}
    assert told["snapshot"][0] == "0" * 64
    assert told["run"][0] == housed.run
    assert told["rule_set"][0] == "test"
    assert told["population.boys_share"][0] == "0.4"
    versions = housed.client.get("/layers").json()["layers"]
    population = next(layer for layer in versions if layer["id"] == "population")
    assert told["population"][:2] == (1, population["content_hash"])
    assert "This is an analysis, not a decision." in told


def test_the_same_workbook_twice_is_the_same_to_the_byte(housed):
    first = housed.client.get("/balance?f=xlsx").content
    assert first == housed.client.get("/balance?f=xlsx").content


def test_hostile_cells_survive_a_workbook(serve_tables):
    import pandas as pd

    odd = ["=1+1", "+1", "-1", "@x", "\tx", "a\x0bb", "å" * 40_000, "", HOSTILE]
    served = serve_tables({"supply": pd.DataFrame({"id": odd, "parents": [["a", "b"]] * len(odd), "homes": 1.5})})
    rows = lines(book(served.client.get("/tables/supply?f=xlsx"))["supply"])
    assert [row[0] for row in rows[1:7]] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "ab"]
    assert len(rows[7][0]) == 32_767
    assert rows[9] == (HOSTILE, "a; b", 1.5)


def test_format_by_accept_and_etag(housed):
    answer = housed.client.get("/demand", headers={"Accept": XLSX})
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["vary"].startswith("Accept")
    for path in ("/demand", "/balance", "/programme", "/tables", "/tables/need", "/homes", "/report?f=html"):
        tag = housed.client.get(path).headers["etag"]
        assert housed.client.get(path, headers={"If-None-Match": tag}).status_code == 304, path


def test_tables_are_listed_with_their_columns_and_what_is_missing_says_what_to_do(housed, serve_empty):
    answer = housed.client.get("/tables").json()
    names = {table["name"] for table in answer["tables"]}
    assert {"need", "supply", "land_ledger", "trajectory", "allocation_left"} <= names
    need = next(table for table in answer["tables"] if table["name"] == "need")
    assert need["columns"]["need"] == "float64"
    for table in answer["tables"]:
        assert housed.client.get(table["href"]).status_code == 200
    missing = {table["name"]: table["needs"]["en"] for table in serve_empty.get("/tables").json()["missing"]}
    assert "geoplan plan" in missing["need"]


def test_what_is_for_officials_or_imported_is_no_table(housed, assert_problem):
    for name in ("overrides", "plot_offers", "group_counts", "population", "indicators", "plots", "nothing"):
        assert "/tables" in assert_problem(housed.client.get(f"/tables/{name}"), 404)["hint"]


def test_filters_hold_where_there_is_such_a_column(housed):
    rows = housed.client.get("/tables/land_ledger", params={"area": "*", "year": 2030}).json()["land_ledger"]
    assert [(row["area"], row["year"]) for row in rows] == [("*", 2030)]
    injected = housed.client.get("/tables/need", params={"area": "' OR 1=1 --"}).json()["need"]
    assert injected == []


@pytest.mark.parametrize("path", ["/demand", "/programme", "/demand?by=type", "/balance", "/tables/need"])
def test_what_is_not_computed_says_what_to_do(serve_empty, assert_problem, path):
    assert "geoplan plan" in assert_problem(serve_empty.get(path), 404)["hint"]


@pytest.mark.parametrize("path", ["/demand?by=street", "/demand?year=soon", "/balance?f=ods", "/report?f=docx"])
def test_faulty_questions(housed, assert_problem, path):
    assert_problem(housed.client.get(path), 400)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/homes?", "/report?f=html&"])
def test_wcag(housed, browser_page, path, language, width):
    page = browser_page(width=width)
    page.goto(f"{housed.url}{path}lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    found = Axe().run(page, options=AXE).response["violations"]
    assert [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in found] == []
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert scroll <= client, "the page scrolls sideways"


def test_the_page_shows_charts_provenance_and_hostile_names_as_text(housed, browser_page):
    page = browser_page()
    page.goto(f"{housed.url}/homes?lang=sv")
    assert page.locator("main img").count() == 0
    assert page.locator("svg.chart").count() >= 5
    expect(page.get_by_role("img", name=re.compile("Behov efter år"))).to_be_visible()
    expect(page.get_by_text("Inget nettobehov, och ändå fel bestånd")).to_be_visible()
    need = page.locator("section", has=page.locator("#figures-need"))
    expect(need.locator("details li").first).to_be_hidden()
    need.get_by_text("Varifrån talen kommer").click()
    expect(need.locator("details li").first).to_contain_text("docs/method-need.md")
    expect(page.locator("th", has_text=HOSTILE[:20]).first).to_be_visible()


def test_the_page_of_an_empty_database_says_what_to_do(serve_empty):
    for path in ("/homes?lang=en", "/report?f=html&lang=en"):
        answer = serve_empty.get(path)
        assert answer.status_code == 200
        assert "geoplan plan" in answer.text
        assert "<svg" not in answer.text


def test_the_report_is_a_page_and_a_pdf_with_the_municipality_s_own_text(housed, browser_page, kept):
    answer = housed.client.get("/report", params={"lang": "sv"}, headers=HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Vi vill &lt;/script&gt;" in answer.text
    pdf = housed.client.get("/report?f=pdf&lang=sv")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-language"] == "sv"
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.content == housed.client.get("/report", headers={"Accept": "application/pdf"}).content
    # What the municipality writes is read anew, without starting the server again.
    goals: Path = kept["folder"] / "goals.md"
    before = goals.read_text(encoding="utf-8")
    try:
        goals.write_text("Nya mål.", encoding="utf-8")
        again = housed.client.get("/report?f=html&lang=sv")
        assert "<p>Nya mål.</p>" in again.text
        assert again.headers["etag"] != answer.headers["etag"]
        (kept["folder"] / "gaols.md").write_text("x", encoding="utf-8")
        assert housed.client.get("/report?f=html").status_code == 500
    finally:
        goals.write_text(before, encoding="utf-8")
        (kept["folder"] / "gaols.md").unlink(missing_ok=True)


def test_the_report_prints_to_a4(housed, browser_page, tmp_path: Path):
    page = browser_page(width=794)
    page.goto(f"{housed.url}/report?f=html&lang=sv")
    printed = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", printed)}
    for _, _, width, height in boxes:
        assert (width, height) == pytest.approx((595.3, 841.9), abs=1)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 673, "height": 1000})  # what A4 has between its margins
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert scroll <= client, "a table is cut at the margin"


def test_openapi_describes_them(housed):
    paths = json.loads(housed.client.get("/openapi.json").text)["paths"]
    for path in ("/demand", "/balance", "/programme", "/tables", "/tables/{name}", "/homes", "/report"):
        assert paths[path]["get"]["summary"]
        for parameter in paths[path]["get"].get("parameters", []):
            assert parameter.get("description") or parameter["in"] == "path"
