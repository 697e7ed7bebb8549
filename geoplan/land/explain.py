"""Why not here: every rule's word on a parcel or a place, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.constraints import Constraints, select_features
from geoplan.land.rules import BLOCKING, Rule, RuleSet
from geoplan.text import Text

__all__ = ["Answer", "Explanation", "Fact", "explain_parcel", "explain_point"]

Answer = Literal["yes", "no", "unknown", "disputed"]

BOUNDARY_NOTICE = Text(
    sv="Kartans gränser är inte juridiskt bindande.",
    en="Boundaries on the map are not legally binding.",
)
"""Source: Lantmäteriet, https://geotorget.lantmateriet.se/dokumentation/GEODOK/15/2025.02_gallande.html"""

_SEVERITY = {
    "forbidden": Text(sv="förbjudet", en="forbidden"),
    "needs_exemption": Text(sv="kräver dispens", en="needs an exemption"),
    "investigate": Text(sv="behöver utredas", en="to be investigated"),
    "costs": Text(sv="kostar", en="costs"),
    "noted": Text(sv="noterat", en="noted"),
}


@dataclass(frozen=True)
class Fact:
    """One rule's word.

    Attributes
    ----------
    holds
        ``yes``, ``no`` (asked and clear), ``unknown`` (never asked: the layer is missing) or ``disputed``.
    area_m2, share
        What it takes of the parcel by itself; ``None`` for a place, or where it takes nothing.
    basis, feature, version
        ``computed_general`` and so on; the causing features; the version of the layer that was asked.
    distance_m
        From the parcel or place to the nearest object that the rule asks about, in metres.
    """

    rule: Rule
    holds: Answer
    area_m2: float | None = None
    share: float | None = None
    basis: str | None = None
    feature: str | None = None
    version: int | None = None
    distance_m: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rule = self.rule
        return {
            "rule": rule.id,
            "title": rule.title.model_dump(),
            "holds": self.holds,
            "severity": rule.severity,
            "layer": rule.layer,
            "layer_version": self.version,
            "legal_basis": rule.legal_basis.model_dump(),
            "source": rule.source,
            "basis": self.basis,
            "feature": self.feature,
            "area_m2": self.area_m2,
            "share": self.share,
            "distance_m": self.distance_m,
            "exemption": rule.exemption.model_dump(),
            "change": rule.change.model_dump() if rule.change else None,
        }


@dataclass(frozen=True)
class Explanation:
    """Every rule's word on a parcel or a place."""

    subject: str
    facts: tuple[Fact, ...]
    area_m2: float | None = None
    buildable_m2: float | None = None
    parcel: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def buildable(self) -> Answer:
        """Whether one may build there, as far as the rules say.

        ``no`` where a rule that was asked takes all of it; ``unknown`` where that hangs on an investigation, or
        where nothing stands against it but a rule that could was never asked: unknown never counts as buildable.
        """
        blocking = [fact for fact in self.facts if fact.rule.severity in BLOCKING]
        against = {fact.rule.severity for fact in blocking if fact.holds == "yes"}
        taken = bool(against) if self.buildable_m2 is None else self.buildable_m2 <= 0
        if taken:
            return "unknown" if against == {"investigate"} else "no"
        return "unknown" if any(fact.holds in ("unknown", "disputed") for fact in blocking) else "yes"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "subject": self.subject,
            "parcel": self.parcel,
            "buildable": self.buildable,
            "area_m2": self.area_m2,
            "buildable_m2": self.buildable_m2,
            "facts": [fact.to_dict() for fact in self.facts],
            "notice": BOUNDARY_NOTICE.model_dump(),
            **self.extra,
        }

    def text(self, language: str = "sv") -> str:
        """Return it as text for people."""
        sv = language == "sv"
        lines = [self.subject]
        if self.area_m2 is not None and self.buildable_m2 is not None:
            of = "byggbart av" if sv else "buildable of"
            lines.append(f"  {self.buildable_m2:,.0f} m² {of} {self.area_m2:,.0f} m²".replace(",", "\u202f"))
        heads = {
            "yes": "Gäller:" if sv else "Holds:",
            "unknown": "Okänt, aldrig tillfrågat (lagret saknas):" if sv else "Unknown, never asked (no layer):",
            "disputed": "Ifrågasatt:" if sv else "Disputed:",
            "no": "Tillfrågat och fritt:" if sv else "Asked and clear:",
        }
        for answer, head in heads.items():
            facts = [fact for fact in self.facts if fact.holds == answer]
            if not facts:
                continue
            lines.append(head)
            for fact in facts:
                lines.extend(_lines(fact, language) if answer == "yes" else [_short(fact, language)])
        lines.append(BOUNDARY_NOTICE[language])
        return "\n".join(lines)


def explain_parcel(
    parcel: str,
    buildable: gpd.GeoDataFrame,
    reasons: pd.DataFrame,
    constraints: Constraints,
    *,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    shape: shapely.Geometry | None = None,
    versions: Mapping[str, int] | None = None,
) -> Explanation:
    """Explain a parcel from what the chain computed.

    Parameters
    ----------
    parcel
        Its id.
    buildable, reasons
        The tables of :class:`geoplan.land.buildable.Buildable`; the parcel's own rows suffice.
    constraints
        The rules that were in force and those never asked; the pieces are not used.
    layers
        Layers to measure distances to; without them there are none.
    shape
        The parcel's own shape, to measure distances from; default: its buildable remainder.
    versions
        Version numbers of the layers.
    """
    row = buildable[buildable["id"] == parcel].iloc[0]
    mine = reasons[reasons["parcel"] == parcel]
    facts = _facts(mine, constraints, shape if shape is not None else row.geometry, layers, versions)
    return Explanation(
        subject=parcel,
        parcel=parcel,
        facts=facts,
        area_m2=float(row["area_m2"]),
        buildable_m2=float(row["buildable_m2"]),
    )


def explain_point(
    x: float,
    y: float,
    constraints: Constraints,
    *,
    parcel: str | None = None,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    versions: Mapping[str, int] | None = None,
) -> Explanation:
    """Explain a place.

    Parameters
    ----------
    x, y
        East and north in the CRS of the constraints.
    constraints
        The pieces near the place suffice.
    parcel
        The parcel that the place lies in, where known.
    layers, versions
        As in :func:`explain_parcel`.
    """
    place = shapely.Point(x, y)
    here = constraints.pieces[shapely.intersects(constraints.pieces.geometry.to_numpy(), place)]
    facts = _facts(here.drop_duplicates(["rule", "basis"]), constraints, place, layers, versions)
    return Explanation(subject=f"{x:.1f}, {y:.1f}", parcel=parcel, facts=facts)


def _facts(
    hits: pd.DataFrame,
    constraints: Constraints,
    shape: shapely.Geometry,
    layers: Mapping[str, gpd.GeoDataFrame] | None,
    versions: Mapping[str, int] | None,
) -> tuple[Fact, ...]:
    """Return every rule's word: its hits where it has any, else that it is clear, or that it was never asked."""
    facts: list[Fact] = []
    for rule in {rule.id: rule for rule in constraints.rules.rules}.values():
        if rule.id in constraints.unknown:
            facts.append(Fact(rule, "unknown"))
            continue
        mine = hits[hits["rule"] == rule.id]
        clear = Fact(
            rule,
            "no",
            version=(versions or {}).get(rule.layer),
            distance_m=_distance(rule, constraints.rules, shape, layers),
        )
        facts += [clear] if mine.empty else [_hit(clear, hit) for hit in mine.to_dict("records")]
    return tuple(facts)


def _hit(clear: Fact, hit: Mapping[Any, Any]) -> Fact:
    """Return the word of a rule that holds, from its row in ``reasons`` or one of its pieces."""
    return replace(
        clear,
        rule=clear.rule.model_copy(update={"severity": hit["severity"]}),
        holds="yes",
        area_m2=hit.get("area_m2"),
        share=hit.get("share"),
        basis=str(hit["basis"]),
        feature=None if pd.isna(hit["feature"]) else str(hit["feature"]),
    )


def _distance(
    rule: Rule, rules: RuleSet, shape: shapely.Geometry, layers: Mapping[str, gpd.GeoDataFrame] | None
) -> float | None:
    """Return the distance in metres to the nearest feature that the rule asks about."""
    frame = (layers or {}).get(rule.layer)
    if frame is None or rule.operation == "outside" or shapely.is_empty(shape):
        return None
    chosen = select_features(frame, rules.conditions(rule))
    if not len(chosen):
        return None
    return float(shapely.distance(chosen.geometry.to_numpy(), shape).min() * metres_per_unit(frame.crs))


def _lines(fact: Fact, language: str) -> list[str]:
    sv = language == "sv"
    rule = fact.rule
    head = f"  {rule.title[language]} – {_SEVERITY[rule.severity][language]}"
    if fact.area_m2 is not None and fact.share is not None:
        head += f", {fact.area_m2:,.0f} m² ({fact.share:.0%})".replace(",", "\u202f")
    lines = [head, f"    {rule.legal_basis[language]}"]
    layer = f"{rule.layer} v{fact.version}" if fact.version else rule.layer
    word = "lager" if sv else "layer"
    parts = [f"{word} {layer}", f"{'grund' if sv else 'basis'} {fact.basis}"]
    if fact.feature:
        parts.append(f"{'orsak' if sv else 'cause'} {fact.feature}")
    if fact.distance_m is not None:
        parts.append(f"{'avstånd' if sv else 'distance'} {fact.distance_m:.0f} m")
    lines.append("    " + "; ".join(parts))
    if rule.exemption.thinkable:
        grounds = f": {rule.exemption.grounds[language]}" if rule.exemption.grounds else "."
        lines.append(f"    {'Dispens tänkbar' if sv else 'Exemption thinkable'}{grounds}")
    if rule.change:
        lines.append(f"    {'Vad som måste ändras' if sv else 'What would have to change'}: {rule.change[language]}")
    return lines


def _short(fact: Fact, language: str) -> str:
    text = f"  {fact.rule.title[language]}"
    return text if fact.distance_m is None else f"{text} ({fact.distance_m:.0f} m)"
