"""The last run with its layers: what explanations and officials' decisions speak of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import geopandas as gpd
import numpy as np

from geoplan.errors import NotFoundError
from geoplan.land.constraints import Constraints
from geoplan.land.facts import LayerNote
from geoplan.land.rules import RuleSet
from geoplan.land.shoreline import sea_from_land
from geoplan.text import Text
from layers.catalogue import LayerType, catalogue
from layers.store import LayerVersion, Run, Store

__all__ = ["Box", "LastRun", "is_storable"]

Box = tuple[float, float, float, float]

_NOWHERE: Box = (np.inf, np.inf, np.inf, np.inf)
_SEA = ("land", "municipality")
"""What the sea is derived from where there is no layer of water."""


def is_storable(text: str) -> bool:
    """Tell whether the database can hold a text at all: not with a null character or half of a pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


@dataclass(frozen=True)
class LastRun:
    """The last run and the layers that it read and made, in the versions that it read and made."""

    store: Store
    run: Run

    @classmethod
    def of(cls, store: Store) -> Self:
        """Return a store's last run.

        Raises
        ------
        NotFoundError
            There is none.
        """
        run = store.run()
        if run is None:
            raise NotFoundError("Nothing is computed yet.", hint="Run `geoplan plan` first.")
        return cls(store, run)

    @cached_property
    def as_of(self) -> dt.date:
        """The day whose law was applied."""
        return dt.date.fromisoformat(self.run.parameters["rules"]["as_of"])

    @cached_property
    def rules(self) -> RuleSet:
        """The rules that were in force, their settings decided."""
        return RuleSet.from_mapping(self.run.rule_set).as_of(self.as_of)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Ids of the rules that were never asked."""
        rules = self.rules.rules
        return tuple(dict.fromkeys(rule.id for rule in rules if not all(map(self._asked, rule.needs))))

    def input(self, layer: str, **how: Any) -> gpd.GeoDataFrame:
        """Read a layer as the run read it."""
        return self.store.read(layer, version=int(self.run.inputs[layer]["number"]), **how)

    def output(self, layer: str, **how: Any) -> gpd.GeoDataFrame:
        """Read a layer as the run made it.

        Raises
        ------
        NotFoundError
            It made none of that name.
        """
        if layer not in self.run.outputs:
            raise NotFoundError(f"The last run has no {layer}.", hint="Import parcels, then run `geoplan plan`.")
        return self.store.read(layer, version=int(self.run.outputs[layer]["number"]), **how)

    def parcel(self, parcel: str) -> gpd.GeoDataFrame:
        """Return a parcel's row.

        Raises
        ------
        NotFoundError
            There is none of that id.
        """
        known = "parcels" in self.run.inputs and is_storable(parcel)
        found = self.input("parcels", keys=[parcel]) if known else ()
        if not len(found):
            raise NotFoundError(
                f"There is no parcel {parcel!r}.", hint="`geoplan export parcels FILE.csv` lists their ids."
            )
        return found

    def constraints(self, bbox: Box | None = None, rule: str | None = None) -> Constraints:
        """Return the rules, with the pieces in a box where one is given, and only those of a rule where one is."""
        where = None if rule is None else {"rule": rule}
        return Constraints(self.output("constraints", bbox=bbox or _NOWHERE, where=where), self.rules, self.unknown)

    def around(self, box: Box) -> dict[str, gpd.GeoDataFrame]:
        """Return the features of the rules' layers that are in a box, whole ones."""
        names = {rule.layer for rule in self.rules.rules} | {"municipality"}
        layers = {}
        for name in names & set(self.run.inputs):
            frame = self.input(name, bbox=box)
            if isinstance(frame, gpd.GeoDataFrame) and len(frame):
                layers[name] = frame
        if self._derived_sea and "municipality" in layers:
            west, south, east, north = box
            here = gpd.GeoDataFrame(layers["municipality"].clip_by_rect(west, south, east, north).to_frame("geometry"))
            layers["water"] = sea_from_land(self.input("land", bbox=box), here)
        return layers

    def notes(self) -> dict[str, LayerNote]:
        """Return what is to be told of every layer of the catalogue: where it comes from, and what the run read."""
        current = {version.layer: version for version in self.store.layers()}
        notes = {}
        for name, kind in catalogue().items():
            identity = self.run.inputs.get(name)
            version = None
            if identity is not None:
                version = current.get(name)
                if version is None or version.number != identity["number"]:
                    version = next((one for one in self.store.versions(name) if one.number == identity["number"]), None)
            made_of = _SEA if name == "water" and self._derived_sea else ()
            notes[name] = _note(kind, version, made_of)
        return notes

    @property
    def _derived_sea(self) -> bool:
        return "water" not in self.run.inputs and set(_SEA) <= set(self.run.inputs)

    def _asked(self, layer: str) -> bool:
        return layer in self.run.inputs or (layer == "water" and self._derived_sea)


def _note(kind: LayerType, version: LayerVersion | None, made_of: tuple[str, ...]) -> LayerNote:
    title = Text(sv=kind.title.sv, en=kind.title.en)
    if version is None:
        return LayerNote(title, kind.source, made_of=made_of)
    files = [version.source, *version.source.get("files", ())]
    # Of several files the oldest counts: no part of the layer is older.
    dates = sorted(str(file["date"]) for file in files if file.get("date"))
    return LayerNote(
        title,
        kind.source,
        version=version.number,
        imported=version.created_at.date().isoformat(),
        described=dates[0] if dates else None,
        made_of=made_of,
    )
