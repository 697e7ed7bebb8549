"""The demo's queue tells of nobody, and its gates have a case of each kind."""

from __future__ import annotations

import pandas as pd
import pytest

from geoplan.balance.gates import gates
from geoplan.balance.queue import check_queue
from layers.assumptions import assumption_values
from layers.synthetic.generate import generate


@pytest.fixture(scope="module")
def small() -> dict[str, pd.DataFrame]:
    return generate(size="small")


def test_the_queue_passes_the_check_that_nobody_is_told_of(small: dict[str, pd.DataFrame]) -> None:
    queue = check_queue(small["plot_queue"], smallest_count=assumption_values()["plot_queue"]["smallest_count"])
    assert queue["persons"].sum() == small["plot_queue"]["persons"].sum() > 0
    known = {*small["statistical_areas"]["id"], "*"}
    assert set(queue["area"]) <= known


def test_a_gate_is_overloaded_and_one_is_unknown(small: dict[str, pd.DataFrame]) -> None:
    layer = small["island_gates"]
    told = gates(layer, pd.DataFrame({"area": layer["area"].unique(), "homes": 3}))
    assert told.loc[0, ["verdict", "binding", "gates_allow"]].tolist() == ["binds", "water", 0.0]
    assert (told["unknown"] == "school").sum() == 1
    assert set(told["area"]) <= set(small["statistical_areas"]["id"])
