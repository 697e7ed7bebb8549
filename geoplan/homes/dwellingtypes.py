"""The need for homes by dwelling type, tenure and size: what is short beside what is too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.preferences import CELL, UNDIVIDED, Preferences
from geoplan.homes.projection import Array
from geoplan.homes.smallareas import rake
from geoplan.homes.stock import vacant_in_all
from geoplan.text import Text

__all__ = ["TYPED_COLUMNS", "TypedNeed", "mismatch", "mismatch_texts", "need_by_type"]

TYPED_COLUMNS = ("area", "year", *CELL, "households", "dwellings", "need", "shortage", "surplus")

_WHOLE = "*"
_UNKNOWN = "unknown"
_SAME = 1e-6


@dataclass(frozen=True)
class TypedNeed:
    """The need by area, year and kind of dwelling, and what was assumed."""

    table: pd.DataFrame
    assumptions: tuple[Text, ...]


def need_by_type(
    need: pd.DataFrame,
    by_type: pd.DataFrame,
    stock: pd.DataFrame | None,
    preferences: Preferences,
    *,
    base_year: int,
    served: Literal["observed", "stated"] = "observed",
) -> TypedNeed:
    """Return the need divided by dwelling type, tenure and size.

    Parameters
    ----------
    need
        The need table of :func:`geoplan.homes.need.housing_need`, all its columns.
    by_type
        ``area``, ``year``, ``age``, ``household_type``, ``persons``, ``households``, the base year included: see
        :func:`geoplan.homes.householdtypes.households_by_type`.
    stock
        The ``dwelling_stock`` layer of the base year: ``area``, ``dwellings``, and ``type``, ``tenure``, ``size``,
        ``vacant`` where known; leisure dwellings are left out. ``None`` where there is none.
    preferences
        What groups of households want.
    base_year
        The year that need counts from.
    served
        ``observed``: households of the base year are where they are, and only change is asked for.
        ``stated``: they too should have what they want; who has not is short of it in the base year.

    Returns
    -------
    TypedNeed
        :data:`TYPED_COLUMNS`, one row an area, year and kind. ``households`` that ask for the kind, ``dwellings`` of
        it that are left of the stock, ``need`` = ``shortage`` − ``surplus`` (dwellings). ``need`` adds up to the
        need table. A dimension that the stock does not tell of is :data:`~geoplan.homes.preferences.UNDIVIDED`.

    Raises
    ------
    FrameError
        Columns are missing, or nothing tells what a group wants.
    InputError
        Households by type do not add up to those of the need table.

    Notes
    -----
    Kind by kind, need = household_change + exits + reserve − vacant + deficit, each part adding up to the need
    table's. Those who leave a group leave the homes that the group lives in, those who join it ask for what the group
    prefers: so nobody leaves a home that is not there. Who lives where in the base year is the preferences raked to
    the occupied stock. Exits go by the stock, the reserve by the households, vacant homes as counted; a deficit goes
    by what base-year households prefer, an initial surplus by where they live. See docs/method-need.md.
    """
    check_frame(need, name="need", columns=["area", "year", "households", "exits", "reserve", "vacant", "deficit"])
    check_frame(by_type, name="households", columns=["area", "year", "age", "household_type", "persons", "households"])
    areas = sorted(need["area"].unique())
    years = sorted(int(year) for year in need["year"].unique())
    keys = ["household_type", "age", "persons"]
    groups = by_type[keys].drop_duplicates().sort_values(keys, kind="stable").reset_index(drop=True)
    homes = _households(by_type, groups, areas, [base_year, *years])
    table = need.set_index(["area", "year"]).loc[pd.MultiIndex.from_product([areas, years])]
    parts = {
        name: table[name].to_numpy(dtype=float).reshape(len(areas), len(years))
        for name in ("households", "exits", "reserve", "vacant", "deficit")
    }
    if not np.allclose(homes[:, 1:].sum(axis=2), parts["households"], rtol=_SAME, atol=_SAME):
        raise InputError("Households by type do not add up to the households of the need.", hint="Use the same quotas.")
    wanted, stocked, notes = _kinds(preferences.shares(groups), stock)
    of_stock = pd.MultiIndex.from_frame(stocked[list(CELL)])
    cells = pd.MultiIndex.from_tuples(sorted({*wanted.columns, *of_stock}), names=list(CELL))
    wants = wanted.reindex(columns=cells, fill_value=0.0).to_numpy(dtype=float)
    dwellings = _by_area(stocked, areas, cells, "dwellings")
    vacant = _vacant(_by_area(stocked, areas, cells, "vacant"), dwellings, parts["vacant"][:, :1])
    lived = _lived_in(homes[:, 0], wants, np.maximum(dwellings - vacant, 0.0))
    occupied = lived.sum(axis=1)
    asked = np.einsum("ag,gd->ad", homes[:, 0], wants)
    start = asked if served == "stated" else occupied
    change = _change(homes, wants, lived, served)
    households = start[:, None] + change
    exits = parts["exits"][:, :, None] * _share(dwellings, asked)[:, None]
    deficit = np.where(
        parts["deficit"][:, :, None] > 0, _share(asked, asked)[:, None], _share(occupied, asked)[:, None]
    )
    deficit = parts["deficit"][:, :, None] * deficit + (start - occupied)[:, None]
    reserve = parts["reserve"][:, :, None] * _share(households, households)
    result = change + exits + reserve - vacant[:, None] + deficit
    index = pd.MultiIndex.from_product([areas, years, range(len(cells))], names=["area", "year", "cell"])
    rows = pd.DataFrame({"households": households.reshape(-1), "need": result.reshape(-1)}, index=index).reset_index()
    rows["dwellings"] = (dwellings[:, None] - exits).reshape(-1)
    kinds = pd.DataFrame(list(cells), columns=list(CELL))
    rows[list(CELL)] = kinds.loc[rows["cell"]].to_numpy()
    rows["shortage"], rows["surplus"] = rows["need"].clip(lower=0.0), (-rows["need"]).clip(lower=0.0)
    return TypedNeed(rows[list(TYPED_COLUMNS)], (*preferences.assumptions, *notes, _SERVED[served]))


_SERVED = {
    "observed": Text(
        sv="Basårets hushåll bor där de bor: behovet per bostadsslag är förändringen därifrån.",
        en="Households of the base year live where they live: the need by kind of dwelling is the change from there.",
    ),
    "stated": Text(
        sv="Också basårets hushåll ska ha vad de vill ha: skillnaden mot beståndet räknas in.",
        en="Households of the base year too should have what they want: the difference to the stock is counted in.",
    ),
}


def mismatch(by_type: pd.DataFrame, *, at_least: float = 1.0) -> pd.DataFrame:
    """Return shortage and surplus side by side, by area and year.

    Parameters
    ----------
    by_type
        The table of :func:`need_by_type`.
    at_least
        Dwellings from which a shortage counts as one.

    Returns
    -------
    DataFrame
        ``area``, ``year``, ``need``, ``shortage``, ``surplus`` (dwellings), and ``wrong_stock``: no net need, and
        still a shortage of some kind. In the row ``*`` a surplus of a kind in one area meets a shortage of the same
        kind in another; in the areas' rows nothing does.
    """
    whole = by_type.groupby(["year", *CELL], as_index=False)[["need"]].sum().assign(area=_WHOLE)
    rows = by_type if set(by_type["area"]) == {_WHOLE} else pd.concat([by_type, whole], ignore_index=True)
    split = rows.assign(shortage=rows["need"].clip(lower=0.0), surplus=(-rows["need"]).clip(lower=0.0))
    table = split.groupby(["area", "year"], as_index=False, sort=False)[["need", "shortage", "surplus"]].sum()
    table["wrong_stock"] = (table["need"] <= _SAME) & (table["shortage"] >= at_least)
    return table


def mismatch_texts(by_type: pd.DataFrame, *, at_least: float = 1.0) -> tuple[Text, ...]:
    """Say where there is no net need and still the wrong stock, for the whole in the last year.

    Parameters
    ----------
    by_type, at_least
        As :func:`mismatch`.
    """
    table = mismatch(by_type, at_least=at_least)
    last = table[table["year"] == table["year"].max()]
    whole, areas = last[last["area"] == _WHOLE], last[(last["area"] != _WHOLE) & last["wrong_stock"]]
    notes = []
    for year, shortage, surplus in whole.loc[whole["wrong_stock"], ["year", "shortage", "surplus"]].itertuples(
        index=False
    ):
        notes.append(
            Text(
                sv=f"Till {year} finns inget nettobehov, men ändå fel bestånd: {shortage:.0f} bostäder saknas av några "
                f"slag, medan {surplus:.0f} blir över av andra.",
                en=f"To {year} there is no net need and still the wrong stock: {shortage:.0f} homes are short of some "
                f"kinds, while {surplus:.0f} are too many of others.",
            )
        )
    if len(areas):
        notes.append(
            Text(
                sv=f"Områden utan nettobehov men med brist på något slag av bostad: {len(areas)}.",
                en=f"Areas without net need and still with a shortage of some kind of home: {len(areas)}.",
            )
        )
    return tuple(notes)


def _households(by_type: pd.DataFrame, groups: pd.DataFrame, areas: Sequence[str], years: Sequence[int]) -> Array:
    """Return households by [area, year, group]."""
    keyed = by_type.merge(groups.assign(group=groups.index), on=list(groups.columns))
    wide = keyed.pivot_table(index=["area", "year"], columns="group", values="households", aggfunc="sum")
    wide = wide.reindex(pd.MultiIndex.from_product([areas, years])).reindex(columns=groups.index).fillna(0.0)
    return wide.to_numpy(dtype=float).reshape(len(areas), len(years), len(groups))


def _kinds(wanted: pd.DataFrame, stock: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame, list[Text]]:
    """Divide wishes and stock by the same dimensions: those that the stock tells of, or all where there is none."""
    columns = ["area", *CELL, "dwellings", "vacant"]
    if stock is None or stock.empty:
        return wanted, pd.DataFrame({name: [] for name in columns}), []
    check_frame(stock, name="dwelling_stock", columns=["area", "dwellings"])
    table = stock.rename(columns={"type": "dwelling_type"}).reindex(columns=columns)
    table["vacant"] = vacant_in_all(stock)
    table = table[table["dwelling_type"].astype(object).ne("leisure")].reset_index(drop=True)
    kinds = pd.DataFrame(wanted.columns.to_list(), columns=list(CELL))
    unknown = []
    for name in CELL:
        values = table[name].astype(object).where(table[name].notna(), _UNKNOWN).replace("", _UNKNOWN)
        if set(values) <= {_UNKNOWN} or set(kinds[name]) == {UNDIVIDED}:
            unknown.append(name)
            kinds[name] = UNDIVIDED
            values = pd.Series(UNDIVIDED, index=table.index)
        table[name] = values
    summed = wanted.T.set_axis(pd.MultiIndex.from_frame(kinds)).groupby(level=list(CELL)).sum().T
    if not unknown:
        return summed, table, []
    words = {"dwelling_type": "hustyp", "tenure": "upplåtelseform", "size": "storlek"}
    told = Text(
        sv=f"Bestånd och önskemål delas inte efter {', '.join(words[name] for name in unknown)}: uppgift saknas.",
        en=f"Stock and wishes are not divided by {', '.join(unknown)}: nothing tells of it.",
    )
    return summed, table, [told]


def _by_area(stocked: pd.DataFrame, areas: Sequence[str], cells: pd.MultiIndex, name: str) -> Array:
    """Return the stock's dwellings or vacant ones by [area, kind]."""
    result = np.zeros((len(areas), len(cells)))
    counts = pd.to_numeric(stocked[name]).fillna(0.0).to_numpy(dtype=float)
    rows = pd.Index(areas).get_indexer(pd.Index(stocked["area"]))
    columns = cells.get_indexer(pd.MultiIndex.from_frame(stocked[list(CELL)]))
    here = rows >= 0
    np.add.at(result, (rows[here], columns[here]), counts[here])
    return result


def _share(values: Array, otherwise: Array) -> Array:
    """Return shares of the last axis; of something else where there is nothing, and even where there is neither."""
    sums, others = values.sum(axis=-1, keepdims=True), otherwise.sum(axis=-1, keepdims=True)
    even = np.full(values.shape, 1 / values.shape[-1])
    fallback = np.divide(otherwise, others, out=even, where=others > 0)
    result: Array = np.divide(values, sums, out=np.broadcast_to(fallback, values.shape).copy(), where=sums > 0)
    return result


def _vacant(counted: Array, dwellings: Array, total: Array) -> Array:
    """Divide the vacant dwellings of the need by kind: as counted, or like the stock."""
    return total * _share(counted, dwellings)


def _lived_in(households: Array, wants: Array, occupied: Array) -> Array:
    """Return the base year's households by [area, group, kind]: wishes raked to the occupied stock."""
    asked = households[:, :, None] * wants[None]
    result = np.empty_like(asked)
    for area, (mine, homes) in enumerate(zip(asked, occupied, strict=True)):
        if homes.sum() <= 0 or mine.sum() <= 0:
            result[area] = mine
            continue
        shares = homes / homes.sum()
        # A trace of everything in every group, so that homes that nobody prefers are lived in too.
        seed = np.where(homes > 0, mine, 0.0) + 1e-3 * mine.sum(axis=1, keepdims=True) * shares
        result[area] = rake(seed.T, shares * mine.sum(), mine.sum(axis=1)).T
    return result


def _change(homes: Array, wants: Array, lived: Array, served: str) -> Array:
    """Return the change of households by [area, year, kind] since the base year."""
    change = homes[:, 1:] - homes[:, :1]
    result: Array = np.einsum("ayg,gd->ayd", change if served == "stated" else np.maximum(change, 0.0), wants)
    if served == "stated":
        return result
    base = homes[:, 0, :, None]
    leaving = np.divide(lived, base, out=np.zeros_like(lived), where=base > 0)
    result += np.einsum("ayg,agd->ayd", np.minimum(change, 0.0), leaving)
    return result
