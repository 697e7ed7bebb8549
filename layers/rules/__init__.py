"""Rule sets: the law as data, shipped (``sweden``, ``gavleborg``, ``generic``) or a workspace's own TOML file."""

from __future__ import annotations

import difflib
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from geoplan.errors import SettingsError
from geoplan.land.constraints import read_layers
from geoplan.land.rules import RuleSet
from layers.catalogue import catalogue

__all__ = ["load_rule_set", "parent_set", "shipped_rule_sets"]


def shipped_rule_sets() -> tuple[str, ...]:
    """Return the names of the rule sets that come with geoplan."""
    return tuple(
        sorted(
            file.name.removesuffix(".toml")
            for file in resources.files(__name__).iterdir()
            if file.name.endswith(".toml")
        )
    )


def load_rule_set(name: str, *, folder: Path | None = None) -> RuleSet:
    """Load a rule set.

    Parameters
    ----------
    name
        A shipped set's name, or the path of a TOML file that ends in ``.toml``.
    folder
        What a relative path is relative to: the workspace's folder.

    Raises
    ------
    SettingsError
        There is no such set, it is wrong, or a rule reads a layer that the catalogue lacks.

    Notes
    -----
    A set that ``extends`` another replaces the other's rules and settings of the same id and adds its own.
    """
    rules = RuleSet.from_mapping(_content(name, folder, ()))
    for rule in rules.rules:
        for layer in read_layers(rule):
            if layer not in catalogue():
                near = difflib.get_close_matches(layer, catalogue(), 1)
                hint = f"Did you mean {near[0]}?" if near else "docs/layers.md has them all."
                raise SettingsError(
                    f"Rule {rule.id} of {rules.name} reads the layer {layer!r}, which does not exist.", hint=hint
                )
    return rules


def parent_set(name: str, *, folder: Path | None = None) -> str | None:
    """Return the name of the set that a rule set extends, or ``None``; as in :func:`load_rule_set`."""
    parent = _parse(name, folder).get("extends")
    return None if parent is None else str(parent)


def _content(name: str, folder: Path | None, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise SettingsError(f"Rule set {name} extends itself ({' → '.join([*seen, name])}).")
    content = _parse(name, folder)
    parent = content.pop("extends", None)
    if parent is None:
        return content
    base = _content(str(parent), folder, (*seen, name))
    own = {rule.get("id") for rule in content.get("rules", [])}
    kept = [rule for rule in base.get("rules", []) if rule.get("id") not in own]
    return {
        **base,
        **content,
        "settings": {**base.get("settings", {}), **content.get("settings", {})},
        "rules": [*kept, *content.get("rules", [])],
    }


def _parse(name: str, folder: Path | None) -> dict[str, Any]:
    if name.endswith(".toml"):
        path = (folder or Path()) / name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"rules.set: {path} cannot be read ({error}).", hint=_known(name)) from error
    elif name in shipped_rule_sets():
        text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    else:
        raise SettingsError(f"rules.set: there is no rule set {name!r}.", hint=_known(name))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"Rule set {name} is not TOML: {error}.") from error


def _known(name: str) -> str:
    near = difflib.get_close_matches(name, shipped_rule_sets(), 1)
    guess = f"Did you mean {near[0]}? " if near else ""
    return f"{guess}Shipped are {', '.join(shipped_rule_sets())}; a file of your own ends in .toml."
