"""Make the helpers of this folder importable by its tests, and give what comes with geoplan."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from geoplan.homes.actions import RenewalStandards

sys.path.insert(0, str(Path(__file__).parent))

ASSUMPTIONS = Path(__file__).resolve().parents[3] / "layers" / "assumptions"


@pytest.fixture(scope="session")
def standards() -> RenewalStandards:
    """How actions and plots are counted, as it comes with geoplan."""
    content = tomllib.loads((ASSUMPTIONS / "renewal.toml").read_text(encoding="utf-8"))
    return RenewalStandards.from_values({name: row["value"] for name, row in content.items() if name != "title"})
