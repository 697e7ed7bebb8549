import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from likely import PLOT, YEARS, flat, make_plots
from scipy.stats import betabinom

from geoplan.places import UNASSIGNED
from geoplan.plots.likelihood.capacity import CAPACITY_COLUMNS, area_capacity, supply_of_plots
from geoplan.plots.likelihood.likelihood import likely_homes

KEYS = ["area", "year", "supply"]


def capacity(plots: pd.DataFrame, parcels: pd.DataFrame, *, draws: int = 100, seed: int = 1) -> pd.DataFrame:
    likely = likely_homes(plots, parcels, priors=flat(), base_year=2025, years=YEARS)
    return area_capacity(likely, plots, draws=draws, seed=seed)


def test_plots_of_one_cell_are_beta_binomial_together() -> None:
    """A hazard shared by all: far wider than if each plot had its own chance."""
    plots, parcels = make_plots(*[("gap", "private", "allowed", 1, "a")] * 60)
    likely = likely_homes(plots, parcels, priors=flat(), base_year=2025, years=[2026])
    row = area_capacity(likely, plots, draws=20_000, seed=5).iloc[0]
    exact = betabinom(60, 2, 38)
    assert row["likely"] == pytest.approx(exact.mean())
    for name, share in {"p10": 0.1, "p50": 0.5, "p90": 0.9}.items():
        assert exact.cdf(row[name] - 1) - 0.01 <= share <= exact.cdf(row[name]) + 0.01
    independent = np.sqrt(60 * 0.05 * 0.95)
    assert row["p90"] - row["p10"] > 2 * 1.28 * independent


def test_planned_and_unplanned_supply_stand_apart_and_every_plot_is_somewhere() -> None:
    plots, parcels = make_plots(
        ("gap", "private", "allowed", 3, "a"),
        ("gap", "private", "none", 2, "a"),
        ("gap", "private", "special", 5, None),
    )
    table = capacity(plots, parcels)
    assert list(table.columns) == list(CAPACITY_COLUMNS)
    nominal = table[table["year"] == 2030].set_index(["area", "supply"])["nominal"].to_dict()
    assert nominal == {
        ("a", "planned"): 3,
        ("a", "unplanned"): 2,
        (UNASSIGNED, "unplanned"): 5,
        ("*", "planned"): 3,
        ("*", "unplanned"): 7,
    }
    assert table["area"].iloc[-1] == "*"


def test_supply_has_the_draws_that_the_range_is_of() -> None:
    plots, parcels = make_plots(
        *[("gap", "private", "allowed", 3, "a")] * 8,
        ("gap", "private", "allowed", 2, None),
        ("gap", "private", "none", 5, "b"),
    )
    likely = likely_homes(plots, parcels, priors=flat(), base_year=2025, years=YEARS)
    table = area_capacity(likely, plots, draws=200, seed=1).set_index(["area", "year", "supply"])
    supply = supply_of_plots(likely, plots, draws=200, seed=1)
    assert supply.areas == (UNASSIGNED, "a")
    assert supply.years == tuple(YEARS)
    assert supply.draws is not None
    for place, area in enumerate(supply.areas):
        for step, year in enumerate(YEARS):
            row = table.loc[(area, year, "planned")]
            assert supply.homes[step, place] == pytest.approx(row["likely"])
            drawn = np.quantile(supply.draws[:, step, place], [0.1, 0.5, 0.9], method="inverted_cdf")
            assert drawn.tolist() == row[["p10", "p50", "p90"]].tolist()
    whole = np.quantile(supply.draws[:, -1].sum(axis=-1), 0.9, method="inverted_cdf")
    assert whole == table.loc[("*", YEARS[-1], "planned"), "p90"]
    assert supply_of_plots(likely, plots.iloc[:0], draws=5, seed=1).homes.shape == (3, 0)


def test_no_plots_give_no_rows() -> None:
    table = capacity(*make_plots())
    assert table.empty
    assert list(table.columns) == list(CAPACITY_COLUMNS)


@settings(deadline=None, max_examples=25)
@given(st.lists(PLOT, min_size=1, max_size=15), st.randoms())
def test_quantiles_are_ordered_sums_conserved_and_the_order_says_nothing(rows, random) -> None:
    plots, parcels = make_plots(*rows)
    order = random.sample(range(len(plots)), len(plots))
    table = capacity(plots, parcels)
    pd.testing.assert_frame_equal(table, capacity(plots.iloc[order], parcels), check_exact=True)
    ordered = table[["p10", "p50", "p90", "nominal"]].to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()
    assert (table["likely"] <= table["nominal"]).all()
    whole = table[table["area"] == "*"].set_index(["year", "supply"]).sort_index()
    parts = table[table["area"] != "*"].groupby(["year", "supply"])[["plots", "nominal", "likely"]].sum()
    assert (whole["nominal"] == parts["nominal"]).all()
    assert (whole["plots"] == parts["plots"]).all()
    assert whole["likely"].to_numpy() == pytest.approx(parts["likely"].to_numpy(), rel=1e-12)
    later = table.sort_values(["area", "supply", "year"]).groupby(["area", "supply"])[["p10", "p50", "p90"]].diff()
    assert (later.dropna() >= 0).all(axis=None)


@settings(deadline=None, max_examples=25)
@given(st.lists(PLOT, min_size=2, max_size=12))
def test_a_plot_added_lowers_nothing_anywhere(rows) -> None:
    plots, parcels = make_plots(*rows)
    with_it = capacity(plots, parcels).set_index(KEYS)
    without = capacity(plots.iloc[:-1], parcels).set_index(KEYS)
    figures = ["nominal", "likely", "p10", "p50", "p90"]
    assert (with_it.loc[without.index, figures] >= without[figures] - 1e-12).all(axis=None)


def test_another_seed_gives_another_range_but_the_same_mean() -> None:
    plots, parcels = make_plots(*[("gap", "private", "allowed", 7, "a")] * 30)
    one, two = capacity(plots, parcels), capacity(plots, parcels, seed=2)
    assert (one["likely"] == two["likely"]).all()
    assert not one[["p10", "p50", "p90"]].equals(two[["p10", "p50", "p90"]])
