"""The document on other land in a real browser: on the screen, on paper, and to whoever hears it read."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from geoplan.maps.alternatives_page import alternatives_page
from geoplan.maps.alternatives_texts import conclusion, words
from layers.comparing import Comparing, compare
from layers.store import Store

HOSTILE = "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}"
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture
def document(farm_store: Store, tmp_path: Path) -> Callable[..., Path]:
    """Write the document of a search on the farm."""

    def write(language: Any = "sv", **how: Any) -> Path:
        asked = {"rule": "farmland", "parcel": "F 1", "area_m2": 5_000.0, "purpose": HOSTILE, "command": HOSTILE} | how
        evidence, backdrop = compare(farm_store, Comparing(**asked))
        file = tmp_path / "other-land.html"
        file.write_text(alternatives_page(evidence, backdrop, language=language), encoding="utf-8")
        return file

    return write


def opened(page: Page, file: Path) -> Page:
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(("language", "word"), [("sv", "Resultat"), ("en", "Findings")])
def test_it_says_what_was_found(
    document: Callable[..., Path], browser_page: Callable[..., Page], language: str, word: str
) -> None:
    page = opened(browser_page(offline=True), document(language))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("heading", name=word)).to_be_visible()
    rows = page.locator("tr").filter(has=page.locator(".badge-text"))
    assert [row.locator("th").text_content() for row in rows.all()][:3] == ["F 1", "W 1", "W 2"]
    assert page.locator("svg.sketch circle").count() >= 2


def test_hostile_names_are_text(document: Callable[..., Path], browser_page: Callable[..., Page]) -> None:
    file = document()
    page = opened(browser_page(), file)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 0
    expect(page.locator(".lead")).to_contain_text(HOSTILE)  # the municipality
    expect(page.locator("tbody th", has_text="onerror")).to_have_count(1)
    expect(page.locator("svg.sketch text.name")).to_have_text(HOSTILE)
    assert "49" not in page.locator(".lead").text_content()
    assert not re.findall(r"(?:src|href)=", file.read_text(encoding="utf-8").replace("img src=x", ""))


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("how", [{"area_m2": 900_000.0}, {"opened": "needs_exemption"}], ids=["nothing", "opened"])
def test_wcag(
    document: Callable[..., Path], browser_page: Callable[..., Page], language: str, how: dict[str, Any]
) -> None:
    file = document(language, **how)
    for width in (794, 360):
        page = opened(browser_page(width=width), file)
        found = Axe().run(page, options=AXE).response["violations"]
        assert [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in found] == []
        scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert scroll <= client, "the page scrolls sideways"


def test_it_prints_to_a4(document: Callable[..., Path], browser_page: Callable[..., Page], tmp_path: Path) -> None:
    page = opened(browser_page(width=794), document())
    printed = page.pdf(path=tmp_path / "other-land.pdf", prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page[^s]", printed))
    assert 3 <= pages <= 7
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", printed)}
    assert boxes
    for _, _, width, height in boxes:
        assert (width, height) == pytest.approx((595.3, 841.9), abs=1)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 673, "height": 1000})  # what A4 has between its margins
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert scroll <= client, "a table is cut at the margin"


def test_the_same_search_gives_the_same_bytes(document: Callable[..., Path]) -> None:
    assert document().read_bytes() == document().read_bytes()


def test_what_is_unknown_is_listed_with_what_would_settle_it(
    document: Callable[..., Path], browser_page: Callable[..., Page]
) -> None:
    page = opened(browser_page(), document("en"))
    expect(page.locator(".found")).to_contain_text("The finding is preliminary")
    table = page.locator("table[aria-labelledby=unknown]")
    expect(table).to_contain_text("Flood")
    assert all(text.strip() for text in table.locator("td:last-child").all_text_contents())


def test_it_never_judges(farm_store: Store) -> None:
    """No sentence says that land is suitable, or that there is none."""
    for area in (5_000.0, 900_000.0):
        evidence, _ = compare(farm_store, Comparing(rule="farmland", parcel="F 1", area_m2=area))
        for language, sentence in (("sv", "Det bedömer myndigheten."), ("en", "That is for the authority to judge.")):
            said = conclusion(evidence, language)  # type: ignore[arg-type]
            assert said[-1].endswith(sentence)
        if not len(evidence.found.sites):
            assert "does not show that there is no other land" in conclusion(evidence, "en")[0]


def test_both_languages_say_the_same_things() -> None:
    swedish, english = words("sv"), words("en")
    assert swedish.keys() == english.keys()
    for key in swedish:
        assert set(re.findall(r"{\w+}", swedish[key])) == set(re.findall(r"{\w+}", english[key])), key


def test_a_program_reads_it_as_json(farm_store: Store) -> None:
    from geoplan.cli.show import json_text

    evidence, _ = compare(farm_store, Comparing(rule="farmland", parcel="F 1", area_m2=5_000.0))
    told = json.loads(json_text(evidence.to_dict()))
    assert told["sites"][0]["parcels"] == ["W 1"]
    assert told["sites_found"] == len(evidence.found.sites)
    steps = told["waterfall"]
    assert steps[0]["area_m2"] + sum(step["area_m2"] for step in steps[1:-1]) == pytest.approx(steps[-1]["area_m2"])
    assert told["provenance"]["snapshot"] == evidence.provenance.snapshot
    assert {entry["id"] for entry in told["criteria"]} >= {"guarded", "area", "width", "plan"}
