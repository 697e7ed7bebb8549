"""Make the helpers of the land tests importable here too."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(params=[3006, 2284], ids=["metres", "feet"])
def crs(request: pytest.FixtureRequest) -> int:
    """Every rule must mean the same in metres and in US survey feet."""
    return int(request.param)
