"""The served map in a real browser."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

HOSTILE = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def open_map(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector("html[data-ready=yes]")
    return page


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in found]


def painted(page: Page, pane: str) -> int:
    """Return how many pixels of a pane's canvas are painted."""
    return page.evaluate(
        """(pane) => {
            const canvas = document.querySelector(`.leaflet-${pane}-pane canvas`);
            if (!canvas) return 0;
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let n = 0;
            for (let i = 3; i < data.length; i += 4) if (data[i]) n++;
            return n;
        }""",
        pane,
    )


def test_map_shows_everything(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    for pane in ("land", "water", "areas", "plots"):
        assert painted(page, pane) > 100, pane
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    expect(page.get_by_text("Påhittade data")).to_be_visible()
    expect(page.locator(".leaflet-control-attribution")).to_contain_text("inte rättsligt bindande")
    expect(page.locator("#found")).to_contain_text("40 av 40 tomter")
    expect(page.locator(".place")).to_have_text("Almskär")


def test_layers_are_switched_by_keyboard(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    box = page.get_by_label("Strandskydd")
    assert painted(page, "constraint") == 0
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    assert painted(page, "constraint") > 100
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    assert painted(page, "constraint") == 0


def test_plots_are_switched_by_kind(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    for kind in ("Tätort", "Landsbygd", "Skärgård"):
        before = painted(page, "plots")
        page.get_by_role("checkbox", name=re.compile(rf"^{kind} \d")).uncheck()
        page.wait_for_timeout(100)
        assert painted(page, "plots") < before
    assert painted(page, "plots") == 0


def test_hostile_name_is_text(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    page.get_by_role("button", name=HOSTILE[:10]).first.click()
    heading = page.locator(".leaflet-popup h3")
    expect(heading).to_have_text(HOSTILE)
    expect(page.locator(".leaflet-popup")).to_contain_text("Skyddad natur")
    expect(page.locator(".leaflet-popup")).to_contain_text("=HYPERLINK(1)")
    expect(page.locator(".leaflet-popup")).to_contain_text("Annat lagrum")
    assert page.locator("img[src='x']").count() == 0


def test_popup_by_keyboard_returns_the_focus(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    button = page.locator("#results button").nth(3)
    name = button.locator(".name").text_content()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-popup h3")).to_have_text(name)
    expect(page.locator(".leaflet-popup h3")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup h3")).to_have_count(0)
    expect(button).to_be_focused()


def test_click_on_the_map_opens_a_plot(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    at = served.store.read("plots").to_crs(4326).geometry.iloc[1].centroid
    page.evaluate(f"geoplan.view({at.y}, {at.x}, 18)")
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".leaflet-popup h3")).to_have_text("ALMSKÄR STRAND 1:2")


def test_click_beside_a_plot_tells_the_place(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    page.get_by_label("Skyddad natur").check()
    page.evaluate("geoplan.view(61.28509, 16.88450, 17)")
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    popup = page.locator(".leaflet-popup")
    expect(popup).to_contain_text("Skyddad natur")
    expect(popup).to_contain_text("Södra")


def test_finding_plots(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    page.get_by_label("Läge").select_option("archipelago")
    expect(page.locator("#found")).to_have_text("4 av 40 tomter")
    page.get_by_label("Minst, m²").fill("2750")
    expect(page.locator("#found")).to_have_text("1 av 40 tomter")


def test_year_changes_table_and_colours(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    total = page.locator("table.balance:not([hidden]) tfoot td").last
    expect(total).to_have_text("−8")
    before = page.locator(".leaflet-areas-pane canvas").screenshot()
    page.get_by_label("År", exact=True).select_option("2030")
    expect(page.locator("table.balance:not([hidden]) tfoot td").last).to_have_text("+16")
    page.wait_for_timeout(100)
    assert page.locator(".leaflet-areas-pane canvas").screenshot() != before


def test_other_language(served, browser_page):
    page = open_map(browser_page(), f"{served.url}/map")
    page.get_by_role("link", name="In English").click()
    page.wait_for_selector("html[lang=en][data-ready=yes]")
    expect(page.get_by_role("heading", name="Legend and layers")).to_be_visible()
    expect(page.get_by_label("Shore protection")).to_be_attached()


@pytest.mark.parametrize("path", ["/map?lang=sv", "/map?lang=en", "/?lang=sv", "/docs?lang=en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_wcag(served, browser_page, path, width):
    page = browser_page(width=width)
    page.goto(served.url + path)
    if path.startswith("/map"):
        page.wait_for_selector("html[data-ready=yes]")
        page.locator("#results button").first.click()
    assert violations(page) == []
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert scroll <= client, "the page scrolls sideways"


def test_the_file_works_alone(served, browser_page, tmp_path: Path):
    path = tmp_path / "map.html"
    path.write_bytes(served.client.get("/map.html", params={"lang": "en"}).content)
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"(?!data:)", text)
    page = open_map(browser_page(offline=True), path.as_uri())
    assert painted(page, "plots") > 100
    page.locator("#results button").first.click()
    expect(page.locator(".leaflet-popup h3")).to_have_text(HOSTILE)
    assert page.locator(".leaflet-popup a[href^='/']").count() == 0
    assert violations(page) == []
