from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geoplan.errors import SettingsError
from layers.assumptions import assumption_values, subjects
from layers.assumptions.page import assumptions_page
from layers.workspace import Workspace

DOCS = Path(__file__).parents[2] / "docs"
PLACE = {"municipality": {"name": "A", "code": "0"}, "rules": {"set": "generic"}}


def test_the_page_of_the_assumptions_is_current() -> None:
    assert (DOCS / "assumptions.md").read_text(encoding="utf-8") == assumptions_page(), (
        "run: python -m layers.assumptions > docs/assumptions.md"
    )


def test_every_default_of_ours_has_its_line_on_the_page() -> None:
    page = assumptions_page()
    ours = [name for kind in subjects().values() for name, each in kind.assumptions.items() if each.ours]
    assert ours
    assert page.count("**ours**: ") == len(ours)
    assert all(f"| `{name}` |" in page for name in ours)


def test_a_workspace_overrides_a_value_and_the_run_records_them_all() -> None:
    workspace = Workspace.from_mapping(PLACE | {"assumptions": {"reach": {"walking_speed": 4.0}}})
    recorded = workspace.parameters()["assumptions"]
    assert recorded["reach"]["walking_speed"] == 4.0
    assert {name: set(values) for name, values in recorded.items()} == {
        name: set(kind.assumptions) for name, kind in subjects().items()
    }
    # A run is read back from what it recorded, and then records the same.
    again = Workspace.from_mapping(json.loads(workspace.canonical_parameters()))
    assert again.canonical_parameters() == workspace.canonical_parameters()


def test_of_a_table_only_the_rows_that_differ_need_be_there() -> None:
    whole = assumption_values()
    subject, name, table = next(
        (subject, name, value)
        for subject, values in whole.items()
        for name, value in values.items()
        if isinstance(value, dict) and all(isinstance(row, (int, float)) for row in value.values()) and len(value) > 1
    )
    row = next(iter(table))
    changed = assumption_values({subject: {name: {row: 0.123}}})
    assert changed[subject][name] == table | {row: 0.123}
    assert whole == assumption_values()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"raech": {}}, "assumptions.raech: unknown, did you mean reach?"),
        ({"reach": {"walking_sped": 4}}, "assumptions.reach.walking_sped: unknown, did you mean walking_speed?"),
        ({"reach": {"walking_speed": "fast"}}, "assumptions.reach.walking_speed: must be a number"),
        ({"reach": {"walking_speed": True}}, "assumptions.reach.walking_speed: must be a number"),
    ],
)
def test_a_wrong_override_is_told_with_its_key(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        Workspace.from_mapping(PLACE | {"assumptions": given})
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        assumption_values(given)
