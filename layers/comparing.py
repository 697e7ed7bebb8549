"""Other land than the site that is wanted, searched in what a run left in the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.alternatives.criteria import Opened, criteria
from geoplan.alternatives.evidence import Evidence, LayerUsed, Provenance
from geoplan.alternatives.guarded import Unguarded, holds, outside_guarded
from geoplan.alternatives.search import find_alternatives
from geoplan.alternatives.wanted import SearchArea, Wanted, check_guarded
from geoplan.errors import InputError, NotFoundError
from geoplan.frames import metres_per_unit
from geoplan.land.areas import containing
from geoplan.land.buildable import Buildable
from geoplan.land.rules import BLOCKING, Rule, RuleSet
from geoplan.plots.search import PlotSearch, PlotStandards
from geoplan.text import Text
from layers.catalogue import catalogue
from layers.progress import Progress, silent
from layers.standards import plot_standards
from layers.store import LayerVersion, Run, Store
from layers.workspace import Workspace

__all__ = ["BACKDROP", "Comparing", "compare", "read_site"]

_USED = ("plans", "utility_areas", "settlements", "roads", "buildings", "statistical_areas")
"""The imported layers that criteria ask, besides those of the rules."""

BACKDROP = ("municipality", "water", "settlements", "roads")
"""The imported layers that a map of the search is drawn on."""


@dataclass(frozen=True)
class Comparing:
    """What is asked of a search.

    Attributes
    ----------
    parcel, place, shape
        The site: one of a parcel's id, a place (east, north) whose parcel is meant, and an area with its name.
    area_m2, homes
        What is needed in one piece: one of m², and a number of homes (times the run's smallest plot).
    width_m
        The smallest width in metres; default: that of the run's plots in the countryside.
    within
        Where to look: metres from the site, ``area`` (the site's statistical area) or ``all``.
    rule
        Id of the rule that guards the site.
    opened, require, together
        See :func:`geoplan.alternatives.criteria.criteria` and :func:`geoplan.alternatives.search.find_alternatives`.
    purpose
        What the land is for, as the asker words it.
    top
        How many sites, and near misses of a kind, are listed.
    run
        A run's number; default: the last one.
    command
        The command line that asked, to be shown; the run's number is added.
    """

    rule: str
    parcel: str | None = None
    place: tuple[float, float] | None = None
    shape: tuple[str, shapely.Geometry] | None = None
    area_m2: float | None = None
    homes: int | None = None
    width_m: float | None = None
    within: float | str = "all"
    opened: Opened = None
    require: Mapping[str, float | str] | None = None
    together: bool = True
    purpose: str | None = None
    top: int = 10
    run: int | None = None
    command: str = ""


def compare(
    store: Store, asked: Comparing, *, progress: Progress = silent
) -> tuple[Evidence, dict[str, gpd.GeoDataFrame]]:
    """Search for other land, on what a run derived.

    Returns
    -------
    evidence, backdrop
        What was found; and the layers to draw it on.

    Raises
    ------
    NotFoundError
        There is no run, no such rule, parcel or place, or the run derived no land.
    InputError
        The rule's layer is missing, the site is not on guarded land, or what is asked makes no sense.
    """
    run = _run(store, asked.run)
    workspace = Workspace.from_mapping(dict(run.parameters))
    as_of = workspace.rules.as_of
    assert isinstance(as_of, dt.date)  # noqa: S101
    rules = RuleSet.from_mapping(run.rule_set).as_of(as_of)
    unknown = _never_asked(rules, run)
    rule = _rule(rules, asked.rule, run)
    standards = plot_standards(workspace)
    area, width = _need(asked, standards["rural"])
    wants = criteria(area_m2=area, width_m=width, opened=asked.opened, require=asked.require)
    with progress("Reading the run"):
        layers = {name: _input(store, run, name) for name in (*_USED, *BACKDROP) if name in run.inputs}
        layers["parcels"] = _input(store, run, "parcels")
        wanted = _wanted(asked, layers["parcels"])
        search = _search_area(asked, wanted, layers)
        inside = search.holds(layers["parcels"], wanted.shape)
        parcels, buildable, plots = _land(store, run, layers["parcels"], inside, rule)
        pieces = _output(store, run, "constraints", where={"rule": rule.id})
    with progress("Searching"):
        unguarded = outside_guarded(parcels, buildable, pieces, rule)
        reasons, guarded_m2 = _site(store, run, wanted, rule, parcels, unguarded, pieces)
        names = dict.fromkeys(reasons.loc[reasons["basis"] != "lifted", "rule"])
        check_guarded(guarded_m2, [rules.rule(name).title for name in names], rule.title)
        found = find_alternatives(
            wanted,
            search,
            parcels,
            unguarded,
            criteria=wants,
            layers={name: frame for name, frame in layers.items() if name not in BACKDROP or name in _USED},
            standards=standards,
            # Where the guarding rule takes no land itself, the run's plots stand on guarded land, too.
            plots=plots if rule.severity in BLOCKING else None,
            opened=asked.opened,
            together=asked.together,
            unknown=unknown,
        )
    owner = _owner(layers["parcels"], wanted.parcel)
    found = replace(found, site={**found.site, "guarded_m2": guarded_m2, "owner_kind": owner})
    listed = [name for parcels in found.sites["parcels"].head(asked.top) for name in parcels]
    evidence = Evidence(
        found=found,
        rule=rule,
        rules=rules,
        site_reasons=reasons,
        concerns=_output(store, run, "reasons", keys=listed),
        provenance=_provenance(store, run, workspace, rules, asked),
        top=asked.top,
    )
    backdrop = {name: layers[name] for name in BACKDROP if name in layers}
    return evidence, backdrop | {"guarded": pieces[holds(pieces, rule)]}


def read_site(path: Path, crs: object) -> tuple[str, shapely.Geometry]:
    """Read a site's area from a vector file: its name, and the union of its polygons in a CRS.

    Raises
    ------
    InputError
        The file cannot be read, has no CRS, or holds anything but valid areas.
    """
    try:
        frame = gpd.read_file(path)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} cannot be read as a vector file: {error}.") from error
    if frame.crs is None or not len(frame):
        raise InputError(f"{path} has no coordinate reference system or no features.")
    shapes = frame.to_crs(crs).geometry.to_numpy()
    if not (np.isin(shapely.get_type_id(shapes), (3, 6)).all() and shapely.is_valid(shapes).all()):
        raise InputError(f"{path} must hold valid areas only.", hint="Draw the site as one polygon.")
    return path.stem, shapely.force_2d(shapely.union_all(shapes))


def _run(store: Store, number: int | None) -> Run:
    run = store.run(number)
    if run is None:
        if number is not None:
            raise NotFoundError(f"There is no run {number}.", hint="`geoplan status` tells the last one's number.")
        raise NotFoundError("Nothing is computed yet.", hint="Run `geoplan plan` first.")
    return run


def _rule(rules: RuleSet, name: str, run: Run) -> Rule:
    known = list(dict.fromkeys(rule.id for rule in rules.rules))
    if name not in known:
        raise NotFoundError(
            f"The run's rules have no rule {name!r} in force.", hint=f"Name one with --rule: {', '.join(known)}."
        )
    rule = rules.rule(name)
    # The sea is derived where there is land but no water layer; such a rule can guard, by what it was asked of.
    there = set(run.inputs) | ({"water"} if {"land", "municipality"} <= set(run.inputs) else set())
    if not set(rule.needs) <= there:
        raise InputError(
            f"Whether the site is guarded by {name!r} is unknown: the layer {rule.layer} is missing.",
            hint=f"Import it, then run `geoplan plan`. {rule.settle.en if rule.settle else ''}".strip(),
        )
    return rule


def _never_asked(rules: RuleSet, run: Run) -> tuple[str, ...]:
    """Return the rules whose layers the run lacked, those included that were asked of a part only."""
    return tuple(dict.fromkeys(rule.id for rule in rules.rules if not set(rule.needs) <= set(run.inputs)))


def _need(asked: Comparing, standard: PlotStandards) -> tuple[float, float]:
    """Return the area in m² and the width in metres that are needed."""
    if (asked.area_m2 is None) == (asked.homes is None):
        raise InputError("Say what is needed: either an area or a number of homes.", hint="For example --area 5000.")
    width = standard.min_width_m if asked.width_m is None else asked.width_m
    if asked.area_m2 is not None:
        return asked.area_m2, width
    homes = asked.homes or 0
    if homes <= 0:
        raise InputError(f"The number of homes must be more than zero, not {homes}.")
    return homes * standard.min_area_m2 / standard.homes_per_plot, width


def _wanted(asked: Comparing, parcels: gpd.GeoDataFrame) -> Wanted:
    given = [part for part in (asked.parcel, asked.place, asked.shape) if part is not None]
    if len(given) != 1:
        raise InputError("Name one site: a parcel, a place, or an area.")
    if asked.shape is not None:
        title, shape = asked.shape
        return Wanted(title, shape, purpose=asked.purpose, homes=asked.homes)
    if asked.place is not None:
        hit = np.flatnonzero(shapely.intersects(parcels.geometry.to_numpy(), shapely.Point(*asked.place)))
        if not len(hit):
            raise NotFoundError(
                f"There is no parcel at {asked.place[0]:.1f}, {asked.place[1]:.1f}.",
                hint="Coordinates are east,north in the workspace's CRS.",
            )
    else:
        hit = np.flatnonzero((parcels["id"] == asked.parcel).to_numpy())
        if not len(hit):
            raise NotFoundError(
                f"There is no parcel {asked.parcel!r}.", hint="`geoplan export parcels FILE.csv` lists their ids."
            )
    name = str(parcels["id"].iloc[hit[0]])
    return Wanted(name, parcels.geometry.iloc[hit[0]], name, asked.purpose, asked.homes)


def _search_area(asked: Comparing, wanted: Wanted, layers: Mapping[str, gpd.GeoDataFrame]) -> SearchArea:
    if asked.within == "all":
        return SearchArea()
    if asked.within == "area":
        areas = layers.get("statistical_areas")
        here = gpd.GeoSeries([wanted.shape], crs=layers["parcels"].crs)
        name = containing(here, areas).iloc[0]
        if areas is None or name is None:
            raise InputError("The site lies in no statistical area.", hint="Give a distance, or search all.")
        row = areas[areas["id"] == name].iloc[0]
        called = row.get("name")
        return SearchArea(area=row.geometry, name=str(name if called is None or pd.isna(called) else called))
    if isinstance(asked.within, str) or not 0 < asked.within < float("inf"):
        raise InputError(f"The distance to search within must be more than zero, not {asked.within}.")
    return SearchArea(within_m=float(asked.within))


def _land(
    store: Store, run: Run, parcels: gpd.GeoDataFrame, inside: Any, rule: Rule
) -> tuple[gpd.GeoDataFrame, Buildable, PlotSearch]:
    """Return the parcels of the search with what the run derived of them."""
    ids = pd.Index(parcels["id"][inside])
    buildable = _output(store, run, "buildable")
    reasons = _output(store, run, "reasons", where={"rule": rule.id})
    remainders = _output(store, run, "remainders")
    plots, dropped = _output(store, run, "plots"), _output(store, run, "dropped")
    land = Buildable(
        buildable[inside].reset_index(drop=True),
        reasons[reasons["parcel"].isin(ids)],
        remainders[remainders["parcel"].isin(ids)],
    )
    found = PlotSearch(plots[plots["parcel"].isin(ids)].reset_index(drop=True), dropped[dropped["parcel"].isin(ids)])
    return parcels[inside].reset_index(drop=True), land, found


def _site(
    store: Store,
    run: Run,
    wanted: Wanted,
    rule: Rule,
    parcels: gpd.GeoDataFrame,
    unguarded: Unguarded,
    pieces: gpd.GeoDataFrame,
) -> tuple[pd.DataFrame, float]:
    """Return the rules that hold on the site, and how much of it is guarded, in m²."""
    square = metres_per_unit(store.crs) ** 2
    columns = ["rule", "severity", "basis", "area_m2"]
    if wanted.parcel is not None:
        place = int(np.flatnonzero((parcels["id"] == wanted.parcel).to_numpy())[0])
        guarded = float(shapely.area(unguarded.guarded[place]) * square)
        rows = _output(store, run, "reasons", keys=[wanted.parcel])
        return rows[columns].reset_index(drop=True), guarded
    near = _output(store, run, "constraints", bbox=tuple(shapely.bounds(wanted.shape)))
    near = near[shapely.intersects(near.geometry.to_numpy(), wanted.shape)]
    found = []
    for (name, severity, basis), group in near.groupby(["rule", "severity", "basis"], sort=False):
        taken = shapely.intersection(shapely.union_all(group.geometry.to_numpy()), wanted.shape)
        found.append((name, severity, basis, float(shapely.area(taken) * square)))
    mine = pieces[holds(pieces, rule)].geometry.to_numpy()
    guard = shapely.union_all(mine[shapely.intersects(mine, wanted.shape)])
    return pd.DataFrame(found, columns=columns), float(shapely.area(shapely.intersection(guard, wanted.shape)) * square)


def _owner(parcels: gpd.GeoDataFrame, parcel: str | None) -> str | None:
    if parcel is None or "owner_kind" not in parcels:
        return None
    value = parcels.loc[parcels["id"] == parcel, "owner_kind"].iloc[0]
    return None if value is None or pd.isna(value) else str(value)


def _provenance(store: Store, run: Run, workspace: Workspace, rules: RuleSet, asked: Comparing) -> Provenance:
    needed = {name for rule in rules.rules for name in rule.needs} | {"parcels", *_USED}
    used = []
    for name, identity in sorted(run.inputs.items()):
        if name not in needed:
            continue
        version = next(one for one in store.versions(name) if one.number == int(identity["number"]))
        used.append(
            LayerUsed(
                layer=name,
                title=Text(**catalogue()[name].title.model_dump()),
                version=version.number,
                rows=version.feature_count,
                date=_told(version, "date"),
                imported=version.created_at.date().isoformat(),
                source=_told(version, "source"),
                licence=_told(version, "licence"),
                content_hash=version.content_hash,
            )
        )
    code = run.code_version
    return Provenance(
        place=workspace.municipality.name,
        synthetic=workspace.municipality.synthetic,
        run=run.id,
        computed=run.created_at.isoformat(timespec="minutes"),
        snapshot=run.snapshot,
        as_of=str(workspace.rules.as_of),
        rule_set=rules.title,
        code=f"geoplan {code.get('geoplan', '')} ({code.get('source', '')})",
        layers=tuple(used),
        notes=tuple(Text(**note) for note in run.notes),
        command=f"{asked.command} --run {run.id}".strip() if asked.run is None else asked.command,
    )


def _told(version: LayerVersion, what: str) -> str | None:
    """Return what a version's source, or the files it came from, tell; different words with semicolons between."""
    places = [version.source, *version.source.get("files", ())]
    return "; ".join(dict.fromkeys(str(place[what]) for place in places if place.get(what))) or None


def _output(store: Store, run: Run, layer: str, **how: Any) -> gpd.GeoDataFrame:
    if layer not in run.outputs:
        raise NotFoundError(f"The run has no {layer}.", hint="Import parcels, then run `geoplan plan`.")
    return store.read(layer, version=int(run.outputs[layer]["number"]), **how)


def _input(store: Store, run: Run, layer: str) -> gpd.GeoDataFrame:
    if layer not in run.inputs:
        raise NotFoundError(f"The run read no {layer}.", hint=f"Import {layer}, then run `geoplan plan`.")
    return store.read(layer, version=int(run.inputs[layer]["number"]))
