"""The printable report: its contents, its language, its bytes, and the municipality's own words."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable

import pytest

from geoplan.report import Origin, Tables, action_plan, as_pdf, report_page
from geoplan.report.contents import Contents, own_text
from geoplan.text import Language

HOSTILE = "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}"
Ran = Callable[[Tables], Origin]


def unpacked(pdf: bytes) -> bytes:
    """Return a PDF with what it packs beside it."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    found = [pdf]
    for stream in streams:
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


def page(tables: Tables, ran: Ran, language: Language = "sv", **how: object) -> str:
    return report_page(tables, ran(tables), action_plan(), language=language, **how)  # type: ignore[arg-type]


def test_it_has_what_the_law_asks_for_in_its_order_with_its_sources(tables: Callable[..., Tables], ran: Ran) -> None:
    text = page(tables(), ran)
    places = [text.index(f'<h2 id="{chapter.id}">') for chapter in action_plan().chapters]
    assert places == sorted(places)
    for name in ("need", "mismatch", "people", "groups", "capacity", "programme", "land"):
        assert f'id="figures-{name}"' in text
    for source in action_plan().sources.values():
        assert source.address.replace("&", "&amp;") in text
    assert "Den antagna lydelsen från 1 mars 2025 är inte läst" in text


@pytest.mark.parametrize(
    ("language", "analysis", "boundary"),
    [
        ("sv", "Detta är en analys, inte ett beslut.", "Kartans gränser är inte juridiskt bindande."),
        ("en", "This is an analysis, not a decision.", "Boundaries on the map are not legally binding."),
    ],
)
def test_it_says_what_it_is(
    tables: Callable[..., Tables], ran: Ran, language: Language, analysis: str, boundary: str
) -> None:
    text = page(tables(), ran, language)
    assert f'<html lang="{language}">' in text
    assert analysis in text
    assert boundary in text


def test_every_section_has_its_provenance_at_hand(tables: Callable[..., Tables], ran: Ran) -> None:
    text = page(tables(), ran, "en")
    details = re.findall(r"<details class=\"provenance\">.*?</details>", text, re.DOTALL)
    assert len(details) == text.count('id="figures-')
    need = next(part for part in details if ": Need for additional homes</span>" in part)
    for part in ("<code>need</code>, version 3, run 7", "cd" * 32, "docs/method-need.md", "population.boys_share"):
        assert part in need
    assert "the municipality&#39;s own value" in text


def test_hostile_names_are_text(tables: Callable[..., Tables], ran: Ran) -> None:
    text = page(tables(), ran, own={"goals": HOSTILE})
    assert "<img" not in text
    assert "<script" not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;{{ 7 * 7 }}") >= 3


def test_what_only_the_municipality_can_say_is_a_marked_place_until_it_says_it(
    tables: Callable[..., Tables], ran: Ran
) -> None:
    empty = page(tables(), ran, "en")
    assert empty.count("The municipality&#39;s own text.") == 6
    assert "report/goals.md" in empty
    filled = page(tables(), ran, "en", own={"goals": "We want more.\n\n- homes\n- peace", "need": "So we judge."})
    assert "report/goals.md" not in filled
    assert "<p>We want more.</p>" in filled
    assert "<li>homes</li><li>peace</li>" in filled
    assert "So we judge." in filled


def test_without_tables_it_says_what_is_missing(ran: Ran) -> None:
    text = report_page(Tables({}), Origin(place="X"), action_plan(), language="en")
    assert "none yet; run: geoplan plan" in text
    assert text.count('class="missing"') >= 10
    assert "<svg" not in text


def test_the_same_figures_give_the_same_bytes_and_the_pdf_is_tagged(tables: Callable[..., Tables], ran: Ran) -> None:
    text = page(tables(), ran, "en")
    assert text == page(tables(), ran, "en")
    made = as_pdf(text)
    assert made == as_pdf(text)
    assert made.startswith(b"%PDF-1.7")
    inside = unpacked(made)
    assert 4 <= len(re.findall(rb"/Type /Page\b", inside)) <= 20
    for mark in (b"/Lang (en)", b"/Marked true", b"/StructTreeRoot", b"/DisplayDocTitle true", b"/Figure", b"/Alt"):
        assert mark in inside, mark
    assert re.search(rb"pdfuaid:part(>|=.)1", inside)
    assert b"Basis for an action plan for housing supply" in inside


def test_a_pdf_loads_nothing() -> None:
    made = as_pdf('<html lang="sv"><title>t</title><body><img src="file:///etc/hostname" alt="a">x</body></html>')
    assert made.startswith(b"%PDF")
    assert b"/Subtype /Image" not in unpacked(made)


def test_own_text_is_paragraphs_and_lists() -> None:
    assert own_text("a\nb\r\n\r\n- c\n- d\n\n# e\n- f") == ("a b", ("c", "d"), "# e - f")
    assert own_text("  \n\n") == ()


def test_contents_that_name_an_unknown_section_are_refused() -> None:
    wrong = action_plan().model_dump(mode="json")
    wrong["chapters"][0]["sections"] = ["weather"]
    with pytest.raises(ValueError, match="weather"):
        Contents.model_validate(wrong)
