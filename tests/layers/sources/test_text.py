from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import InputError
from layers.sources.text import decode, demojibake, parse_table, sniff_delimiter


def table(text: str, delimiter: str | None = None) -> dict[str, list[str | None]]:
    frame = parse_table(text, delimiter=delimiter, name="t.csv", key="layers.x").frame
    return {str(name): [None if cell != cell else cell for cell in column.tolist()] for name, column in frame.items()}


def decoded(data: bytes, encoding: str | None = None) -> str:
    return decode(data, encoding=encoding, name="t.csv", key="layers.x")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    assert decoded("namn;ort\nÅsa;Söderhamn\n".encode(encoding)) == "namn;ort\nÅsa;Söderhamn\n"


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-1", "utf-8", "utf-16-le", "mac-roman"])
def test_a_named_encoding_is_used(encoding: str) -> None:
    assert decoded("Söderhamn".encode(encoding), encoding) == "Söderhamn"


def test_wrong_bytes_are_told_with_line_byte_and_setting() -> None:
    data = "namn\nAsa\nSöderhamn\n".encode("cp1252")
    with pytest.raises(InputError) as caught:
        decoded(data)
    assert "line 3, byte 11: 0xF6 is not UTF-8" in str(caught.value)
    assert data[10] == 0xF6
    assert 'Set layers.x.encoding, perhaps to "cp1252" (the place then reads "Söderhamn")' in str(caught.value)


def test_mixed_encodings_are_told_and_read() -> None:
    data = "Åsa\n".encode() + "Söderhamn\n".encode("cp1252") + "Gävle\n".encode()
    with pytest.raises(InputError, match=r'layers\.x\.encoding = "mixed"'):
        decoded(data)
    assert decoded(data, "mixed") == "Åsa\nSöderhamn\nGävle\n"
    assert decoded(b"\xef\xbb\xbf" + data, "mixed").startswith("Åsa")
    # Windows-1252 has five bytes without a character.
    assert decoded(b"\x81\xe5\n", "mixed") == "\x81å\n"


def test_utf16_without_a_mark_is_told() -> None:
    with pytest.raises(InputError, match="looks like UTF-16"):
        decoded("id,namn\n1,Asa\n".encode("utf-16-le"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=40))
def test_utf8_survives(text: str) -> None:
    assert decoded(text.encode()) == text
    assert decoded(text.encode(), "mixed") == text


# --- mojibake -------------------------------------------------------------------------------------

SWEDISH = st.text("abcdeÅÄÖåäöéüØæ –1", min_size=1, max_size=20)


@given(SWEDISH)
def test_mojibake_is_undone(text: str) -> None:
    wrong = "".join(
        bytes([byte]).decode("cp1252", errors="replace").replace("\ufffd", chr(byte)) for byte in text.encode()
    )
    assert demojibake(wrong) == text
    twice = "".join(
        bytes([byte]).decode("cp1252", errors="replace").replace("\ufffd", chr(byte)) for byte in wrong.encode()
    )
    assert demojibake(twice) == text


@given(SWEDISH)
def test_good_text_is_left_alone(text: str) -> None:
    assert demojibake(text) == text


@pytest.mark.parametrize("text", ["", "ÅÄÖ", "Âge", "Ãlvsborg €", "Ã", "Łódź Ã¶", "日本"])
def test_text_that_only_looks_like_mojibake_is_left_alone(text: str) -> None:
    assert demojibake(text) == text


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters_are_found_out(sign: str) -> None:
    other = ";" if sign == "," else ","
    text = sign.join(["id", "namn", "pris"]) + "\n" + sign.join(["1", f"a{other}b", "2"]) + "\n"
    assert sniff_delimiter(text) == sign
    assert table(text)["id"] == ["1"]


def test_decimal_commas_do_not_fool_the_search() -> None:
    assert table("id;x;y\n1;1,5;2,5\n2;3,5;4,5\n") == {
        "id": ["1", "2"],
        "x": ["1,5", "3,5"],
        "y": ["2,5", "4,5"],
    }


def test_a_single_column_is_a_table_too() -> None:
    assert table("namn\nÅsa\nBo\n") == {"namn": ["Åsa", "Bo"]}


def test_rows_are_numbered_by_line() -> None:
    text = 'id,namn\r\n1,"two\r\nlines"\r\n\r\n2,x\r\n'
    frame = parse_table(text, delimiter=None, name="t", key="k").frame
    assert frame.index.tolist() == [2, 5]
    assert frame["namn"].tolist() == ["two\r\nlines", "x"]


def test_ragged_lines_are_told() -> None:
    parsed = parse_table("a,b\n1,2\n1,2,3\n1\n3,4,,\n", delimiter=None, name="t", key="k")
    assert parsed.frame.index.tolist() == [2, 5]
    assert parsed.ragged == (
        (3, "3 cells where the header has 2"),
        (4, "1 cells where the header has 2"),
    )


@pytest.mark.parametrize(("text", "told"), [("", "no header"), ("\n\n", "no header"), ("a,b,a\n1,2,3\n", "called a")])
def test_faulty_headers(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        table(text)


def test_a_column_without_a_name_gets_one() -> None:
    assert table("a,,b,\n1,2,3,\n") == {"a": ["1"], "column_2": ["2"], "b": ["3"]}


def test_hostile_cells_stay_text() -> None:
    cells = [
        "'; DROP TABLE feature; --",
        "a\x00b",
        "x" * 300_000,
        "=cmd()",
        '"',
        "𝕊öder\u200b",
        "NULL",
        "nan",
        "NA",
    ]
    out = io.StringIO()
    csv.writer(out).writerows([["id"], *([cell] for cell in cells)])
    assert table(out.getvalue(), ",") == {"id": cells}


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=10).map(str.strip)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_what_is_written_is_read(rows: list[tuple[str, str]], sign: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=sign).writerows([("a", "b"), *rows])
    read = table(out.getvalue(), sign)
    filled = [row for row in rows if any(row)]
    assert list(zip(read["a"], read["b"], strict=True)) == [(a or None, b or None) for a, b in filled]
