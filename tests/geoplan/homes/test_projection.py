"""Births, deaths and migration: nobody is lost, and draws are what single projections are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.homes.projection import AGES, TOP, Array, Factors, Rates, flows, project, project_blocks


def made_up(seed: int, *, areas: int = 3, years: int = 1, balanced: bool = False) -> tuple[Array, Rates]:
    rng = np.random.default_rng(seed)
    cells = (years, areas, 2, AGES)
    fertility = np.zeros((years, areas, AGES))
    fertility[..., 16:50] = rng.uniform(0, 0.1, (years, areas, 34))
    rates = Rates(
        fertility=fertility,
        mortality=rng.uniform(0, 0.3, cells),
        out_migration=rng.uniform(0, 0.2, cells),
        in_migration=rng.uniform(0, 5, cells),
        boys=0.512,
        balance=rng.uniform(0.8, 1.2, cells) if balanced else None,
    )
    return rng.uniform(0, 50, (areas, 2, AGES)), rates


NOTHING = np.zeros((1, 1, 2, AGES))
STILL = Rates(np.zeros((1, 1, AGES)), NOTHING, NOTHING, NOTHING, boys=0.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_every_cohort_is_accounted_for(seed: int, balanced: bool) -> None:
    start, rates = made_up(seed, years=2, balanced=balanced)
    result = flows(start, rates, years=4)
    reached = np.zeros_like(result.births)
    reached[..., 1:] = result.population[:-1, ..., :-1]
    reached[..., -1] += result.population[:-1, ..., -1]
    expected = reached + result.births - result.deaths - result.departures + result.arrivals
    np.testing.assert_allclose(result.population[1:], expected, rtol=1e-12, atol=1e-9)
    sums = {name: getattr(result, name).sum(axis=-1) for name in ("births", "deaths", "departures", "arrivals")}
    change = np.diff(result.population.sum(axis=-1), axis=0)
    account = sums["births"] - sums["deaths"] - sums["departures"] + sums["arrivals"]
    np.testing.assert_allclose(change, account, rtol=1e-9, atol=1e-9)
    assert min(float(getattr(result, name).min()) for name in (*sums, "population")) >= 0


def test_people_grow_older_and_the_last_age_keeps_its_own() -> None:
    start = np.zeros((1, 2, AGES))
    start[0, 0, 97], start[0, 1, TOP] = 5.0, 7.0
    result = project(start, STILL, years=4)[0]
    assert result[2, 0, 0, 99] == 5
    assert result[4, 0].sum(axis=1).tolist() == [5, 7]
    assert result[4, 0, :, TOP].tolist() == [5, 7]


def test_children_are_born_to_the_mean_of_women_and_split_by_sex() -> None:
    start = np.zeros((1, 2, AGES))
    start[0, 0, 29] = 100.0
    fertility, leaving = np.zeros((1, 1, AGES)), NOTHING.copy()
    fertility[0, 0, 30], leaving[0, 0, 0, 30] = 0.1, 0.2
    result = flows(start, Rates(fertility, NOTHING, leaving, NOTHING, boys=0.6), years=1)
    assert result.births[0, 0, :, 0].tolist() == pytest.approx([9 * 0.4, 9 * 0.6])
    assert result.population[1, 0, 0, 30] == pytest.approx(80)


def test_draws_are_single_projections_whatever_the_blocks() -> None:
    start, rates = made_up(3)
    rng = np.random.default_rng(5)
    fertility, leaving = rng.uniform(0.5, 1.5, (300, 4)), rng.uniform(0.5, 1.5, (300, 1))
    factors = Factors(fertility=fertility, out_migration=leaving)
    whole = project(start, rates, years=4, draws=300, factors=factors)
    assert len(list(project_blocks(start, rates, years=4, draws=300))) > 1
    for draw in (0, 151, 299):
        mine = Factors(fertility=fertility[[draw]], out_migration=leaving[[draw]])
        np.testing.assert_array_equal(whole[draw], project(start, rates, years=4, factors=mine)[0])
    np.testing.assert_array_equal(whole, project(start, rates, years=4, draws=300, factors=factors))


def test_draws_may_differ_from_the_start() -> None:
    start, rates = made_up(4)
    both = project(np.stack([start, 2 * start]), rates, years=2, draws=2)
    np.testing.assert_array_equal(both[1], project(2 * start, rates, years=2)[0])


def test_areas_do_not_depend_on_each_other() -> None:
    start, rates = made_up(6)
    alone = Rates(
        rates.fertility[:, :1], rates.mortality[:, :1], rates.out_migration[:, :1], rates.in_migration[:, :1], 0.512
    )
    np.testing.assert_array_equal(project(start, rates, years=3)[:, :, :1], project(start[:1], alone, years=3))


def test_a_rate_times_a_factor_never_takes_more_than_there_are() -> None:
    start, rates = made_up(7)
    result = project(start, rates, years=3, factors=Factors(mortality=np.array([[50.0]])))
    assert result.min() >= 0
