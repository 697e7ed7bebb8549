"""What a report is made from, read from the store: tables, what they rest on, and the municipality's own texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoplan.errors import SettingsError
from geoplan.report import Assumed, Contents, Origin, Tables, Version
from geoplan.report.sections import SOURCES
from geoplan.text import Text
from layers.assumptions import assumption_values, subjects
from layers.faults import did_you_mean
from layers.store import LayerVersion, Run, Store

__all__ = ["FOLDER", "Basis", "assumed_of_run", "own_texts", "read_basis"]

FOLDER = "report"
"""The workspace's folder with the municipality's own texts."""

_IMPORTED = ("population", "indicators")
_AREAS = "statistical_areas"


@dataclass(frozen=True)
class Basis:
    """Tables, and what they rest on."""

    tables: Tables
    origin: Origin


def read_basis(store: Store, *, place: str, synthetic: bool = False) -> Basis:
    """Read what there is of the tables that a report shows.

    Parameters
    ----------
    store
        Where the layers are: what is derived is read as it is now, what was imported as the run read it.
    place
        The municipality's name.
    synthetic
        Whether it does not exist.

    Returns
    -------
    Basis
        Tables that are not there are left out.
    """
    current = {version.layer: version for version in store.layers()}
    run = store.run()
    read = current if run is None else current | _as_read(store, current, run)
    frames = {name: store.read(name, version=read[name].number) for name in SOURCES if name in read}
    names: dict[str, str] = {}
    if _AREAS in read:
        areas = store.read(_AREAS, version=read[_AREAS].number, columns=["id", "name"])
        names = dict(zip(areas["id"].astype(str), areas["name"].fillna(areas["id"]).astype(str), strict=True))
    code = "" if run is None else str(run.parameters.get("municipality", {}).get("code", ""))
    origin = Origin(
        place=place,
        synthetic=synthetic,
        tables={name: _version(read[name]) for name in frames if name not in _IMPORTED},
        inputs={name: _version(read[name]) for name in sorted({*_inputs(run), *_IMPORTED} & read.keys())},
        **({} if run is None else _told(run)),
    )
    return Basis(Tables(frames, names, code), origin)


def assumed_of_run(parameters: Mapping[str, Any]) -> dict[str, tuple[Assumed, ...]]:
    """Return every assumption of a run, by subject: its value there, and whether the municipality chose it.

    Parameters
    ----------
    parameters
        A run's parameters; one that recorded no assumptions has those that come with geoplan.
    """
    defaults = assumption_values()
    values = parameters.get("assumptions", defaults)
    return {
        subject: tuple(
            Assumed(
                name=f"{subject}.{name}",
                title=Text(sv=assumption.title.sv, en=assumption.title.en),
                value=_written(values[subject][name]),
                unit=assumption.unit,
                source=assumption.source,
                ours=None if assumption.ours is None else Text(sv=assumption.ours.sv, en=assumption.ours.en),
                differs=values[subject][name] != defaults[subject][name],
            )
            for name, assumption in kind.assumptions.items()
            if name in values.get(subject, {})
        )
        for subject, kind in subjects().items()
    }


def own_texts(folder: Path, contents: Contents, language: str) -> dict[str, str]:
    """Read the municipality's own texts: ``ID.md``, or ``ID.sv.md`` and ``ID.en.md`` for a language alone.

    Parameters
    ----------
    folder
        The folder; it need not be there.
    contents
        Its chapters' ids are the files' names.
    language
        Which language is written.

    Raises
    ------
    SettingsError
        A file belongs to no chapter, or cannot be read as text.
    """
    known = {chapter.id for chapter in contents.chapters}
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        name, _, tongue = path.name.removesuffix(".md").partition(".")
        if name not in known or tongue not in ("", "sv", "en"):
            raise SettingsError(
                f"{path} belongs to no chapter of the report.", hint=f"Rename it; {did_you_mean(name, sorted(known))}."
            )
        # What is for one language alone goes before what is for both.
        if tongue == language or (not tongue and name not in found):
            found[name] = _text(path)
    return found


def _inputs(run: Run | None) -> Mapping[str, Mapping[str, Any]]:
    return {} if run is None else run.inputs


def _as_read(store: Store, current: Mapping[str, LayerVersion], run: Run) -> dict[str, LayerVersion]:
    """Return the versions of layers that a run read, where they are no longer the current ones."""
    older = [name for name, was in run.inputs.items() if name in current and current[name].number != was["number"]]
    return {
        version.layer: version
        for name in older
        for version in store.versions(name)
        if version.number == run.inputs[name]["number"]
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", hint="Save it as UTF-8.") from error


def _told(run: Run) -> dict[str, Any]:
    title = run.rule_set.get("title")
    code = run.code_version
    return {
        "run": run.id,
        "snapshot": run.snapshot,
        "created_at": run.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "as_of": str(run.parameters.get("rules", {}).get("as_of", "")),
        "rule_set": Text(**title) if title else None,
        "code_version": f"{code.get('geoplan', '')} {code.get('source', '')}".strip(),
        "assumptions": assumed_of_run(run.parameters),
        "notes": tuple(Text(**note) for note in run.notes),
    }


def _version(version: LayerVersion) -> Version:
    source = version.source
    return Version(
        layer=version.layer,
        number=version.number,
        content_hash=version.content_hash,
        created_at=version.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        source=str(source.get("source") or source.get("file") or ""),
        licence=str(source.get("licence") or ""),
    )


def _written(value: Any) -> str:
    """Write a value for people: tables and lists without the marks of a programming language."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{name} ({_written(part)})" if isinstance(part, Mapping) else f"{name} {_written(part)}"
            for name, part in value.items()
        )
    if isinstance(value, list):
        return "–".join(map(_written, value)) if _is_range(value) else ", ".join(map(_written, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_range(value: list[Any]) -> bool:
    return len(value) == 2 and all(isinstance(part, int | float) for part in value)
