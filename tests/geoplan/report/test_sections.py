"""Every section from whole tables, from none, and from one table less."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from geoplan.report import Say, Section, Table, Tables, make_sections, table_abouts
from geoplan.report.content import Chart, Missing, Paragraph
from geoplan.report.sections import SECTIONS, SOURCES

SV, EN = Say("sv"), Say("en")


def captions(section: Section) -> dict[str, Table]:
    return {block.caption: block for block in section.blocks if isinstance(block, Table)}


def told(section: Section) -> str:
    return " ".join(block.text for block in section.blocks if isinstance(block, Paragraph | Missing))


@pytest.mark.parametrize("say", [SV, EN])
def test_every_section_has_figures_and_its_tables_are_known(tables: Callable[..., Tables], say: Say) -> None:
    sections = make_sections(tables(), say)
    assert list(sections) == list(SECTIONS)
    for name, section in sections.items():
        assert section.id == name
        assert any(isinstance(block, Table) for block in section.blocks), name
        assert set(section.sources) <= set(SOURCES)
        for block in section.blocks:
            if isinstance(block, Table):
                widths = {len(row) for row in (block.head, *block.rows, *([block.total] if block.total else []))}
                assert len(widths) == 1, block.caption
    assert set(SOURCES) <= set(table_abouts())


@pytest.mark.parametrize("say", [SV, EN])
def test_without_any_table_every_section_says_what_to_do(say: Say) -> None:
    for name, section in make_sections(Tables({}), say).items():
        assert section.is_missing, name
        assert "geoplan" in told(section), name


@pytest.mark.parametrize("gone", SOURCES)
def test_any_one_table_may_be_missing(tables: Callable[..., Tables], gone: str) -> None:
    for say in (SV, EN):
        sections = make_sections(tables(gone), say)
        for section in sections.values():
            assert section.blocks
            for block in section.blocks:
                # Never an empty figure.
                assert not isinstance(block, Table) or block.rows, block.caption
                assert not isinstance(block, Chart) or "<rect" in block.svg or "<path" in block.svg


def test_no_net_need_and_still_the_wrong_stock_is_said_in_words(tables: Callable[..., Tables]) -> None:
    assert "Inget nettobehov, och ändå fel bestånd" in told(make_sections(tables(), SV)["mismatch"])
    assert "No net need and still the wrong stock" in told(make_sections(tables(), EN)["mismatch"])


def test_a_negative_need_stays_negative_and_has_its_range(tables: Callable[..., Tables]) -> None:
    section = make_sections(tables(), EN)["need"]
    assert "There is no net need by 2040: −8 homes. The range is −13 to −1." in told(section)
    by_area = captions(section)["Need by area and year"]
    assert by_area.total == ("The whole", "−8", "−8", "−13 to −1")
    assert by_area.rows[0] == ("Södra", "12", "12", "7 to 19")


def test_those_who_must_leave_violence_are_a_count_and_never_a_place(tables: Callable[..., Tables]) -> None:
    sections = make_sections(tables(), EN)
    rows = {row[0]: row[1] for row in captions(sections["groups"])["Households by group and year"].rows}
    assert rows["those who must leave violence"] == "3"
    everything = repr(sections)
    assert "9137" not in everything
    assert "9,137" not in everything


def test_what_counts_in_the_need_is_not_added_to_the_supply(tables: Callable[..., Tables]) -> None:
    section = make_sections(tables(), EN)["supply"]
    table = captions(section)["Homes by source and how far it has come"]
    assert table.total is not None
    assert table.total[-1] == "5"
    assert "4 vacant homes are taken off the need already" in told(section)


def test_an_unknown_gate_is_unknown_and_no_number(tables: Callable[..., Tables]) -> None:
    table = captions(make_sections(tables(), EN)["capacity"])["Islands: what the plan allows and what the island takes"]
    assert table.rows[0] == ("Södra", "7", "3", "fresh water", "–")
    assert table.rows[1][2:] == ("unknown", "–", "quay, school")


def test_who_is_left_and_why(tables: Callable[..., Tables]) -> None:
    section = make_sections(tables(), EN)["left"]
    assert "3 households are left" in told(section)
    rows = captions(section)["By reason, group and wanted type, 2040"].rows
    assert rows == (("none within reach", "living alone, older", "multi-dwelling buildings", "3"),)
    nobody = make_sections(tables("allocation_left"), EN)["left"]
    assert told(nobody) == "No household is left in 2040."


def test_the_other_municipalities_indicators_are_not_its_own(tables: Callable[..., Tables]) -> None:
    rows = captions(make_sections(tables(), SV)["indicators"])["Första och senaste värde"].rows
    assert [row[1:] for row in rows] == [("500,0 (2020)", "510,5 (2024)")]


@pytest.mark.parametrize(
    ("say", "value", "digits", "expected"),
    [(SV, 1234.56, 1, "1\u00a0234,6"), (EN, -0.04, 1, "0.0"), (EN, -1234.5, 0, "−1,234"), (SV, None, 1, "–")],
)
def test_numbers_are_written_as_the_language_does(say: Say, value: float | None, digits: int, expected: str) -> None:
    assert say.decimal(value, digits) == expected
