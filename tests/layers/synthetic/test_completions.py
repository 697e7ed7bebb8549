"""The demo's history comes from hazards that are known, so the update must find them again."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from geoplan.plots.likelihood.backtest import backtest
from geoplan.plots.likelihood.completions import hazards
from geoplan.plots.likelihood.priors import Priors
from layers.synthetic.completions import HAZARDS, YEARS, completion_table
from layers.synthetic.size import SIZES


@pytest.fixture(scope="module")
def priors() -> Priors:
    content = tomllib.loads(Path("layers/assumptions/priors.toml").read_text(encoding="utf-8"))
    content.pop("title")
    return Priors.from_values({name: entry["value"] for name, entry in content.items()})


def known(table):
    names = [f"{kind}/{owner or 'unknown'}/{plan}" for kind, owner, plan in HAZARDS]
    found = table.set_index("cell").loc[names]
    return np.array([hazard for hazard, _ in HAZARDS.values()]), found


def test_the_history_is_possible_and_the_same_each_time(small):
    table = small["completions"]
    assert set(table["year"]) == set(YEARS)
    assert (table["built"] <= table["plots_at_start"]).all()
    assert table.equals(completion_table(np.random.default_rng([2026, 7]), SIZES["small"]))


def test_the_update_approaches_the_hazards_that_the_history_was_drawn_with(priors):
    errors = []
    for people in (15_000, 1_500_000):
        seen = completion_table(np.random.default_rng(3), replace(SIZES["full"], population=people))
        truth, found = known(hazards(priors, seen))
        mean = (found["a"] / (found["a"] + found["b"])).to_numpy()
        errors.append(np.abs(np.log(mean / truth)).mean())
    assert errors[1] < 0.05 < errors[0] < 0.6
    truth, alone = known(hazards(priors))
    assert errors[0] < np.abs(np.log(alone["prior_hazard"] / truth)).mean()


def test_most_known_hazards_lie_in_the_range_of_the_update(priors):
    inside = []
    for seed in range(40):
        truth, found = known(hazards(priors, completion_table(np.random.default_rng(seed), SIZES["full"])))
        spread = beta(found["a"].to_numpy(dtype=float), found["b"].to_numpy(dtype=float))
        inside.append((truth >= spread.ppf(0.1)) & (truth <= spread.ppf(0.9)))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_history_foretells_better_than_the_priors_alone(priors):
    better, coverage = [], []
    for seed in range(20):
        seen = completion_table(np.random.default_rng(seed), SIZES["full"])
        scores = backtest(seen, priors, split_year=2021).scores
        better.append(scores["log_score"] > scores["log_score_prior"])
        coverage.append(scores["coverage_80"])
    assert np.mean(better) >= 0.8
    assert np.mean(coverage) >= 0.8
