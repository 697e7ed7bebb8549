"""Tables as files for a spreadsheet: CSV, and XLSX with a sheet that says what made it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

__all__ = ["CSV", "XLSX", "cell", "csv_text", "workbook"]

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_767
_STAMP = (1980, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; several values become one text."""
    if isinstance(value, list | tuple):
        value = "; ".join(map(str, value))
    elif isinstance(value, Mapping):
        value = "; ".join(f"{name} {part}" for name, part in value.items())
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a heading; nothing where there are none."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def workbook(
    sheets: Mapping[str, Sequence[Mapping[str, Any]]], provenance: Iterable[Sequence[Any]], *, created_at: str
) -> bytes:
    """Return a workbook with a sheet a table, and a last one called ``provenance``.

    Parameters
    ----------
    sheets
        Rows by the sheet's name (at most 31 characters).
    provenance
        Rows of that sheet.
    created_at
        When the figures were computed, ``YYYY-MM-DDTHH:MM:SSZ``; it stands in the file instead of now.

    Returns
    -------
    bytes
        XLSX. The same rows give the same bytes.
    """
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        if rows:
            sheet.append(list(rows[0]))
        for row in rows:
            sheet.append([_xlsx_cell(value) for value in row.values()])
    sheet = book.create_sheet("provenance")
    for line in provenance:
        sheet.append([_xlsx_cell(value) for value in line])
    written = io.BytesIO()
    book.save(written)
    return _settled(written, created_at)


def _xlsx_cell(value: Any) -> Any:
    value = cell(value)
    return ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST] if isinstance(value, str) else value


def _settled(book: io.BytesIO, created_at: str) -> bytes:
    """Return a workbook in which no clock stands: neither in its properties nor on the files that it packs."""
    settled = io.BytesIO()
    with zipfile.ZipFile(book) as read, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as write:
        for name in read.namelist():
            content = read.read(name)
            if name == "docProps/core.xml":
                content = _DATES.sub(rb"\g<1>" + created_at.encode(), content)
            entry = zipfile.ZipInfo(name, date_time=_STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            write.writestr(entry, content)
    return settled.getvalue()
