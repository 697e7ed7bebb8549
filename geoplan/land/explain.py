"""Why not here: every rule's word on a parcel or a place, for people and for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.land.constraints import Constraints
from geoplan.land.decisions import BASIS, UNSURE, Decision
from geoplan.land.facts import Answer, Explanation, Fact, LayerNote, Opening, Place, Why
from geoplan.land.nearest import nearest_m

__all__ = ["Background", "Explanation", "Fact", "LayerNote", "explain_parcel", "explain_point"]

_NAMED_FEATURES = 3
_NOTHING = 1e-9
"""The share of a parcel up to which nothing of it is concerned: what rounding makes of shapes that only touch."""
_WHOLE = 1 - _NOTHING
"""The share from which on all of it is concerned."""


@dataclass(frozen=True)
class Background:
    """What whoever keeps the layers knows besides the figures.

    Attributes
    ----------
    layers
        What is told of each layer, by id.
    decided, pending
        Officials' decisions on the parcel by rule: those that the figures rest on, and those that they do not rest
        on yet.
    as_of
        The day whose law was applied.
    reach_m
        How far around the parcel or place the features reach that are given to measure distances to, in metres.
    """

    layers: Mapping[str, LayerNote] = field(default_factory=dict)
    decided: Mapping[str, Decision] = field(default_factory=dict)
    pending: Mapping[str, Decision] = field(default_factory=dict)
    as_of: dt.date | None = None
    reach_m: float | None = None


def explain_parcel(
    parcel: str,
    buildable: gpd.GeoDataFrame,
    reasons: pd.DataFrame,
    constraints: Constraints,
    *,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    shape: shapely.Geometry | None = None,
    background: Background | None = None,
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
    background
        Versions, decisions and the like.
    """
    known = background or Background()
    row = buildable[buildable["id"] == parcel].iloc[0]
    hits = reasons[(reasons["parcel"] == parcel) & (reasons["share"] > _NOTHING)]
    place = shape if shape is not None else row.geometry
    return Explanation(
        subject=parcel,
        parcel=parcel,
        facts=_facts(hits, constraints, place, layers or {}, known),
        area_m2=float(row["area_m2"]),
        buildable_m2=float(row["buildable_m2"]),
        left_forbidden_m2=_number(row.get("left_forbidden_m2")),
        left_needs_exemption_m2=_number(row.get("left_needs_exemption_m2")),
        sliver_m2=_number(row.get("sliver_m2")),
        as_of=known.as_of,
        reach_m=known.reach_m,
    )


def explain_point(
    x: float,
    y: float,
    constraints: Constraints,
    *,
    parcel: str | None = None,
    reasons: pd.DataFrame | None = None,
    place: Place | None = None,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    background: Background | None = None,
) -> Explanation:
    """Explain a place.

    Parameters
    ----------
    x, y
        East and north in the CRS of the constraints.
    constraints
        The pieces near the place suffice.
    parcel, reasons
        The parcel that the place lies in, where known, and its reasons: what was decided of it holds at the place.
    place
        Where the place lies. What is found ``outside`` of the data holds, but nothing is clear there.
    layers, background
        As in :func:`explain_parcel`.
    """
    known = background or Background()
    point = shapely.Point(x, y)
    pieces = constraints.pieces[shapely.intersects(constraints.pieces.geometry.to_numpy(), point)]
    hits = _decided_here(_at_place(pieces), reasons, constraints, known.decided)
    facts = _facts(hits, constraints, point, layers or {}, known, outside=place == "outside")
    return Explanation(
        subject=f"{x:.1f}, {y:.1f}",
        parcel=parcel,
        place=place,
        facts=facts,
        as_of=known.as_of,
        reach_m=known.reach_m,
    )


def _at_place(pieces: pd.DataFrame) -> pd.DataFrame:
    """Return one row a rule and basis, with the features that cause it; where a rule holds for sure it does."""
    rows = []
    for _, mine in pieces.groupby(["rule", "basis"], sort=False):
        features = sorted({str(name) for name in mine["feature"] if not pd.isna(name)})
        row = mine.iloc[0][["rule", "severity", "layer", "basis"]].to_dict()
        rows.append(row | {"feature": ", ".join(features[:_NAMED_FEATURES]) or None})
    found = pd.DataFrame(rows, columns=["rule", "severity", "layer", "basis", "feature"], dtype=object)
    sure = set(found.loc[~found["basis"].isin([UNSURE, "lifted"]), "rule"])
    return found[(found["basis"] != UNSURE) | ~found["rule"].isin(list(sure))]


def _decided_here(
    hits: pd.DataFrame, reasons: pd.DataFrame | None, constraints: Constraints, decided: Mapping[str, Decision]
) -> pd.DataFrame:
    """Put the decisions on the parcel to what was computed at the place."""
    rules = {rule.id: rule for rule in constraints.rules.rules}
    for rule_id in sorted(set(decided) & set(rules)):
        holds, found = decided[rule_id].holds, hits["rule"] == rule_id
        open_here = found.any() and (holds != "yes" or (hits.loc[found, "basis"] == UNSURE).all())
        if holds == "no":
            hits = hits[~found]
        elif open_here or (not found.any() and _has_whole(reasons, rule_id)):
            severity = rules[rule_id].severity if holds == "yes" else "investigate"
            row = {"rule": rule_id, "severity": severity, "layer": rules[rule_id].layer, "basis": BASIS}
            hits = pd.concat([hits[~found], pd.DataFrame([row | {"feature": None}], dtype=object)])
    return hits


def _has_whole(reasons: pd.DataFrame | None, rule_id: str) -> bool:
    """Tell whether a decision lets a rule hold on all of the parcel."""
    if reasons is None:
        return False
    mine = reasons[(reasons["rule"] == rule_id) & (reasons["basis"] == BASIS)]
    return bool((mine["share"] >= _WHOLE).any())


def _facts(
    hits: pd.DataFrame,
    constraints: Constraints,
    shape: shapely.Geometry,
    layers: Mapping[str, gpd.GeoDataFrame],
    known: Background,
    *,
    outside: bool = False,
) -> tuple[Fact, ...]:
    """Return every rule's word: its hits where it has any, else that it is clear, or why nobody knows."""
    facts: list[Fact] = []
    for rule in {rule.id: rule for rule in constraints.rules.rules}.values():
        distance = partial(nearest_m, rule, constraints.rules, shape, layers, reach_m=known.reach_m)
        bare = Fact(
            rule,
            "no",
            layer=known.layers.get(rule.layer),
            decision=known.decided.get(rule.id),
            pending=known.pending.get(rule.id),
        )
        mine = hits[hits["rule"] == rule.id].to_dict("records")
        if mine:
            facts += [_hit(replace(bare, distance_m=distance(basis=str(hit["basis"]))), hit) for hit in mine]
        elif bare.decision is None and rule.id in constraints.unknown:
            facts.append(replace(bare, holds="unknown", why="never_asked"))
        elif bare.decision is None and outside:
            facts.append(replace(bare, holds="unknown", why="outside"))
        elif bare.decision is None and bare.layer is not None and bare.layer.made_of:
            facts.append(replace(bare, holds="unknown", why="partly_asked", distance_m=distance()))
        else:
            facts.append(replace(bare, distance_m=distance()))
    return tuple(_with_openings(facts))


def _hit(bare: Fact, hit: Mapping[Any, Any]) -> Fact:
    """Return the word of a rule that holds or may, from its row in ``reasons`` or one of a place."""
    basis = str(hit["basis"])
    holds, why = _answer(basis, bare.decision)
    return replace(
        bare,
        rule=bare.rule.model_copy(update={"severity": hit["severity"]}),
        holds=holds,
        why=why,
        area_m2=_number(hit.get("area_m2")),
        share=_number(hit.get("share")),
        only_m2=_number(hit.get("only_m2")),
        taken_m2=_number(hit.get("taken_m2")),
        basis=basis,
        feature=None if pd.isna(hit["feature"]) else str(hit["feature"]),
    )


def _answer(basis: str, decision: Decision | None) -> tuple[Answer, Why | None]:
    if decision is not None and decision.holds in ("unknown", "disputed"):
        return ("unknown", "decided") if decision.holds == "unknown" else ("disputed", None)
    if basis == UNSURE and decision is None:
        return "unknown", "unsure"
    return "yes", None


def _with_openings(facts: list[Fact]) -> Iterator[Fact]:
    """Tell of every rule that is not clear which others make an exemption thinkable here."""
    openers = [fact for fact in facts if fact.rule.opens and fact.holds != "no"]
    for fact in facts:
        opened_by = tuple(
            Opening(opener.rule, opener.holds, opener.area_m2, opener.share, opener.feature)
            for opener in openers
            if fact.rule.id in opener.rule.opens and fact.holds != "no"
        )
        yield replace(fact, opened_by=opened_by)


def _number(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else float(value)
