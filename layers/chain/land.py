"""From layers and law to the land that is left, and to plots on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import Constraints, build_constraints
from geoplan.land.mappers import Mapper, on_threads
from geoplan.land.rules import RuleSet
from geoplan.land.shoreline import sea_from_land
from geoplan.plots.figures import key_figures
from geoplan.plots.search import PlotSearch, find_plots
from geoplan.plots.waterfall import waterfall
from layers.chain.derived import Derived, Given
from layers.chain.plots import derive_plots, derive_rights
from layers.reuse import Reuse
from layers.standards import plot_standards

__all__ = ["Land", "derive_constraints", "derive_land"]


@dataclass(frozen=True)
class Land:
    """What is known of the land once plots are found."""

    constraints: Constraints
    buildable: Buildable | None
    search: PlotSearch | None


def derive_constraints(given: Given, rules: RuleSet, derived: Derived, *, reuse: Reuse | None) -> Constraints:
    """Lay the rules over the layers; a rule whose layer is missing was never asked, and is noted."""
    _add_sea(given, derived)
    with given.progress("Constraints"):
        build = build_constraints if reuse is None else reuse.constraints
        constraints = build(rules, given.spatial, as_of=given.as_of)
        derived.tables["constraints"] = constraints.pieces
    if constraints.unknown:
        titles = [constraints.rules.rule(rule).title for rule in constraints.unknown]
        derived.note(
            sv="Aldrig tillfrågat, lager saknas: " + ", ".join(title.sv for title in titles) + ".",
            en="Never asked, layer missing: " + ", ".join(title.en for title in titles) + ".",
        )
    return constraints


def derive_land(
    given: Given, constraints: Constraints, derived: Derived, *, reuse: Reuse | None, mapper: Mapper = on_threads
) -> Land:
    """Take the constraints from the parcels, and find plots on what is left."""
    buildable, search = _buildable(given, constraints, derived, reuse=reuse, mapper=mapper)
    with given.progress("Key figures"):
        derived.tables["figures"] = key_figures(given.spatial, constraints, buildable, search)
    return Land(constraints, buildable, search)


def _buildable(
    given: Given, constraints: Constraints, derived: Derived, *, reuse: Reuse | None, mapper: Mapper
) -> tuple[Buildable | None, PlotSearch | None]:
    parcels = given.spatial.get("parcels")
    if parcels is None:
        derived.note(
            sv="Lagret parcels (fastigheter) saknas: ingen byggbar mark och inga tomter beräknas.",
            en="The layer parcels is missing: no buildable land and no plots are computed.",
        )
        return None, None
    overrides = given.layers.get("overrides")
    with given.progress("Buildable land", total=len(parcels)) as advance:
        compute = buildable_land if reuse is None else reuse.land
        buildable = compute(parcels, constraints, overrides=overrides, mapper=mapper, advance=advance)
    rights = derive_rights(given, buildable, derived)
    with given.progress("Plots"):
        standards = plot_standards(given.workspace)
        search = find_plots(
            parcels, buildable, given.spatial, standards=standards, unknown=constraints.unknown, as_of=given.as_of
        )
    plots = derive_plots(given, search.plots, rights, (constraints, buildable), derived)
    search = replace(search, plots=plots)
    derived.tables |= {
        "buildable": buildable.parcels,
        "reasons": buildable.reasons,
        "remainders": buildable.remainders,
        "plots": search.plots,
        "dropped": search.dropped,
        **({} if search.accesses is None else {"accesses": search.accesses}),
        "waterfall": waterfall(buildable, constraints, search),
    }
    return buildable, search


def _add_sea(given: Given, derived: Derived) -> None:
    """Where there is land but no water layer, the sea is what the municipality holds besides land."""
    layers = given.spatial
    if "water" in layers or not {"land", "municipality"} <= set(layers):
        return
    layers["water"] = sea_from_land(layers["land"], layers["municipality"])
    derived.note(
        sv="Vattenlager saknas: havet räknas som kommunen minus land; sjöar och vattendrag är okända.",
        en="No water layer: the sea is the municipality minus land; lakes and streams are unknown.",
    )
