"""What of a table may be shown openly: no count so small that it could tell of somebody."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from geoplan.places import WHOLE

__all__ = ["publishable"]

_STOCK = "dwelling_stock/"


def publishable(name: str, rows: Sequence[Mapping[str, Any]], *, smallest: float) -> list[dict[str, Any]]:
    """Return the rows of a derived table as they may be shown; the table itself keeps all that it has.

    Parameters
    ----------
    name
        The derived layer.
    rows
        Its rows.
    smallest
        Counts above 0 and below this are not shown, in homes or households.

    Returns
    -------
    list of dict
        Of ``supply`` and ``supply_left_out`` vacant dwellings without the period that they were built in, added up;
        of ``households_by_group`` households by area. A count that is too small is ``None``, and so is the next
        smallest of the vacant in the same area, so that it does not follow from their sum. Other tables are as they
        are.

    Notes
    -----
    Statistics Sweden shows no count below 5.
    """
    if name in ("supply", "supply_left_out"):
        return _vacancies(rows, smallest)
    if name == "households_by_group":
        return [
            {**row, "households": None}
            if row.get("area") != WHOLE and _small(row.get("households"), smallest)
            else {**row}
            for row in rows
        ]
    return [dict(row) for row in rows]


def _vacancies(rows: Sequence[Mapping[str, Any]], smallest: float) -> list[dict[str, Any]]:
    """Add vacant dwellings up over the period, and take away what is too small."""
    shown: dict[Hashable, dict[str, Any]] = {}
    places: dict[str, list[str]] = {}
    for number, row in enumerate(rows):
        id_ = str(row["id"])
        if not id_.startswith(_STOCK) or id_.count("/") < 5:
            shown[number] = dict(row)
            continue
        place, kind, tenure, _, why = id_.rsplit("/", 4)
        key = "/".join((place, kind, tenure, why))
        if key in shown:
            shown[key]["homes"] += row["homes"]
        else:
            shown[key] = {**row, "id": key}
            places.setdefault(place, []).append(key)
    for keys in places.values():
        for key in _hidden({key: float(shown[key]["homes"]) for key in keys}, smallest):
            shown[key]["homes"] = None
    return list(shown.values())


def _hidden(counts: Mapping[str, float], smallest: float) -> list[str]:
    """Return those that are too small, and as many more as it takes that they do not follow from the sum of all."""
    ordered = sorted(counts, key=lambda key: (counts[key], key))
    number = sum(_small(count, smallest) for count in counts.values())
    while 0 < number < len(ordered) and (number == 1 or sum(counts[key] for key in ordered[:number]) < smallest):
        number += 1
    return ordered[:number]


def _small(count: float | None, smallest: float) -> bool:
    return count is not None and 0 < count < smallest
