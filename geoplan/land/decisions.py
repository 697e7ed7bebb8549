"""Officials' decisions on single parcels, as the engine understands them.

A decision says of a rule on a parcel whether it holds: ``no`` takes it away there; ``yes`` leaves it as computed, lets
it hold for sure where that was unsure, and on the whole parcel where nothing of it was found or it was lifted;
``unknown`` and ``disputed`` make it something to investigate, on what was computed or else on the whole parcel, so that
nothing of it counts as buildable until it is settled; ``computed`` takes back what was decided before. Decisions are
only ever added: the last one on a parcel and a rule counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.land.prepared import Group, Prepared
from geoplan.land.rules import Rule
from geoplan.land.tiles import DROPPED, KEPT, Grant

__all__ = ["BASIS", "LIFTED", "UNSURE", "WITHDRAWN", "Decided", "Decision", "Ruling", "decide"]

Ruling = Literal["yes", "no", "unknown", "disputed", "computed"]

BASIS = "override"
"""The basis of what holds by an official's decision alone."""

UNSURE = "computed_unsure"
"""The basis of what was computed but hangs on something unknown."""

LIFTED = "lifted"
"""The basis of what only tells that the rule does not hold."""

WITHDRAWN = "computed"
"""What a decision says that takes the one before it back: what was computed counts again."""


@dataclass(frozen=True)
class Decision:
    """What an official decided of a rule on a parcel, and why.

    Attributes
    ----------
    rule, holds
        The rule's id, and whether it holds there; ``computed`` takes an earlier decision back.
    date
        The day, as ISO text.
    official, reason
        Who decided, and why; ``None`` where that is not for the reader.
    original, original_basis
        What was computed when it was decided: ``yes``, ``no`` or ``unknown``, and on what basis.
    """

    rule: str
    holds: Ruling
    date: str | None = None
    official: str | None = None
    reason: str | None = None
    original: str | None = None
    original_basis: str | None = None

    def without_names(self) -> Self:
        """Return it without who and why: a reason may name people."""
        return replace(self, official=None, reason=None)


@dataclass(frozen=True)
class Decided:
    """Constraints with the decisions on single parcels.

    Attributes
    ----------
    prepared
        The constraints, with the groups that only decisions make besides their own.
    rule
        For every group the number of its rule.
    grant
        The decisions; ``None`` where there are none.
    """

    prepared: Prepared
    rule: npt.NDArray[np.intp]
    grant: Grant | None


def decide(prepared: Prepared, parcels: pd.Series[Any], overrides: pd.DataFrame | None) -> Decided:
    """Put decisions to the constraints.

    Parameters
    ----------
    prepared
        What was computed.
    parcels
        Ids of the parcels, unique.
    overrides
        ``parcel``, ``rule`` and ``holds``; of several rows on the same parcel and rule the last counts. Rows on
        parcels that are not there, or on rules that are not in force, decide nothing; nor does a ``computed`` row.
    """
    rules = {rule.id: rule for rule in prepared.rules.rules}
    numbers = {rule: number for number, rule in enumerate(rules)}
    rows = _standing(overrides, parcels, rules)
    if len(rows):
        prepared = prepared.with_groups(
            group for row in rows.itertuples() for group in _made(rules[str(row.rule)], str(row.holds))
        )
    place = {group: number for number, group in enumerate(prepared.groups)}
    return Decided(
        prepared=prepared,
        rule=np.array([numbers.get(group.rule, -1) for group in prepared.groups], dtype=np.intp),
        grant=_grant(rows, rules, numbers, place) if len(rows) else None,
    )


def _standing(overrides: pd.DataFrame | None, parcels: pd.Series[Any], rules: dict[str, Rule]) -> pd.DataFrame:
    if overrides is None or overrides.empty:
        return pd.DataFrame({"rule": [], "holds": [], "position": []})
    last = overrides.drop_duplicates(["parcel", "rule"], keep="last")
    last = last[last["holds"] != WITHDRAWN]
    last = last.assign(position=pd.Index(parcels).get_indexer(last["parcel"]))
    return last[(last["position"] >= 0) & last["rule"].isin(list(rules))]


def _made(rule: Rule, holds: str) -> tuple[Group, ...]:
    """Return the group that a decision may need besides the computed ones."""
    if holds == "no":
        return ()
    severity = rule.severity if holds == "yes" else "investigate"
    return (Group(rule.id, severity, rule.layer, BASIS),)


def _grant(rows: pd.DataFrame, rules: dict[str, Rule], numbers: dict[str, int], place: dict[Group, int]) -> Grant:
    whole, becomes = [], []
    for row in rows.itertuples():
        made = _made(rules[str(row.rule)], str(row.holds))
        whole.append(place[made[0]] if made else DROPPED)
        becomes.append(DROPPED if row.holds == "no" else KEPT if row.holds == "yes" else place[made[0]])
    return Grant(
        parcel=rows["position"].to_numpy(dtype=np.intp),
        rule=np.array([numbers[rule] for rule in rows["rule"]], dtype=np.intp),
        becomes=np.array(becomes, dtype=np.intp),
        whole=np.array(whole, dtype=np.intp),
        unsure=np.array([group.basis == UNSURE for group in place], dtype=bool),
        lifted=np.array([group.basis == LIFTED for group in place], dtype=bool),
    )
