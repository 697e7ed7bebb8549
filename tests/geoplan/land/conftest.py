"""Make the helpers of this folder importable by its tests, and give the CRSs to test in."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(params=[3006, 2284], ids=["metres", "feet"])
def crs(request: pytest.FixtureRequest) -> int:
    """Every rule must mean the same in metres and in US survey feet."""
    return int(request.param)
