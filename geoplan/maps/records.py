"""The record of a plot: what the popup shows is what the API answers and what the CSV file holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.land.rules import SEVERITIES, RuleSet
from geoplan.maps.texts import Language, texts
from geoplan.plots.record import RECORD

__all__ = [
    "PLOT_FIELDS",
    "REASON_FIELDS",
    "SHARED_FIELDS",
    "plain",
    "plot_records",
    "reasons_by_parcel",
    "rule_texts",
    "said",
]

SHARED_FIELDS = ("municipality_code", "data_date", "source")
"""Fields that are the same for all plots: a page tells them once."""

PLOT_FIELDS = tuple(field.name for field in RECORD if field.name not in SHARED_FIELDS)
"""Fields of a plot, in the order in which they are shown and written."""

REASON_FIELDS = (
    "rule",
    "severity",
    "layer",
    "basis",
    "feature",
    "blocks",
    "area_m2",
    "share",
    "taken_m2",
)
"""Fields of one reason of a plot's parcel."""

# Metres and square metres on a map are read to the whole number; the stored layer keeps them exact.
_DECIMALS = {
    "area_m2": 0,
    "lot_m2": 0,
    "width_m": 1,
    "frontage_m": 1,
    "water_distance_m": 0,
    "max_building_area_m2": 0,
    "max_gross_floor_area_m2": 0,
    "max_height_m": 1,
    "price_sek": 0,
    "cost_low": 0,
    "cost_high": 0,
    "likely": 2,
    "share": 4,
    "taken_m2": 0,
}
_EXEMPTIBLE = ("forbidden", "needs_exemption")


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: NaN and NaT become ``None``, numpy numbers become Python's."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def plot_records(plots: pd.DataFrame, reasons: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return one record per plot, with the reasons of its parcel, the strongest and largest first.

    Parameters
    ----------
    plots
        As :func:`geoplan.plots.search.find_plots` gives them; a missing column is ``None`` in every record.
    reasons
        As :class:`geoplan.land.buildable.Buildable` holds them: a row per parcel and reason.
    """
    of_parcel = reasons_by_parcel(reasons, set(plots["parcel"])) if reasons is not None and len(plots) else {}
    columns = [plots[name].tolist() if name in plots.columns else [None] * len(plots) for name in PLOT_FIELDS]
    records = []
    for values in zip(*columns, strict=True):
        record = _rounded(dict(zip(PLOT_FIELDS, values, strict=True)))
        record["area_kind"] = record["area_kind"] or "unknown"
        record["unknown"] = record["unknown"] or []
        record["reasons"] = of_parcel.get(record["parcel"], [])
        records.append(record)
    return records


def said(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without the fields in which nobody has said anything: a page with thousands is smaller so."""
    unsaid = () if record.get("offer_basis") == "offer" else ("sale_form", "price_kind", "offer_basis")
    return {name: value for name, value in record.items() if value is not None and name not in unsaid}


def reasons_by_parcel(reasons: pd.DataFrame, parcels: set[Any]) -> dict[Any, list[dict[str, Any]]]:
    """Return the reasons of parcels by parcel, the strongest and largest first.

    Parameters
    ----------
    reasons
        As for :func:`plot_records`.
    parcels
        Ids of the parcels.
    """
    wanted = reasons[reasons["parcel"].isin(parcels)]
    rank = wanted["severity"].map({name: index for index, name in enumerate(SEVERITIES)})
    order = pd.DataFrame({"rank": rank, "area": -wanted["area_m2"], "rule": wanted["rule"]}).sort_values(
        ["rank", "area", "rule"], kind="stable"
    )
    wanted = wanted.loc[order.index]
    names = [name for name in REASON_FIELDS if name in wanted.columns]
    found: dict[Any, list[dict[str, Any]]] = {}
    for parcel, *values in zip(wanted["parcel"].tolist(), *(wanted[name].tolist() for name in names), strict=True):
        found.setdefault(parcel, []).append(_rounded(dict(zip(names, values, strict=True))))
    return found


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    record = {name: plain(value) for name, value in values.items()}
    for name, decimals in _DECIMALS.items():
        if record.get(name) is not None:
            record[name] = round(float(record[name]), decimals)
            if decimals == 0:
                record[name] = int(record[name])
    return record


def rule_texts(rules: RuleSet | None, language: Language) -> dict[str, dict[str, str | None]]:
    """Return what is told about each rule, by rule id: title, severity, legal basis and exemption."""
    words = texts(language)
    told: dict[str, dict[str, str | None]] = {}
    for rule in rules.rules if rules is not None else ():
        exemption = None
        if rule.severity in _EXEMPTIBLE:
            grounds = rule.exemption.grounds
            possible = words["exemption_yes" if rule.exemption.thinkable else "exemption_no"]
            exemption = f"{possible}. {grounds[language]}" if grounds else f"{possible}."
        told[rule.id] = {
            "title": rule.title[language],
            "severity": rule.severity,
            "basis": rule.legal_basis[language],
            "exemption": exemption,
            "change": rule.change[language] if rule.change else None,
        }
    return told
