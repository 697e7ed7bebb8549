import numpy as np
import pytest
from attracting import GROUPS, made_parts
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pymcdm.methods import WSM

from geoplan.errors import InputError
from geoplan.plots.attraction.groups import group_values
from geoplan.plots.attraction.multicriteria import METHODS, Method, scores

WORTHS = st.one_of(st.just(np.nan), st.floats(0, 1))
TABLES = arrays(np.float64, (5, 4), elements=WORTHS)
WEIGHTS = arrays(np.float64, (2, 4), elements=st.floats(0.01, 1))


def test_scores_by_hand() -> None:
    values = np.array([[1.0, 0.0], [0.5, 0.5], [np.nan, 0.8], [np.nan, np.nan]])
    weights = np.array([[0.75, 0.25]])
    assert scores("weighted_sum", values, weights)[0, :3].tolist() == pytest.approx([0.75, 0.5, 0.8])
    # Distances in the space of weighted worths: to the worst 0.75 and to the best 0.25; halfway; along one axis.
    assert scores("topsis", values, weights)[0, :3].tolist() == pytest.approx([0.75, 0.5, 0.8])
    # Q = (S + R / max w) / 2 with S the weighted regret and R the largest one: (0.25 + 1/3) / 2, (0.5 + 0.5) / 2, 0.2.
    assert scores("vikor", values, weights)[0, :3].tolist() == pytest.approx([1 - 7 / 24, 0.5, 0.8])
    for method in METHODS:
        assert np.isnan(scores(method, values, weights)[0, 3])


def test_the_weighted_sum_is_the_library_s() -> None:
    values = group_values(made_parts(50, unknown=0), GROUPS[0]).fillna(0.5).to_numpy(dtype=float)
    weights = GROUPS[0].weight_vector
    library = WSM(lambda column, **_: column)(values, weights / weights.sum(), np.ones(len(weights)), validation=False)
    assert scores("weighted_sum", values, weights[None, :])[0] == pytest.approx(library, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(values=TABLES, weights=WEIGHTS, rows=st.permutations(range(5)), kept=st.integers(1, 5))
def test_scores_are_absolute(
    method: Method, values: np.ndarray, weights: np.ndarray, rows: list[int], kept: int
) -> None:
    whole = scores(method, values, weights)
    some = rows[:kept]
    np.testing.assert_array_equal(scores(method, values[some], weights), whole[:, some])
    known = ~np.isnan(whole)
    assert ((whole[known] >= 0) & (whole[known] <= 1)).all()
    np.testing.assert_array_equal(known, np.broadcast_to(~np.isnan(values).all(axis=1), whole.shape))


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(values=TABLES, weights=WEIGHTS, part=st.integers(0, 3), to=st.floats(0, 1))
def test_more_of_a_part_is_never_worse(
    method: Method, values: np.ndarray, weights: np.ndarray, part: int, to: float
) -> None:
    better = values.copy()
    better[:, part] = np.where(np.isnan(values[:, part]), np.nan, np.fmax(values[:, part], to))
    before, after = scores(method, values, weights), scores(method, better, weights)
    known = ~np.isnan(before)
    assert (after[known] >= before[known] - 1e-11).all()


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match="guess"):
        scores("guess", np.ones((1, 1)), np.ones((1, 1)))  # type: ignore[arg-type]
