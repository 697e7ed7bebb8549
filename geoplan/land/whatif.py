"""What if: buildable land kept warm, so that an edit of a layer or a rule answers while one waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.errors import FrameError, InputError, SettingsError
from geoplan.frames import same_crs
from geoplan.land.buildable import Buildable, buildable_land, buildable_of
from geoplan.land.constraints import build_constraints, check_layer, deciding, read_layers, rule_pieces
from geoplan.land.prepared import Prepared
from geoplan.land.rules import Rule, RuleSet
from geoplan.land.tiles import Numbers
from geoplan.land.updating import differing_pieces, hit_parcels, splice

__all__ = ["Change", "WhatIf"]

Layers = Mapping[str, gpd.GeoDataFrame]

_BY_FEATURE = ("inside", "within_distance")
_NONE: Numbers = np.empty(0, dtype=np.intp)


_Edit = tuple[Numbers, gpd.GeoDataFrame | None]


@dataclass(frozen=True)
class _State:
    """What is so, or would be. Layers are put together when somebody asks for one that was edited."""

    rules: RuleSet
    prepared: Prepared
    make_layers: Callable[[], Layers]

    @cached_property
    def layers(self) -> Layers:
        return self.make_layers()

    @cached_property
    def world(self) -> list[float]:
        """The box around all layers: what rules that hold outside something hold in."""
        bounds = np.array([frame.total_bounds for frame in self.layers.values() if len(frame)])
        return [*np.nanmin(bounds[:, :2], axis=0), *np.nanmax(bounds[:, 2:], axis=0)] if len(bounds) else []

    def caused_by(self, rule_id: str, features: Collection[str]) -> Numbers:
        """Return the positions of the pieces of a rule that features cause."""
        wanted, mine = set(features), self.prepared.of_rule(rule_id)
        hit = np.array([name in wanted for name in self.prepared.feature[mine]], dtype=bool)
        return np.asarray(mine[hit])

    def replaced(self, rule_id: str, new: gpd.GeoDataFrame | None) -> _Edit:
        """Return what changes where a rule has other pieces from now on: those that are the same stay."""
        mine = self.prepared.of_rule(rule_id)
        if new is None:
            return mine, None
        gone, come = differing_pieces(self.prepared.frame(mine, crs=new.crs), new)
        return mine[gone], new.iloc[come]


@dataclass(frozen=True)
class Change:
    """What an edit would do.

    Attributes
    ----------
    after
        The parcels that it touches, as they would be.
    """

    after: Buildable
    _land: Buildable = field(repr=False)
    _touched: Numbers = field(repr=False)
    _from: _State = field(repr=False)
    _to: _State = field(repr=False)

    @cached_property
    def before(self) -> Buildable:
        """The same parcels as they are."""
        land, ids = self._land, set(self.after.parcels["id"])
        return Buildable(
            parcels=land.parcels.iloc[self._touched].reset_index(drop=True),
            reasons=land.reasons[land.reasons["parcel"].isin(ids)].reset_index(drop=True),
            remainders=land.remainders[land.remainders["parcel"].isin(ids)].reset_index(drop=True),
        )

    @property
    def parcels(self) -> pd.DataFrame:
        """``id``, ``before_m2``, ``after_m2`` and ``gained_m2`` (negative: lost) of buildable land, by parcel."""
        before = self._land.parcels["buildable_m2"].to_numpy()[self._touched]
        after = self.after.parcels["buildable_m2"].to_numpy()
        columns = {"before_m2": before, "after_m2": after, "gained_m2": after - before}
        return pd.DataFrame({"id": self.after.parcels["id"], **columns})

    @property
    def gained_m2(self) -> float:
        """Buildable land gained, in m²; negative where it is lost."""
        return float(self.parcels["gained_m2"].sum())


class WhatIf:
    """Buildable land kept warm.

    Parameters
    ----------
    parcels
        Valid polygons with a unique ``id``, in a projected CRS.
    rules
        The rule set, its settings decided.
    layers
        Layers by catalogue id, in the CRS of the parcels.
    as_of
        The day whose law holds; default: today.
    overrides
        What officials decided of single parcels.

    Raises
    ------
    FrameError
        Parcels or a layer are invalid; the rows are named.
    CRSError
        Layers differ in CRS.
    SettingsError
        A required setting is not decided, or a rule names a field that its layer lacks.

    Examples
    --------
    >>> land = WhatIf(parcels, rules, layers)  # doctest: +SKIP
    >>> land.edit("protected_nature", remove=["N17"]).gained_m2  # doctest: +SKIP
    """

    def __init__(
        self,
        parcels: gpd.GeoDataFrame,
        rules: RuleSet,
        layers: Layers,
        *,
        as_of: dt.date | None = None,
        overrides: pd.DataFrame | None = None,
    ) -> None:
        self._day = as_of or dt.date.today()
        constraints = build_constraints(rules, layers, as_of=self._day)
        self._land = buildable_land(parcels, constraints, overrides=overrides)
        self._parcels, self._overrides = parcels.reset_index(drop=True), overrides
        self._tree = shapely.STRtree(parcels.geometry.to_numpy())
        self._state = _State(constraints.rules, constraints.prepared, lambda: layers)
        self._ids = {name: set(frame["id"]) for name, frame in layers.items() if "id" in frame}

    @property
    def land(self) -> Buildable:
        """Buildable land as it is, with every change that was kept."""
        return self._land

    def edit(self, layer: str, *, add: gpd.GeoDataFrame | None = None, remove: Collection[str] = ()) -> Change:
        """Return what follows when features of a layer come or go; nothing changes until it is kept.

        Parameters
        ----------
        layer
            The layer's id; any but ``parcels``.
        add
            Features with the layer's columns and ids of their own.
        remove
            Ids of features.

        Raises
        ------
        InputError
            There is no such layer or feature, an id to add is there already, or a feature to add is invalid.
        CRSError
            The features to add are in another CRS.
        """
        state = self._state
        self._check_edit(layer, add, remove)
        later = _State(state.rules, state.prepared, lambda: _with_edit(state.layers, layer, add, remove))
        edits = []
        for rule in state.rules.rules:
            if not set(rule.needs) <= set(state.layers):
                continue
            if _feature_by_feature(rule, layer):
                come = None if add is None else rule_pieces(rule, state.rules, {**state.layers, layer: add})
                edits.append((state.caused_by(rule.id, remove), come))
            elif layer in read_layers(rule) or (rule.operation == "outside" and later.world != state.world):
                edits.append(state.replaced(rule.id, rule_pieces(rule, state.rules, later.layers)))
        return self._change(later, edits)

    def _check_edit(self, layer: str, add: gpd.GeoDataFrame | None, remove: Collection[str]) -> None:
        layers = self._state.layers
        if layer not in layers or layer == "parcels" or layer not in self._ids:
            known = ", ".join(sorted(set(self._ids) - {"parcels"}))
            raise InputError(f"There is no layer {layer} to edit.", hint=f"There are: {known}.")
        ids = self._ids[layer]
        if missing := sorted(set(remove) - ids):
            raise InputError(f"The layer {layer} has no feature {', '.join(missing)}.")
        if add is None:
            return
        same_crs(layers[layer], add)
        check_layer(layer, add)
        if lacking := [str(name) for name in layers[layer].columns if name not in add]:
            raise FrameError(layer, [f"missing columns {', '.join(lacking)}"])
        if twice := sorted(set(add["id"]) & (ids - set(remove))):
            raise InputError(f"The layer {layer} has a feature {', '.join(twice)} already.", hint="Remove it, too.")

    def under(self, rules: RuleSet) -> Change:
        """Return what follows under other rules; nothing changes until it is kept.

        Parameters
        ----------
        rules
            The rule set, its settings decided; the day stays the same.

        Raises
        ------
        SettingsError
            A required setting is not decided, or a rule names a field that its layer lacks.
        """
        state, rules = self._state, rules.as_of(self._day)
        old = {rule.id: rule for rule in state.rules.rules}
        new = {rule.id: rule for rule in rules.rules}
        if [rule for rule in old if rule in new] != [rule for rule in new if rule in old]:
            raise SettingsError("Rules in another order are another set.", hint="Start with it: WhatIf(...).")
        edits = []
        for rule_id in {**old, **new}:
            before, after = old.get(rule_id), new.get(rule_id)
            if before and after and deciding(before, state.rules) == deciding(after, rules):
                continue
            come = None
            if after and set(after.needs) <= set(state.layers):
                come = rule_pieces(after, rules, state.layers)
            edits.append(state.replaced(rule_id, come))
        decided = set() if self._overrides is None else set(self._overrides["parcel"])
        also = np.flatnonzero(self._parcels["id"].isin(decided))
        return self._change(_State(rules, state.prepared, lambda: state.layers), edits, also)

    def keep(self, change: Change) -> None:
        """Let a change be so: later edits start from it.

        Raises
        ------
        InputError
            Another change was kept since this one was computed.
        """
        if change._from is not self._state:
            raise InputError("Another change was kept since this one was computed.", hint="Compute it again.")
        self._land = splice(self._land, change.after, self._parcels["id"])
        layers = change._to.layers
        # A state of its own, so that the ones before are let go.
        self._state = _State(change._to.rules, change._to.prepared.compacted(), lambda: layers)
        self._ids = {name: set(frame["id"]) for name, frame in layers.items() if "id" in frame}

    def _change(self, later: _State, edits: Sequence[_Edit], also: Numbers = _NONE) -> Change:
        gone = np.concatenate([_NONE, *(pieces for pieces, _ in edits)])
        come = [pieces for _, pieces in edits if pieces is not None and len(pieces)]
        prepared, moved = later.prepared, [later.prepared.index.shapes[gone]]
        if come:
            new = pd.concat(come, ignore_index=True)
            extra = Prepared.of(new, later.rules)
            moved.append(new.geometry.to_numpy())
        else:
            extra = Prepared.nothing(later.rules)
        prepared = prepared.changed(without=gone, extra=extra)
        touched = np.union1d(hit_parcels(self._tree, np.concatenate(moved)), also)
        after = buildable_of(self._parcels.iloc[touched], prepared, overrides=self._overrides)
        return Change(after, self._land, touched, self._state, replace(later, prepared=prepared))


def _with_edit(layers: Layers, layer: str, add: gpd.GeoDataFrame | None, remove: Collection[str]) -> Layers:
    frame = layers[layer]
    kept = frame[~frame["id"].isin(list(remove))]
    return {**layers, layer: pd.concat([kept] if add is None else [kept, add], ignore_index=True)}


def _feature_by_feature(rule: Rule, layer: str) -> bool:
    """Tell whether each feature of a layer gives pieces of its own, whatever the other features are."""
    mapped = any(condition.mapped for condition in rule.where)
    return rule.operation in _BY_FEATURE and layer == rule.layer and layer not in rule.except_in and not mapped
