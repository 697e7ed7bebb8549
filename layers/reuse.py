"""What a run takes over from an earlier one: prepared rules, and the land of parcels that nothing touched."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.errors import NotFoundError
from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import Constraints, build_constraints, deciding, read_layers
from geoplan.land.mappers import Mapper, on_threads
from geoplan.land.rules import Rule, RuleSet
from geoplan.land.updating import LandInputs, update_land
from layers.preparations import Preparations
from layers.provenance import code_version
from layers.store import LayerVersion, Store

__all__ = ["Reuse"]

_LAND = ("parcels", "reasons", "remainders")


@dataclass
class Reuse:
    """Preparations of one store for one run.

    Parameters
    ----------
    store
        Where earlier versions of layers are.
    preparations
        What earlier runs left.
    inputs
        The run's layer versions.

    Attributes
    ----------
    parcels_computed
        Parcels whose land was computed; ``None`` before.
    """

    store: Store
    preparations: Preparations
    inputs: Mapping[str, LayerVersion]
    parcels_computed: int | None = None
    _keys: dict[str, str] = field(default_factory=dict)
    _law: dict[str, Any] = field(default_factory=dict)

    def constraints(self, rules: RuleSet, layers: Mapping[str, gpd.GeoDataFrame], *, as_of: dt.date) -> Constraints:
        """Do what :func:`geoplan.land.constraints.build_constraints` does, and compute only rules that are new."""
        in_force = rules.as_of(as_of)
        asked = [rule for rule in in_force.rules if set(rule.needs) <= set(layers)]
        # The whole set and the day: a set of only the rules in force need not be a sound one.
        self._law = {"set": rules.to_mapping(), "as_of": as_of.isoformat()}
        self._keys = {rule.id: self._rule_key(rule, in_force, layers) for rule in asked}
        ready = {}
        for rule in asked:
            found = self.preparations.get(self._keys[rule.id])
            if found is not None:
                ready[rule.id] = found.frame
        constraints = build_constraints(rules, layers, as_of=as_of, ready=ready)
        for rule in asked:
            if rule.id not in ready:
                self.preparations.put(self._keys[rule.id], f"rule {rule.id}", constraints.of(rule.id))
        return constraints

    def land(
        self,
        parcels: gpd.GeoDataFrame,
        constraints: Constraints,
        *,
        overrides: pd.DataFrame | None = None,
        mapper: Mapper = on_threads,
        advance: Callable[[int], object] | None = None,
    ) -> Buildable:
        """Do what :func:`geoplan.land.buildable.buildable_land` does, and compute only what a change touches."""
        meta: dict[str, Any] = {
            "parcels": self._version("parcels"),
            "overrides": self._version("overrides"),
            "law": self._law,
            "keys": self._keys,
            "made": self._made(),
        }
        contents = [version and version[1] for version in (meta["parcels"], meta["overrides"])]
        # Rules in their order, which decides what a rule takes first, and those never asked among them: an official
        # may have decided what nobody could compute.
        rules = [[rule.id, rule.severity, rule.layer, self._keys.get(rule.id)] for rule in constraints.rules.rules]
        key = _digest([contents, rules, meta["made"]])
        land = self._stored(key)
        self.parcels_computed = 0
        if land is None:
            now = LandInputs(parcels, constraints, overrides)
            last = self.preparations.last("land parcels")
            before = None if last is None else self._before(last.removesuffix(" parcels"), now, meta)
            if before is None:
                land = buildable_land(parcels, constraints, overrides=overrides, mapper=mapper, advance=advance)
                self.parcels_computed = len(parcels)
            else:
                land, self.parcels_computed = update_land(*before, now, mapper=mapper, advance=advance)
            for name in _LAND:
                self.preparations.put(f"{key} {name}", f"land {name}", getattr(land, name), meta)
        return land

    def _stored(self, key: str) -> Buildable | None:
        found = [self.preparations.get(f"{key} {name}") for name in _LAND]
        frames: list[Any] = [part.frame for part in found if part is not None]
        return Buildable(*frames) if len(frames) == len(_LAND) else None

    def _before(self, key: str, now: LandInputs, meta: Mapping[str, Any]) -> tuple[Buildable, LandInputs] | None:
        """Return an earlier run's land with its inputs; ``None`` where some of it is no more, or other code made it."""
        head, land = self.preparations.get(f"{key} parcels"), self._stored(key)
        if head is None or land is None or head.meta["made"] != meta["made"]:
            return None
        rules = RuleSet.from_mapping(head.meta["law"]["set"]).as_of(dt.date.fromisoformat(head.meta["law"]["as_of"]))
        ready = {}
        for rule, address in head.meta["keys"].items():
            found = self.preparations.get(address)
            if found is None:
                return None
            ready[rule] = found.frame
        try:
            was = {name: self._read(name, head.meta[name], meta[name], current) for name, current in _given(now)}
        except NotFoundError:
            return None
        frames = [ready[rule.id] for rule in rules.rules if rule.id in ready and len(ready[rule.id])]
        pieces = pd.concat(frames, ignore_index=True) if frames else now.constraints.pieces.iloc[:0]
        return land, LandInputs(was["parcels"], Constraints(pieces, rules, ()), was["overrides"])

    def _read(self, name: str, then: list[Any] | None, now: Any, current: Any) -> Any:
        if then is None:
            return None
        same = now is not None and then[1] == now[1]
        return current if same else self.store.read(name, version=int(then[0]))

    def _version(self, layer: str) -> list[Any] | None:
        version = self.inputs.get(layer)
        return None if version is None else [version.number, version.content_hash]

    def _rule_key(self, rule: Rule, rules: RuleSet, layers: Mapping[str, gpd.GeoDataFrame]) -> str:
        world: list[float] = []
        if rule.operation == "outside":
            bounds = [frame.total_bounds.tolist() for _, frame in sorted(layers.items()) if len(frame)]
            world = [edge for box in bounds for edge in box]
        return _digest(
            {
                "rule": deciding(rule, rules),
                "layers": {name: self._hash(name) for name in read_layers(rule) if name in layers},
                "world": world,
                "made": self._made(),
            }
        )

    def _made(self) -> list[Any]:
        """Return what else decides: the CRS, and the code, that which keeps preparations among it."""
        return [self.store.crs.to_string(), code_version(), _keeping()]

    def _hash(self, layer: str) -> list[str]:
        # The sea is derived where there is land but no water layer.
        names = [layer] if layer in self.inputs else ["land", "municipality"]
        return [self.inputs[name].content_hash for name in names]


@cache
def _keeping() -> str:
    files = ("reuse.py", "preparations.py", "dtypes.py")
    return _digest([resources.files("layers").joinpath(name).read_text(encoding="utf-8") for name in files])


def _given(now: LandInputs) -> list[tuple[str, Any]]:
    return [("parcels", now.parcels), ("overrides", now.overrides)]


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
