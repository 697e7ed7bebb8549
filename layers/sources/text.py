"""Text from files: encodings, the traces of wrong ones, and tables of delimited text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from layers.sources.source import MIXED

__all__ = ["TextTable", "decode", "demojibake", "parse_table", "sniff_delimiter"]

_DELIMITERS = (",", ";", "\t", "|")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# What UTF-8 for U+0080 to U+00FF and for dashes and quotes looks like in Windows-1252. Letters further on
# would begin with Ä or Å, and "Ä–" is good Swedish.
_SUSPECT = re.compile("[\u00c2\u00c3][^\x00-\x7f]|\u00e2\u20ac")


def decode(data: bytes, *, encoding: str | None, name: str, key: str) -> str:
    """Turn bytes into text, strictly.

    Without an ``encoding``, a byte order mark decides, else UTF-8. ``"mixed"`` takes each line as UTF-8 where
    it is valid and as Windows-1252 where it is not, which is safe because text in Windows-1252 with letters
    beyond ASCII is hardly ever valid UTF-8.

    Parameters
    ----------
    data
        The file's bytes.
    encoding
        The encoding, as in ``geoplan.toml``.
    name, key
        The file's name and the key of its settings (``layers.parcels``), for messages.

    Raises
    ------
    InputError
        Bytes that the encoding does not have: the line, the byte and the setting that mends it.
    """
    if encoding == MIXED:
        return "".join(_mixed_line(line) for line in data.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True))
    wanted = encoding
    if wanted is None:
        wanted = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        text = data.decode(wanted)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"{name}, line {line}, byte {error.start + 1}"
        raise InputError(
            f"{place}: 0x{data[error.start]:02X} is not {wanted.upper()}.",
            hint=_encoding_hint(data, error.start, key),
        ) from error
    if "\x00" in text[:200] and text[:200].count("\x00") > len(text[:200]) // 4:
        raise InputError(f"{name} looks like UTF-16.", hint=f'Set {key}.encoding = "utf-16-le" or "utf-16-be".')
    return text.removeprefix("\ufeff")


def _mixed_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return _sloppy_decode(line)


def _sloppy_decode(data: bytes) -> str:
    """Decode Windows-1252 the way browsers do: its five unused bytes are control characters."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(_sloppy_decode_byte(byte) for byte in data)


def _sloppy_decode_byte(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _encoding_hint(data: bytes, start: int, key: str) -> str:
    first = data.rfind(b"\n", 0, start) + 1
    end = data.find(b"\n", start)
    line = data[first : end if end >= 0 else len(data)]
    nearby = _sloppy_decode(line)[max(0, start - first - 15) : start - first + 15].strip()
    others = data[:first] + data[first + len(line) :]
    if _UTF8_SEQUENCE.search(others):
        return f'Other lines are UTF-8: set {key}.encoding = "{MIXED}" (the place then reads "{nearby}").'
    return f'Set {key}.encoding, perhaps to "cp1252" (the place then reads "{nearby}").'


def demojibake(text: str) -> str:
    """Undo that UTF-8 was decoded as Windows-1252, up to three times over; other text is returned as it is.

    Examples
    --------
    >>> demojibake("SÃ¶derhamn")
    'Söderhamn'
    >>> demojibake("Söderhamn")
    'Söderhamn'
    """
    for _ in range(3):
        if not _SUSPECT.search(text):
            break
        try:
            better = b"".join(_sloppy_encode(char) for char in text).decode("utf-8")
        except (UnicodeDecodeError, UnicodeEncodeError):
            break
        text = better
    return text


def _sloppy_encode(char: str) -> bytes:
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        # Only the five bytes that Windows-1252 leaves unused; all else is no mojibake.
        return char.encode("latin-1")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of delimited text.

    Attributes
    ----------
    frame
        All cells as text, empty ones missing; the index is the line in the file (the header is line 1).
    ragged
        Lines whose number of cells differs from the header's, with what was found.
    """

    frame: pd.DataFrame
    ragged: tuple[tuple[int, str], ...]


def parse_table(text: str, *, delimiter: str | None, name: str, key: str) -> TextTable:
    """Read delimited text with a header line.

    Raises
    ------
    InputError
        There is no header, or two columns have the same name.
    """
    sign = delimiter or sniff_delimiter(text)
    records = _records(text, sign)
    line, header = next(records, (1, []))
    names = [cell.strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InputError(f"{name} has no header line.", hint="The first line must name the columns.")
    names = [column or f"column_{number}" for number, column in enumerate(names, start=1)]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise InputError(
            f"{name} has two columns called {', '.join(twice)}.",
            hint=f"Rename one, or set {key}.delimiter if the columns were not told apart.",
        )
    lines: list[int] = []
    rows: list[list[str]] = []
    ragged: list[tuple[int, str]] = []
    for line, cells in records:
        while len(cells) > len(names) and not cells[-1].strip():
            cells.pop()
        if len(cells) == len(names):
            lines.append(line)
            rows.append(cells)
        else:
            ragged.append((line, f"{len(cells)} cells where the header has {len(names)}"))
    cells_array = np.empty((len(rows), len(names)), dtype=object)
    for number, row in enumerate(rows):
        cells_array[number] = [cell if cell.strip() else None for cell in row]
    index = pd.Index(lines, dtype="int64")
    frame = pd.DataFrame(
        {column: pd.Series(cells_array[:, number], index=index, dtype="str") for number, column in enumerate(names)},
        index=index,
    )
    return TextTable(frame, tuple(ragged))


def sniff_delimiter(text: str) -> str:
    """Return the delimiter that splits the first lines into most columns, the same number on each line."""
    sample = "".join(text[:200_000].splitlines(keepends=True)[:50])

    def score(sign: str) -> tuple[float, int]:
        widths = [len(cells) for _, cells in _records(sample, sign)]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(_DELIMITERS, key=lambda sign: (score(sign), -_DELIMITERS.index(sign)))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, with the line that each begins on."""
    # A cell may be as long as the file; the module's own limit is 128 KiB, and global.
    previous = csv.field_size_limit(max(len(text), 1))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        start = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    finally:
        csv.field_size_limit(previous)
