"""Rules of release, tried: each does what it says, no more plots are given than there are, same seed same figures."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from choosing import assumptions
from pandas.testing import assert_frame_equal

from geoplan.balance.queue import QueueStandards, check_queue
from geoplan.balance.release_rule import RULES, release
from geoplan.errors import InputError

STANDARDS = QueueStandards.from_values(assumptions("plot_queue") | {"draws": 400})
ALL_TAKE = replace(STANDARDS, takes_offer=1.0)
QUEUE = check_queue(
    pd.DataFrame(
        [
            ("A", "single", 2010, 2014, 20),
            ("A", "couple", 2015, 2019, 20),
            ("A", "single", 2020, 2024, 40),
            ("B", "couple", 2010, 2024, 30),
        ],
        columns=["area", "group", "since_from", "since_to", "persons"],
    ),
    smallest_count=5,
)


def by_band(rule: str, plots: int, standards: QueueStandards) -> dict[int, float]:
    told = release(QUEUE, {"A": plots}, rule=rule, year=2026, standards=standards).by_group
    return told.set_index("since_from")["plots"].to_dict()


def test_queue_time_gives_to_those_who_have_waited_longest() -> None:
    assert by_band("queue_time", 30, ALL_TAKE) == {2010: 20, 2015: 10, 2020: 0}


def test_need_gives_to_the_first_group_whatever_its_time() -> None:
    first = replace(ALL_TAKE, need_order={"couple": 1, "single": 2})
    assert by_band("need", 30, first) == {2010: 10, 2015: 20, 2020: 0}


def test_a_lottery_gives_everybody_the_same_chance() -> None:
    told = release(QUEUE, {"A": 20}, rule="lottery", year=2026, standards=ALL_TAKE).by_group
    # 400 draws of about 10 of 40: the mean is sure to 0.13 or so.
    assert told["chance"].tolist() == pytest.approx([0.25, 0.25, 0.25], abs=0.03)
    assert (told["plots_low"] <= told["plots"]).all()
    assert (told["plots"] <= told["plots_high"]).all()


@pytest.mark.parametrize("rule", RULES)
def test_no_more_plots_are_given_than_there_are(rule: str) -> None:
    told = release(QUEUE, {"A": 10, "B": 100}, rule=rule, year=2026, standards=STANDARDS)
    summary = told.summary.set_index("area")
    assert summary.loc["A", "taken"] <= 10
    assert (summary["taken"] + summary["left_over"] == summary["released"]).all()
    # Each takes with 0.3: of 30 persons 9.
    assert summary.loc["B", "taken"] == pytest.approx(9, abs=0.6)
    assert told.by_group.groupby("area")["plots"].sum().to_dict() == pytest.approx(summary["taken"].to_dict())


def test_the_same_seed_gives_the_same_figures_whatever_the_rows_or_other_areas() -> None:
    one = release(QUEUE, {"A": 10}, rule="lottery", year=2026, standards=STANDARDS, seed=7).by_group
    both = release(QUEUE[::-1], {"B": 3, "A": 10}, rule="lottery", year=2026, standards=STANDARDS, seed=7).by_group
    assert_frame_equal(one, both[both["area"] == "A"].reset_index(drop=True))
    other = release(QUEUE, {"A": 10}, rule="lottery", year=2026, standards=STANDARDS, seed=8).by_group
    assert not one.equals(other)


def test_where_nobody_queues_plots_are_left_over() -> None:
    told = release(QUEUE, {"C": 4}, rule="queue_time", year=2026, standards=STANDARDS)
    assert told.by_group.empty
    assert told.summary[["taken", "left_over"]].to_numpy().tolist() == [[0, 4]]
    assert math.isnan(told.summary["waited_years"].iloc[0])


@pytest.mark.parametrize(
    ("plots", "rule", "year", "fault"),
    [
        ({"A": -1}, "need", 2026, "negative"),
        ({"A": 1}, "auction", 2026, "no rule"),
        ({"A": 1}, "need", 2024, "since 2024"),
    ],
)
def test_wrong_questions_are_refused(plots: dict[str, int], rule: str, year: int, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        release(QUEUE, plots, rule=rule, year=year, standards=STANDARDS)
