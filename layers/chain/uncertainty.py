"""How sure the need is: many draws of its forecasts, and which of them moves it most."""

from __future__ import annotations

from geoplan.homes.bands import Bands, read_forecast_bands
from geoplan.homes.cohorts import CohortModel, cohort_model
from geoplan.homes.draws import draw_needs
from geoplan.homes.needinputs import need_inputs
from geoplan.homes.rates import PopulationAssumptions
from geoplan.homes.sensitivity import moves_most, sensitivity
from geoplan.homes.uncertainty import chances, quantiles, scenario_needs
from geoplan.plots.likelihood.capacity import supply_of_plots
from geoplan.plots.likelihood.priors import Priors
from layers.chain.derived import Derived, Frame, Given
from layers.workspace import DemandSettings

__all__ = ["derive_uncertainty"]


def derive_uncertainty(
    given: Given, population: Frame, stock: Frame | None, demand: DemandSettings, derived: Derived
) -> None:
    """Draw the chain from population to balance many times, and tell the range and what moves it."""
    layers, assumed = given.layers, given.assumptions["uncertainty"]
    priors, tables = Priors.from_values(given.assumptions["priors"]), derived.tables
    supply = None
    if "likely" in tables and len(tables["likely"]):  # no plots are no homes, whatever the year
        supply = supply_of_plots(
            tables["likely"], tables["plots"], draws=priors.draws, seed=priors.seed, years=demand.years
        )
    inputs = need_inputs(
        population,
        layers["household_quotas"],
        stock,
        base_year=demand.base_year,
        years=demand.years,
        vacancy_reserve=demand.vacancy_reserve,
        exits_per_year=demand.exits_per_year,
        initial_deficit=demand.initial_deficit,
        open_age_exponent=PopulationAssumptions.from_values(given.assumptions["population"]).open_age_exponent,
        model=_model(given, demand),
        supply=supply,
    )
    bands = Bands.from_values(assumed)
    published = layers.get("forecast_bands")
    if published is not None:
        main = inputs.main_values()
        bands = bands.with_published(read_forecast_bands(published, base_year=demand.base_year, main=main))
    draws = draw_needs(inputs, bands, draws=assumed["draws"], seed=assumed["seed"])
    moved = sensitivity(inputs, bands, quantity="need", samples=assumed["sensitivity_samples"], seed=assumed["seed"])
    derived.tables |= {
        "need_range": quantiles(draws),
        "need_chances": chances(draws),
        "need_scenarios": scenario_needs(inputs, bands),
        "sensitivity": moved,
    }
    derived.add_notes([moves_most(moved)])


def _model(given: Given, demand: DemandSettings) -> CohortModel | None:
    """Return the projection by cohorts where the population was projected so: with rates, and by age."""
    rates, population = given.layers.get("demographic_rates"), given.layers["population"]
    base = population[population["year"] == demand.base_year]
    if rates is None or rates.empty or "age" not in base or base["age"].isna().any() or base["age"].eq("").any():
        return None
    return cohort_model(
        population,
        rates,
        base_year=demand.base_year,
        last_year=demand.years[-1],
        projection=given.layers.get("population_projection"),
        assumptions=PopulationAssumptions.from_values(given.assumptions["population"]),
    )
