"""Whole parts: they add up, keep the proportions, and break ties in one way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geoplan.balance.whole import nearest, whole_parts


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=12), st.integers(0, 1000))
def test_parts_add_up_and_stay_within_one_of_their_share(weights: list[float], total: int) -> None:
    parts = whole_parts(weights, total)
    assert parts.sum() == total
    assert (parts >= 0).all()
    if sum(weights) > 1e-6:
        assert (np.abs(parts - np.array(weights) * total / sum(weights)) < 1 + 1e-6).all()


def test_ties_go_to_the_first_and_rows_are_divided_one_by_one() -> None:
    assert whole_parts([1.0, 1.0, 1.0], 2).tolist() == [1, 1, 0]
    assert whole_parts([[0.6, 0.6], [2.0, 1.0]]).tolist() == [[1, 0], [2, 1]]
    assert whole_parts([0.0, 0.0], 3).tolist() == [3, 0]
    assert nearest([0.5, -0.5, 1.4999]).tolist() == [1, 0, 1]
