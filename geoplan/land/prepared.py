"""Constraints as the engine takes them: an index of pieces, and the groups that are taken and told together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import geopandas as gpd
import numpy as np

from geoplan.land.rules import SEVERITIES, RuleSet, Severity
from geoplan.land.tiles import Index, Numbers, Shapes

__all__ = ["Group", "Prepared"]

_WINDOW = ["west", "south", "east", "north"]
_GROUP = ["rule", "severity", "layer", "basis"]


@dataclass(frozen=True)
class Group:
    """What is taken together and told as one reason."""

    rule: str
    severity: Severity
    layer: str
    basis: str


@dataclass(frozen=True)
class Prepared:
    """Constraints as the engine takes them.

    Attributes
    ----------
    groups
        Strongest first, then in the rules' order.
    index
        The pieces; ``group`` numbers ``groups``.
    feature
        For every piece the causing feature's id, or ``None``.
    rules
        The rules in force.
    """

    groups: tuple[Group, ...]
    index: Index
    feature: Shapes
    rules: RuleSet

    @classmethod
    def of(cls, pieces: gpd.GeoDataFrame, rules: RuleSet) -> Self:
        """Prepare pieces.

        Parameters
        ----------
        pieces
            As in :class:`geoplan.land.constraints.Constraints`.
        rules
            The rules in force.
        """
        kinds = pieces[_GROUP].drop_duplicates().itertuples(index=False)
        found = [Group(*map(str, kind)) for kind in kinds]  # type: ignore[arg-type]
        groups = _ordered(found, rules)
        number = np.array([groups.index(group) for group in found], dtype=np.intp)
        window = pieces[_WINDOW].to_numpy(dtype=float)
        unbounded = np.array([-np.inf, -np.inf, np.inf, np.inf])
        index = Index(
            shapes=pieces.geometry.to_numpy(),
            part=pieces.groupby(["rule", "part"], sort=False).ngroup().to_numpy(dtype=np.intp),
            window=np.where(np.isnan(window), unbounded, window),
            group=number[pieces.groupby(_GROUP, sort=False).ngroup().to_numpy()],
        )
        return cls(groups, index, pieces["feature"].to_numpy(dtype=object), rules)

    def with_groups(self, more: Iterable[Group]) -> Self:
        """Return it with groups that no piece has yet; the others are numbered anew."""
        groups = _ordered({*self.groups, *more}, self.rules)
        return replace(self, groups=groups, index=replace(self.index, group=self._numbers(groups)))

    def changed(self, *, without: Numbers, extra: Prepared) -> Self:
        """Return it without some pieces and with others behind, under the rules of these."""
        rules = extra.rules
        groups = _ordered({*self.groups, *extra.groups}, rules)
        mine = replace(self.index, group=self._numbers(groups))
        others = replace(extra.index, group=extra._numbers(groups))
        return replace(
            self,
            groups=groups,
            index=mine.changed(without=without, extra=others),
            feature=np.concatenate([self.feature, extra.feature]),
            rules=rules,
        )

    def _numbers(self, groups: tuple[Group, ...]) -> Numbers:
        place = {group: number for number, group in enumerate(groups)}
        return np.array([place[group] for group in self.groups], dtype=np.intp)[self.index.group]


def _ordered(groups: Iterable[Group], rules: RuleSet) -> tuple[Group, ...]:
    order = {rule.id: number for number, rule in enumerate(rules.rules)}
    # A rule that is no more has pieces that are gone; its place does not matter.
    return tuple(
        sorted(
            groups,
            key=lambda group: (SEVERITIES.index(group.severity), order.get(group.rule, -1), group.rule, group.basis),
        )
    )
