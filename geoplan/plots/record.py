"""The plot record: what is told of a plot, the same in the popup, the API, CSV and GeoPackage.

Source of what it holds: no field list of the national specification for plots (*Lediga tomter*, Dataverkstaden 2023)
was at hand, so the record is a synthesis of ours from what municipalities publish; a table of names
(``layers/specifications``) says what other specifications call a field. The specification tells the whole plot from
the right to build on it, and the plot from the property; so does the record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from geoplan.frames import optional
from geoplan.land.rules import RuleSet
from geoplan.text import Text

__all__ = ["RECORD", "RECORD_NAMES", "RecordField", "complete_plots", "plan_status", "shore_protection"]

FieldKind = Literal["text", "number", "integer", "date", "list"]

_PROTECTION = ("override", "decided_extended", "computed_general", "computed", "decided", "computed_unsure", "lifted")
"""Bases of shore protection, the one that decides most first."""

_WRITTEN = {"repealed": "repealed", "adopted": "coming", "in_preparation": "coming"}
"""Statuses of a plan that no date changes."""

_STATUSES = ("in_force", "coming", "repealed", "unknown")

_Frame = TypeVar("_Frame", bound=pd.DataFrame)


@dataclass(frozen=True)
class RecordField:
    """One field of the record.

    Attributes
    ----------
    name, kind
        The column's name; what it holds. A ``date`` is ISO text.
    title
        In Swedish with the term that is used there.
    unit
        The unit of a number; empty where it has none.
    """

    name: str
    kind: FieldKind
    title: Text
    unit: str = ""


def _field(name: str, kind: FieldKind, sv: str, en: str, unit: str = "") -> RecordField:
    return RecordField(name, kind, Text(sv=sv, en=en), unit)


RECORD: tuple[RecordField, ...] = (
    _field("id", "text", "Beteckning", "Identifier"),
    _field("parcel", "text", "Fastighet", "Parcel"),
    _field("designation", "text", "Fastighetsbeteckning", "Property designation"),
    _field("property", "text", "Registerenhetsreferens", "Property unit"),
    _field("status", "text", "Status", "Status"),
    _field("sale_form", "text", "Försäljningsform", "Form of sale"),
    _field("price_sek", "number", "Pris", "Price", "SEK"),
    _field("price_kind", "text", "Pristyp", "Kind of price"),
    _field("tenure", "text", "Upplåtelse", "Tenure"),
    _field("status_date", "date", "Status från", "Status from"),
    _field("status_until", "date", "Status till och med", "Status until"),
    _field("offer_basis", "text", "Grund för status", "Basis of the status"),
    _field("kind", "text", "Slag", "Kind"),
    _field("area_kind", "text", "Läge", "Setting"),
    _field("area", "text", "Område", "Area"),
    _field("area_m2", "number", "Storlek", "Size", "m²"),
    _field("lot_m2", "number", "Hela tomten", "The whole plot", "m²"),
    _field("width_m", "number", "Bredd", "Width", "m"),
    _field("frontage_m", "number", "Längd mot väg", "Frontage", "m"),
    _field("access", "text", "Väg fram", "Access"),
    _field("access_id", "text", "Tillfartens beteckning", "Identifier of the access"),
    _field("house_fits", "text", "Rum för ett hus", "Room for a house"),
    _field("homes", "integer", "Bostäder", "Homes"),
    _field("homes_basis", "text", "Grund för antalet", "Basis of the number"),
    _field("homes_one_or_two", "integer", "Bostäder i småhus", "Homes in one- and two-dwelling houses"),
    _field("homes_multi", "integer", "Bostäder i flerbostadshus", "Homes in multi-dwelling buildings"),
    _field("likely", "number", "Bostäder att vänta till sista året", "Homes likely by the last year"),
    _field("plan_id", "text", "Detaljplan", "Plan"),
    _field("plan_status", "text", "Planens status", "Status of the plan"),
    _field("plan_use", "text", "Planens användning", "Use in the plan"),
    _field("plan_homes", "text", "Planen om bostäder", "The plan on homes"),
    _field("max_building_area_m2", "number", "Största byggnadsarea (BYA)", "Largest building area", "m²"),
    _field("max_gross_floor_area_m2", "number", "Största bruttoarea (BTA)", "Largest gross floor area", "m²"),
    _field("max_height_m", "number", "Högsta höjd", "Greatest height", "m"),
    _field("right_code", "text", "Byggrättens bestämmelsekod", "Provision code of the right"),
    _field("right_basis", "list", "Grund för byggrätten", "Basis of the right"),
    _field("period_end", "date", "Genomförandetid slut", "End of the implementation period"),
    _field("utility", "text", "Vatten och avlopp", "Water and sewerage"),
    _field("cost_low", "number", "Kostnad att göra i ordning, lägst", "Cost to make ready, low"),
    _field("cost_high", "number", "Kostnad att göra i ordning, högst", "Cost to make ready, high"),
    _field("cost_currency", "text", "Kostnadens valuta", "Currency of the cost"),
    _field("water_distance_m", "number", "Till vatten", "To the water", "m"),
    _field("shore_protection", "text", "Strandskydd på fastigheten", "Shore protection on the parcel"),
    _field("certainty", "text", "Säkerhet", "Certainty"),
    _field("unknown", "list", "Aldrig prövat", "Never asked"),
    _field("municipality_code", "text", "Kommunkod", "Municipality code"),
    _field("data_date", "date", "Data från", "Data from"),
    _field("source", "text", "Källa", "Source"),
)
"""Fields of the record in the order in which they are shown and written; then come the reasons and the geometry."""

RECORD_NAMES: tuple[str, ...] = tuple(field.name for field in RECORD)


def complete_plots(
    plots: _Frame,
    *,
    as_of: dt.date,
    parcels: pd.DataFrame | None = None,
    plans: pd.DataFrame | None = None,
    reasons: pd.DataFrame | None = None,
    rules: RuleSet | None = None,
    unknown: Sequence[str] = (),
    municipality_code: str | None = None,
) -> _Frame:
    """Add to plots what the record tells besides: names in the register, and what the plan and the shore say.

    Parameters
    ----------
    plots
        ``id`` and ``parcel``, and where known ``plan_id``.
    as_of
        The day whose law and plans are asked.
    parcels
        ``id``, and where known ``designation`` and ``property``.
    plans
        ``id``, and where known ``status`` and ``in_force``.
    reasons, rules, unknown
        As for :func:`shore_protection`.
    municipality_code
        The municipality's official code.

    Returns
    -------
    DataFrame
        The plots in their order with ``designation``, ``property`` and ``municipality_code`` (``None`` where
        unknown), ``plan_status`` and ``shore_protection``. Called again it gives the same.
    """
    result = plots.copy()
    for name in ("designation", "property"):
        values: Any = None
        if parcels is not None and name in parcels:
            known = parcels.drop_duplicates("id").set_index("id")[name].astype(object)
            found = plots["parcel"].map(known)
            values = found.astype(object).where(found.notna(), None)
        result[name] = pd.Series(values, index=result.index, dtype=object)
    result["municipality_code"] = pd.Series(municipality_code, index=result.index, dtype=object)
    result["plan_status"] = plan_status(plots, plans, as_of=as_of)
    result["shore_protection"] = shore_protection(plots, reasons, rules, unknown=unknown)
    return result


def plan_status(plots: pd.DataFrame, plans: pd.DataFrame | None, *, as_of: dt.date) -> pd.Series[Any]:
    """Tell whether the plan that a plot lies in is in force.

    Returns
    -------
    Series
        ``in_force``, ``coming`` (it is being prepared or adopted, or its day lies after ``as_of``), ``repealed``,
        ``unknown`` (neither status nor day is known), or ``none``: the plot lies in no plan. Of several rows of one
        plan one that is in force counts before one that comes, and that before one that is repealed. A plan whose
        implementation period has ended is still in force: see ``period_end``.
    """
    ids = plots["plan_id"] if "plan_id" in plots else pd.Series(None, index=plots.index, dtype=object)
    has = ids.notna()
    if "plan_homes" in plots:  # a plan may have no id
        has |= ~plots["plan_homes"].isin(["none"]) & plots["plan_homes"].notna()
    told = ids.map(_status_by_plan(plans, as_of)) if plans is not None and "id" in plans else ids.map({})
    return told.astype(object).where(told.notna(), "unknown").where(has, "none")


def _status_by_plan(plans: pd.DataFrame, as_of: dt.date) -> dict[Any, str]:
    """Return the status of every plan on a day: what is written of it, and only then its date."""
    known = plans.dropna(subset=["id"])
    written, days = (optional(known, name) for name in ("status", "in_force"))
    started = {True: "in_force", False: "coming"}
    by_date = [started[str(day)[:10] <= as_of.isoformat()] if pd.notna(day) else None for day in days]
    told = [
        _WRITTEN.get(status) or date or ("in_force" if status == "in_force" else "unknown")
        for status, date in zip(written, by_date, strict=True)
    ]
    table = pd.DataFrame({"id": known["id"].to_numpy(), "told": told})
    table["rank"] = table["told"].map({name: rank for rank, name in enumerate(_STATUSES)})
    first = table.sort_values("rank", kind="stable").drop_duplicates("id")
    return dict(zip(first["id"], first["told"], strict=True))


def shore_protection(
    plots: pd.DataFrame, reasons: pd.DataFrame | None, rules: RuleSet | None, *, unknown: Sequence[str] = ()
) -> pd.Series[Any]:
    """Tell on what basis a shore is protected on a plot's parcel.

    Parameters
    ----------
    plots
        ``parcel``.
    reasons
        ``parcel``, ``rule`` and ``basis``, as :class:`geoplan.land.buildable.Buildable` holds them.
    rules
        Those that were in force; those with the operation ``shore_zone`` are shore protection.
    unknown
        Ids of the rules that were never asked.

    Returns
    -------
    Series
        The basis (``decided_extended``, ``computed_general``, ``computed_unsure``, ``lifted``, …), the one that
        decides most where there are several; ``none`` where it was asked and nothing is protected; ``unknown``
        where it was never asked. A plain yes or no would tell too little: that nothing is drawn on a map does not
        mean that nothing is protected.
    """
    asked = {rule.id for rule in rules.rules if rule.operation == "shore_zone"} if rules is not None else set()
    otherwise = "none" if asked - set(unknown) and reasons is not None else "unknown"
    told = pd.Series(otherwise, index=plots.index, dtype=object)
    if reasons is None or not asked:
        return told
    mine = reasons[reasons["rule"].isin(asked) & reasons["basis"].notna()]
    order = {basis: place for place, basis in enumerate(_PROTECTION)}
    rank = mine["basis"].map(order).fillna(len(order))
    first = mine.assign(rank=rank).sort_values(["rank", "basis"], kind="stable").drop_duplicates("parcel")
    found = plots["parcel"].map(first.set_index("parcel")["basis"].astype(object))
    return told.where(np.asarray(found.isna()), found)
