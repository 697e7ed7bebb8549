"""Readings: how a country's provision codes are read, as data with its source, one TOML file a country."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from geoplan.errors import InputError, SettingsError
from geoplan.plots.rights.readings import Reading
from layers.faults import did_you_mean

__all__ = ["all_readings", "load_readings", "shipped_readings"]


def shipped_readings() -> tuple[str, ...]:
    """Return the names of the tables of readings that come with geoplan."""
    files = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


@cache
def all_readings() -> Mapping[str, Reading]:
    """Return how each code of every table is read; a code that two tables read is an error of ours."""
    merged: dict[str, Reading] = {}
    for name in shipped_readings():
        table = load_readings(name)
        if twice := sorted(set(table) & set(merged)):
            raise SettingsError(f"layers/readings/{name}.toml: {', '.join(twice)} is read by another table, too.")
        merged |= table
    return MappingProxyType(merged)


@cache
def load_readings(name: str) -> Mapping[str, Reading]:
    """Return how each code of a table is read.

    Parameters
    ----------
    name
        A shipped table, such as ``"sweden"``.

    Raises
    ------
    SettingsError
        There is no such table, or it is wrong.
    """
    if name not in shipped_readings():
        raise SettingsError(f"There are no readings named {name!r}.", hint=did_you_mean(name, shipped_readings()))
    content = tomllib.loads((resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    return MappingProxyType(_readings(name, content["readings"]))


def _readings(name: str, rows: list[dict[str, Any]]) -> dict[str, Reading]:
    readings: dict[str, Reading] = {}
    for row in rows:
        code = row.pop("code", None)
        if code is None or code in readings:
            raise SettingsError(f"layers/readings/{name}.toml: {code!r} is missing or there twice.")
        try:
            readings[code] = Reading.from_values(row)
        except InputError as error:
            raise SettingsError(f"layers/readings/{name}.toml, {code}: {error}") from error
    return readings
