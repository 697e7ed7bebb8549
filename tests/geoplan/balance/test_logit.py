"""The model that is compared with: within capacity, and never more served than the transport problem serves."""

from __future__ import annotations

import pandas as pd
from choosing import home_rows, homes, reaches, standards, wish_rows, wishes
from hypothesis import given, settings

from geoplan.balance.logit import solve_logit
from geoplan.balance.problem import build_problem
from geoplan.balance.transport import solve_transport


@settings(max_examples=20, deadline=None)
@given(wish_rows, home_rows, reaches)
def test_the_logit_never_serves_more(
    asked: list[tuple[str, str, str, int]], offered: list[tuple[str, str, str, int]], reach: pd.DataFrame
) -> None:
    problem = build_problem(wishes(*asked), homes(*offered), standards=standards(), reach=reach, room={"A": 3})
    logit, best = solve_logit(problem, standards(), rounds=500), solve_transport(problem)
    served = best.flow["households"].sum()
    assert logit.served <= served * (1 + max(logit.overflow, 0.0)) + 1e-6
    if logit.overflow <= 1e-6:
        taken = logit.flow.sum(axis=0)
        assert (taken <= problem.options["homes"] * (1 + 1e-5)).all()


def test_a_closed_gate_lets_nobody_through() -> None:
    offered = homes(("A", "plot", "multi", 50), ("B", "plot", "multi", 3))
    problem = build_problem(wishes(("A", "single", "multi", 10)), offered, standards=standards(), room={"A": 0, "B": 1})
    told = solve_logit(problem, standards())
    assert told.overflow <= 1e-6
    through = dict(zip(problem.options["area"], told.flow.sum(axis=0), strict=True))
    assert through["A"] < 1e-6
    assert 0.9 < through["B"] < 1.01


def test_with_room_for_all_nearly_all_choose_what_they_want() -> None:
    problem = build_problem(
        wishes(("A", "single", "multi", 10)),
        homes(("A", "vacant", "multi", 50), ("A", "vacant", "one_or_two", 50)),
        standards=standards(),
    )
    told = solve_logit(problem, standards())
    assert told.overflow == 0
    assert told.flow[0, problem.options["dwelling_type"].eq("multi").to_numpy()].sum() > 9
