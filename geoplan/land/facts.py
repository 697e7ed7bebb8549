"""Four-valued facts: what every rule says of a parcel or a place, with all that it rests on.

A rule holds (``yes``), was asked and is clear (``no``), is ``unknown`` (nobody asked, the data do not reach there, or
what decides is missing) or ``disputed`` (an official says so). Unknown never counts as buildable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, get_args

from geoplan.land.decisions import Decision
from geoplan.land.explanation import BOUNDARY_NOTICE, tell
from geoplan.land.overlay import NEGLIGIBLE
from geoplan.land.rules import BLOCKING, SEVERITIES, Rule, Severity
from geoplan.text import Text

__all__ = ["Answer", "Explanation", "Fact", "Group", "LayerNote", "Opening", "Place", "Why"]

Answer = Literal["yes", "no", "unknown", "disputed"]

Why = Literal["never_asked", "partly_asked", "outside", "unsure", "decided"]
"""Why something is unknown: the layer is missing, or some of it is, since it had to be derived from others; the data do
not reach there; what decides is missing in the data; or an official says so."""

Group = Literal["yes", "unsure", "disputed", "decided_no", "waiting", "never_asked", "outside", "clear"]
"""How facts are told together, in this order."""

Place = Literal["parcel", "no_parcel", "no_parcels", "outside"]
"""Where a place lies: in a parcel, in none, in none because there are none at all, or where the data do not reach."""


@dataclass(frozen=True)
class LayerNote:
    """What whoever keeps the layers tells of one.

    Attributes
    ----------
    title, source
        What it is called, and who has it.
    version, imported
        The version that was asked and the day it came, as ISO text; ``None`` where there is none.
    described
        The day that its data describe, as ISO text.
    made_of
        The layers that it was derived from, where it is none of its own.
    """

    title: Text
    source: str
    version: int | None = None
    imported: str | None = None
    described: str | None = None
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opening:
    """A rule that makes another one's exemption thinkable: where, and whether it holds at all."""

    rule: Rule
    holds: Answer
    area_m2: float | None = None
    share: float | None = None
    feature: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        named = {"rule": self.rule.id, "title": self.rule.title.model_dump(), "holds": self.holds}
        return named | {"area_m2": self.area_m2, "share": self.share, "feature": self.feature}


@dataclass(frozen=True)
class Fact:
    """One rule's word.

    Attributes
    ----------
    rule, holds
        The rule, with the severity that it has here, and its answer.
    why
        Why it is unknown; ``None`` where it is not.
    area_m2, share, only_m2, taken_m2
        What it concerns of the parcel by itself, what no other blocking rule concerns too, and what it takes when
        rules are applied strongest first; ``None`` for a place, or where it concerns nothing.
    basis, feature
        ``computed_general`` and so on; the causing features.
    layer
        What is told of the layer that was asked.
    distance_m
        From the parcel or place to the nearest object that the rule asks about, in metres; for a shore zone, to the
        shore.
    opened_by
        Rules that make an exemption thinkable here.
    decision, pending
        An official's decision that the figures rest on, and one that they do not rest on yet.
    """

    rule: Rule
    holds: Answer
    why: Why | None = None
    area_m2: float | None = None
    share: float | None = None
    only_m2: float | None = None
    taken_m2: float | None = None
    basis: str | None = None
    feature: str | None = None
    layer: LayerNote | None = None
    distance_m: float | None = None
    opened_by: tuple[Opening, ...] = ()
    decision: Decision | None = None
    pending: Decision | None = None

    @property
    def version(self) -> int | None:
        """The version of the layer that was asked."""
        return self.layer.version if self.layer else None

    @property
    def settle(self) -> Text | None:
        """What would settle it, where it is unknown or disputed."""
        if self.holds not in ("unknown", "disputed"):
            return None
        if self.rule.settle or self.layer is None or self.why != "never_asked":
            return self.rule.settle
        return Text(
            sv=f"Läs in lagret {self.layer.title.sv} ({self.rule.layer}) från {self.layer.source}.",
            en=f"Import the layer {self.layer.title.en} ({self.rule.layer}) from {self.layer.source}.",
        )

    @property
    def group(self) -> Group:
        """With which others it is told."""
        if self.holds == "unknown":
            return self.why if self.why in ("never_asked", "outside") else "unsure"
        if self.holds == "no":
            return "decided_no" if self.decision else "waiting" if self.pending else "clear"
        return self.holds

    def is_beyond(self, reach_m: float) -> bool:
        """Tell whether objects that the rule asks about were looked for, and there is none within reach."""
        if self.why is not None or self.rule.operation == "outside":
            return False
        return self.distance_m is None or self.distance_m > reach_m

    def without_names(self) -> Self:
        """Return it without who decided and why."""
        return replace(
            self,
            decision=self.decision and self.decision.without_names(),
            pending=self.pending and self.pending.without_names(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rule, settle = self.rule, self.settle
        return {
            "rule": rule.id,
            "title": rule.title.model_dump(),
            "holds": self.holds,
            "unknown_because": self.why,
            "severity": rule.severity,
            "layer": rule.layer,
            "layer_title": self.layer.title.model_dump() if self.layer else None,
            "layer_version": self.version,
            "layer_imported": self.layer.imported if self.layer else None,
            "layer_described": self.layer.described if self.layer else None,
            "layer_made_of": list(self.layer.made_of) if self.layer else [],
            "legal_basis": rule.legal_basis.model_dump(),
            "source": rule.source,
            "basis": self.basis,
            "feature": self.feature,
            "area_m2": self.area_m2,
            "share": self.share,
            "only_m2": self.only_m2,
            "taken_m2": self.taken_m2,
            "distance_m": self.distance_m,
            "exemption": rule.exemption.model_dump(),
            "opened_by": [opening.to_dict() for opening in self.opened_by],
            "change": rule.change.model_dump() if rule.change else None,
            "settle": settle.model_dump() if settle else None,
            "decision": asdict(self.decision) if self.decision else None,
            "pending": asdict(self.pending) if self.pending else None,
        }


@dataclass(frozen=True)
class Explanation:
    """Every rule's word on a parcel or a place.

    Attributes
    ----------
    subject
        The parcel's id, or the place's coordinates.
    facts
        In the rules' order.
    area_m2, buildable_m2, left_forbidden_m2, left_needs_exemption_m2, sliver_m2
        Of the parcel; ``left_*`` and slivers as in :class:`geoplan.land.buildable.Buildable`. ``None`` for a place.
    parcel, place
        The parcel, or the one that the place lies in; where the place lies, ``None`` for a parcel.
    as_of
        The day whose law was applied.
    reach_m
        How far around objects were looked for, in metres.
    extra
        Further members of the JSON document.
    """

    subject: str
    facts: tuple[Fact, ...]
    area_m2: float | None = None
    buildable_m2: float | None = None
    left_forbidden_m2: float | None = None
    left_needs_exemption_m2: float | None = None
    sliver_m2: float | None = None
    parcel: str | None = None
    place: Place | None = None
    as_of: dt.date | None = None
    reach_m: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def buildable(self) -> Answer:
        """Whether one may build there, as far as the rules say.

        ``no`` where rules that hold take all of it; ``unknown`` where that hangs on something to find out, or where
        nothing stands against it but a rule that could is unknown: unknown never counts as buildable. ``disputed``
        where all that is open is disputed.
        """
        blocking = [fact for fact in self.facts if fact.rule.severity in BLOCKING]
        firm = {fact.rule.severity for fact in blocking if fact.holds == "yes"}
        # What is unknown and has an area is taken already; the rest of the parcel does not hang on it.
        loose = {fact.holds for fact in blocking if fact.holds in ("unknown", "disputed") and not fact.area_m2}
        if self.buildable_m2 is None or self.buildable_m2 <= 0:
            if self._closed(firm):
                return "no"
            loose = {fact.holds for fact in blocking if fact.holds in ("unknown", "disputed")}
            loose |= {"unknown"} if firm else set()
        if not loose:
            return "yes"
        return "disputed" if loose == {"disputed"} else "unknown"

    def _closed(self, firm: set[Severity]) -> bool:
        """Tell whether rules that hold for sure close all of the land."""
        if self.left_needs_exemption_m2 is None:
            return bool(firm - {"investigate"})
        slivers = (self.sliver_m2 or 0.0) + NEGLIGIBLE * (self.area_m2 or 0.0)
        return self.left_needs_exemption_m2 <= slivers

    def groups(self) -> dict[Group, list[Fact]]:
        """Return the facts as they are told together, strongest rule first; groups that are empty are left out."""
        ordered = sorted(self.facts, key=lambda fact: SEVERITIES.index(fact.rule.severity))
        told = {group: [fact for fact in ordered if fact.group == group] for group in get_args(Group)}
        return {group: facts for group, facts in told.items() if facts}

    def near_and_far(self, facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
        """Part facts in those whose objects are near, the nearest first, and those that have none within reach."""
        far = [fact for fact in facts if self.reach_m is not None and fact.is_beyond(self.reach_m)]
        near = [fact for fact in facts if fact not in far]
        return sorted(near, key=lambda fact: fact.distance_m or 0.0), far

    def without_names(self) -> Self:
        """Return it without who decided what, and why: for readers whom that is not for."""
        return replace(self, facts=tuple(fact.without_names() for fact in self.facts))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "subject": self.subject,
            "parcel": self.parcel,
            "place": self.place,
            "buildable": self.buildable,
            "area_m2": self.area_m2,
            "buildable_m2": self.buildable_m2,
            "left_needs_exemption_m2": self.left_needs_exemption_m2,
            "left_forbidden_m2": self.left_forbidden_m2,
            "sliver_m2": self.sliver_m2,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "reach_m": self.reach_m,
            "facts": [fact.to_dict() for fact in self.facts],
            "notice": BOUNDARY_NOTICE.model_dump(),
            **self.extra,
        }

    def text(self, language: str = "sv") -> str:
        """Return it as text for people, at most 96 characters wide."""
        return tell(self, language)
