"""Make the helpers of these folders importable by their tests, and give the CRSs to test in."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "land"), str(HERE / "plots")]


@pytest.fixture(params=[3006, 2284], ids=["metres", "feet"])
def crs(request: pytest.FixtureRequest) -> int:
    """Every rule must mean the same in metres and in US survey feet."""
    return int(request.param)
