"""A run: the chain fed from the store, and what comes out of it kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geoplan.errors import InputError
from geoplan.homes.account import claims
from geoplan.land.mappers import Mapper, on_threads
from layers.catalogue import catalogue
from layers.chain.derived import DERIVED, Frame
from layers.chain.deriving import derive
from layers.progress import Progress, silent
from layers.provenance import code_version, snapshot_address
from layers.reuse import Reuse
from layers.rules import load_rule_set
from layers.store import LayerVersion, NewLayer, Run, Store
from layers.workspace import Workspace

__all__ = ["PlanResult", "plan", "read_inputs"]


@dataclass(frozen=True)
class PlanResult:
    """What a run came to.

    Attributes
    ----------
    run
        The run's record.
    unchanged
        Whether nothing had changed since that run, so that nothing was computed.
    tables
        The derived layers without geometry that people read: waterfall, balance, figures.
    parcels_computed
        How many parcels a change touched, so that their land was computed; ``None`` where there are no parcels.
    """

    run: Run
    unchanged: bool
    tables: dict[str, Frame]
    parcels_computed: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "run": self.run.id,
            "snapshot": self.run.snapshot,
            "unchanged": self.unchanged,
            "parcels_computed": self.parcels_computed,
            "notes": list(self.run.notes),
            **{name: table.to_dict("records") for name, table in self.tables.items()},
        }


def plan(
    workspace: Workspace,
    store: Store,
    *,
    as_of: dt.date | None = None,
    mapper: Mapper = on_threads,
    progress: Progress = silent,
) -> PlanResult:
    """Derive everything from the store's current layers and keep it as one run.

    Parameters
    ----------
    workspace
        Rule set, plot standards and demand settings.
    store
        Where the layers are, and where the derived ones go: all of them or none.
    as_of
        The day whose law holds; default: the workspace's, or today.
    mapper
        Who computes the tiles of parcels.
    progress
        Told of every step.

    Returns
    -------
    PlanResult
        Where the last run had the same inputs, rules, parameters and code: that run.

    Raises
    ------
    SettingsError
        The rule set is wrong, or a required setting is missing.
    InputError
        No layer is imported yet, or a layer does not fit.
    """
    rules = load_rule_set(workspace.rules.set, folder=workspace.root).with_settings(workspace.rules.settings)
    day = as_of or workspace.rules.as_of or dt.date.today()
    parameters = workspace.parameters()
    parameters["rules"]["as_of"] = day.isoformat()
    current = {version.layer: version for version in store.layers() if version.layer in catalogue()}
    if not current:
        raise InputError("No layer is imported yet.", hint="Run `geoplan import` first.")
    law, code = rules.to_mapping(), code_version()
    address = snapshot_address(
        inputs={name: version.content_hash for name, version in current.items()},
        rule_set=law,
        parameters=parameters,
        code=code,
    )
    last = store.run()
    if last is not None and last.snapshot == address:
        return PlanResult(last, True, _readable(store), 0)
    layers = read_inputs(store, {name: version.number for name, version in current.items()}, progress)
    reuse = Reuse(store, store.preparations, current)
    derived = derive(layers, rules, workspace, as_of=day, reuse=reuse, mapper=mapper, progress=progress)
    new = [
        NewLayer(name, table, DERIVED[name], {"derived": True}, claims=claims(table) if name == "supply" else None)
        for name, table in derived.tables.items()
    ]
    notes = [note.model_dump() for note in derived.notes]
    with progress("Storing"):
        store.write_many(
            new,
            run={
                "kind": "plan",
                "inputs": {name: _identity(version) for name, version in current.items()},
                "rule_set": law,
                "parameters": parameters,
                "code_version": code,
                "notes": notes,
                "snapshot": address,
            },
            # What this run could not derive is not served as if it had.
            retire=DERIVED,
        )
    run = store.run()
    assert run is not None  # noqa: S101
    return PlanResult(run, False, _readable(store), reuse.parcels_computed)


def read_inputs(store: Store, numbers: Mapping[str, int], progress: Progress = silent) -> dict[str, Frame]:
    """Read layers by their version numbers."""
    with progress("Reading layers", total=len(numbers)) as advance:
        layers = {}
        for name, number in sorted(numbers.items()):
            layers[name] = store.read(name, version=number)
            advance(1)
    return layers


def _identity(version: LayerVersion) -> dict[str, Any]:
    return {"number": version.number, "content_hash": version.content_hash}


def _readable(store: Store) -> dict[str, Frame]:
    names = ("waterfall", "balance", "figures")
    return {name: store.read(name) for name in names if store.current(name) is not None}
