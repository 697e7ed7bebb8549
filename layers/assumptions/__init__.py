"""Assumptions: every number that no law and no layer gives, as data with its source, one TOML file a subject.

A workspace overrides them under ``[assumptions.SUBJECT]``. ``python -m layers.assumptions`` prints them all as
``docs/assumptions.md``, the defaults of ours apart from those with a source.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geoplan.errors import SettingsError
from layers.catalogue import Text
from layers.faults import did_you_mean, key_path

__all__ = ["Assumption", "Subject", "assumption_faults", "assumption_values", "subjects"]

Value = bool | int | float | str | list[Any] | dict[str, Any]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Assumption(_Model):
    """One number, or a small table of numbers.

    Attributes
    ----------
    value
        A number, a text, a truth, a list such as a range, or a table of those.
    unit
        The unit of its numbers; empty where they have none.
    source, ours
        Where it comes from; or, for a default of ours, why it is that. Exactly one of them.
    year
        The year of a price or a statistic.
    open
        Whether a workspace may add rows to the table, such as a target group of its own.
    """

    value: Value
    unit: str
    title: Text
    source: str | None = Field(None, min_length=1)
    ours: Text | None = None
    year: int | None = None
    open: bool = False

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if (self.source is None) == (self.ours is None):
            raise ValueError("needs either a source or the reason why it is a default of ours")
        return self


class Subject(_Model):
    """One file of assumptions."""

    id: str
    title: Text
    assumptions: Mapping[str, Assumption]

    @property
    def values(self) -> dict[str, Any]:
        """The values alone, by name."""
        return {name: assumption.value for name, assumption in self.assumptions.items()}


@cache
def subjects() -> Mapping[str, Subject]:
    """Return all assumptions that come with geoplan, by subject.

    Raises
    ------
    SettingsError
        A file is wrong.
    """
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
    )
    return MappingProxyType(
        {file.name[:-5]: _parse(file.name[:-5], file.read_text(encoding="utf-8")) for file in files}
    )


def assumption_values(overrides: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    """Return every assumption's value, a workspace's own in the place of those that come with geoplan.

    Parameters
    ----------
    overrides
        ``{subject: {name: value}}``; of a table only the rows that differ need be there.

    Raises
    ------
    SettingsError
        An override is wrong: every fault, with its key and the fix.
    """
    given = overrides or {}
    faults = assumption_faults(given)
    if faults:
        raise SettingsError("Assumptions have faults:\n  " + "\n  ".join(faults))
    return {
        subject: {name: _merged(value, given.get(subject, {}).get(name)) for name, value in kind.values.items()}
        for subject, kind in subjects().items()
    }


def assumption_faults(overrides: object) -> list[str]:
    """Compare a workspace's ``[assumptions]`` with those that there are; one line a fault."""
    if not isinstance(overrides, Mapping):
        return []
    faults: list[str] = []
    for subject, given in overrides.items():
        kind = subjects().get(subject)
        if kind is None:
            faults.append(f"{key_path(['assumptions', subject])}: unknown, {did_you_mean(str(subject), subjects())}")
            continue
        for name, value in given.items() if isinstance(given, Mapping) else ():
            place = ["assumptions", subject, name]
            known = kind.assumptions.get(name)
            if known is None:
                faults.append(f"{key_path(place)}: unknown, {did_you_mean(str(name), kind.assumptions)}")
            else:
                faults += _value_faults(known.value, value, place, known.open)
    return faults


def _value_faults(known: Any, given: Any, place: list[str], more: bool) -> list[str]:
    if isinstance(known, Mapping):
        if not isinstance(given, Mapping):
            return [f"{key_path(place)}: must be a table of {', '.join(known)}"]
        faults: list[str] = []
        for name, value in given.items():
            if name in known:
                faults += _value_faults(known[name], value, [*place, name], more)
            elif not more:
                faults.append(f"{key_path([*place, name])}: unknown, {did_you_mean(str(name), known)}")
        return faults
    if _kind(known) != _kind(given):
        return [f"{key_path(place)}: must be {_kind(known)}, such as {known!r}, not {given!r}"]
    if isinstance(known, list) and known and len(known) != len(given) and _kind(known[0]) == "a number":
        return [f"{key_path(place)}: must have {len(known)} numbers, such as {known!r}, not {given!r}"]
    return []


def _kind(value: Any) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a text"),
        (list, "a list"),
    )
    return next((words for types, words in kinds if isinstance(value, types)), "a table")


def _merged(value: Any, given: Any) -> Any:
    if given is None:
        return value
    if isinstance(value, Mapping):
        rows = {name: _merged(row, given.get(name)) for name, row in value.items()}
        return rows | {name: row for name, row in given.items() if name not in value}
    return given


def _parse(name: str, text: str) -> Subject:
    try:
        content = tomllib.loads(text)
        return Subject(id=name, title=content.pop("title"), assumptions=content)
    except (tomllib.TOMLDecodeError, ValidationError, KeyError) as error:
        raise SettingsError(f"layers/assumptions/{name}.toml is wrong: {error}") from error
