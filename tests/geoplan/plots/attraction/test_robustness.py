import numpy as np
import pytest
from attracting import GROUPS, ROBUSTNESS, assumed, group, made_parts, simple_group

from geoplan.errors import InputError
from geoplan.plots.attraction.groups import group_values
from geoplan.plots.attraction.robustness import Robustness, drawn_weights, ranks, shifted_weights, top_shares, top_size


def test_each_weight_moves_by_itself_and_the_sum_stays_one() -> None:
    shifted = shifted_weights(np.array([0.5, 0.0, 0.5]), 0.2)
    assert shifted.tolist() == pytest.approx(
        np.array([[0.5, 0, 0.5], [4 / 9, 0, 5 / 9], [6 / 11, 0, 5 / 11], [5 / 9, 0, 4 / 9], [5 / 11, 0, 6 / 11]])
    )
    assert shifted_weights(np.array([1.0, 0.0]), 1.0).tolist() == [[1, 0]] * 3


def test_draws_have_the_mean_and_the_spread_that_are_stated() -> None:
    families = group("families")
    drawn = drawn_weights(families, Robustness(draws=20_000))
    weights = families.weight_vector
    assert drawn.sum(axis=1) == pytest.approx(1)
    assert drawn.mean(axis=0) == pytest.approx(weights, abs=2e-3)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(weights * (1 - weights) / 51), abs=2e-3)
    assert not drawn[:, weights == 0].any()


def test_draws_are_the_group_s_own_and_always_the_same() -> None:
    one, other = drawn_weights(GROUPS[0], ROBUSTNESS), drawn_weights(GROUPS[1], ROBUSTNESS)
    assert np.array_equal(one, drawn_weights(GROUPS[0], ROBUSTNESS))
    assert not np.array_equal(one[0] > 0, other[0] > 0)
    assert not np.array_equal(one, drawn_weights(GROUPS[0], Robustness(seed=1)))


def test_equal_scores_share_the_best_rank() -> None:
    assert ranks(np.array([[0.5, 0.9, 0.5, 0.1]])).tolist() == [[2, 1, 2, 4]]
    with_gap = ranks(np.array([[0.5, np.nan, 0.9]]))
    assert with_gap[0, [0, 2]].tolist() == [2, 1]
    assert np.isnan(with_gap[0, 1])


def test_the_top_set_is_a_share_of_the_plots_rounded_up() -> None:
    assert [top_size(plots, 0.1) for plots in (0, 1, 10, 11, 30, 100)] == [0, 1, 1, 2, 3, 10]
    assert top_size(5, 1.0) == 5


def test_a_plot_that_is_best_in_everything_is_always_on_top() -> None:
    parts = made_parts(40, unknown=0.3)
    values = group_values(parts, group("elderly")).to_numpy(dtype=float, copy=True)
    values[0], values[1], values[2] = 1.0, 0.0, np.nan
    shares = top_shares("weighted_sum", values, drawn_weights(group("elderly"), ROBUSTNESS), 0.1)
    assert (shares[0], shares[1]) == (1, 0)
    assert np.isnan(shares[2])
    # 39 plots have a score, and a top set of 4 holds as many in every draw.
    assert np.nansum(shares) == pytest.approx(4, abs=1e-9)


def test_two_parts_that_are_drawn_evenly_give_each_its_half() -> None:
    even = simple_group({"water": 1, "sun": 1})
    values = np.full((2, 16), np.nan)
    values[:, [0, 15]] = [[1, 0], [0, 1]]
    shares = top_shares("weighted_sum", values, drawn_weights(even, Robustness(draws=4000)), 0.5)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("name", "wrong"), [("draws", 1.5), ("seed", -1), ("shift", 1.2), ("top_share", 0), ("concentration", 0)]
)
def test_a_number_that_makes_no_sense_is_refused(name: str, wrong: float) -> None:
    values = assumed("weights")
    with pytest.raises(InputError, match=name):
        Robustness.from_values(values | {name: wrong})
    del values[name]
    with pytest.raises(InputError, match=name):
        Robustness.from_values(values)


def test_the_defaults_are_those_of_the_assumptions() -> None:
    assert Robustness() == ROBUSTNESS
