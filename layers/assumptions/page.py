"""The assumptions as a page of documentation, written from the files themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from layers.assumptions import Assumption, Subject, subjects

__all__ = ["assumptions_page"]

_HEAD = """\
# Assumptions

Every number that no law and no layer gives. A workspace sets its own:

```toml
[assumptions.reach]
walking_speed = 4.0
```

Of a table only the rows that differ need be there. What a run used is recorded with it. **Ours** marks a default of
ours, with the reason; the others name their source. The files are `layers/assumptions/*.toml`, and this page is written
by `python -m layers.assumptions > docs/assumptions.md`. Rules of law, with what the law leaves open, are in
[rules.md](rules.md); settings of the workspace in [workspace.md](workspace.md).
"""


def assumptions_page() -> str:
    """Return the page ``docs/assumptions.md``."""
    return "\n".join([_HEAD, *(line for subject in subjects().values() for line in _subject(subject))])


def _subject(subject: Subject) -> Iterator[str]:
    yield f"## {subject.id}"
    yield ""
    yield f"{subject.title.en} ({subject.title.sv})."
    yield ""
    yield "| name | value | unit | what | source |"
    yield "| --- | --- | --- | --- | --- |"
    for name, assumption in subject.assumptions.items():
        value, unit = _written(assumption.value), assumption.unit
        yield f"| `{name}` | {value} | {unit} | {_cell(assumption.title.en)} | {_cell(_source(assumption))} |"
    yield ""


def _source(assumption: Assumption) -> str:
    year = f" ({assumption.year})" if assumption.year else ""
    if assumption.ours is not None:
        return f"**ours**: {assumption.ours.en}{year}"
    return f"{assumption.source}{year}"


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_inner(row)}" for name, row in value.items())
    return _inner(value)


def _inner(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{name} {_inner(row)}" for name, row in value.items()) + ")"
    if isinstance(value, list):
        if value and all(isinstance(item, list) for item in value):
            # The points of a line.
            return "; ".join(" → ".join(_inner(item) for item in point) for point in value)
        numbers = len(value) == 2 and all(isinstance(item, (int, float)) for item in value)
        return (" to " if numbers else ", ").join(_inner(item) for item in value)
    return _cell(str(value))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
