"""A fetched table on disk: the cells as CSV, and beside them what was asked, when, and under which licence."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoplan.errors import InputError
from layers.sources.services.answer import Answer

if TYPE_CHECKING:
    from layers.sources.source import LayerPart

__all__ = ["Told", "read_told", "sidecar_of", "write_answers"]

_SUPPRESSED = ".."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What stands beside a fetched table.

    Attributes
    ----------
    service, url, query
        What was asked of whom.
    fetched_at
        When, in UTC.
    title, source, licence, updated, notes
        As the service told them.
    rows, statuses
        How many cells there are, and how many of each status, such as ``..`` for suppressed ones.
    left_out
        Rows that the service marks as deleted.
    sha256
        Of the table's file as it was fetched.
    """

    service: str
    url: str
    query: Mapping[str, Any]
    fetched_at: str
    title: str
    source: str
    licence: str
    updated: str | None
    notes: tuple[str, ...]
    rows: int
    statuses: Mapping[str, int]
    left_out: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self) | {"notes": list(self.notes)}

    def warnings(self, sha256: str) -> list[tuple[str, str]]:
        """Return what an import should tell of the table, each as a reason and its particulars.

        Parameters
        ----------
        sha256
            Of the table's file as it is now.
        """
        told = []
        if sha256 != self.sha256:
            told.append(("the file was changed after it was fetched", f"fetched {self.fetched_at}"))
        hidden = self.statuses.get(_SUPPRESSED, 0)
        if hidden:
            told.append(("cells are suppressed and have no value", f'{hidden} of {self.rows} have the status ".."'))
        return told


def sidecar_of(path: Path) -> Path:
    """Return the file that stands beside a fetched table."""
    return path.with_suffix(".source.json")


def write_answers(answers: Sequence[tuple[Answer, Path]], *, now: dt.datetime) -> list[Told]:
    """Write fetched tables and what is told of them: all of them or none.

    Parameters
    ----------
    answers
        What a service answered, and the table's file; what is there is replaced.
    now
        When they were fetched, with a time zone.

    Raises
    ------
    InputError
        A file cannot be written; all are as they were.
    """
    told = []
    staged: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for answer, path in answers:
            content = answer.frame.to_csv(index=False, lineterminator="\n").encode()
            each = _told(answer, content, now)
            beside = json.dumps(each.to_dict(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.append((_stage(path, content), path))
            staged.append((_stage(path, beside.encode()), sidecar_of(path)))
            told.append(each)
        _replace_all(staged)
    except OSError as error:
        place = error.filename2 or path
        raise InputError(
            f"{place} cannot be written: {error.strerror or error}.", hint="Check the folder's permissions."
        ) from error
    finally:
        for temporary, _ in staged:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    return told


def _told(answer: Answer, content: bytes, now: dt.datetime) -> Told:
    return Told(
        service=answer.service,
        url=answer.url,
        query=answer.query,
        fetched_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        title=answer.title,
        source=answer.source,
        licence=answer.licence,
        updated=answer.updated,
        notes=answer.notes,
        rows=len(answer.frame),
        statuses=dict(sorted(Counter(mark for mark in answer.frame["status"] if mark).items())),
        left_out=answer.left_out,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def read_told(path: Path, part: LayerPart, *, key: str) -> Told:
    """Return what stands beside a fetched table.

    Parameters
    ----------
    path
        The table's file.
    part
        The settings that ask for it.
    key
        The key of the settings for messages.

    Raises
    ------
    InputError
        The table was not fetched yet, or what stands beside it is missing or damaged.
    """
    again = "Run `geoplan fetch`, or name a file of your own instead."
    if not path.exists():
        raise InputError(f"{key}: the table was not fetched yet ({part.file} does not exist).", hint=again)
    beside = sidecar_of(path)
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Told)}
        return Told(**{name: value for name, value in content.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{key}: {beside.name}, which says where {part.file} comes from, cannot be read.", hint=again
        ) from error


def _stage(path: Path, content: bytes) -> Path:
    """Write a file beside the one that it is to replace."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".geoplan-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return Path(name)


def _replace_all(staged: Sequence[tuple[Path, Path]]) -> None:
    """Put staged files in their places; where one cannot be, put back what was there before."""
    before = {path: path.read_bytes() if path.is_file() else None for _, path in staged}
    done: list[Path] = []
    try:
        for temporary, path in staged:
            temporary.replace(path)
            done.append(path)
    except OSError:
        for path in done:
            old = before[path]
            if old is None:
                path.unlink()
            else:
                _stage(path, old).replace(path)
        raise
