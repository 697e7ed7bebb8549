"""The tables of the small place with their names, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from geoplan.report import Assumed, Origin, Tables, Version
from geoplan.text import Text

HOSTILE = "</script></svg><img src=x onerror=alert(1)>{{ 7 * 7 }}"


def origin(names: list[str]) -> Origin:
    """Return a run that made these tables."""
    return Origin(
        place=HOSTILE,
        synthetic=True,
        run=7,
        snapshot="ab" * 32,
        created_at="2026-01-02T10:00:00Z",
        as_of="2026-01-01",
        rule_set=Text(sv="Regler", en="Rules"),
        code_version="0.1.0 0123456789abcdef",
        tables={name: Version(name, 3, "cd" * 32, "2026-01-02T10:00:00Z") for name in names},
        inputs={
            name: Version(name, 2, "ef" * 32, "2026-01-01T10:00:00Z", "SCB", "CC0")
            for name in ("population", "indicators")
        },
        assumptions={
            "population": (
                Assumed("population.boys_share", Text(sv="Andel pojkar", en="Boys"), "0.51", "", None, None, True),
            )
        },
        notes=(Text(sv="Lagret flood saknas.", en="The layer flood is missing."),),
    )


@pytest.fixture
def tables(housing_tables: dict[str, pd.DataFrame]) -> Callable[..., Tables]:
    """Give the place's tables, with some left out."""

    def made(*without: str) -> Tables:
        found = {name: frame for name, frame in housing_tables.items() if name not in without}
        return Tables(found, {"A1": "Södra", "A2": HOSTILE}, "9999")

    return made


@pytest.fixture
def ran() -> Callable[[Tables], Origin]:
    """Give what tables rest on."""
    return lambda tables: origin([name for name in tables.frames if name not in ("population", "indicators")])
