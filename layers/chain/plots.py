"""What a household or a builder asks of the plots: right, reach, cost, likelihood, attractiveness and offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.land.areas import containing
from geoplan.land.buildable import Buildable
from geoplan.land.constraints import Constraints
from geoplan.plots.attraction.attractiveness import AttractivenessStandards, plot_parts, unknown_parts
from geoplan.plots.attraction.groups import groups_from_values
from geoplan.plots.attraction.ranking import rank_plots, stability
from geoplan.plots.attraction.robustness import Robustness
from geoplan.plots.costs import UnitCosts, ready_costs
from geoplan.plots.likelihood.backtest import backtest
from geoplan.plots.likelihood.capacity import area_capacity
from geoplan.plots.likelihood.likelihood import likely_homes
from geoplan.plots.likelihood.priors import Priors
from geoplan.plots.offers import apply_offers, offer_notes
from geoplan.plots.record import complete_plots
from geoplan.plots.rights.dwellings import DwellingAssumptions
from geoplan.plots.rights.gaps import GapStandards, find_gaps
from geoplan.plots.rights.plot_rights import plot_rights
from geoplan.plots.rights.rights import building_rights
from geoplan.plots.travel.reach import reach
from geoplan.plots.travel.standards import TravelStandards
from layers.chain.derived import Derived, Given
from layers.readings import all_readings

__all__ = ["derive_plots", "derive_rights"]

_AHEAD = (5, 10, 15)
"""Years ahead that likelihood is told for where no ``[demand]`` names any."""


def derive_rights(given: Given, buildable: Buildable, derived: Derived) -> pd.DataFrame:
    """Read what plans let each property build, and find those that have not used it."""
    parcels, layers = given.spatial["parcels"], given.spatial
    with given.progress("Building rights"):
        rights = building_rights(
            parcels,
            layers,
            readings=all_readings(),
            dwellings=_dwellings(given),
            as_of=given.as_of,
            buildable=buildable.parcels,
        )
        gaps = find_gaps(
            parcels,
            rights,
            layers.get("buildings"),
            layers,
            standards=GapStandards.from_values(given.assumptions["gaps"]),
            as_of=given.as_of,
            buildable=buildable.parcels,
            street_uses=given.assumptions["subdivision"]["street_uses"],
        )
        area = containing(gaps.geometry, layers.get("statistical_areas")).to_numpy()
        gaps.insert(1, "area", area)
    derived.tables |= {"rights": rights, "gaps": gaps}
    return rights


def derive_plots(
    given: Given, plots: gpd.GeoDataFrame, rights: pd.DataFrame, land: tuple[Constraints, Buildable], derived: Derived
) -> gpd.GeoDataFrame:
    """Return the plots with all that is known of each, and derive the tables behind it."""
    plots = _with_rights(given, plots, rights)
    with given.progress("Reach"):
        reached = _reach(given, plots, derived)
    with given.progress("Costs and likelihood"):
        plots = _costs(given, plots, derived)
        plots = _likely(given, plots, derived)
    with given.progress("Attractiveness"):
        _attractiveness(given, plots, reached, land, derived)
    constraints, buildable = land
    plots = complete_plots(
        plots,
        as_of=given.as_of,
        parcels=given.spatial["parcels"],
        plans=given.spatial.get("plans"),
        reasons=buildable.reasons,
        rules=constraints.rules,
        unknown=constraints.unknown,
        municipality_code=given.workspace.municipality.code,
    )
    offers = given.layers.get("plot_offers")
    derived.add_notes(offer_notes(plots, offers, as_of=given.as_of))
    return _replaced(apply_offers(plots, offers, as_of=given.as_of), {})


def _with_rights(given: Given, plots: gpd.GeoDataFrame, rights: pd.DataFrame) -> gpd.GeoDataFrame:
    per_plot = {kind: given.workspace.plots.of(kind).homes_per_plot for kind in ("town", "rural", "archipelago")}
    allowed = plot_rights(
        plots,
        rights,
        dwellings=_dwellings(given),
        homes_per_plot=plots["area_kind"].map(per_plot).to_numpy(dtype=int),
    )
    return _replaced(plots, allowed)


def _reach(given: Given, plots: gpd.GeoDataFrame, derived: Derived) -> pd.DataFrame:
    layers = given.spatial
    found = reach(
        plots,
        layers.get("services"),
        layers.get("roads"),
        layers.get("ferries"),
        standards=TravelStandards.from_values(given.assumptions["reach"]),
        water=layers.get("water"),
    )
    derived.tables |= {"reach": found.times, "islands": found.islands}
    derived.add_notes(found.notes)
    return found.times


def _costs(given: Given, plots: gpd.GeoDataFrame, derived: Derived) -> gpd.GeoDataFrame:
    if not given.workspace.plots.costs:
        return _replaced(plots, {"cost_low": np.nan, "cost_high": np.nan, "cost_currency": None})
    costs = ready_costs(plots, given.spatial, unit_costs=UnitCosts.from_values(given.assumptions["costs"]))
    derived.tables["costs"] = costs
    told = pd.DataFrame(
        {
            "cost_low": costs["total_low"].to_numpy(),
            "cost_high": costs["total_high"].to_numpy(),
            "cost_currency": costs["currency"].to_numpy(dtype=object),
        },
        index=plots.index,
    )
    return _replaced(plots, told)


def _likely(given: Given, plots: gpd.GeoDataFrame, derived: Derived) -> gpd.GeoDataFrame:
    priors = Priors.from_values(given.assumptions["priors"])
    history, gaps = given.layers.get("completions"), derived.tables["gaps"]
    base, years = _years(given)
    likely = likely_homes(
        plots,
        given.spatial["parcels"],
        priors=priors,
        completions=history,
        base_year=base,
        years=years,
        gaps=set(gaps.loc[gaps["kind"] == "gap", "parcel"]),
    )
    derived.tables |= {
        "likely": likely,
        "capacity": area_capacity(likely, plots, draws=priors.draws, seed=priors.seed),
    }
    # The base year is the last of the years that are foretold.
    split = base - given.assumptions["priors"]["backtest_years"] + 1
    test = backtest(history, priors, split_year=split, last_year=base)
    derived.tables["backtest"] = test.table()
    derived.add_notes([test.missing] if test.missing is not None else [])
    last = likely[likely["year"] == years[-1]].set_index("plot")["likely"]
    return _replaced(plots, pd.DataFrame({"likely": plots["id"].map(last).to_numpy(dtype=float)}, index=plots.index))


def _attractiveness(
    given: Given,
    plots: gpd.GeoDataFrame,
    times: pd.DataFrame,
    land: tuple[Constraints, Buildable],
    derived: Derived,
) -> None:
    constraints, buildable = land
    shore = {rule.id for rule in constraints.rules.rules if rule.operation == "shore_zone"} - set(constraints.unknown)
    parts = plot_parts(
        plots,
        given.spatial,
        times=times,
        reasons=buildable.reasons,
        shore_rules=shore,
        standards=AttractivenessStandards.from_values(given.assumptions["attractiveness"]),
    )
    derived.add_notes(unknown_parts(parts))
    groups = groups_from_values(given.assumptions["weights"])
    robustness = Robustness.from_values(given.assumptions["weights"])
    ranking = rank_plots(parts, groups, robustness=robustness)
    derived.tables |= {
        "parts": parts,
        "ranking": ranking,
        "stability": stability(parts, groups, ranking, robustness=robustness),
    }


def _years(given: Given) -> tuple[int, tuple[int, ...]]:
    demand = given.workspace.demand
    if demand is not None:
        return demand.base_year, demand.years
    return given.as_of.year, tuple(given.as_of.year + ahead for ahead in _AHEAD)


def _dwellings(given: Given) -> DwellingAssumptions:
    return DwellingAssumptions.from_values(given.assumptions["dwellings"])


def _replaced(plots: gpd.GeoDataFrame, columns: Mapping[str, Any] | pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the plots with columns added or replaced, geometry last."""
    result = plots.assign(**{str(name): values for name, values in columns.items()})
    shape = plots.geometry.name
    return result[[*(name for name in result.columns if name != shape), shape]]
