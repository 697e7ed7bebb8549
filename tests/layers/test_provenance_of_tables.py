"""What a table is said to rest on is what the chain reads for it."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import pytest

from geoplan.report import table_abouts
from layers.assumptions import assumption_values
from layers.chain import derive, deriving
from layers.chain.derived import Derived, Given
from layers.rules import load_rule_set
from layers.synthetic import writing
from layers.synthetic.generate import generate
from layers.workspace import Workspace

ON_WHICH = {
    "rights": ("gaps",),
    "need": ("need_range", "need_by_type", "need_by_density", "balance", "allocation_summary", "trajectory"),
    "need_range": ("need_chances", "need_scenarios", "sensitivity"),
    "need_by_type": ("mismatch", "allocation_summary"),
    "likely": ("need_range", "allocation_summary", "trajectory", "programme_measures"),
    "crossings": ("allocation_summary", "programme_releases"),
    "allocation_summary": (
        "allocation_served",
        "allocation_left",
        "allocation_unused",
        "queue_check",
        "programme_needs",
    ),
    "trajectory": ("programme_supply",),
    "programme_needs": ("programme_releases",),
    "programme_measures": ("programme_releases", "programme_left_out", "programme_gap"),
    "programme_releases": ("programme_served", "programme_left", "programme_usage", "programme_result"),
    "programme_supply": ("programme_gap",),
    "programme_gap": ("programme_gap_targets",),
}
"""Tables that are computed from another one, and so rest on all that it rests on."""


class _Read(dict[str, Any]):
    """Assumptions that tell which subject is asked for."""

    def __init__(self, values: dict[str, Any], events: list[tuple[str, tuple[str, ...]]]) -> None:
        super().__init__(values)
        self.events = events

    def __getitem__(self, name: str) -> Any:
        self.events.append(("read", (name,)))
        return super().__getitem__(name)


class _Written(dict[str, Any]):
    """Tables that tell when they are made."""

    def __init__(self, events: list[tuple[str, tuple[str, ...]]]) -> None:
        super().__init__()
        self.events = events

    def __setitem__(self, name: str, table: Any) -> None:
        self.events.append(("write", (name,)))
        super().__setitem__(name, table)

    def __ior__(self, tables: Any) -> _Written:  # type: ignore[override,misc]
        self.events.append(("write", tuple(tables)))
        self.update(tables)
        return self


@pytest.fixture(scope="module")
def events() -> list[tuple[str, tuple[str, ...]]]:
    """What the chain reads and writes for the demo, in its order."""
    told: list[tuple[str, tuple[str, ...]]] = []
    workspace = Workspace.from_mapping(tomllib.loads(writing._settings()))
    rules = load_rule_set("sweden").with_settings(workspace.rules.settings)
    with pytest.MonkeyPatch.context() as patch:
        recorded = property(lambda given: _Read(assumption_values(given.workspace.assumptions), told))
        patch.setattr(Given, "assumptions", recorded)
        patch.setattr(deriving, "Derived", lambda: Derived(tables=_Written(told)))
        derive(generate(size="small"), rules, workspace, as_of=dt.date(2026, 1, 1))
    return told


def test_a_table_tells_what_was_read_for_it(events: list[tuple[str, tuple[str, ...]]]) -> None:
    abouts, waiting, lacking = table_abouts(), dict[str, int](), set[str]()
    for what, names in events:
        if what == "read":
            waiting |= dict.fromkeys(names, 0)
            continue
        told = {subject for name in names if name in abouts for subject in abouts[name].assumptions}
        # What is read may be for the next tables but two, which are made in the same step.
        waiting = {subject: count + 1 for subject, count in waiting.items() if subject not in told}
        lacking |= {f"{subject}, before {names}" for subject, count in waiting.items() if count > 3}
    assert {names[0] for what, names in events if what == "read"} >= {"plot_queue", "preferences", "priors"}
    assert sorted(lacking) + sorted(waiting) == []


def test_what_a_table_is_computed_from_is_told_of_it_too() -> None:
    abouts = table_abouts()
    lacking = {
        name: sorted(set(abouts[source].assumptions) - set(abouts[name].assumptions))
        for source, names in ON_WHICH.items()
        for name in names
        if set(abouts[source].assumptions) - set(abouts[name].assumptions)
    }
    assert lacking == {}


def test_every_subject_that_is_told_of_exists() -> None:
    told = {subject for about in table_abouts().values() for subject in about.assumptions}
    assert told <= set(assumption_values())
