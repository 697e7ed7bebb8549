"""Constraints as the engine takes them: an index of pieces, and the groups that are taken and told together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.land.rules import SEVERITIES, RuleSet, Severity
from geoplan.land.tiles import Index, Numbers, Shapes

__all__ = ["Group", "Prepared"]

_MANY_TREES = 32

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
        # Plain Python on purpose: on a few pieces, as an edit has, grouping by pandas takes longer than all the rest.
        kinds = list(zip(*(pieces[name].tolist() for name in _GROUP), strict=True))
        groups = _ordered({Group(*kind) for kind in set(kinds)}, rules)
        number = {(group.rule, group.severity, group.layer, group.basis): at for at, group in enumerate(groups)}
        order = {rule: at for at, rule in enumerate(sorted({kind[0] for kind in kinds}))}
        part = pieces["part"].to_numpy(dtype=np.intp)
        window = pieces[_WINDOW].to_numpy(dtype=float)
        unbounded = np.array([-np.inf, -np.inf, np.inf, np.inf])
        index = Index(
            shapes=pieces.geometry.to_numpy(),
            part=np.array([order[kind[0]] for kind in kinds], dtype=np.intp) * (part.max(initial=0) + 1) + part,
            window=np.where(np.isnan(window), unbounded, window),
            group=np.array([number[kind] for kind in kinds], dtype=np.intp),
        )
        return cls(groups, index, pieces["feature"].to_numpy(dtype=object), rules)

    @classmethod
    def nothing(cls, rules: RuleSet) -> Self:
        """Return no constraints."""
        none: Numbers = np.empty(0, dtype=np.intp)
        index = Index(np.empty(0, dtype=object), none, np.empty((0, 4)), none)
        return cls((), index, np.empty(0, dtype=object), rules)

    def of_rule(self, rule_id: str) -> Numbers:
        """Return the positions of a rule's pieces, without those that are gone."""
        mine = np.array([group.rule == rule_id for group in self.groups], dtype=bool)[self.index.group]
        return np.flatnonzero(mine if self.index.gone is None else mine & ~self.index.gone)

    def frame(self, pieces: Numbers, *, crs: object) -> gpd.GeoDataFrame:
        """Return what identifies pieces, and their geometry, as a table."""
        groups = [self.groups[number] for number in self.index.group[pieces]]
        table = pd.DataFrame({name: [getattr(group, name) for group in groups] for name in _GROUP}, dtype=object)
        window = self.index.window[pieces]
        table[_WINDOW] = np.where(np.isfinite(window), window, np.nan)
        table["feature"] = pd.Series(self.feature[pieces], dtype=object)
        return gpd.GeoDataFrame(table, geometry=self.index.shapes[pieces], crs=crs)

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

    def compacted(self) -> Self:
        """Return it without the pieces that are gone, once they or the trees of the index are many."""
        index = self.index
        if index.gone is None or (index.trees < _MANY_TREES and index.gone.mean() < 1 / 2):
            return self
        there = np.flatnonzero(~index.gone)
        return replace(self, index=index.only(there), feature=self.feature[there])

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
