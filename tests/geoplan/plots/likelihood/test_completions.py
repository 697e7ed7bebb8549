import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from likely import flat, history

from geoplan.errors import FrameError
from geoplan.plots.likelihood.completions import hazards
from geoplan.plots.likelihood.priors import KINDS, OWNERS, PLANS

ROW = st.tuples(
    st.integers(2015, 2025),
    st.sampled_from(KINDS),
    st.sampled_from([*OWNERS[:-1], None]),
    st.sampled_from(PLANS),
    st.integers(1, 60),
    st.integers(0, 60),
).map(lambda row: (*row[:5], min(row[4], row[5])))


def test_without_history_every_cell_has_its_prior() -> None:
    table = hazards(flat()).set_index("cell")
    assert table.loc["gap/private/yes", ["a", "b", "level", "basis"]].tolist() == [2.0, pytest.approx(38), 1.0, "prior"]


def test_the_update_is_what_it_is_by_hand() -> None:
    """Beta(2, 38), then 3 built in 19 plot-years: Beta(5, 54)."""
    seen = history((2023, "gap", "private", "yes", 10, 1), (2024, "gap", "private", "yes", 9, 2))
    table = hazards(flat(), seen).set_index("cell")
    gap = table.loc["gap/private/yes"]
    assert (gap["a"], gap["b"], gap["level"], gap["basis"]) == (5.0, pytest.approx(54), 1.0, "updated")
    # The others: 3 came where 19 * 0.05 = 0.95 were expected, so the level is (5 + 3) / (5 + 0.95).
    other = table.loc["remainder/state/no"]
    mean = 0.05 * 8 / 5.95
    assert other["level"] == pytest.approx(8 / 5.95)
    assert other["a"] / (other["a"] + other["b"]) == pytest.approx(mean)


def test_an_unknown_owner_has_cells_of_its_own() -> None:
    table = hazards(flat(), history((2024, "gap", None, "yes", 10, 4))).set_index("cell")
    assert table.loc["gap/unknown/yes", "built"] == 4
    assert table.loc["gap/private/yes", "built"] == 0


def test_impossible_completions_are_refused_with_every_fault() -> None:
    wrong = history((2024, "barn", "king", "perhaps", 3, 5), (2024, "gap", "private", "yes", -1, -2))
    with pytest.raises(FrameError) as caught:
        hazards(flat(), wrong)
    faults = " ".join(caught.value.faults)
    for word in ("kind other", "owner other", "plan other", "negative", "more plots built"):
        assert word in faults
    with pytest.raises(FrameError, match="missing columns built"):
        hazards(flat(), wrong.drop(columns="built"))


@settings(deadline=None, max_examples=30)
@given(st.lists(ROW, min_size=1, max_size=12), st.randoms())
def test_the_order_of_rows_says_nothing(rows, random) -> None:
    shuffled = random.sample(rows, len(rows))
    pd.testing.assert_frame_equal(
        hazards(flat(), history(*rows)), hazards(flat(), history(*shuffled)), check_exact=True
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(ROW, min_size=1, max_size=12), st.data())
def test_more_completions_lower_no_hazard_in_any_cell(rows, data) -> None:
    which = data.draw(st.integers(0, len(rows) - 1))
    row = rows[which]
    more = [*rows[:which], (*row[:5], data.draw(st.integers(row[5], row[4]))), *rows[which + 1 :]]
    before, after = (hazards(flat(), history(*seen)) for seen in (rows, more))
    mean = [table["a"] / (table["a"] + table["b"]) for table in (before, after)]
    assert (mean[1] >= mean[0] - 1e-12).all()


@pytest.mark.parametrize(("built", "close"), [(0, 1e-4), (3, 1e-3), (19, 1e-3)])
def test_a_long_history_outweighs_the_prior(built: int, close: float) -> None:
    row = hazards(flat(), history((2024, "gap", "private", "yes", 20 * 10**5, built * 10**5))).set_index("cell")
    gap = row.loc["gap/private/yes"]
    assert gap["a"] / (gap["a"] + gap["b"]) == pytest.approx(built / 20, abs=close)
