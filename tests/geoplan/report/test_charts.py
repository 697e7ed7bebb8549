"""Charts: sound XML, told in words, drawn to scale."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from geoplan.report.charts import Bar, Line, bars, lines

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</svg><script>alert(1)</script>"


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def chart(rows: list[Bar], *series: str, **how: bool) -> ElementTree.Element:
    return drawn(bars(rows, name="c", title=HOSTILE, description="d", series=series, write=lambda v: f"{v:g}", **how))


def test_a_chart_is_told_in_words_and_has_no_inline_style() -> None:
    svg = chart([Bar(HOSTILE, (1.0,))], "a")
    assert svg.get("role") == "img"
    ids = svg.get("aria-labelledby", "").split()
    assert [svg.find(f"{SVG}title").get("id"), svg.find(f"{SVG}desc").get("id")] == ids  # type: ignore[union-attr]
    assert svg.find(f"{SVG}title").text == HOSTILE  # type: ignore[union-attr]
    assert not svg.findall(f".//{SVG}script")
    assert all("style" not in element.attrib for element in svg.iter())


def test_bars_are_to_scale_also_below_zero() -> None:
    svg = chart([Bar("x", (30.0,)), Bar("y", (-15.0,)), Bar("z", (None,))], "a")
    right, left = svg.findall(f"{SVG}rect")
    assert float(right.get("width", 0)) == pytest.approx(2 * float(left.get("width", 0)), abs=0.2)
    end = float(left.get("x", 0)) + float(left.get("width", 0))
    assert end == pytest.approx(float(right.get("x", 0)), abs=0.2)
    assert "–" in [text.text for text in svg.findall(f"{SVG}text")]


def test_stacked_bars_meet_end_to_end() -> None:
    svg = chart([Bar("x", (10.0, 5.0))], "a", "b", stacked=True)
    first, second = [rect for rect in svg.findall(f"{SVG}rect") if rect.get("height") == "11.0"]
    end = float(first.get("x", 0)) + float(first.get("width", 0))
    assert end == pytest.approx(float(second.get("x", 0)), abs=0.2)
    assert first.get("fill") != second.get("fill")


def test_nothing_is_drawn_outside() -> None:
    svg = chart([Bar("x", (-8.0,), -20.0, 4.0), Bar("y", (0.0,), -1.0, 1.0)], "a")
    width = float(svg.get("viewBox", "").split()[2])
    for path in svg.findall(f"{SVG}path"):
        for x in re.findall(r"[MH](-?[\d.]+)", path.get("d", "")):
            assert 0 <= float(x) <= width


def test_lines_differ_by_dashes_and_ticks_hold_the_values() -> None:
    text = lines(
        [2030, 2031, 2032],
        [Line("a", (0.0, 4.0, 17.0)), Line("b", (None, -2.0, 3.0))],
        name="l",
        title="t",
        description="d",
        write=lambda v: f"{v:g}",
    )
    svg = drawn(text)
    thick = [path for path in svg.findall(f"{SVG}path") if path.get("fill") == "none" and "L" in path.get("d", "")]
    assert len({path.get("stroke-dasharray") for path in thick}) == 2
    ticks = [float(found.text or 0) for found in svg.findall(f"{SVG}text") if found.get("text-anchor") == "end"]
    assert min(ticks) <= -2
    assert max(ticks) >= 17
    heights = [float(y) for path in thick for y in re.findall(r"[\d.]+ ([\d.]+)", path.get("d", ""))]
    assert max(heights) <= float(svg.get("viewBox", "").split()[3])


def test_all_values_zero_or_none_draw_a_chart() -> None:
    assert chart([Bar("x", (0.0,)), Bar("y", (None,))], "a") is not None
    flat = lines([2030, 2031], [Line("a", (0.0, 0.0))], name="l", title="t", description="d", write=str)
    assert drawn(flat) is not None
