"""Measures of a release programme from the plots and the renewal actions that there are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.balance.measures import MEASURE_COLUMNS
from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.actions import RenewalStandards, check_actions
from geoplan.homes.stock import UNKNOWN

__all__ = ["plot_measures", "renewal_measures"]

_GAPS = ("gap", "partly_used")
_OPEN = ("proposed", "decided")
_DOES_SOMETHING = ("renovate", "convert", "densify", "demolish", "reuse_plot")
_BUILDS = ("densify", "reuse_plot")


def plot_measures(
    plots: pd.DataFrame,
    *,
    standards: RenewalStandards,
    likely: pd.DataFrame | None = None,
    year: int | None = None,
    costs: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return plots as measures.

    Parameters
    ----------
    plots
        The ``plots`` layer: ``id``, ``kind``, ``area``, ``homes``, and ``lot_m2`` (the plot's land, m²) or, where that
        is not there, ``area_m2``; ``island``, ``tenure``, ``likely``, ``cost_low`` and ``cost_high`` where known.
        Plots without an area are left out: nobody's need is met there. Give only those that are the municipality's
        to release.
    standards
        Whether a kind of plot takes new or reused land.
    likely, year
        The table of :func:`geoplan.plots.likelihood.likelihood.likely_homes`, and the year of it that counts, in the
        place of what the plots say.
    costs
        The table of :func:`geoplan.plots.costs.ready_costs`, in the place of what the plots say. Without either,
        costs are unknown.

    Returns
    -------
    DataFrame
        :data:`geoplan.balance.measures.MEASURE_COLUMNS`, in the order of the plots. Up to two homes on a plot are of
        type ``one_or_two``; more may become any.

    Raises
    ------
    FrameError
        Columns are missing, or an id is there twice.
    InputError
        Nothing says what land a kind of plot takes, or likely homes come without their year.
    """
    land = "lot_m2" if "lot_m2" in plots else "area_m2"
    check_frame(plots, name="plots", columns=["id", "kind", "area", "homes", land], unique="id")
    table = pd.DataFrame(plots.drop(columns="geometry", errors="ignore"))
    table = table[table["area"].notna()].reset_index(drop=True)
    kinds = table["kind"].map(dict(standards.land_kind))
    if kinds.isna().any():
        told = ", ".join(sorted(table.loc[kinds.isna(), "kind"].unique()))
        raise InputError(
            f"Nothing says whether plots of kind {told} take new land.", hint="Add it to land_kind of the assumptions."
        )
    size = table[land].astype(float)
    result = table[["id", "area", "homes"]].assign(
        kind=np.where(table["kind"].isin(_GAPS), "gap", "plot"),
        land_new_m2=size.where(kinds.eq("new"), 0.0),
        land_reused_m2=size.where(kinds.eq("reused"), 0.0),
    )
    result["homes"] = result["homes"].astype(float)
    result["dwelling_type"] = pd.Series("one_or_two", index=table.index, dtype=object).where(
        result["homes"].le(2), None
    )
    for name in ("island", "tenure", "likely", "cost_low", "cost_high"):
        if name in table:
            result[name] = table[name]
    if likely is not None:
        if year is None:
            raise InputError("Likely homes are of a year.", hint="Say which year counts, such as the programme's last.")
        check_frame(likely, name="likely", columns=["plot", "year", "likely"])
        result["likely"] = result["id"].map(likely[likely["year"] == year].set_index("plot")["likely"])
    if costs is not None:
        check_frame(costs, name="costs", columns=["plot", "total_low", "total_high"], unique="plot")
        by_plot = costs.set_index("plot")
        result["cost_low"] = result["id"].map(by_plot["total_low"])
        result["cost_high"] = result["id"].map(by_plot["total_high"])
    return result.reindex(columns=list(MEASURE_COLUMNS))


def renewal_measures(
    actions: pd.DataFrame, *, standards: RenewalStandards, plots: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return renewal actions that are still to be done as measures.

    Parameters
    ----------
    actions
        The ``renewal_actions`` layer. What is kept, sold, under way, done or cancelled is no choice, and left out.
    standards
        Which statuses count.
    plots
        The ``plots`` layer (``id``, ``parcel``): an action on a parcel and a plot on it exclude each other, so that no
        home is counted twice.

    Returns
    -------
    DataFrame
        :data:`geoplan.balance.measures.MEASURE_COLUMNS`: the year of an action is the earliest. Only building takes
        land; where its area is missing it is unknown.

    Raises
    ------
    FrameError
        Actions are wrong (:func:`geoplan.homes.actions.check_actions`), or columns are missing.
    """
    table = check_actions(actions)
    open_ = table["status"].isin([status for status in _OPEN if status in standards.counted_statuses])
    table = table[open_ & table["action"].isin(_DOES_SOMETHING)].reset_index(drop=True)
    takes = table["action"].isin(_BUILDS)
    land, kind = table["land_m2"], table["land_kind"]
    # Land that is used again is not new, also where nobody says how much it is.
    new = land.where(kind.eq("new"), 0.0).mask(land.isna() & table["action"].ne("reuse_plot"))
    reused = land.where(kind.eq("reused"), 0.0).mask(land.isna())
    result = table[["id", "area", "tenure", "cost_low", "cost_high"]].assign(
        kind="renewal",
        dwelling_type=table["type"],
        homes=table["net_dwellings"],
        land_new_m2=new.where(takes, 0.0),
        land_reused_m2=reused.where(takes, 0.0),
        earliest_year=table["year"],
    )
    for name in ("dwelling_type", "tenure"):
        result[name] = result[name].where(result[name].ne(UNKNOWN), None)
    if plots is not None:
        check_frame(plots, name="plots", columns=["id", "parcel", "area"])
        on = plots[plots["area"].notna()].groupby("parcel")["id"].agg(lambda ids: sorted(map(str, ids)))
        result["excludes"] = table["parcel"].map(on)
    return result.reindex(columns=list(MEASURE_COLUMNS))
