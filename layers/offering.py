"""Plots for sale: a layer of the store to which rows are only ever added.

The last row in force for a plot counts; those before it, and the versions of the layer, stay for whoever checks. What
is served joins the rows to the last run's plots when it is read, so a plot that is sold is shown as sold at once.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.errors import InputError, NotFoundError
from geoplan.plots.offers import (
    OFFER_COLUMNS,
    PRICE_KINDS,
    PUBLIC_COLUMNS,
    SALE_FORMS,
    STATUSES,
    WITHDRAWN,
    named_by,
    status_history,
)
from layers.entries import entry
from layers.faults import did_you_mean
from layers.lastrun import LastRun, is_storable
from layers.store import LayerVersion, Store

__all__ = [
    "PLOT_OFFERS",
    "TERMS",
    "ListOutcome",
    "add_list",
    "all_offers",
    "date_of",
    "offer",
    "plot_history",
    "plot_names",
    "public_row",
]

PLOT_OFFERS = "plot_offers"

TERMS = ("sale_form", "price_sek", "price_kind", "tenure")
"""The terms of a sale."""

_LONGEST = {"reason": 2_000, "official": 200, "tenure": 200, "source": 500}
"""Most characters of a text."""

_MOST_SEK = 1e12
_SOURCE = {"officials": True}
_CHOICES: Mapping[str, Sequence[str]] = {
    "status": (*STATUSES, WITHDRAWN),
    "sale_form": SALE_FORMS,
    "price_kind": PRICE_KINDS,
}
_NEAR_AT_MOST = 20_000


@dataclass(frozen=True)
class ListOutcome:
    """What became of a list's rows.

    Attributes
    ----------
    added
        How many were added.
    passed_over
        Line and plot of each row that says nothing new.
    """

    added: int
    passed_over: tuple[tuple[int, str], ...]


def offer(
    store: Store,
    plot: str,
    status: str,
    *,
    reason: str,
    official: str,
    terms: Mapping[str, Any] | None = None,
    from_date: dt.date | None = None,
    until: dt.date | None = None,
    source: str | None = None,
    day: dt.date | None = None,
) -> dict[str, Any]:
    """Add a row on a plot; what is served shows it at once, and the figures of the next run rest on it.

    Parameters
    ----------
    store
        A store that may be written to, with a run.
    plot
        A plot of the last run, or a parcel's id or designation: the row then holds for all plots on it.
    status
        See :data:`geoplan.plots.offers.STATUSES`; ``computed`` takes the rows before back.
    reason, official
        Why, and who says so.
    terms
        Those of :data:`TERMS` that are said, ``None`` for unknown; ``price_sek`` in kronor. A term that is left out
        stays as the row that stood until now has it, so that a plot that is reserved keeps its price.
    from_date, until
        First and last day on which the row holds; ``None``: at once, and without end.
    source
        A decision or a page.
    day
        The day on which it is added; default: today.

    Returns
    -------
    dict
        The row as it is kept, and ``before``: the row that stood until now, or ``None``. Who comes second of two
        officials sees there what the first one did.

    Raises
    ------
    NotFoundError
        There is no run, or it knows no such plot or parcel; the closest names are given.
    InputError
        A value is wrong, the layer is fed from a file, or there is nothing to take back.
    """
    day = day or dt.date.today()
    said = dict(terms or {})
    row = _row(
        {
            **said,
            "plot": plot,
            "status": status,
            "from_date": None if from_date is None else from_date.isoformat(),
            "until": None if until is None else until.isoformat(),
            "official": official,
            "reason": reason,
            "source": source,
            "date": day.isoformat(),
        }
    )
    names = plot_names(store, plot)
    with store.alone(PLOT_OFFERS):
        rows = _rows_of_officials(store)
        history = status_history(_frame(rows), names, as_of=day)
        standing = history[history["stands"]]
        before = None if standing.empty else _plain(standing[list(OFFER_COLUMNS)])[0]
        if status == WITHDRAWN and (before is None or before["status"] == WITHDRAWN):
            raise InputError(f"There is nothing on {plot} to take back.", hint="`geoplan offer --list` shows all rows.")
        if before is not None and WITHDRAWN not in (status, before["status"]):
            row |= {name: before[name] for name in TERMS if name not in said}
        _write(store, [*rows, row])
    return {**row, "before": before}


def add_list(store: Store, path: Path, *, official: str, day: dt.date | None = None) -> ListOutcome:
    """Add the rows of a list (CSV, UTF-8, comma or semicolon), all or none.

    Passed over is a row that says what the last row of its plot says, and a row with a ``date`` that is there with
    that date. So the list may be added again when it has grown, and a plot that was sold may be listed again.

    Parameters
    ----------
    store
        A store that may be written to, with a run.
    path
        The list.
    official
        Who adds it.
    day
        The day of rows without a ``date``; default: today.

    Raises
    ------
    InputError
        The file cannot be read, lacks ``plot`` or ``status``, or a value is wrong: the line is named.
    """
    day = day or dt.date.today()
    listed: list[tuple[int, dict[str, Any], bool]] = []
    for number, given in _lines(path):
        dated = bool(given.get("date"))
        try:
            row = _row({**given, "official": official, "date": given["date"] if dated else day.isoformat()})
        except InputError as error:
            raise InputError(f"{path.name}, line {number}: {error.message}", hint=error.hint) from None
        listed.append((number, row, dated))
    with store.alone(PLOT_OFFERS):
        rows = _rows_of_officials(store)
        new = _new_lines(rows, listed)
        if new:
            _write(store, [*rows, *(row for number, row, _ in listed if number in new)])
    return ListOutcome(len(new), tuple((number, row["plot"]) for number, row, _ in listed if number not in new))


def all_offers(store: Store, *, version: int | None = None) -> list[dict[str, Any]]:
    """Return every row, oldest first, as JSON values; those of a version of the layer, by default the current one."""
    if version is None and store.current(PLOT_OFFERS) is None:
        return []
    return _plain(store.read(PLOT_OFFERS, version=version).reindex(columns=list(OFFER_COLUMNS)))


def plot_history(store: Store, plot: str, *, day: dt.date | None = None) -> list[dict[str, Any]]:
    """Return every row that holds for a plot or a parcel, oldest first, each with ``stands``.

    Raises
    ------
    NotFoundError
        There is no such plot or parcel in the last run, and no row names it.
    """
    offers = _frame(all_offers(store))
    try:
        names = plot_names(store, plot)
    except NotFoundError:
        # A plot that is gone keeps its history.
        names = {"id": plot}
        if status_history(offers, names).empty:
            raise
    history = status_history(offers, names, as_of=day or dt.date.today())
    return _plain(history)


def plot_names(store: Store, plot: str) -> dict[str, Any]:
    """Return the names under which a row may hold for a plot: ``id``, ``parcel`` and ``designation``.

    Raises
    ------
    NotFoundError
        The last run knows neither a plot nor a parcel of that name; the closest ones are given.
    """
    last = LastRun.of(store)
    if is_storable(plot):
        if (parcel := _parcel_of_plot(last, plot)) is not None:
            return {"id": plot, "parcel": parcel, "designation": _designation(last, parcel)}
        if (named := _parcel_named(last, plot)) is not None:
            return {"id": None, "parcel": named, "designation": _designation(last, named) or plot}
    raise NotFoundError(f"There is no plot or parcel {plot!r}.", hint=_near(last, plot))


def public_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what anybody may read of a row: not who, nor why."""
    return {name: row[name] for name in (*PUBLIC_COLUMNS, "stands") if name in row}


def date_of(name: str, given: Any) -> dt.date | None:
    """Read a day as YYYY-MM-DD; ``None`` stays ``None``.

    Raises
    ------
    InputError
        It is no day.
    """
    if given is None:
        return None
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        raise InputError(f"{given!r} is no day for {name}.", hint="Write YYYY-MM-DD.") from None


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with every value checked."""
    row: dict[str, Any] = {name: given.get(name) or None for name in OFFER_COLUMNS}
    row["price_sek"] = _price(given.get("price_sek"))
    for name, allowed in _CHOICES.items():
        if row[name] is not None and row[name] not in allowed:
            raise InputError(f"{row[name]!r} is no {name}.", hint=f"Choose among {', '.join(allowed)}.")
    if row["status"] is None:
        raise InputError("The status is empty.", hint=f"Choose among {', '.join(_CHOICES['status'])}.")
    if row["plot"] is None or not is_storable(str(row["plot"])):
        raise InputError("The plot has no name that can be kept.")
    for name, most in _LONGEST.items():
        if row[name] is not None or name == "official":
            row[name] = entry(name, str(row[name] or ""), most=most)
    for name in ("from_date", "until", "date"):
        found = date_of(name, row[name])
        row[name] = None if found is None else found.isoformat()
    if row["from_date"] and row["until"] and row["until"] < row["from_date"]:
        raise InputError(f"It would end on {row['until']}, before it begins on {row['from_date']}.")
    return row


def _price(given: Any) -> float | None:
    if given is None or given == "":
        return None
    try:
        price = float(given)
    except (TypeError, ValueError):
        raise InputError(
            f"{given!r} is no price.", hint="Write kronor as a number; leave out what is unknown."
        ) from None
    if not math.isfinite(price) or not 0 <= price <= _MOST_SEK:
        raise InputError(f"{given!r} is no price.", hint="Write kronor as a number; leave out what is unknown.")
    return price


def _lines(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}).", hint="Save it as UTF-8.") from error
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter, restkey="", skipinitialspace=True)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    if missing := [name for name in ("plot", "status") if name not in names]:
        raise InputError(f"{path.name} has no column {', '.join(missing)}.", hint="docs/plot-record.md has them all.")
    if unknown := [name for name in names if name not in OFFER_COLUMNS]:
        raise InputError(f"{path.name}: unknown column {unknown[0]!r}, {did_you_mean(unknown[0], OFFER_COLUMNS)}.")
    for line in reader:
        if "" in line:
            raise InputError(f"{path.name}, line {reader.line_num}: more values than columns.")
        yield reader.line_num, {name: (value or "").strip() for name, value in line.items()}


def _new_lines(rows: Sequence[Mapping[str, Any]], listed: Sequence[tuple[int, Mapping[str, Any], bool]]) -> set[int]:
    """Return the numbers of the lines that say something new of their plot, given the rows so far."""
    known = {(_named(row), _said(row), row["date"]) for row in rows}
    before: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        before.setdefault(_named(row), []).append(_said(row))
    waiting: dict[str, list[tuple[int, tuple[Any, ...]]]] = {}
    for number, row, dated in listed:
        if not dated or (_named(row), _said(row), row["date"]) not in known:
            waiting.setdefault(_named(row), []).append((number, _said(row)))
    new: set[int] = set()
    for name, lines in waiting.items():
        there, said = before.get(name, []), [said for _, said in lines]
        # The list may tell of several days in a row: it goes on where the rows so far end.
        same = next(n for n in range(min(len(there), len(said)), -1, -1) if there[len(there) - n :] == said[:n])
        new.update(number for number, _ in lines[same:])
    return new


def _named(row: Mapping[str, Any]) -> str:
    """Return what a row names, the same however it is written."""
    return " ".join(str(row["plot"]).split()).casefold()


def _said(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a row says of its plot: who added it, and when, is no part of that."""
    return tuple(row[name] for name in OFFER_COLUMNS if name not in ("plot", "official", "date"))


def _rows_of_officials(store: Store) -> list[dict[str, Any]]:
    """Return the rows so far.

    Raises
    ------
    InputError
        They come from a file.
    """
    current = store.current(PLOT_OFFERS)
    _refuse_file(current)
    return [] if current is None else all_offers(store)


def _refuse_file(current: LayerVersion | None) -> None:
    if current is not None and not current.source.get("officials"):
        files = ", ".join(str(file.get("path")) for file in current.source.get("files", ())) or "elsewhere"
        raise InputError(
            f"The layer {PLOT_OFFERS} comes from {files}, so it is kept there.",
            hint=f"Add a row to that file and run `geoplan import {PLOT_OFFERS}`; it is shown at once.",
        )


def _write(store: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    store.write(PLOT_OFFERS, _frame(rows), source=_SOURCE, key="plot")


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(OFFER_COLUMNS), dtype=object)


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found = frame.astype(object)
    rows = found.where(found.notna(), None).to_dict("records")
    return [{str(name): bool(value) if name == "stands" else value for name, value in row.items()} for row in rows]


def _parcel_of_plot(last: LastRun, plot: str) -> str | None:
    if "plots" not in last.run.outputs:
        return None
    found = last.output("plots", keys=[plot])
    return str(found["parcel"].iloc[0]) if len(found) else None


def _designation(last: LastRun, parcel: str) -> str | None:
    if "parcels" not in last.run.inputs:
        return None
    found = last.input("parcels", keys=[parcel])
    if not len(found) or "designation" not in found:
        return None
    value = found["designation"].iloc[0]
    return None if pd.isna(value) else str(value)


def _parcel_named(last: LastRun, name: str) -> str | None:
    """Return the id of a parcel of that id or designation, however it is written; ``None`` where there is none."""
    known = _parcels(last)
    found = named_by(known, name)
    return None if found.empty else str(found["parcel"].iloc[0])


def _parcels(last: LastRun) -> pd.DataFrame:
    if "parcels" not in last.run.inputs:
        return pd.DataFrame({"id": [], "parcel": []}, dtype=object)
    try:
        frame = last.input("parcels", columns=["id", "designation"])
    except NotFoundError:  # a layer without designations
        frame = last.input("parcels", columns=["id"])
    return pd.DataFrame(frame).assign(parcel=frame["id"])


def _near(last: LastRun, plot: str) -> str:
    """Name the closest plots and parcels; only those of about the same length and beginning are compared."""
    names = [str(name) for name in _parcels(last)["id"]]
    if "plots" in last.run.outputs:
        names += [str(name) for name in last.output("plots", columns=["id"])["id"]]
    folded = {
        name.casefold(): name
        for name in dict.fromkeys(names)
        if abs(len(name) - len(plot)) <= 3 and name[:1].casefold() == plot[:1].casefold()
    }
    close = difflib.get_close_matches(plot.casefold(), list(folded)[:_NEAR_AT_MOST], n=3, cutoff=0.7)
    if close:
        return f"Did you mean {' or '.join(folded[name] for name in close)}?"
    return "`geoplan export plots FILE.csv` lists the plots."
