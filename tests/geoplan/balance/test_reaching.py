"""Which areas reach which: within the limit, and never by what is not known."""

from __future__ import annotations

import pandas as pd
import pytest
from choosing import pairs

from geoplan.balance.reaching import reachable
from geoplan.errors import FrameError


def test_only_crossings_within_the_limit_count() -> None:
    minutes = pairs(("A", "B", 30.0), ("B", "A", 31.0), ("A", "C", float("nan")), ("A", "X", 0.0), ("A", "A", 99.0))
    found = reachable(["C", "B", "A"], minutes, 30)
    assert list(zip(found["from_area"], found["to_area"], strict=True)) == [
        ("A", "A"),
        ("A", "B"),
        ("B", "B"),
        ("C", "C"),
    ]
    assert found["minutes"].tolist() == [0.0, 30.0, 0.0, 0.0]


def test_wrong_crossings_are_refused() -> None:
    with pytest.raises(FrameError, match="twice; a crossing takes less"):
        reachable(["A"], pairs(("A", "B", 1.0), ("A", "B", -1.0)), 30)
    with pytest.raises(FrameError, match="missing columns minutes"):
        reachable(["A"], pd.DataFrame({"from_area": [], "to_area": []}), 30)
