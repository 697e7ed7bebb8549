"""New homes that households may choose among, from the supply account, in whole homes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geoplan.balance.choice import ChoiceStandards
from geoplan.balance.seekers import CELL
from geoplan.balance.whole import Floats, nearest, whole_parts
from geoplan.frames import check_frame
from geoplan.places import UNASSIGNED

__all__ = ["OPTION_COLUMNS", "options_of", "whole_options"]

OPTION_COLUMNS = ("area", "year", "kind", *CELL, "area_kind", "cost", "homes")
"""``kind`` as in :mod:`geoplan.balance.choice`; ``area_kind`` ``town``, ``rural``, ``archipelago`` or ``unknown``;
``cost`` of housing a year in the workspace's currency, missing where unknown; ``homes`` by the end of ``year``."""

_KIND_OF_SOURCE = {"plots": "plot", "gaps": "gap", "renewal_actions": "renewal"}
_UNKNOWN = "unknown"


def options_of(
    account: pd.DataFrame,
    years: Sequence[int],
    *,
    standards: ChoiceStandards,
    likely: pd.DataFrame | None = None,
    area_kinds: Mapping[str, str] | None = None,
    costs: Mapping[str, float] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the new homes of a supply account by every year, and those that are lost.

    Parameters
    ----------
    account
        The table of :func:`geoplan.homes.account.supply_account`: ``id``, ``kind``, ``stage``, ``area``, ``homes``,
        ``year``, ``type``, ``tenure``, ``counts_in``, ``source``. What counts in the need is no new home.
    years
        Years to answer for.
    standards
        Which stages count.
    likely
        ``id`` of the account, ``year`` and ``likely`` homes
        (:func:`geoplan.plots.likelihood.likelihood.likely_homes`). What is not there counts with all its homes.
    area_kinds
        The kind of area of a plot, by its id.
    costs
        What a home costs a year, by the id of the account, in the workspace's currency.

    Returns
    -------
    options
        :data:`OPTION_COLUMNS`, whole homes.
    lost
        ``area``, ``year``, ``homes`` (positive): what demolition and the reverse flows take away by the year. Those
        who live there seek a home.

    Raises
    ------
    FrameError
        Columns are missing.

    Notes
    -----
    A source counts from its year, or in every year where it has none. Costs are rounded to two digits that count, so
    that homes that cost about the same stand together.
    """
    names = ["id", "kind", "stage", "area", "homes", "year", "type", "tenure", "counts_in", "source"]
    check_frame(account, name="supply account", columns=names, unique="id")
    counted = account["counts_in"].eq("supply") & account["stage"].isin(standards.stages)
    rows = account.loc[counted, names].merge(pd.DataFrame({"at": sorted(set(years))}), how="cross")
    start = pd.to_numeric(rows["year"]).astype(float)
    rows = rows[start.isna() | start.le(rows["at"])].assign(year=lambda each: each["at"]).reset_index(drop=True)
    area = rows["area"].astype(object)
    rows["area"] = area.where(area.notna(), UNASSIGNED)
    gone = rows[rows["homes"] < 0]
    lost = (-gone["homes"]).groupby([gone["area"], gone["year"]]).sum().rename("homes").reset_index()
    rows = rows[rows["homes"] > 0].reset_index(drop=True)
    plot = rows["id"].str.removeprefix("plots/").where(rows["source"].eq("plots"))
    small = rows["homes"].le(standards.small_house).map({True: "one_or_two", False: "multi"})
    given = rows["type"].astype(object)
    table = pd.DataFrame(
        {
            "area": rows["area"],
            "year": rows["year"],
            "kind": rows["source"].map(_KIND_OF_SOURCE).fillna("renewal"),
            "dwelling_type": given.where(given.notna(), small.where(rows["source"].isin(["plots", "gaps"]), _UNKNOWN)),
            "tenure": rows["tenure"].astype(object).where(rows["tenure"].notna(), _UNKNOWN),
            "size": _UNKNOWN,
            "area_kind": plot.map(dict(area_kinds or {})).astype(object).fillna(_UNKNOWN),
            "cost": _two_digits(rows["id"].map(dict(costs or {})).astype(float)),
            "homes": rows["homes"].astype(float),
        }
    )
    if likely is not None:
        check_frame(likely, name="likely homes", columns=["id", "year", "likely"])
        keyed = likely.set_index(["id", "year"])["likely"].astype(float)
        found = keyed.reindex(pd.MultiIndex.from_arrays([rows["id"], rows["year"]])).to_numpy()
        table["homes"] = np.where(np.isnan(found), table["homes"], found)
    return whole_options(table), lost


def whole_options(options: pd.DataFrame) -> pd.DataFrame:
    """Put homes of one kind together and make them whole.

    Parameters
    ----------
    options
        :data:`OPTION_COLUMNS`; ``homes`` may be fractions, such as likely homes.

    Returns
    -------
    DataFrame
        The same columns, ordered. In each area, year and source the whole homes add up to the sum of the fractions,
        to the nearest whole home, by largest remainders.
    """
    check_frame(options, name="options", columns=OPTION_COLUMNS)
    keys = [name for name in OPTION_COLUMNS if name != "homes"]
    table = options.groupby(keys, as_index=False, dropna=False, sort=True)[["homes"]].sum()
    if table.empty:
        return table.astype({"homes": "int64"})[list(OPTION_COLUMNS)]
    whole = np.zeros(len(table), dtype=np.int64)
    for rows in table.groupby(["area", "year", "kind"], sort=True).indices.values():
        mine = table["homes"].to_numpy(dtype=float)[rows]
        whole[rows] = whole_parts(mine, nearest(mine.sum()))
    table["homes"] = whole
    return table.loc[whole > 0, list(OPTION_COLUMNS)].reset_index(drop=True)


def _two_digits(costs: pd.Series[float]) -> Floats:
    """Round to two digits that count."""
    values: Floats = np.asarray(costs, dtype=np.float64)
    known = np.isfinite(values) & (values > 0)
    scale = 10.0 ** (np.floor(np.log10(np.where(known, values, 1.0))) - 1)
    return np.where(known, np.round(values / scale) * scale, values)
