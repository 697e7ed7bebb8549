"""The supply account: every source of homes once, with one id and one stage, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.sources import SOURCE_COLUMNS, of_actions, of_gaps, of_plots, of_vacancies

__all__ = [
    "GAINS",
    "LOSSES",
    "STAGES",
    "SupplyAccount",
    "check_account",
    "claims",
    "redivide",
    "supply_account",
    "supply_totals",
]

GAINS = ("empty_plot", "infill", "split", "conversion", "vacant_in_use", "leisure_to_permanent")
"""Sources of homes."""

LOSSES = ("demolition", "conversion_away", "merge", "permanent_to_leisure")
"""The reverse flows; their homes are negative."""

STAGES = ("possible", "planned", "decided", "under_way", "ready")
"""How far a source has come: nothing decided; a plan or a proposal allows it; decided or released; being built;
the homes stand and can be moved into."""

_ON_LAND = ("empty_plot", "infill")


@dataclass(frozen=True)
class SupplyAccount:
    """The account, and what was left out of it.

    Attributes
    ----------
    table
        :data:`geoplan.homes.sources.SOURCE_COLUMNS`, ordered by id.
    left_out
        ``id``, ``kind``, ``homes``, ``reason`` (``stands_as_plot``, ``stands_as_action``, ``cancelled``,
        ``in_stock``, ``vacant_demolition``, ``vacant_other``, ``no_homes``), ``stands_as`` the id that it stands as,
        or ``None``.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame


def supply_account(
    *,
    plots: pd.DataFrame | None = None,
    gaps: pd.DataFrame | None = None,
    actions: pd.DataFrame | None = None,
    stock: pd.DataFrame | None = None,
    released: Mapping[str, int] | None = None,
    base_year: int | None = None,
) -> SupplyAccount:
    """Put every source of homes into one account.

    Parameters
    ----------
    plots
        The ``plots`` layer: ``id``, ``parcel``, ``kind``, ``area``, ``homes``, ``plan_homes``.
    gaps
        The ``gaps`` layer: ``parcel``, ``kind`` (``gap``, ``partly_used``), ``dwellings_remaining``; ``area`` where
        known.
    actions
        The ``renewal_actions`` layer.
    stock
        A table of :func:`geoplan.homes.stock.stock_table`, whose vacant dwellings can be used again.
    released
        The year in which a plot is released, by id.
    base_year
        The year of the stock that the need counts from. An action that was done by then has its homes there already,
        and what is left of the land beside them is measured; without a year every action that is done counts.

    Returns
    -------
    SupplyAccount
        What two layers tell of one place stands once: an action before a plot on its land, and a plot before the gap
        on its parcel. What is left out stands apart with the reason.

    Raises
    ------
    FrameError
        A table is wrong.
    InputError
        Something stands twice all the same; its id is named.
    """
    parts = [
        of_actions(actions),
        of_plots(plots, released or {}),
        of_gaps(gaps),
        of_vacancies(stock),
    ]
    rows = pd.concat([part.reindex(columns=[*SOURCE_COLUMNS, "reason"]) for part in parts], ignore_index=True)
    rows = rows.astype({"homes": "float64"}).assign(stands_as=pd.Series(None, index=rows.index, dtype=object))
    # Whole years, some of them missing.
    rows["year"] = pd.to_numeric(rows["year"]).astype("Int64")
    if base_year is not None:
        done = rows["source"].eq("renewal_actions") & rows["stage"].eq("ready") & rows["year"].le(base_year)
        rows["reason"] = rows["reason"].mask(done.fillna(False) & rows["reason"].isna(), "in_stock")
    land = rows["kind"].isin(_ON_LAND) & rows["parcel"].notna() & rows["reason"].isna()
    # An action is what somebody means to do; a plot is measured; a gap is a right on paper.
    for stronger, reason in (("renewal_actions", "stands_as_action"), ("plots", "stands_as_plot")):
        first = rows[land & rows["source"].eq(stronger) & rows["reason"].isna()]
        holder = first.sort_values("id").drop_duplicates("parcel").set_index("parcel")["id"]
        weaker = ["plots", "gaps"] if stronger == "renewal_actions" else ["gaps"]
        hit = land & rows["reason"].isna() & rows["source"].isin(weaker) & rows["parcel"].isin(holder.index)
        rows.loc[hit, "reason"] = reason
        rows.loc[hit, "stands_as"] = rows.loc[hit, "parcel"].map(holder)
    kept = rows["reason"].isna()
    table = rows.loc[kept, list(SOURCE_COLUMNS)].sort_values("id", kind="stable").reset_index(drop=True)
    left = rows.loc[~kept, ["id", "kind", "homes", "reason", "stands_as"]].sort_values("id", kind="stable")
    check_account(table)
    left["stands_as"] = left["stands_as"].where(left["stands_as"].notna(), None)
    return SupplyAccount(table, left.reset_index(drop=True))


def check_account(table: pd.DataFrame) -> None:
    """Check that nothing stands twice in an account.

    Parameters
    ----------
    table
        :data:`geoplan.homes.sources.SOURCE_COLUMNS`.

    Raises
    ------
    FrameError
        Columns are missing.
    InputError
        An id is there twice; something stands beside what it came from; two layers claim the land of one parcel; a
        kind or stage is unknown; or homes have the wrong sign. Every id is named.
    """
    check_frame(table, name="supply account", columns=SOURCE_COLUMNS)
    ids = table["id"]
    present = set(ids)
    land = table[table["kind"].isin(_ON_LAND) & table["parcel"].notna()]
    layers = land.groupby("parcel")["source"].transform("nunique")
    signs = np.where(table["kind"].isin(LOSSES), table["homes"] > 0, table["homes"] < 0)
    descends = [bool(present & set(parents)) for parents in table["parents"]]
    tests: dict[str, list[str]] = {
        "stands twice": sorted(set(ids[ids.duplicated()])),
        "stands beside what it came from": ids[descends].tolist(),
        "claims land that another layer claims too": land.loc[layers > 1, "id"].tolist(),
        "is of no known kind": ids[~table["kind"].isin([*GAINS, *LOSSES])].tolist(),
        "is in no known stage": ids[~table["stage"].isin(STAGES)].tolist(),
        "has homes of the wrong sign": ids[signs].tolist(),
    }
    faults = [f"{id_} {words}" for words, found in tests.items() for id_ in found]
    if faults:
        raise InputError(
            f"The supply account counts wrongly: {'; '.join(faults)}.", hint="Take out the one that is not meant."
        )


def claims(table: pd.DataFrame) -> pd.DataFrame:
    """Return what each row of an account claims, for a store that must refuse to count it twice.

    Parameters
    ----------
    table
        A supply account.

    Returns
    -------
    DataFrame
        ``key`` (the id), ``place`` (the parcel whose land it claims; missing where it claims none) and ``source``. No
        key may stand twice, and no place may have two sources.
    """
    parcel = table["parcel"].astype(object).where(table["kind"].isin(_ON_LAND) & table["parcel"].notna(), None)
    return pd.DataFrame({"key": table["id"], "place": parcel, "source": table["source"]})


def redivide(table: pd.DataFrame, taken: Sequence[str], into: pd.DataFrame) -> pd.DataFrame:
    """Replace sources by others that came from them: one by several is a split, several by one a merge.

    Parameters
    ----------
    table
        An account.
    taken
        The ids that are no more.
    into
        What came of them, with the columns of the account; ``parents`` is set: the ids taken and all that those
        themselves came from.

    Returns
    -------
    DataFrame
        The account after, ordered by id.

    Raises
    ------
    InputError
        An id taken is not there, or is there again afterwards, or the account counts wrongly
        (:func:`check_account`).
    """
    check_frame(table, name="supply account", columns=SOURCE_COLUMNS)
    unknown = sorted(set(taken) - set(table["id"]))
    if unknown:
        raise InputError(f"The supply account has no {', '.join(unknown)}.", hint="They may be divided already.")
    gone = table["id"].isin(list(taken))
    ancestors = sorted({*taken, *(parent for parents in table.loc[gone, "parents"] for parent in parents)})
    again = sorted(set(into["id"]) & set(ancestors))
    if again:
        raise InputError(f"{', '.join(again)} may not come from itself.", hint="Give what is new an id of its own.")
    new = into.assign(parents=pd.Series([list(ancestors)] * len(into), index=into.index, dtype=object)).reindex(
        columns=list(SOURCE_COLUMNS)
    )
    after = pd.concat([table[~gone], new], ignore_index=True).sort_values("id", kind="stable").reset_index(drop=True)
    check_account(after)
    return after


def supply_totals(table: pd.DataFrame, by: Sequence[str] = ("area", "kind", "stage", "counts_in")) -> pd.DataFrame:
    """Return homes and sources of an account, added up.

    Parameters
    ----------
    table
        An account.
    by
        The columns to add up by.

    Returns
    -------
    DataFrame
        ``by``, ``sources`` (number of rows), ``homes`` (net), ordered. What ``counts_in`` the need is taken off there
        already, and may not be added to supply as well.
    """
    keys = list(by)
    rows = table.assign(area=table["area"].astype(object).where(table["area"].notna(), ""))
    return rows.groupby(keys, as_index=False, sort=True).agg(sources=("id", "size"), homes=("homes", "sum"))
