"""Where figures come from: the run and its inputs, the versions of tables, and what was assumed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType

from geoplan.text import Text

__all__ = ["Assumed", "Origin", "TableAbout", "Version", "table_abouts"]


@dataclass(frozen=True)
class TableAbout:
    """What a table is.

    Attributes
    ----------
    title
        Its title.
    method
        The page of ``docs/`` that says how it is made.
    assumptions
        Subjects of the assumptions that it rests on.
    needs
        What it takes for the table to be there.
    open
        Whether ``/tables`` offers it.
    """

    title: Text
    method: str
    needs: Text
    assumptions: tuple[str, ...] = ()
    open: bool = True


@dataclass(frozen=True)
class Version:
    """A version of a layer or table: number, content hash (SHA-256), when and from where it came."""

    layer: str
    number: int
    content_hash: str
    created_at: str
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Assumed:
    """One assumption as it was in the run.

    Attributes
    ----------
    name
        ``SUBJECT.NAME``.
    title
        What it is.
    value
        Its value, as text.
    unit
        Its unit; may be empty.
    source
        Where it comes from; ``None`` for a default of ours.
    ours
        Why it is that, where it is a default of ours.
    differs
        Whether the workspace's value is another than the one that comes with geoplan.
    """

    name: str
    title: Text
    value: str
    unit: str
    source: str | None
    ours: Text | None
    differs: bool


@dataclass(frozen=True)
class Origin:
    """What all figures of a report rest on.

    Attributes
    ----------
    place
        The municipality's name.
    synthetic
        Whether it does not exist.
    run
        The run's number; ``None`` where nothing has been computed.
    snapshot
        The address of the snapshot (SHA-256).
    created_at
        When the run was made, in UTC.
    as_of
        The day whose law holds.
    rule_set
        Title of the rules.
    code_version
        What identifies the code.
    tables
        Versions of the derived tables, by id.
    inputs
        Versions of the layers that the run read, by id.
    assumptions
        Every assumption of the run, by subject.
    notes
        What the run lacked or assumed.
    """

    place: str
    synthetic: bool = False
    run: int | None = None
    snapshot: str = ""
    created_at: str = ""
    as_of: str = ""
    rule_set: Text | None = None
    code_version: str = ""
    tables: Mapping[str, Version] = field(default_factory=dict)
    inputs: Mapping[str, Version] = field(default_factory=dict)
    assumptions: Mapping[str, tuple[Assumed, ...]] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()

    def of(self, name: str) -> Version | None:
        """Return the version of a table or of a layer."""
        return self.tables.get(name) or self.inputs.get(name)

    def assumed(self, names: tuple[str, ...]) -> tuple[Assumed, ...]:
        """Return what tables rest on, each assumption once."""
        known = table_abouts()
        subjects = dict.fromkeys(subject for name in names if name in known for subject in known[name].assumptions)
        return tuple(assumed for subject in subjects for assumed in self.assumptions.get(subject, ()))


@cache
def table_abouts() -> Mapping[str, TableAbout]:
    """Return what there is to say of every table, by id, in the order in which they are made."""
    read = tomllib.loads(resources.files(__package__).joinpath("tables.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: TableAbout(
                title=Text(**entry["title"]),
                method=entry["method"],
                needs=Text(**read["needs"][entry["needs"]]),
                assumptions=tuple(entry.get("assumptions", ())),
                open=entry.get("open", True),
            )
            for name, entry in read["tables"].items()
        }
    )
