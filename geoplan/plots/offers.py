"""Which plots can be had: status, form of sale and price, from rows that are only ever added.

A row names a plot, or a parcel by its id or designation: then it holds for all plots on it. Of the rows that name a
plot and are in force on a day, the last one counts; ``computed`` takes those before it back. A row that has run out
counts no longer, and the one before it holds again: so a reservation ends by itself.

Source of what a municipality tells of a plot for sale: municipalities' pages on plots tell a queue (*tomtkö*) from a
direct sale (*direktförsäljning*) and set the price by a valuation, so that it may be unknown; others sell by lottery
(Sundsvall) or by land allocation (*markanvisning*, SFS 2014:899).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.frames import check_frame
from geoplan.text import Text

__all__ = [
    "APPLIED_COLUMNS",
    "OFFER_COLUMNS",
    "PRICE_KINDS",
    "PUBLIC_COLUMNS",
    "SALE_FORMS",
    "STATUSES",
    "WITHDRAWN",
    "PriceKind",
    "SaleForm",
    "Status",
    "apply_offers",
    "history_of_plots",
    "named_by",
    "offer_notes",
    "status_history",
]

Status = Literal["available", "reserved", "sold", "private", "unknown"]
SaleForm = Literal["queue", "direct", "lottery", "allocation", "private", "unknown"]
PriceKind = Literal["fixed", "valuation", "auction", "unknown"]

STATUSES: tuple[Status, ...] = get_args(Status)
SALE_FORMS: tuple[SaleForm, ...] = get_args(SaleForm)
PRICE_KINDS: tuple[PriceKind, ...] = get_args(PriceKind)

WITHDRAWN = "computed"
"""The status of a row that takes those before it back."""

OFFER_COLUMNS = (
    "plot",
    "status",
    "sale_form",
    "price_sek",
    "price_kind",
    "tenure",
    "from_date",
    "until",
    "official",
    "reason",
    "source",
    "date",
)
"""Columns of the offers; ``price_sek`` in kronor, dates as ISO text."""

PUBLIC_COLUMNS = ("plot", "status", "sale_form", "price_sek", "price_kind", "tenure", "from_date", "until", "date")
"""Those that anybody may read: who and why may name people."""

APPLIED_COLUMNS = (
    "status",
    "sale_form",
    "price_sek",
    "price_kind",
    "tenure",
    "status_date",
    "status_until",
    "offer_basis",
    "default_status",
)
"""Columns of plots that :func:`apply_offers` writes."""

_NAMED_AT_MOST = 5
_Frame = TypeVar("_Frame", bound=pd.DataFrame)


def apply_offers(plots: _Frame, offers: pd.DataFrame | None, *, as_of: dt.date) -> _Frame:
    """Write status, form of sale and price into plots.

    Parameters
    ----------
    plots
        ``id``, ``parcel``, ``status``, and where known ``designation``. What an earlier call wrote is written anew,
        so that it may be called again with more rows or on a later day.
    offers
        :data:`OFFER_COLUMNS`, the oldest row first; ``plot`` and ``status`` must be there. ``None``: there are none.
    as_of
        The day: only rows in force on it count.

    Returns
    -------
    DataFrame
        The plots in their order, with :data:`APPLIED_COLUMNS`. ``status`` is the offer's or, where none counts, the
        one that the plots came with, which ``default_status`` keeps; ``offer_basis`` is ``offer`` or ``default``.
        ``sale_form`` and ``price_kind`` are ``unknown`` where nobody has said; ``price_sek`` (kronor) is NaN where
        it is unknown. ``status_date`` is the day from which the row holds, or on which it was added;
        ``status_until`` the last day on which it holds.

    Raises
    ------
    FrameError
        A column is missing.
    """
    check_frame(plots, name="plots", columns=["id", "parcel", "status"])
    rows = _checked(offers)
    standing = _standing(plots, rows, as_of)
    has = standing >= 0
    chosen = rows.iloc[np.where(has, standing, 0)] if len(rows) else rows.reindex(range(len(plots)))
    default = plots["default_status" if "default_status" in plots else "status"].to_numpy(dtype=object)
    result = plots.copy()

    def told(name: str, otherwise: Any = None) -> npt.NDArray[Any]:
        values = chosen[name].to_numpy(dtype=object)
        return np.where(has & pd.notna(values), values, otherwise)

    written: dict[str, npt.NDArray[Any]] = {
        "status": np.where(has, chosen["status"].to_numpy(dtype=object), default),
        "sale_form": told("sale_form", "unknown"),
        "price_sek": told("price_sek", np.nan).astype(float),
        "price_kind": told("price_kind", "unknown"),
        "tenure": told("tenure"),
        "status_date": np.where(pd.notna(told("from_date")), told("from_date"), told("date")),
        "status_until": told("until"),
        "offer_basis": np.where(has, "offer", "default").astype(object),
        "default_status": default,
    }
    for name, values in written.items():
        result[name] = pd.Series(values, index=result.index, dtype=float if name == "price_sek" else object)
    return result


def offer_notes(plots: pd.DataFrame, offers: pd.DataFrame | None, *, as_of: dt.date) -> tuple[Text, ...]:
    """Tell which rows hold for no plot: none is lost, but none of these changes a plot.

    Parameters
    ----------
    plots, offers, as_of
        As for :func:`apply_offers`.

    Returns
    -------
    tuple of Text
        On rows that name no plot of these, and on rows that hold from a later day on.
    """
    rows = _checked(offers)
    if rows.empty:
        return ()
    hit = np.zeros(len(rows), dtype=bool)
    for places in _places(plots, rows):
        hit |= np.isin(rows["name"].cat.codes.to_numpy(), places[places >= 0])
    later = _after(rows["from_date"], as_of)
    notes = []
    if not hit.all():
        names = list(dict.fromkeys(rows.loc[~hit, "plot"].astype(str)))
        some = ", ".join(names[:_NAMED_AT_MOST]) + (" …" if len(names) > _NAMED_AT_MOST else "")
        notes.append(
            Text(
                sv=f"Tomter till salu: namn som inte är någon tomt här ({len(names)}): {some}. Raderna finns kvar.",
                en=f"Plots for sale: names that are no plot here ({len(names)}): {some}. The rows are kept.",
            )
        )
    if later.any():
        number = int(later.sum())
        notes.append(
            Text(
                sv=f"Tomter till salu: rader som gäller först efter {as_of.isoformat()} ({number}) räknas inte än.",
                en=f"Plots for sale: rows that hold only after {as_of.isoformat()} ({number}) do not count yet.",
            )
        )
    return tuple(notes)


def status_history(
    offers: pd.DataFrame | None, plot: Mapping[str, Any] | str, *, as_of: dt.date | None = None
) -> pd.DataFrame:
    """Return every row that holds, held or will hold for a plot, the oldest first.

    Parameters
    ----------
    offers
        As for :func:`apply_offers`.
    plot
        The plot: ``id``, ``parcel`` and ``designation`` as far as they are known, or its id alone.
    as_of
        The day on which to tell which row counts; ``None`` looks at no day, so that the last row counts.

    Returns
    -------
    DataFrame
        :data:`OFFER_COLUMNS` and ``stands``: whether the row is the one that counts. A row that takes others back
        stands as well: what was computed then holds.
    """
    known = {"id": plot} if isinstance(plot, str) else plot
    place = pd.DataFrame([{name: known.get(name) for name in ("id", "parcel", "designation")}], dtype=object)
    rows = _checked(offers)
    mine = np.zeros(len(rows), dtype=bool)
    for places in _places(place, rows):
        mine |= (rows["name"].cat.codes == places[0]).to_numpy() & (places[0] >= 0)
    force = mine if as_of is None else mine & _in_force(rows, as_of)
    stands = np.zeros(len(rows), dtype=bool)
    stands[np.flatnonzero(force)[-1:]] = True
    told = rows.assign(stands=stands)[mine]
    return told[[*OFFER_COLUMNS, "stands"]].reset_index(drop=True)


def history_of_plots(plots: pd.DataFrame, offers: pd.DataFrame | None) -> pd.DataFrame:
    """Return what anybody may read of every row, once for each plot that it names.

    Parameters
    ----------
    plots, offers
        As for :func:`apply_offers`.

    Returns
    -------
    DataFrame
        ``plot_id`` and :data:`PUBLIC_COLUMNS`, the oldest row first and the plots of a row in their order. A row that
        names none of the plots is there once, without ``plot_id``: none is lost.
    """
    rows = _checked(offers)
    ids = plots["id"].to_numpy(dtype=object)
    named = [pd.DataFrame({"code": places, "plot": np.arange(len(plots))}) for places in _places(plots, rows)]
    pairs = pd.concat(named, ignore_index=True).drop_duplicates()
    codes = pd.DataFrame({"code": rows["name"].cat.codes.to_numpy(dtype=np.intp), "row": np.arange(len(rows))})
    found = codes.merge(pairs, on="code", how="left").sort_values(["row", "plot"], kind="stable")
    told = rows.iloc[found["row"].to_numpy()][list(PUBLIC_COLUMNS)].reset_index(drop=True)
    plot_id = [None if np.isnan(plot) else ids[int(plot)] for plot in found["plot"].to_numpy(dtype=float)]
    told.insert(0, "plot_id", pd.Series(plot_id, dtype=object))
    return told


def named_by(plots: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the plots that a row of this name holds for."""
    rows = _checked(pd.DataFrame({"plot": [name], "status": ["unknown"]}))
    return plots[np.logical_or.reduce([places == 0 for places in _places(plots, rows)])]


def _checked(offers: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows with all columns, and ``name``: what they name, the same however it is written."""
    if offers is None:
        offers = pd.DataFrame(columns=list(OFFER_COLUMNS), dtype=object)
    check_frame(offers, name="offers", columns=["plot", "status"])
    rows = offers.reindex(columns=list(OFFER_COLUMNS)).reset_index(drop=True)
    return rows.assign(name=rows["plot"].map(_folded).astype("category"))


def _standing(plots: pd.DataFrame, rows: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.intp]:
    """Return for each plot the position of the row that counts; -1 where none does, or it takes others back."""
    force = np.flatnonzero(_in_force(rows, as_of))
    last = np.full(len(rows["name"].cat.categories) + 1, -1, dtype=np.intp)
    # Later rows are written over earlier ones; the place behind the last name is for plots that no row names.
    last[rows["name"].cat.codes.to_numpy()[force]] = force
    last[-1] = -1
    found = np.maximum.reduce([last[places] for places in _places(plots, rows)])
    withdrawn = rows["status"].eq(WITHDRAWN).to_numpy()
    if len(rows):
        found[(found >= 0) & withdrawn[found]] = -1
    return np.asarray(found)


def _places(plots: pd.DataFrame, rows: pd.DataFrame) -> list[npt.NDArray[np.intp]]:
    """Return, for each name that a plot has, its place among the names of the rows; -1 where no row has it."""
    names = pd.Index(rows["name"].cat.categories, dtype=object)
    columns = [name for name in ("id", "parcel", "designation") if name in plots]
    return [np.asarray(names.get_indexer(plots[name].map(_folded))) for name in columns]


def _in_force(rows: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.bool_]:
    day = as_of.isoformat()
    over = rows["until"].map(lambda until: isinstance(until, str) and until < day).to_numpy(dtype=bool)
    return ~over & ~_after(rows["from_date"], as_of)


def _after(dates: pd.Series[Any], as_of: dt.date) -> npt.NDArray[np.bool_]:
    day = as_of.isoformat()
    return np.asarray(dates.map(lambda date: isinstance(date, str) and date > day).to_numpy(dtype=bool))


def _folded(name: object) -> str | None:
    """Return a name as it is compared: case and runs of spaces tell nothing."""
    return " ".join(name.split()).casefold() if isinstance(name, str) else None
