import numpy as np
import pytest
from attracting import STANDARDS
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import InputError
from geoplan.plots.attraction.worth import read_names, read_number, read_points, read_worths, worth

POINTS = read_points({"water": [[75, 1.0], [150, 0.5], [1000, 0.0]]}, "water")


def test_a_worth_lies_on_straight_lines_between_its_points_and_stays_outside_them() -> None:
    raw = np.array([0.0, 75.0, 112.5, 150.0, 575.0, 1000.0, 9e9, np.inf, np.nan])
    assert worth(raw, POINTS)[:8].tolist() == pytest.approx([1, 1, 0.75, 0.5, 0.25, 0, 0, 0])
    assert np.isnan(worth(raw, POINTS)[8])


@given(st.lists(st.floats(0, 1e7), min_size=2, max_size=2).map(sorted))
def test_farther_is_never_worth_more(metres: list[float]) -> None:
    for points in (STANDARDS.water, *STANDARDS.minutes.values()):
        near, far = worth(np.array(metres), points)
        assert 1 >= near >= far >= 0


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "near",
        [[1, 0.5], [1, 0.6]],
        [[2, 0.5], [1, 0.6]],
        [[1, 1.5]],
        [[1, True]],
        [[1, float("nan")]],
        [1, 2],
    ],
)
def test_points_that_make_no_worth_are_refused(wrong: object) -> None:
    with pytest.raises(InputError) as caught:
        read_points({"water": wrong}, "water")
    assert "water" in caught.value.message
    assert caught.value.hint


def test_a_missing_assumption_is_named() -> None:
    for read in (read_points, read_worths, read_number, read_names):
        with pytest.raises(InputError, match="The assumption water is missing"):
            read({}, "water")


def test_worths_of_words_need_every_word_and_no_other() -> None:
    assert read_worths({"u": {"a": 1, "b": 0}}, "u", among=("a", "b")) == {"a": 1.0, "b": 0.0}
    for wrong in ({"a": 1}, {"a": 1, "c": 0}, {"a": 1, "b": 2}, {"a": 1, "b": "half"}, 1):
        with pytest.raises(InputError):
            read_worths({"u": wrong}, "u", among=("a", "b"))


def test_numbers_keep_their_bounds() -> None:
    assert read_number({"n": 0.2}, "n", most=1) == 0.2
    assert read_number({"n": 0}, "n", least=0) == 0
    for value, bounds in ((0, {}), (-1, {"least": 0}), (2, {"most": 1}), ("2", {}), (True, {}), (float("inf"), {})):
        with pytest.raises(InputError):
            read_number({"n": value}, "n", **bounds)
    for names in ("state", [1], None):
        with pytest.raises(InputError):
            read_names({"n": names}, "n")
