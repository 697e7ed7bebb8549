"""The chain: from imported layers to plots, need and balance, as one run that can be recomputed.

:func:`derive` is the chain itself, a pure function from layers, a rule set and settings to derived layers.
:func:`plan` feeds it from the store and keeps what comes out; :func:`layers.verifying.verify` feeds it again from
what a run recorded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd

from geoplan.balance import balance
from geoplan.errors import InputError
from geoplan.homes.households import households, quota_warnings
from geoplan.homes.need import housing_need
from geoplan.homes.population import project_population
from geoplan.land.areas import AREA_KINDS
from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import Constraints, build_constraints
from geoplan.land.figures import key_figures
from geoplan.land.mappers import Mapper, on_threads
from geoplan.land.plots import PlotSearch, PlotStandards, find_plots
from geoplan.land.rules import RuleSet
from geoplan.land.shoreline import sea_from_land
from geoplan.land.waterfall import waterfall
from geoplan.text import Text
from layers.catalogue import catalogue
from layers.progress import Progress, silent
from layers.provenance import code_version, snapshot_address
from layers.reuse import Reuse
from layers.rules import load_rule_set
from layers.store import LayerVersion, NewLayer, Run, Store
from layers.workspace import Workspace

__all__ = ["DERIVED", "Derived", "PlanResult", "derive", "plan", "read_inputs"]

Frame: TypeAlias = pd.DataFrame

DERIVED: dict[str, str | None] = {
    "constraints": None,
    "buildable": "id",
    "reasons": "parcel",
    "remainders": "parcel",
    "plots": "id",
    "dropped": "parcel",
    "waterfall": "step",
    "need": "area",
    "balance": "area",
    "figures": "id",
}
"""The derived layers, each with the column that identifies its rows."""


@dataclass
class Derived:
    """What the chain derives: tables by layer id, and notes on what it lacked or assumed."""

    tables: dict[str, Frame] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)


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
    new = [NewLayer(name, table, DERIVED[name], {"derived": True}) for name, table in derived.tables.items()]
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


def derive(
    layers: Mapping[str, Frame],
    rules: RuleSet,
    workspace: Workspace,
    *,
    as_of: dt.date,
    reuse: Reuse | None = None,
    mapper: Mapper = on_threads,
    progress: Progress = silent,
) -> Derived:
    """Derive everything that the layers at hand allow; what is lacking is noted, not guessed.

    Parameters
    ----------
    layers
        Imported layers by catalogue id, in one projected CRS.
    rules
        The rule set with its settings decided.
    workspace
        Plot standards and demand settings; no file of it is read.
    as_of
        The day whose law holds.
    reuse
        What an earlier run left; without it everything is computed.
    mapper
        Who computes the tiles of parcels.
    progress
        Told of every step.
    """
    derived = Derived()
    spatial = {name: frame for name, frame in layers.items() if isinstance(frame, gpd.GeoDataFrame)}
    _add_sea(spatial, derived)
    with progress("Constraints"):
        build = build_constraints if reuse is None else reuse.constraints
        constraints = build(rules, spatial, as_of=as_of)
        derived.tables["constraints"] = constraints.pieces
    _note_unknown(constraints, derived)
    buildable, search = _land(
        spatial, constraints, layers.get("overrides"), workspace, derived, reuse=reuse, mapper=mapper, progress=progress
    )
    with progress("Key figures"):
        figures = key_figures(spatial, constraints, buildable, search)
        derived.tables["figures"] = figures
    with progress("Homes and balance"):
        _homes(layers, search, workspace, derived)
    return derived


def _land(
    layers: Mapping[str, gpd.GeoDataFrame],
    constraints: Constraints,
    overrides: Frame | None,
    workspace: Workspace,
    derived: Derived,
    *,
    reuse: Reuse | None,
    mapper: Mapper,
    progress: Progress,
) -> tuple[Buildable | None, PlotSearch | None]:
    parcels = layers.get("parcels")
    if parcels is None:
        derived.notes.append(
            Text(
                sv="Lagret parcels (fastigheter) saknas: ingen byggbar mark och inga tomter beräknas.",
                en="The layer parcels is missing: no buildable land and no plots are computed.",
            )
        )
        return None, None
    with progress("Buildable land", total=len(parcels)) as advance:
        compute = buildable_land if reuse is None else reuse.land
        buildable = compute(parcels, constraints, overrides=overrides, mapper=mapper, advance=advance)
    with progress("Plots"):
        standards = {kind: _standards(workspace, kind) for kind in AREA_KINDS}
        search = find_plots(parcels, buildable, layers, standards=standards, unknown=constraints.unknown)
    derived.tables |= {
        "buildable": buildable.parcels,
        "reasons": buildable.reasons,
        "remainders": buildable.remainders,
        "plots": search.plots,
        "dropped": search.dropped,
        "waterfall": waterfall(buildable, constraints, search),
    }
    return buildable, search


def _homes(layers: Mapping[str, Frame], search: PlotSearch | None, workspace: Workspace, derived: Derived) -> None:
    demand = workspace.demand
    missing = [name for name in ("population", "household_quotas") if name not in layers]
    if demand is None or missing:
        lacks = ["[demand]"] * (demand is None) + missing
        derived.notes.append(
            Text(
                sv=f"Inget behov beräknas: {', '.join(lacks)} saknas.",
                en=f"No need is computed: {', '.join(lacks)} is missing.",
            )
        )
        return
    projection = project_population(
        layers["population"],
        layers.get("population_projection"),
        base_year=demand.base_year,
        years=demand.years,
    )
    stock = layers.get("dwelling_stock")
    if stock is not None:
        stock = stock[stock["year"] == demand.base_year]
    quotas = layers["household_quotas"]
    need = housing_need(
        households(projection.table, quotas),
        stock,
        base_year=demand.base_year,
        vacancy_reserve=demand.vacancy_reserve,
        exits_per_year=demand.exits_per_year,
        initial_deficit=demand.initial_deficit,
    )
    derived.notes += [*projection.assumptions, *quota_warnings(quotas), *need.assumptions]
    areas = layers.get("statistical_areas")
    names = {} if areas is None else dict(zip(areas["id"], areas["name"].fillna(areas["id"]), strict=True))
    plots = None if search is None else search.plots
    derived.tables["need"] = need.table
    derived.tables["balance"] = balance(plots, need.table, names=names)


def _add_sea(layers: dict[str, gpd.GeoDataFrame], derived: Derived) -> None:
    """Where there is land but no water layer, the sea is what the municipality holds besides land."""
    if "water" in layers or not {"land", "municipality"} <= set(layers):
        return
    layers["water"] = sea_from_land(layers["land"], layers["municipality"])
    derived.notes.append(
        Text(
            sv="Vattenlager saknas: havet räknas som kommunen minus land; sjöar och vattendrag är okända.",
            en="No water layer: the sea is the municipality minus land; lakes and streams are unknown.",
        )
    )


def _note_unknown(constraints: Constraints, derived: Derived) -> None:
    if constraints.unknown:
        titles = [constraints.rules.rule(rule).title for rule in constraints.unknown]
        derived.notes.append(
            Text(
                sv="Aldrig tillfrågat, lager saknas: " + ", ".join(title.sv for title in titles) + ".",
                en="Never asked, layer missing: " + ", ".join(title.en for title in titles) + ".",
            )
        )


def _standards(workspace: Workspace, kind: Any) -> PlotStandards:
    settings = workspace.plots.of(kind)
    return PlotStandards(
        min_area_m2=settings.min_area_m2,
        min_width_m=settings.min_width_m,
        homes_per_plot=settings.homes_per_plot,
        default_status=settings.default_status,
    )


def _identity(version: LayerVersion) -> dict[str, Any]:
    return {"number": version.number, "content_hash": version.content_hash}


def _readable(store: Store) -> dict[str, Frame]:
    names = ("waterfall", "balance", "figures")
    return {name: store.read(name) for name in names if store.current(name) is not None}
