"""What a search for other land rests on: who computed what, from which data, under which rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.alternatives.criteria import OPENABLE, Opened, opens
from geoplan.alternatives.search import Alternatives
from geoplan.land.rules import BLOCKING, Rule, RuleSet
from geoplan.text import Text

__all__ = ["Evidence", "LayerUsed", "Provenance"]


@dataclass(frozen=True)
class LayerUsed:
    """A version of a layer that was read; ``None`` where the source tells nothing."""

    layer: str
    title: Text
    version: int
    rows: int
    date: str | None
    imported: str
    source: str | None
    licence: str | None
    content_hash: str


@dataclass(frozen=True)
class Provenance:
    """All that it takes to recompute.

    Attributes
    ----------
    place
        Whose data: the municipality's name.
    synthetic
        Whether the place is made up.
    run, computed, snapshot
        The run's number, its time as ISO text and its address.
    as_of
        The day whose law holds, as ISO text.
    rule_set
        Its title.
    code
        What identifies the code.
    layers
        The versions that the run read and the search used.
    notes
        What the run told of what it lacked or assumed.
    command
        The command line that recomputes it.
    """

    place: str
    synthetic: bool
    run: int
    computed: str
    snapshot: str
    as_of: str
    rule_set: Text
    code: str
    layers: tuple[LayerUsed, ...]
    notes: tuple[Text, ...]
    command: str


@dataclass(frozen=True)
class Evidence:
    """A search with all that a reader needs to judge it.

    Attributes
    ----------
    found
        The search.
    rule, rules
        The rule that guards the site, and all that were in force.
    site_reasons
        ``rule``, ``severity`` and ``area_m2`` of every rule that holds on the site.
    concerns
        The same with ``parcel``, for the parcels that are listed.
    provenance
        Where it comes from.
    top
        How many sites, and near misses of a kind, are listed.
    """

    found: Alternatives
    rule: Rule
    rules: RuleSet
    site_reasons: pd.DataFrame
    concerns: pd.DataFrame
    provenance: Provenance
    top: int

    def asked(self) -> list[Rule]:
        """Return the rules that were asked."""
        return [rule for rule in self.rules.rules if rule.id not in self.found.unknown]

    def never_asked(self) -> list[Rule]:
        """Return the rules that were never asked."""
        return [self.rules.rule(name) for name in self.found.unknown]

    def listed_near(self) -> gpd.GeoDataFrame:
        """Return the near misses that are listed: the nearest of every criterion."""
        near = self.found.near
        rank = near.groupby("criterion", sort=False).cumcount()
        return near.loc[rank < self.top]

    def concerning(self, parcels: list[str], kind: str) -> list[Rule]:
        """Return the rules that bear on a site, in the rules' order, besides the guarding one.

        Parameters
        ----------
        parcels
            The site's parcels, which must be listed.
        kind
            The site's class: what it is clear of does not bear on it, for that land was left out.
        """
        mine = self.concerns[self.concerns["parcel"].isin(parcels) & (self.concerns["basis"] != "lifted")]
        bears = mine["severity"].map(lambda severity: severity not in BLOCKING or opens(_opened(kind), severity))
        names = set(mine.loc[bears.astype(bool), "rule"]) - {self.rule.id}
        return [rule for rule in {rule.id: rule for rule in self.rules.rules}.values() if rule.id in names]

    def to_dict(self) -> dict[str, Any]:
        """Return it as values for JSON; geometries are left out."""
        found = self.found
        provenance = asdict(self.provenance)
        provenance["rule_set"] = self.provenance.rule_set.model_dump()
        provenance["notes"] = [note.model_dump() for note in self.provenance.notes]
        for used, layer in zip(provenance["layers"], self.provenance.layers, strict=True):
            used["title"] = layer.title.model_dump()
        return {
            "rule": {"id": self.rule.id, "title": self.rule.title.model_dump(), "layer": self.rule.layer},
            "legal_basis": self.rule.legal_basis.model_dump(),
            "wanted": {
                "title": found.wanted.title,
                "parcel": found.wanted.parcel,
                "purpose": found.wanted.purpose,
                "homes": found.wanted.homes,
                **found.site,
                "rules": self.site_reasons,
            },
            "search_area": found.search.text().model_dump(),
            "criteria": [criterion.to_dict() for criterion in found.criteria],
            "opened": found.opened,
            "preliminary": found.preliminary,
            "never_asked": [
                {
                    "rule": rule.id,
                    "title": rule.title.model_dump(),
                    "settle": rule.settle.model_dump() if rule.settle else None,
                }
                for rule in self.never_asked()
            ],
            "waterfall": found.waterfall,
            "sites_found": len(found.sites),
            "sites": _records(found.sites),
            "near_misses_found": found.near["criterion"].value_counts().sort_index().to_dict(),
            "near_misses": _records(pd.DataFrame(self.listed_near())),
            "provenance": provenance,
        }


def _records(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns="geometry"))


def _opened(kind: str) -> Opened:
    return next((severity for severity in OPENABLE if severity == kind), None)
