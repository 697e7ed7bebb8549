"""Draws of the need: what they are without bands, that they add up, and that a seed says all."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from needing import BASE, DEMAND, QUOTAS, STOCK, SUPPLY, TOTALS, YEARS, make_inputs, people, shipped

from geoplan.errors import InputError
from geoplan.homes.bands import Band, Bands, read_forecast_bands
from geoplan.homes.draws import acting, draw_needs
from geoplan.homes.households import households
from geoplan.homes.need import housing_need
from geoplan.homes.needinputs import need_inputs
from geoplan.homes.population import project_population
from geoplan.plots.likelihood.capacity import Supply

DRAWN = Supply(("", "b"), YEARS, SUPPLY.homes, np.random.default_rng(1).integers(0, 60, (50, 2, 2)).astype(float))


@pytest.mark.parametrize("cohorts", [False, True])
def test_without_bands_every_draw_is_the_nominal_figure(cohorts: bool) -> None:
    inputs = make_inputs(cohorts=cohorts)
    result = draw_needs(inputs, Bands(), draws=7, seed=1)
    for name, cells in result.drawn.quantities().items():
        assert (cells == result.nominal.quantities()[name]).all(), name


def test_the_nominal_figures_are_those_of_the_need() -> None:
    projected = project_population(people(), TOTALS, base_year=BASE, years=YEARS).table
    expected = housing_need(households(projected, QUOTAS), STOCK, base_year=BASE, **DEMAND).table
    inputs = need_inputs(projected, QUOTAS, STOCK, base_year=BASE, years=YEARS, **DEMAND)
    nominal = draw_needs(inputs, Bands(), draws=1, seed=1).nominal
    for name in ("population", "households", "need"):
        wide = expected.pivot(index="year", columns="area", values=name)[list(inputs.areas)]
        np.testing.assert_allclose(getattr(nominal, name)[0], wide, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("cohorts", [False, True])
def test_the_same_seed_gives_the_same_figures_whatever_the_order_of_rows(cohorts: bool) -> None:
    one = draw_needs(make_inputs(cohorts=cohorts), shipped(), draws=20, seed=4)
    other = draw_needs(make_inputs(cohorts=cohorts, shuffle=3), shipped(), draws=20, seed=4)
    assert one.areas == other.areas == ("a", "b", "")
    for name, cells in one.drawn.quantities().items():
        assert (cells == other.drawn.quantities()[name]).all(), name
    assert (one.need != draw_needs(make_inputs(cohorts=cohorts), shipped(), draws=20, seed=5).need).any()
    assert "PCG64" in one.generator and one.seed == 4  # noqa: PT018


@pytest.mark.parametrize("cohorts", [False, True])
def test_more_draws_begin_with_the_same_ones(cohorts: bool) -> None:
    inputs = make_inputs(cohorts=cohorts)
    few, many = (draw_needs(inputs, shipped(), draws=draws, seed=4) for draws in (5, 200))
    np.testing.assert_allclose(many.need[:5], few.need, rtol=1e-12)


def test_population_is_drawn_by_its_rates_or_as_a_total_never_both() -> None:
    bands = shipped()
    rates = {"fertility", "mortality", "in_migration", "out_migration"}
    assert rates.isdisjoint(acting(make_inputs(), bands))
    assert "population" in acting(make_inputs(), bands)
    by_rates = acting(make_inputs(cohorts=True), bands)
    assert rates <= set(by_rates)
    assert "population" not in by_rates
    table = pd.DataFrame({"input": ["population"], "area": "*", "year": 2030, "low": 0.9, "high": 1.1, "level": 0.8})
    told = bands.with_published(read_forecast_bands(table, base_year=BASE))
    assert "population" in acting(make_inputs(cohorts=True), told)
    drawn = draw_needs(make_inputs(cohorts=True), told, draws=4_000, seed=1)
    share = drawn.drawn.population.sum(axis=-1) / drawn.nominal.population.sum(axis=-1)
    np.testing.assert_allclose(np.quantile(share, [0.1, 0.9], axis=0).T, [[0.9, 1.1]] * 2, rtol=0.02)


def test_a_published_band_of_one_area_leaves_the_others_to_their_own() -> None:
    table = pd.DataFrame({"input": ["population"], "area": "a", "year": 2030, "low": 0.9, "high": 1.1, "level": 0.8})
    bands = Bands().with_published(read_forecast_bands(table, base_year=BASE))
    result = draw_needs(make_inputs(), bands, draws=50, seed=1)
    moved = (result.drawn.population != result.nominal.population).any(axis=(0, 1))
    assert dict(zip(result.areas, moved, strict=True)) == {"a": True, "b": False, "": False}


def test_area_shares_move_persons_between_areas_and_keep_every_sum() -> None:
    result = draw_needs(make_inputs(), Bands({"area_shares": Band(0.1, "walk")}), draws=50, seed=1)
    wholes = result.drawn.population.sum(axis=-1)
    np.testing.assert_allclose(wholes, np.broadcast_to(result.nominal.population.sum(axis=-1), wholes.shape))
    assert result.drawn.population[..., 0].std() > 10


def test_a_share_never_leaves_its_bounds() -> None:
    bands = Bands({name: Band(sd=9.0) for name in ("quotas", "exits", "vacancy_reserve")})
    result = draw_needs(make_inputs(), bands, draws=500, seed=1)
    assert np.isfinite(result.need).all()
    assert (result.drawn.households <= result.drawn.population + 1e-9).all()


def test_homes_on_plots_take_their_own_draws_and_plots_alone_make_an_area() -> None:
    result = draw_needs(make_inputs(supply=DRAWN), shipped(), draws=2_000, seed=1)
    assert result.drawn.supply is not None
    assert result.nominal.supply is not None
    own = DRAWN.draws
    assert own is not None
    places = [result.areas.index(area) for area in DRAWN.areas]
    drawn = {tuple(row) for row in result.drawn.supply[..., places].reshape(2_000, -1).tolist()}
    assert drawn == {tuple(row) for row in own.reshape(50, -1).tolist()}
    np.testing.assert_array_equal(result.nominal.supply[0][:, places], SUPPLY.homes)
    assert (result.need[..., result.areas.index("")] == 0).all()


def test_where_the_whole_is_the_only_area_it_takes_all_plots() -> None:
    whole = people().assign(area="*")
    inputs = need_inputs(
        project_population(whole, None, base_year=BASE, years=YEARS).table,
        QUOTAS,
        None,
        base_year=BASE,
        years=YEARS,
        supply=DRAWN,
    )
    assert inputs.areas == ("*",)
    assert inputs.supply is not None
    assert inputs.supply.homes.tolist() == [[33.0], [64.0]]
    assert "area_shares" not in acting(inputs, shipped())


def test_years_that_are_not_there_are_told() -> None:
    projected = project_population(people(), TOTALS, base_year=BASE, years=YEARS).table
    with pytest.raises(InputError, match="no population for 2036"):
        need_inputs(projected, QUOTAS, STOCK, base_year=BASE, years=[2036])
    with pytest.raises(InputError, match="no likely homes for 2035"):
        make_inputs(supply=replace(SUPPLY, years=(2030, 2031)))
