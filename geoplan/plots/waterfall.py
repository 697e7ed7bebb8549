"""Nothing is dropped in silence: from all land to plots, step by step, each step with its rule."""

from __future__ import annotations

import pandas as pd

from geoplan.land.buildable import Buildable
from geoplan.land.constraints import Constraints
from geoplan.plots.search import PlotSearch
from geoplan.text import Text

__all__ = ["STEPS", "waterfall"]

STEPS = {
    "parcels": Text(sv="All mark i fastigheter", en="All land in parcels"),
    "slivers": Text(sv="Flisor där gränser nästan stämmer", en="Slivers where boundaries almost agree"),
    "buildable": Text(sv="Byggbar mark", en="Buildable land"),
    "built": Text(sv="Trädgård till befintliga hus", en="Gardens of existing houses"),
    "built_place_unknown": Text(sv="Bebyggt, läget okänt", en="Built, place unknown"),
    "too_small": Text(sv="För litet för en tomt", en="Too small for a plot"),
    "too_narrow": Text(sv="För smalt för en tomt", en="Too narrow for a plot"),
    "no_house": Text(sv="Rymmer inget hus", en="Holds no house"),
    "access": Text(sv="Vägar och infarter till tomterna", en="Roads and driveways to the plots"),
    "left_over": Text(sv="Blir över när mark delas", en="Left over where land is divided"),
    "plots": Text(sv="Tomter", en="Plots"),
}
"""The steps that are not rules, with their titles."""


def waterfall(buildable: Buildable, constraints: Constraints, search: PlotSearch) -> pd.DataFrame:
    """Return the steps from all land to plots.

    Parameters
    ----------
    buildable, constraints, search
        What the chain computed so far.

    Returns
    -------
    DataFrame
        ``step`` (a rule's id, with a colon and the severity where that is not the rule's own, or one of
        :data:`STEPS`), ``kind`` (``total`` or ``loss``), ``title_sv``,
        ``title_en``, ``severity``, ``layer``, ``area_m2`` (negative for a loss), ``parcels`` (how many it
        concerns), ``plots`` and ``homes``. The losses between two totals add up to their difference.

    Notes
    -----
    Rules are applied strongest first and in file order within a severity, so what two rules both take is
    counted for the first of them; the ``reasons`` table has what each takes by itself.
    """
    parcels, plots, dropped = buildable.parcels, search.plots, search.dropped
    rows = [_total("parcels", parcels["area_m2"].sum(), len(parcels))]
    blocking = buildable.reasons[buildable.reasons["blocks"] & (buildable.reasons["taken_m2"] > 0)]
    for (rule_id, severity), part in blocking.groupby(["rule", "severity"], sort=False):
        rule = constraints.rules.rule(str(rule_id))
        # What a rule takes only because something is unknown is a step of its own.
        own = severity == rule.severity
        rows.append(
            {
                "step": rule.id if own else f"{rule.id}:{severity}",
                "kind": "loss",
                "title_sv": rule.title.sv if own else f"{rule.title.sv}: okänt om det gäller",
                "title_en": rule.title.en if own else f"{rule.title.en}: unknown whether it holds",
                "severity": str(severity),
                "layer": rule.layer,
                "area_m2": -float(part["taken_m2"].sum()),
                "parcels": int(part["parcel"].nunique()),
            }
        )
    order = {rule.id: number for number, rule in enumerate(constraints.rules.rules)}
    severities = ("forbidden", "needs_exemption", "investigate")
    rows[1:] = sorted(
        rows[1:], key=lambda row: (severities.index(str(row["severity"])), order[str(row["step"]).split(":")[0]])
    )
    slivers = parcels[parcels["sliver_m2"] > 0]
    if len(slivers):
        rows.append(_total("slivers", -float(slivers["sliver_m2"].sum()), len(slivers)) | {"kind": "loss"})
    left = parcels[parcels["buildable_m2"] > 0]
    rows.append(_total("buildable", left["buildable_m2"].sum(), len(left)))
    for reason in ("built", "built_place_unknown", "too_small", "too_narrow", "no_house", "access", "left_over"):
        part = dropped[dropped["reason"] == reason]
        if len(part):
            lost = -float(part["area_m2"].sum())
            rows.append(_total(reason, lost, int(part["parcel"].nunique())) | {"kind": "loss"})
    last = _total("plots", plots["area_m2"].sum(), int(plots["parcel"].nunique()))
    rows.append(last | {"plots": len(plots), "homes": int(plots["homes"].sum())})
    columns = (
        "step",
        "kind",
        "title_sv",
        "title_en",
        "severity",
        "layer",
        "area_m2",
        "parcels",
        "plots",
        "homes",
    )
    table = pd.DataFrame(rows, columns=list(columns))
    return table.astype({"plots": "Int64", "homes": "Int64", "severity": object, "layer": object})


def _total(step: str, area: float, parcels: int) -> dict[str, object]:
    title = STEPS[step]
    return {
        "step": step,
        "kind": "total",
        "title_sv": title.sv,
        "title_en": title.en,
        "severity": None,
        "layer": None,
        "area_m2": float(area),
        "parcels": parcels,
    }
