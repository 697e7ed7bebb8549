"""Shares of the variance where they can be worked out, and one input at a time."""

import numpy as np
import pytest
from needing import make_inputs, shipped
from scipy import stats

from geoplan.errors import InputError
from geoplan.homes.bands import Band, Bands
from geoplan.homes.sensitivity import SENSITIVITY_COLUMNS, moves_most, sensitivity

INPUTS = make_inputs()


def variance(amount: float, sd: float) -> float:
    """Return the variance of an amount times a lognormal factor with median 1."""
    return amount**2 * (1 + sd**2) * sd**2


def test_shares_of_a_sum_are_those_of_its_terms() -> None:
    """Balance = homes on plots − deficit − what is known: a linear model with shares that can be worked out."""
    bands = Bands({"likely_homes": Band(0.15), "initial_deficit": Band(0.3)})
    table = sensitivity(INPUTS, bands, quantity="balance", samples=1024, seed=1)
    assert list(table.columns) == list(SENSITIVITY_COLUMNS)
    terms = {"likely_homes": variance(64.0, 0.15), "initial_deficit": variance(40.0, 0.3)}
    found = table.set_index("input")
    for name, term in terms.items():
        share = term / sum(terms.values())
        assert found.loc[name, "first_order"] == pytest.approx(share, abs=0.02)
        assert found.loc[name, "total_order"] == pytest.approx(share, abs=0.02)
        limit = stats.norm.ppf(0.9) * np.sqrt(np.log1p(bands.of(name).sd ** 2))
        amount, sign = (64.0, 1) if name == "likely_homes" else (40.0, -1)
        assert found.loc[name, "swing"] == pytest.approx(amount * (np.exp(limit) - np.exp(-limit)))
        assert np.sign(found.loc[name, "high"] - found.loc[name, "low"]) == sign
    others = found.drop(list(terms))
    assert (others[["first_order", "total_order", "swing"]].abs() < 1e-12).all(axis=None)
    assert table["input"].iloc[0] == max(terms, key=lambda name: terms[name])


def test_a_walk_is_one_input_and_its_numbers_belong_together() -> None:
    bands = Bands({"population": Band(0.02, "walk"), "initial_deficit": Band(0.5)})
    found = sensitivity(INPUTS, bands, quantity="population", samples=1024, seed=1).set_index("input")
    assert found.loc["population", "total_order"] == pytest.approx(1, abs=0.05)
    assert found["total_order"].drop("population").abs().max() < 1e-12
    limit = stats.norm.ppf(0.9) * np.sqrt(10 * np.log1p(0.02**2))
    assert found.loc["population", "high"] == pytest.approx(found.loc["population", "nominal"] * np.exp(limit))


@pytest.mark.parametrize("cohorts", [False, True])
def test_the_shares_of_the_shipped_bands_are_shares(cohorts: bool) -> None:
    table = sensitivity(make_inputs(cohorts=cohorts), shipped(), samples=256, seed=1)
    assert table["total_order"].is_monotonic_decreasing
    assert table["total_order"].between(-0.05, 1.05).all()
    assert (table["first_order"] <= table["total_order"] + 0.1).all()
    assert table["first_order"].sum() == pytest.approx(1, abs=0.15)
    assert "area_shares" not in set(table["input"])
    # Homes on plots change the balance, never the need.
    assert table.set_index("input").loc["likely_homes", ["total_order", "swing"]].tolist() == [0, 0]


def test_the_same_seed_gives_the_same_table() -> None:
    one, other = (sensitivity(make_inputs(shuffle=n), shipped(), samples=16, seed=2) for n in (1, 2))
    assert one.equals(other)
    assert not one.equals(sensitivity(INPUTS, shipped(), samples=16, seed=3))


def test_without_bands_nothing_moves() -> None:
    table = sensitivity(INPUTS, Bands(), samples=16, seed=1)
    assert (table[["first_order", "total_order", "swing"]] == 0).all(axis=None)
    assert "No input has a band" in moves_most(table).en


def test_what_moves_most_is_said_in_words() -> None:
    table = sensitivity(INPUTS, Bands({"initial_deficit": Band(0.25)}), samples=256, seed=1)
    text = moves_most(table)
    assert "the need for homes in 2035 most: the initial deficit, 100 % of the variance" in text.en
    assert "behovet av hem 2035 av bristen vid start" in text.sv


@pytest.mark.parametrize(("quantity", "samples"), [("rain", 16), ("need", 100), ("need", 1)])
def test_what_cannot_be_explained_is_refused(quantity: str, samples: int) -> None:
    with pytest.raises(InputError):
        sensitivity(INPUTS, shipped(), quantity=quantity, samples=samples, seed=1)


def test_supply_cannot_be_explained_where_it_is_not_known() -> None:
    with pytest.raises(InputError, match="cannot be explained"):
        sensitivity(make_inputs(supply=None), shipped(), quantity="balance", samples=16, seed=1)
