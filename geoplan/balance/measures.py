"""Measures that a municipality may release: plots, groups of plots, gaps and renewal actions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame

__all__ = ["ANY", "MEASURE_COLUMNS", "MEASURE_KINDS", "Grouping", "check_measures", "clean_text", "group_measures"]

MEASURE_KINDS = ("plot_group", "plot", "gap", "renewal")
"""What may be released, each as a whole: several plots, one, a gap among homes, or an action on the stock."""

ANY = "any"
"""A dwelling type or tenure that nothing says: such a home may become any, such a need takes any."""

MEASURE_COLUMNS = (
    "id",
    "kind",
    "area",
    "island",
    "dwelling_type",
    "tenure",
    "homes",
    "likely",
    "cost_low",
    "cost_high",
    "land_new_m2",
    "land_reused_m2",
    "earliest_year",
    "requires",
    "excludes",
)

_NUMBERS = ("cost_low", "cost_high", "land_new_m2", "land_reused_m2", "earliest_year")
_BANDED = ("cost", "land", "likely")
_DECIMALS = 9

Floats = npt.NDArray[np.float64]


def check_measures(measures: pd.DataFrame) -> pd.DataFrame:
    """Return the measures with every column there and checked, sorted by id.

    Parameters
    ----------
    measures
        ``id``, ``kind``, ``area``, ``homes`` (nominal, net of what goes away), and where known ``likely`` (homes, the
        nominal where it is missing), ``dwelling_type``, ``tenure``, ``island``, ``cost_low`` and ``cost_high`` (one
        currency), ``land_new_m2``, ``land_reused_m2``, ``earliest_year``, ``requires`` and ``excludes``: an id or a
        list of them.

    Returns
    -------
    DataFrame
        :data:`MEASURE_COLUMNS`. A missing type or tenure is :data:`ANY`; a missing cost or area is NaN, which is
        unknown and not nothing; ``requires`` and ``excludes`` are sorted tuples of ids, ``excludes`` on both sides.

    Raises
    ------
    FrameError
        Columns are missing, or a row is wrong; every fault with its id.
    """
    check_frame(measures, name="measures", columns=["id", "kind", "area", "homes"], unique="id")
    table = pd.DataFrame(measures.drop(columns="geometry", errors="ignore")).reset_index(drop=True)
    table["id"] = table["id"].astype(str)
    table["area"] = clean_text(table, "area", None)
    table["island"] = clean_text(table, "island", None)
    for name in ("dwelling_type", "tenure"):
        table[name] = clean_text(table, name, ANY)
    table["homes"] = pd.to_numeric(table["homes"]).astype(float)
    likely = pd.to_numeric(table["likely"]).astype(float) if "likely" in table else table["homes"]
    table["likely"] = likely.where(likely.notna(), table["homes"])
    for name in _NUMBERS:
        table[name] = pd.to_numeric(table[name]).astype(float) if name in table else np.nan
    for name in ("requires", "excludes"):
        given: Sequence[object] = list(table[name]) if name in table else [None] * len(table)
        table[name] = pd.Series([_ids(value) for value in given], index=table.index, dtype=object)
    table = table.sort_values("id", kind="stable").reset_index(drop=True)
    faults = [f"{id_}: {words}" for words, hit in _tests(table) for id_ in table.loc[hit, "id"]]
    if faults:
        raise FrameError("measures", faults, hint="Mend the rows; docs/method-programme.md has the rules.")
    both = {id_: set(others) for id_, others in zip(table["id"], table["excludes"], strict=True)}
    for id_, others in zip(table["id"], table["excludes"], strict=True):
        for other in others:
            both[other].add(id_)
    table["excludes"] = pd.Series([tuple(sorted(both[id_])) for id_ in table["id"]], index=table.index, dtype=object)
    return table[list(MEASURE_COLUMNS)]


def clean_text(table: pd.DataFrame, name: str, missing: str | None) -> pd.Series[Any]:
    """Return a column of text, with one word for what is missing or empty.

    Parameters
    ----------
    table
        Any table; the column need not be there.
    name, missing
        The column, and what stands where it says nothing.
    """
    if name not in table:
        return pd.Series([missing] * len(table), index=table.index, dtype=object)
    given = table[name].astype(object)
    known = given.notna() & given.ne("")
    return pd.Series(
        [str(value) if there else missing for value, there in zip(given, known, strict=True)],
        index=table.index,
        dtype=object,
    )


def _ids(value: object) -> tuple[str, ...]:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ()
    given = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    return tuple(sorted({str(id_) for id_ in given if str(id_)}))


def _tests(table: pd.DataFrame) -> list[tuple[str, pd.Series[bool]]]:
    ids = set(table["id"])
    named = [set(row["requires"]) | set(row["excludes"]) for row in table.to_dict("records")]
    stranger = pd.Series([not names <= ids for names in named], index=table.index, dtype=bool)
    itself = pd.Series([id_ in names for id_, names in zip(table["id"], named, strict=True)], table.index, dtype=bool)
    negative = [(f"{name} is negative", table[name].lt(0)) for name in _NUMBERS[:4]]
    return [
        (f"the kind is none of {', '.join(MEASURE_KINDS)}", ~table["kind"].isin(MEASURE_KINDS)),
        ("has no area", table["area"].isna()),
        ("homes is missing; 0 says that no home is won or lost", ~np.isfinite(table["homes"])),
        ("likely is no number", ~np.isfinite(table["likely"])),
        ("likely homes are more than the nominal ones", table["likely"].abs().gt(table["homes"].abs() + 1e-9)),
        ("cost_low is above cost_high", table["cost_low"].gt(table["cost_high"])),
        ("requires or excludes a measure that is not there", stranger),
        ("requires or excludes itself", itself),
        *negative,
    ]


@dataclass(frozen=True)
class Grouping:
    """Measures put together where they are alike; a group releases any number of its members.

    Attributes
    ----------
    members
        Ids of each group, in the order in which they are released: the cheapest first, then the least new land, then
        by id.
    table
        One row a group: ``area``, ``dwelling_type``, ``tenure``, ``homes``, ``first`` (earliest year), ``size``, and
        for one member ``cost``, ``land`` (m²), ``likely`` (homes) as no member exceeds them: the dearest, the
        largest, the least likely; ``cost_bound``, ``land_bound``, ``likely_bound`` the other way.
    band
        The width of the bands; 0 where the members of each group are alike to the digit, and then both are the same.
    """

    members: tuple[tuple[str, ...], ...]
    table: pd.DataFrame
    band: float


def group_measures(table: pd.DataFrame, *, most: int, bands: Sequence[float], apart: Collection[str] = ()) -> Grouping:
    """Put measures together that are alike in area, kind, type, tenure, homes, first year, cost, land and likely homes.

    Parameters
    ----------
    table
        Checked measures with ``cost``, ``land``, ``likely`` and ``first``.
    most
        With at most so many groups, members are alike to the digit.
    bands
        Else members' cost, land and likely homes are alike within a band of this width (0.05: 5 %), the narrowest
        that gives few enough groups, or the widest.
    apart
        Ids that stay alone. A measure that requires or excludes another, or is named by one, stays alone always.

    Returns
    -------
    Grouping
        The same whatever the order of rows.
    """
    linked = {id_ for names in (*table["requires"], *table["excludes"]) for id_ in names} | set(apart)
    free = table["requires"].map(len).eq(0) & table["excludes"].map(len).eq(0) & ~table["id"].isin(linked)
    alone = table["id"].where(~free, "")
    for band in (0.0, *bands):
        keys = table[["area", "kind", "dwelling_type", "tenure", "homes", "first"]].assign(alone=alone)
        for name in _BANDED:
            keys[name] = _band(table[name].to_numpy(dtype=float), band)
        codes = keys.groupby(list(keys.columns), sort=True, dropna=False).ngroup()
        if codes.nunique() <= most:
            break
    rows = table.assign(group=codes).sort_values(["group", "cost", "land", "id"], kind="stable")
    grouped = rows.groupby("group", sort=True)
    result = grouped[["area", "dwelling_type", "tenure", "homes", "first"]].first()
    result["size"] = grouped.size()
    for name, safe, loose in (("cost", "max", "min"), ("land", "max", "min"), ("likely", "min", "max")):
        result[name], result[f"{name}_bound"] = grouped[name].agg(safe), grouped[name].agg(loose)
    members = tuple(tuple(ids) for _, ids in grouped["id"])
    return Grouping(members, result.reset_index(drop=True), float(band))


def _band(values: Floats, band: float) -> Floats:
    if band == 0:
        return np.round(values, _DECIMALS)
    result = np.zeros(len(values))
    some = values != 0
    steps = np.floor(np.log(np.abs(values[some])) / np.log1p(band))
    # Far from 0, so that the sign of the value tells bands apart whatever that of its logarithm.
    result[some] = np.sign(values[some]) * (1e6 + steps)
    return result
