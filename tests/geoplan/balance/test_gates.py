"""What the gates of an island allow beside its plan: the least of them, and unknown where one is unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geoplan.balance.gates import GATES, gate_room, gates
from geoplan.errors import FrameError

PLAN = pd.DataFrame({"area": ["I1", "I1", "I2", "I3"], "homes": [10, 2, 3, 4]})


def layer(**islands: tuple[float | None, ...]) -> pd.DataFrame:
    """Homes that water, sewage, quay and school take in all; each serves 10 already."""
    rows = [(area, gate, most, 10.0) for area, all_ in islands.items() for gate, most in zip(GATES, all_, strict=False)]
    return pd.DataFrame(rows, columns=["area", "gate", "capacity_homes", "used_homes"])


def test_the_least_gate_binds_and_unknown_is_not_without_limit() -> None:
    table = gates(layer(I1=(15, 30, 99, 30), I2=(15, 30, 99, None), I3=(99, 99, 99, 99), I4=(8, None, 1)), PLAN)
    told = table.set_index("area")
    assert told["plan_homes"].to_dict() == {"I1": 12, "I2": 3, "I3": 4, "I4": 0}
    assert told["verdict"].to_dict() == {"I1": "binds", "I2": "unknown", "I3": "open", "I4": "binds"}
    assert told["binding"].to_dict() == {"I1": "water", "I2": None, "I3": None, "I4": "quay"}
    assert told.loc["I1", ["gates_allow", "binding"]].tolist() == [5.0, "water"]
    assert np.isnan(told.loc["I2", "gates_allow"])
    assert told.loc["I2", ["gates_allow_at_most", "unknown"]].tolist() == [5.0, "school"]
    assert told.loc["I4", ["water", "gates_allow_at_most", "unknown"]].tolist() == [-2.0, 0.0, "sewage, school"]


def test_an_unknown_gate_is_closed_unless_asked_otherwise() -> None:
    table = gates(layer(I1=(15, 30, 99, 30), I2=(15.9, 30, 99, None), I3=(None, None)), PLAN)
    assert gate_room(table) == {"I1": 5, "I2": 0, "I3": 0}
    assert gate_room(table, unknown="known") == {"I1": 5, "I2": 5}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"gate": "harbour"}, "none of"),
        ({"area": "I1", "gate": "water"}, "twice"),
        ({"capacity_homes": -1.0}, "negative"),
    ],
)
def test_wrong_gates_are_refused(change: dict[str, object], fault: str) -> None:
    with pytest.raises(FrameError, match=fault):
        gates(layer(I1=(15, 30, 99, 30)).assign(**change), PLAN)
