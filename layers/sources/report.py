"""The import report: what became of every row of a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from geoplan.errors import InputError

__all__ = ["ImportReport", "Issue", "RejectedError", "Severity", "SourceFile"]

Severity = Literal["rejected", "repaired", "warning"]

_SHOWN = 10

_WORDS = {
    "sv": {
        "head": "{layer}: {imported} av {read} rader inlästa",
        "repaired": "{n} lagade",
        "rejected": "{n} avvisade",
        "filtered": "{n} utelämnade av only eller within",
        "more": "… och {n} till (hela listan finns i rapporten)",
        "row": "rad {row}",
        "severity": {"rejected": "avvisad", "repaired": "lagad", "warning": "varning"},
    },
    "en": {
        "head": "{layer}: {imported} of {read} rows imported",
        "repaired": "{n} repaired",
        "rejected": "{n} rejected",
        "filtered": "{n} left out by only or within",
        "more": "… and {n} more (the report has the whole list)",
        "row": "row {row}",
        "severity": {"rejected": "rejected", "repaired": "repaired", "warning": "warning"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that was wrong.

    Attributes
    ----------
    severity
        ``rejected``: the row is not in the layer. ``repaired``: it is, changed. ``warning``: it is, as it
        was.
    reason
        What was wrong, the same words for the same fault.
    detail
        The particulars of this row.
    row
        The row's number in the source: the line in a CSV file, the feature id (FID) that GIS programs show,
        or the position from 1 in Parquet. ``None`` for the source as a whole.
    id
        The feature's id where it has one.
    file
        The source, as named in ``geoplan.toml``.
    """

    severity: Severity
    reason: str
    detail: str = ""
    row: int | None = None
    id: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file that was read.

    Attributes
    ----------
    path
        As named in ``geoplan.toml``.
    sha256
        Of the file's bytes; of a Shapefile, of all its files.
    crs
        The coordinate reference system that its coordinates were taken to be in, ``None`` for a table.
    rows
        Rows read, after ``where``.
    fetched
        Of a table that a service gave: the service, its address, the query, the time and the licence; else ``None``.
    """

    path: str
    layer: str | None
    driver: str
    sha256: str
    crs: str | None
    rows: int
    source: str | None = None
    licence: str | None = None
    date: str | None = None
    fetched: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of every row of a layer's sources.

    Rows are counted after ``where`` and after ``unpivot``, and
    ``rows_read = rows_imported + rows_rejected + rows_filtered``; the repaired ones are among the imported.
    """

    layer: str
    files: tuple[SourceFile, ...]
    rows_read: int
    rows_imported: int
    rows_repaired: int
    rows_rejected: int
    rows_filtered: int
    issues: tuple[Issue, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the whole report as plain JSON values."""
        return {
            **asdict(self),
            "files": [asdict(f) for f in self.files],
            "issues": [asdict(i) for i in self.issues],
        }

    def reasons(self) -> Mapping[tuple[Severity, str], int]:
        """Return how many issues there are of each severity and reason, in the order first met."""
        return Counter((issue.severity, issue.reason) for issue in self.issues)

    def summary(self, language: str = "en") -> str:
        """Return the report as text: counts, and of each kind of issue the first few.

        Parameters
        ----------
        language
            ``sv`` or ``en``. What was wrong with a row is told in English in both.
        """
        words: Any = _WORDS[language]
        counts = [words["head"].format(layer=self.layer, imported=self.rows_imported, read=self.rows_read)]
        for key in ("repaired", "rejected", "filtered"):
            number = getattr(self, f"rows_{key}")
            if number:
                counts.append(words[key].format(n=number))
        lines = [", ".join(counts) + "."]
        for (severity, reason), number in self.reasons().items():
            lines.append(f"  {words['severity'][severity]}: {reason} ({number})")
            same = [issue for issue in self.issues if (issue.severity, issue.reason) == (severity, reason)]
            told = [text for text in (_line(issue, words, many=len(self.files) > 1) for issue in same[:_SHOWN]) if text]
            lines.extend(f"    {text}" for text in told)
            if len(same) > _SHOWN:
                lines.append("    " + words["more"].format(n=len(same) - _SHOWN))
        return "\n".join(lines)


def _line(issue: Issue, words: Any, *, many: bool) -> str:
    place = words["row"].format(row=issue.row) if issue.row is not None else ""
    if many and issue.file is not None:
        place = f"{issue.file.rsplit('/', 1)[-1]} {place}"
    if issue.id is not None:
        place += f" ({issue.id})"
    return ": ".join(text for text in (place.strip(), issue.detail) if text)


class RejectedError(InputError):
    """So much of a layer was rejected that nothing of it is imported.

    Parameters
    ----------
    report
        What was wrong, row by row; ``rows_imported`` is 0.
    """

    def __init__(self, message: str, *, report: ImportReport, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.report = report
