import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from likely import PLOT, YEARS, flat, history, make_plots
from scipy.stats import betabinom

from geoplan.errors import InputError
from geoplan.plots.likelihood.likelihood import likely_homes, probability_built


def test_a_plot_by_hand() -> None:
    """Beta(5, 54) after 3 built in 19 plot-years; unbuilt after two years: 54/59 * 55/60."""
    plots, parcels = make_plots(("vacant_parcel", "private", "allowed", 4, "a"))
    seen = history((2023, "gap", "private", "yes", 10, 1), (2024, "gap", "private", "yes", 9, 2))
    table = likely_homes(
        plots, parcels, priors=flat(), completions=seen, base_year=2025, years=[2027, 2025], gaps={"p0"}
    )
    assert table["year"].tolist() == [2025, 2027]
    assert table["probability"].tolist() == [0.0, pytest.approx(1 - 54 / 59 * 55 / 60, rel=1e-12)]
    assert table["likely"].tolist() == [0.0, pytest.approx(4 * 0.161016949152542)]
    assert table.loc[1, ["prior_cell", "basis", "nominal"]].tolist() == ["gap/private/yes", "updated", 4.0]


@settings(deadline=None, max_examples=25)
@given(st.floats(0.01, 50), st.floats(0.5, 5000), st.integers(0, 30))
def test_the_probability_is_that_of_no_success_in_a_beta_binomial(a: float, b: float, years: int) -> None:
    ours = probability_built(np.array([a]), np.array([b]), np.array([float(years)]))[0]
    assert ours == pytest.approx(1 - betabinom(years, a, b).pmf(0), abs=1e-9)


def test_owner_plan_and_kind_choose_the_cell() -> None:
    plots, parcels = make_plots(
        ("vacant_parcel", "private", "allowed", 1, "a"),
        ("remainder", None, "none", 1, "a"),
        ("remainder", "state", "unknown", 1, "a"),
        ("subdivided", "company", "special", 1, "a"),
    )
    table = likely_homes(plots, parcels, priors=flat(), base_year=2025, years=[2030], gaps=["p0", "p1"])
    assert table["prior_cell"].tolist() == [
        "gap/private/yes",
        "remainder/unknown/no",
        "remainder/state/no",
        "subdivided/company/no",
    ]
    assert set(table["basis"]) == {"prior"}
    no_owners = likely_homes(plots, parcels[["id"]], priors=flat(), base_year=2025, years=[2030])
    assert no_owners["prior_cell"].str.contains("/unknown/").all()


def test_completions_after_the_base_year_are_not_asked() -> None:
    plots, parcels = make_plots(("gap", "private", "allowed", 1, "a"))
    late = history((2026, "gap", "private", "yes", 10, 9))
    table = likely_homes(plots, parcels, priors=flat(), completions=late, base_year=2025, years=[2030])
    assert table["basis"].tolist() == ["prior"]
    assert table["a"].tolist() == [2.0]


def test_after_the_horizon_nothing_grows() -> None:
    plots, parcels = make_plots(("gap", "private", "allowed", 1, "a"))
    table = likely_homes(plots, parcels, priors=flat(horizon_years=5), base_year=2025, years=[2029, 2030, 2060])
    assert table["years"].tolist() == [4, 5, 5]
    assert table["probability"].iloc[1] == table["probability"].iloc[2] > table["probability"].iloc[0]


def test_years_before_the_base_year_and_kinds_without_prior_are_refused() -> None:
    plots, parcels = make_plots(("gap", "private", "allowed", 1, "a"))
    with pytest.raises(InputError, match="2020, before the base year 2025"):
        likely_homes(plots, parcels, priors=flat(), base_year=2025, years=[2030, 2020])
    with pytest.raises(InputError, match="'boat' have no prior"):
        likely_homes(plots.assign(kind="boat"), parcels, priors=flat(), base_year=2025, years=[2030])


def test_no_plots_give_no_rows() -> None:
    plots, parcels = make_plots()
    assert likely_homes(plots, parcels, priors=flat(), base_year=2025, years=YEARS).empty


@settings(deadline=None, max_examples=25)
@given(st.lists(PLOT, min_size=1, max_size=15), st.randoms())
def test_likely_is_below_nominal_grows_by_year_and_does_not_know_the_order(rows, random) -> None:
    plots, parcels = make_plots(*rows)
    order = random.sample(range(len(plots)), len(plots))
    table = likely_homes(plots, parcels, priors=flat(), base_year=2025, years=YEARS)
    again = likely_homes(plots.iloc[order], parcels.iloc[order[::-1]], priors=flat(), base_year=2025, years=YEARS[::-1])
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    assert (table["likely"] <= table["nominal"]).all()
    assert (table.groupby("plot")["probability"].diff().dropna() > 0).all()


@settings(deadline=None, max_examples=25)
@given(st.lists(PLOT, min_size=1, max_size=10), st.integers(0, 20), st.integers(0, 20))
def test_more_completions_lower_no_probability(rows, some, more) -> None:
    plots, parcels = make_plots(*rows)
    tables = [
        likely_homes(
            plots,
            parcels,
            priors=flat(),
            completions=history((2024, "gap", "private", "yes", 40, built)),
            base_year=2025,
            years=YEARS,
        )
        for built in (some, some + more)
    ]
    assert (tables[1]["probability"] >= tables[0]["probability"] - 1e-12).all()
