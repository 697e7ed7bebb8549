import numpy as np
import pytest
from likely import flat, history

from geoplan.plots.likelihood.backtest import SCORES, backtest


def test_the_scores_by_hand() -> None:
    """Beta(5, 54) from 3 in 19, then 1 built of 10: p = 5/59."""
    seen = history(
        (2023, "gap", "private", "yes", 10, 1),
        (2024, "gap", "private", "yes", 9, 2),
        (2025, "gap", "private", "yes", 10, 1),
    )
    found = backtest(seen, flat(), split_year=2025)
    p = 5 / 59
    assert found.missing is None
    assert found.scores["brier"] == pytest.approx(((1 - p) ** 2 + 9 * p**2) / 10)
    assert found.scores["brier_prior"] == pytest.approx((0.95**2 + 9 * 0.05**2) / 10)
    assert found.scores["log_score"] == pytest.approx((np.log(p) + 9 * np.log(1 - p)) / 10)
    assert found.scores["expected"] == pytest.approx(10 * p)
    assert found.scores["coverage_80"] == 1.0
    (row,) = found.calibration.to_dict("records")
    assert (row["probability_low"], row["probability_high"], row["plot_years"], row["built"]) == (0.08, 0.16, 10, 1)
    assert found.table()["id"].tolist() == list(SCORES)


def test_a_year_that_nobody_foretold_is_outside_the_interval() -> None:
    seen = history((2023, "gap", "private", "yes", 1000, 1), (2024, "gap", "private", "yes", 100, 90))
    assert backtest(seen, flat(), split_year=2024).scores["coverage_80"] == 0.0


def test_what_was_built_after_the_base_year_is_not_looked_at() -> None:
    rows = [(year, "gap", "private", "yes", 100, 4) for year in range(2018, 2026)]
    later = [(2026, "gap", "private", "yes", 100, 60), (2027, "gap", "private", "yes", 40, 40)]
    base = backtest(history(*rows), flat(), split_year=2022).scores
    assert base["rows"] == 4
    assert backtest(history(*rows, *later), flat(), split_year=2022, last_year=2025).scores == base
    assert backtest(history(*rows, *later), flat(), split_year=2022).scores["rows"] == 6


@pytest.mark.parametrize("split", [2010, 2030])
def test_where_there_is_no_history_on_both_sides_it_is_said(split: int) -> None:
    seen = history((2023, "gap", "private", "yes", 10, 1), (2024, "gap", "private", "yes", 9, 2))
    for completions in (seen, None):
        found = backtest(completions, flat(), split_year=split)
        assert found.missing is not None
        assert str(split) in found.missing.sv
        assert found.scores == {}
        assert found.calibration.empty
        assert found.table().empty
