"""From people to the need for homes: by area, group and type, and how sure it is."""

from __future__ import annotations

import pandas as pd

from geoplan.homes.dwellingtypes import mismatch, mismatch_texts, need_by_type
from geoplan.homes.groups import GroupAssumptions, group_households
from geoplan.homes.households import households, households_by_age, quota_warnings
from geoplan.homes.householdtypes import households_by_type
from geoplan.homes.need import housing_need, need_by_density
from geoplan.homes.population import project_population
from geoplan.homes.preferences import Preferences
from geoplan.homes.rates import PopulationAssumptions
from layers.chain.balance import Choosing, derive_balance
from layers.chain.derived import Derived, Frame, Given
from layers.chain.land import Land
from layers.chain.uncertainty import derive_uncertainty
from layers.workspace import DemandSettings

__all__ = ["derive_homes"]


def derive_homes(given: Given, land: Land, derived: Derived) -> Choosing | None:
    """Compute the need and the balance, where population, quotas and ``[demand]`` are there."""
    layers, demand = given.layers, given.workspace.demand
    missing = [name for name in ("population", "household_quotas") if name not in layers]
    if demand is None or missing:
        lacks = ["[demand]"] * (demand is None) + missing
        derived.note(
            sv=f"Inget behov beräknas: {', '.join(lacks)} saknas.",
            en=f"No need is computed: {', '.join(lacks)} is missing.",
        )
        return None
    with given.progress("Population and households"):
        projection = project_population(
            layers["population"],
            layers.get("population_projection"),
            base_year=demand.base_year,
            years=demand.years,
            rates=layers.get("demographic_rates"),
            assumptions=PopulationAssumptions.from_values(given.assumptions["population"]),
        )
        derived.add_notes([*projection.assumptions, *quota_warnings(layers["household_quotas"])])
        by_type = _households(given, projection.table, derived)
    with given.progress("Need"):
        _need(given, projection.table, by_type, demand, derived)
    with given.progress("Range of the need"):
        derive_uncertainty(given, projection.table, given.base_stock, demand, derived)
    with given.progress("Balance"):
        return derive_balance(given, land, by_type, _preferences(given), demand, derived)


def _households(given: Given, population: Frame, derived: Derived) -> Frame:
    """Return households by area, year, age and type, and keep them by type and by group."""
    exponent = _falling_off(given)
    by_age = households_by_age(population, given.layers["household_quotas"], open_age_exponent=exponent)
    by_type, notes = households_by_type(by_age, given.layers.get("household_types"), open_age_exponent=exponent)
    groups = group_households(
        by_age,
        by_type,
        given.layers.get("group_counts"),
        GroupAssumptions.from_values(given.assumptions["groups"]),
        open_age_exponent=exponent,
    )
    derived.add_notes([*notes, *groups.assumptions])
    keys = ["area", "year", "household_type", "persons"]
    derived.tables["households_by_type"] = by_type.groupby(keys, dropna=False, sort=True, as_index=False).agg(
        {"households": "sum"}
    )
    derived.tables["households_by_group"] = groups.table
    return by_type


def _need(given: Given, population: Frame, by_type: Frame, demand: DemandSettings, derived: Derived) -> None:
    base_year, stock = demand.base_year, given.base_stock
    need = housing_need(
        households(population, given.layers["household_quotas"], open_age_exponent=_falling_off(given)),
        stock,
        base_year=base_year,
        vacancy_reserve=demand.vacancy_reserve,
        exits_per_year=demand.exits_per_year,
        initial_deficit=demand.initial_deficit,
    )
    typed = need_by_type(need.table, by_type, stock, _preferences(given), base_year=base_year)
    derived.add_notes([*need.assumptions, *typed.assumptions, *mismatch_texts(typed.table)])
    derived.tables |= {"need": need.table, "need_by_type": typed.table, "mismatch": mismatch(typed.table)}
    if stock is not None and len(stock):
        derived.tables["need_by_density"] = need_by_density(population, stock, base_year=base_year)


def _falling_off(given: Given) -> float:
    """Return how an open age band falls off with age."""
    return PopulationAssumptions.from_values(given.assumptions["population"]).open_age_exponent


def _preferences(given: Given) -> Preferences:
    layer: pd.DataFrame | None = given.layers.get("preferences")
    if layer is not None and not layer.empty:
        return Preferences.from_table(layer)
    return Preferences.from_values(given.assumptions["preferences"])
