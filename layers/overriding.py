"""Officials' decisions on single parcels: a layer of the store to which rows are only ever added.

The last row on a parcel and a rule counts; those before it, and the versions of the layer, stay for whoever checks.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
from collections.abc import Mapping
from typing import Any, get_args

import pandas as pd
import shapely

from geoplan.errors import InputError, NotFoundError
from geoplan.land.decisions import WITHDRAWN, Decision, Ruling
from geoplan.land.rules import SEVERITIES
from layers.entries import entry
from layers.faults import did_you_mean
from layers.lastrun import LastRun, is_storable
from layers.store import LayerVersion, Store

__all__ = [
    "COLUMNS",
    "OVERRIDES",
    "RULINGS",
    "WITHDRAWN",
    "all_decisions",
    "last_decisions",
    "listed_decisions",
    "override",
]

OVERRIDES = "overrides"
COLUMNS = ("parcel", "rule", "holds", "reason", "official", "date", "original", "original_basis")
RULINGS: tuple[Ruling, ...] = get_args(Ruling)

_LONGEST = {"reason": 2_000, "official": 200}
"""Most characters of a text."""

_SOURCE = {"officials": True}
_NEAR_AT_MOST = 20_000
_NEGLIGIBLE = 1e-9
"""Of a parcel's area: what rounding leaves of shapes that only touch."""


def override(
    store: Store,
    parcel: str,
    rule: str,
    holds: Ruling,
    *,
    reason: str,
    official: str,
    day: dt.date | None = None,
) -> Decision:
    """Add an official's decision; the next run applies it.

    Parameters
    ----------
    store
        A store that may be written to, with a run.
    parcel, rule
        A parcel of the last run, and a rule that was in force.
    holds
        Whether the rule holds there; ``computed`` takes the decision that stands back.
    reason, official
        Why, and who says so.
    day
        The day of the decision; default: today.

    Returns
    -------
    Decision
        With what was computed of the rule on the parcel, which stays on record.

    Raises
    ------
    NotFoundError
        There is no run, or it knows no such parcel or rule; the closest names are given.
    InputError
        A text is empty, too long or has control characters, the layer is fed from a file, or there is no decision
        to take back.
    """
    if holds not in RULINGS:
        raise InputError(f"{holds!r} is no answer.", hint=f"Choose among {', '.join(RULINGS)}.")
    given = {"reason": reason, "official": official}
    texts = {name: entry(name, text, most=_LONGEST[name]) for name, text in given.items()}
    last = LastRun.of(store)
    original, basis = _computed(last, parcel, rule)
    with store.alone(OVERRIDES):
        current = store.current(OVERRIDES)
        _refuse_file(current)
        standing = last_decisions(store, parcel).get(rule)
        if holds == WITHDRAWN and (standing is None or standing.holds == WITHDRAWN):
            raise InputError(
                f"There is no decision on {rule} of {parcel} to withdraw.",
                hint="`geoplan override --list` shows all decisions.",
            )
        date = (day or dt.date.today()).isoformat()
        decision = Decision(rule, holds, date, **texts, original=original, original_basis=basis)
        rows = [] if current is None else store.read(OVERRIDES).to_dict("records")
        row = {"parcel": parcel, **{name: getattr(decision, name) for name in COLUMNS[1:]}}
        frame = pd.DataFrame([*rows, row], columns=list(COLUMNS), dtype=object)
        store.write(OVERRIDES, frame, source=_SOURCE, key="parcel")
    return decision


def all_decisions(store: Store, *, parcel: str | None = None, version: int | None = None) -> list[dict[str, Any]]:
    """Return every row of decisions, oldest first, as JSON values.

    Parameters
    ----------
    store
        The store.
    parcel
        Only those on this parcel.
    version
        Of this version of the layer; default: the current one.
    """
    if (version is None and store.current(OVERRIDES) is None) or not is_storable(parcel or ""):
        return []
    frame = store.read(OVERRIDES, version=version, where=None if parcel is None else {"parcel": parcel})
    frame = frame.reindex(columns=list(COLUMNS)).astype(object)
    return [{name: row[name] for name in COLUMNS} for row in frame.where(frame.notna(), None).to_dict("records")]


def last_decisions(store: Store, parcel: str, *, version: int | None = None) -> dict[str, Decision]:
    """Return the last decision on each rule of a parcel, those that took one back among them."""
    rows = all_decisions(store, parcel=parcel, version=version)
    return {row["rule"]: Decision(**{name: row[name] for name in COLUMNS[1:]}) for row in rows}


def listed_decisions(store: Store, *, parcel: str | None = None) -> list[dict[str, Any]]:
    """Return every row of decisions, oldest first, each with its ``status``.

    ``applied``: the figures rest on it. ``pending``: it counts from the next run on. ``superseded``: a later decision
    took its place.
    """
    rows, run = all_decisions(store), store.run()
    version = run.inputs.get(OVERRIDES) if run is not None else None
    known = 0 if version is None else len(all_decisions(store, version=int(version["number"])))
    applied = {(row["parcel"], row["rule"]): number for number, row in enumerate(rows[:known])}
    newest = {(row["parcel"], row["rule"]): number for number, row in enumerate(rows)}
    return [
        row | {"status": _status(number, applied.get(place), newest[place])}
        for number, row in enumerate(rows)
        if (place := (row["parcel"], row["rule"])) and parcel in (None, row["parcel"])
    ]


def _status(number: int, applied: int | None, newest: int) -> str:
    if number == applied:
        return "applied"
    return "pending" if number == newest else "superseded"


def _refuse_file(current: LayerVersion | None) -> None:
    if current is not None and not current.source.get("officials"):
        files = ", ".join(str(file.get("path")) for file in current.source.get("files", ())) or "elsewhere"
        raise InputError(
            f"The layer {OVERRIDES} comes from {files}, so decisions are made there.",
            hint="Add a row to that file and run `geoplan import overrides`.",
        )


def _computed(last: LastRun, parcel: str, rule: str) -> tuple[str, str | None]:
    """Return what was computed of a rule on a parcel, whatever officials have decided since: answer and basis."""
    rules = [known.id for known in last.rules.rules]
    if rule not in rules:
        raise NotFoundError(f"There is no rule {rule!r} in force on {last.as_of}.", hint=_near_rule(rule, rules))
    try:
        shape = last.parcel(parcel).geometry.iloc[0]
    except NotFoundError as error:
        raise NotFoundError(error.message, hint=_near_parcel(last, parcel) or error.hint) from None
    if rule in last.unknown:
        return "unknown", None
    pieces = last.constraints(tuple(shapely.bounds(shape)), rule).pieces
    common = shapely.area(shapely.intersection(pieces.geometry.to_numpy(), shape))
    found = pieces[common > _NEGLIGIBLE * shapely.area(shape)]
    if found.empty:
        return "no", None
    strongest = min(zip(found["severity"].map(SEVERITIES.index), found["basis"], strict=True))
    basis = str(strongest[1])
    return ("unknown" if basis == "computed_unsure" else "yes"), basis


def _near_rule(rule: str, rules: list[str]) -> str:
    hint = did_you_mean(rule, dict.fromkeys(rules))
    return f"{hint[0].upper()}{hint[1:]}"


def _near_parcel(last: LastRun, parcel: str) -> str | None:
    """Name the closest ids; only those of about the same length and beginning are compared."""
    if "parcels" not in last.run.inputs:
        return None
    folded: Mapping[str, str] = {
        str(name).casefold(): str(name)
        for name in last.input("parcels", columns=["id"])["id"]
        if abs(len(str(name)) - len(parcel)) <= 3 and str(name)[:1].casefold() == parcel[:1].casefold()
    }
    some = functools.partial(difflib.get_close_matches, parcel.casefold(), n=3, cutoff=0.7)
    close = some(list(folded)[:_NEAR_AT_MOST])
    return f"Did you mean {' or '.join(folded[name] for name in close)}?" if close else None
