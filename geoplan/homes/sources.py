"""Each source of homes in the form of the supply account."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.frames import check_frame
from geoplan.homes.actions import check_actions
from geoplan.homes.stock import KEYS, VACANCIES

__all__ = ["SOURCE_COLUMNS", "of_actions", "of_gaps", "of_plots", "of_vacancies"]

SOURCE_COLUMNS = (
    "id",
    "kind",
    "stage",
    "area",
    "parcel",
    "homes",
    "year",
    "type",
    "tenure",
    "parents",
    "counts_in",
    "source",
)
"""``id`` with its layer before it; ``kind`` and ``stage`` as in :mod:`geoplan.homes.account`; ``homes`` net, negative
for a loss; ``parents`` all ids that it came from; ``counts_in`` ``supply``, or ``need`` where the need has it already;
``source`` the layer."""

_EMPTY = pd.DataFrame({name: pd.Series(dtype=object) for name in (*SOURCE_COLUMNS, "reason")})

_PLOT_KINDS = {"vacant_parcel": "empty_plot", "subdivided": "empty_plot", "remainder": "infill"}
_GAP_KINDS = {"gap": "empty_plot", "partly_used": "infill"}
_STAGE_OF_STATUS = {"proposed": "planned", "decided": "decided", "under_way": "under_way", "done": "ready"}
_STAGE_OF_VACANCY = {"vacant_to_let": "ready", "vacant_repair": "possible", "vacant_unknown": "possible"}


def of_plots(plots: pd.DataFrame | None, released: Mapping[str, int]) -> pd.DataFrame:
    """Return plots: an empty one, or infill where the parcel has a building.

    Parameters
    ----------
    plots
        The ``plots`` layer, or ``None``.
    released
        The year in which a plot is released, by id.

    Notes
    -----
    A plot that is released is ``decided``, one where a plan allows homes ``planned``, any other ``possible``. A part
    of a parcel comes from the plot that the whole parcel would be.
    """
    if plots is None or plots.empty:
        return _EMPTY
    check_frame(plots, name="plots", columns=["id", "parcel", "kind", "area", "homes", "plan_homes"], unique="id")
    ids, parcels = plots["id"].astype(str), plots["parcel"].astype(str)
    planned = np.where(plots["plan_homes"].eq("allowed"), "planned", "possible")
    year = ids.map(dict(released))
    return _rows(
        plots.index,
        id="plots/" + ids,
        kind=plots["kind"].map(_PLOT_KINDS).fillna("empty_plot"),
        stage=np.where(year.notna(), "decided", planned),
        area=plots["area"],
        parcel=parcels,
        homes=plots["homes"].astype(float),
        year=year,
        parents=[[] if id_ == parcel else [f"plots/{parcel}"] for id_, parcel in zip(ids, parcels, strict=True)],
        source="plots",
        reason=pd.Series(None, index=plots.index, dtype=object).mask(plots["homes"].eq(0), "no_homes"),
    )


def of_gaps(gaps: pd.DataFrame | None) -> pd.DataFrame:
    """Return gaps: an empty plot, or infill where the right is used in part.

    Parameters
    ----------
    gaps
        The ``gaps`` layer, or ``None``: ``parcel``, ``kind``, ``dwellings_remaining``; ``area`` and ``reasons_not``
        where known.

    Notes
    -----
    A gap that is ready is ``planned``; one that something stands against is ``possible``. Where nobody knows whether a
    house stands there, and where nothing may be built on, it is no source.
    """
    if gaps is None or gaps.empty:
        return _EMPTY
    check_frame(gaps, name="gaps", columns=["parcel", "kind", "dwellings_remaining"], unique="parcel")
    homes = pd.to_numeric(gaps["dwellings_remaining"]).astype(float).fillna(0.0)
    parcels = gaps["parcel"].astype(str)
    against = gaps["reasons_not"].map(len).gt(0) if "reasons_not" in gaps else pd.Series(False, index=gaps.index)
    reason = pd.Series(None, index=gaps.index, dtype=object).mask(homes.eq(0), "no_homes")
    return _rows(
        gaps.index,
        id="gaps/" + parcels,
        kind=gaps["kind"].map(_GAP_KINDS).fillna("infill"),
        stage=np.where(against, "possible", "planned"),
        area=gaps.get("area"),
        parcel=parcels,
        homes=homes,
        source="gaps",
        reason=reason.mask(gaps["kind"].eq("unknown"), "nobody_knows_what_stands_there").mask(
            gaps["kind"].eq("blocked"), "no_buildable_land"
        ),
    )


def of_actions(actions: pd.DataFrame | None) -> pd.DataFrame:
    """Return renewal actions that win or lose homes.

    Parameters
    ----------
    actions
        The ``renewal_actions`` layer, or ``None``.

    Notes
    -----
    Densifying is ``infill``, a plot used again an ``empty_plot``. Homes that change from one type of permanent home
    to another are neither won nor lost.
    """
    if actions is None or actions.empty:
        return _EMPTY
    table = check_actions(actions)
    kinds, homes = zip(*(_kind_of(row) for row in table.to_dict("records")), strict=True)
    reason = pd.Series(None, index=table.index, dtype=object)
    reason = reason.mask(np.equal(homes, 0), "no_homes").mask(table["status"].eq("cancelled"), "cancelled")
    return _rows(
        table.index,
        id="renewal_actions/" + table["id"],
        kind=kinds,
        stage=table["status"].map(_STAGE_OF_STATUS),
        area=table["area"],
        parcel=table["parcel"],
        homes=homes,
        year=table["year"],
        type=table["type"],
        tenure=table["tenure"],
        source="renewal_actions",
        reason=reason,
    )


def of_vacancies(stock: pd.DataFrame | None) -> pd.DataFrame:
    """Return vacant dwellings by where and what they are and why they stand empty.

    Parameters
    ----------
    stock
        A table of :func:`geoplan.homes.stock.stock_table`, or ``None``. Leisure homes are not vacant dwellings.

    Notes
    -----
    Those to let are ``ready``, those to be repaired ``possible``; those to be demolished or empty for another reason
    are left out. The need takes vacant dwellings off already, so they count there.
    """
    if stock is None or stock.empty:
        return _EMPTY
    reasons = [*VACANCIES, "vacant_unknown"]
    check_frame(stock, name="dwelling_stock", columns=[*KEYS, *reasons])
    long = stock[stock["type"].ne("leisure")].melt(list(KEYS), reasons, var_name="why", value_name="homes")
    long = long[long["homes"].gt(0)].reset_index(drop=True)
    if long.empty:
        return _EMPTY
    kept = long["why"].isin(list(_STAGE_OF_VACANCY))
    names = long[[*KEYS, "why"]].astype(str).agg("/".join, axis=1)
    return _rows(
        long.index,
        id="dwelling_stock/" + names,
        kind="vacant_in_use",
        stage=long["why"].map(_STAGE_OF_VACANCY),
        area=long["area"],
        homes=long["homes"].astype(float),
        type=long["type"],
        tenure=long["tenure"],
        counts_in="need",
        source="dwelling_stock",
        reason=long["why"].where(~kept, None),
    )


def _kind_of(row: Mapping[Hashable, Any]) -> tuple[str, float]:
    """Return what an action is in the account, and the homes that it wins or loses."""
    net, leisure = float(row["net_dwellings"]), "leisure" in (row["type"], row["from_type"])
    match row["action"]:
        case "densify":
            return "infill", net
        case "reuse_plot":
            return "empty_plot", net
        case "demolish":
            return "demolition", net
        case "renovate":
            return ("split", net) if net >= 0 else ("merge", net)
        case "convert" if leisure:
            return ("permanent_to_leisure", -net) if row["type"] == "leisure" else ("leisure_to_permanent", net)
        case "convert" if row["from_type"] is not None:
            return "conversion", 0.0
        case "convert":
            return ("conversion", net) if net >= 0 else ("conversion_away", net)
    return "none", 0.0


def _rows(index: pd.Index[int], **given: Any) -> pd.DataFrame:
    defaults = {"year": None, "type": None, "tenure": None, "parcel": None, "area": None, "counts_in": "supply"}
    columns = {name: given.get(name, defaults.get(name)) for name in (*SOURCE_COLUMNS, "reason")}
    if columns["parents"] is None:
        columns["parents"] = [[] for _ in range(len(index))]
    table = pd.DataFrame({name: pd.Series(value, index=index, dtype=object) for name, value in columns.items()})
    table = table.where(table.notna(), None)
    return table.astype({"homes": float}).reset_index(drop=True)
