"""From people to the need for homes, and its balance with the plots."""

from __future__ import annotations

from geoplan.balance import balance
from geoplan.homes.households import households, quota_warnings
from geoplan.homes.need import housing_need
from geoplan.homes.population import project_population
from layers.chain.derived import Derived, Given
from layers.chain.land import Land

__all__ = ["derive_homes"]


def derive_homes(given: Given, land: Land, derived: Derived) -> None:
    """Compute the need and the balance, where population, quotas and ``[demand]`` are there."""
    layers, demand = given.layers, given.workspace.demand
    missing = [name for name in ("population", "household_quotas") if name not in layers]
    if demand is None or missing:
        lacks = ["[demand]"] * (demand is None) + missing
        derived.note(
            sv=f"Inget behov beräknas: {', '.join(lacks)} saknas.",
            en=f"No need is computed: {', '.join(lacks)} is missing.",
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
    derived.add_notes([*projection.assumptions, *quota_warnings(quotas), *need.assumptions])
    areas = layers.get("statistical_areas")
    names = {} if areas is None else dict(zip(areas["id"], areas["name"].fillna(areas["id"]), strict=True))
    plots = None if land.search is None else land.search.plots
    derived.tables["need"] = need.table
    derived.tables["balance"] = balance(plots, need.table, names=names)
