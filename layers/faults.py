"""Faults in a settings file, told so that they can be mended: the full key, what is wrong, and the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

__all__ = ["did_you_mean", "fault_lines", "key_path"]


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ``did you mean a or b?`` for the closest names, or the list of all where none is close."""
    names = list(known)
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(given.casefold(), folded, n=2, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(folded[name] for name in close)}?"
    return f"known: {', '.join(sorted(names))}" if names else "there is none"


def key_path(location: Sequence[str | int]) -> str:
    """Write a place in a TOML file as a dotted key; keys that are not bare get quotes."""
    bare = (str(key) for key in location)
    return ".".join(key if key and key.replace("_", "").replace("-", "").isalnum() else repr(key) for key in bare)


def fault_lines(
    error: ValidationError, given: Mapping[str, Any], *, models: Mapping[str, Sequence[type[BaseModel]]]
) -> list[str]:
    """Turn what pydantic found into one line per fault.

    Parameters
    ----------
    error
        What pydantic found.
    given
        The content of the file. A model may have reshaped it, so places are looked up here and steps that the
        file does not have are left out.
    models
        Which models make up a table of the file, by its dotted key (``*`` for any one key): their fields are
        what a misspelt key is compared with.

    Returns
    -------
    list of str
        Without repetitions, in the order found.
    """
    found = [
        (fault, _place(fault["loc"], given, missing=fault["type"] in ("missing", "extra_forbidden")))
        for fault in error.errors(include_url=False)
    ]
    lines: dict[str, None] = {}
    for fault, place in found:
        # Of a number or a table of numbers, a table was meant when the fault lies deeper in it.
        deeper = any(len(other) > len(place) and other[: len(place)] == place for _, other in found)
        if not (fault["type"].endswith("_type") and deeper):
            lines[f"{key_path(place) or 'the file'}: {_words(fault, place, models)}"] = None
    return list(lines)


def _place(location: Sequence[str | int], given: Any, *, missing: bool) -> list[str | int]:
    """Return the part of a location that is in the file as it was written."""
    path: list[str | int] = []
    here, outer = given, given
    for position, step in enumerate(location):
        last = position == len(location) - 1
        if isinstance(here, Mapping) and step in here:
            outer, here = here, here[step]
            path.append(step)
        elif isinstance(here, list) and isinstance(step, int) and 0 <= step < len(here):
            # The layer's own table stays the outer one: its keys are shared by the parts.
            here = here[step]
            path.append(step)
        elif isinstance(outer, Mapping) and "parts" in path and step in outer:
            # A key that the layer shares with its parts.
            del path[path.index("parts") :]
            here = outer[step]
            path.append(step)
        elif missing and last and isinstance(step, str):
            path.append(step)
    return path


def _words(fault: Any, place: Sequence[str | int], models: Mapping[str, Sequence[type[BaseModel]]]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    fields = {
        field.alias or name: field
        for model in _models_at(place[:-1], models)
        for name, field in model.model_fields.items()
    }
    key = str(place[-1]) if place else ""
    if kind == "extra_forbidden":
        return f"unknown key, {did_you_mean(key, fields)}"
    if kind == "missing":
        what = fields[key].description if key in fields else None
        return "is missing; set it" + (f" to {what}" if what else "")
    if kind == "literal_error":
        allowed = context["expected"]
        names = allowed.replace("'", "").replace(" or ", ", ").split(", ")
        close = difflib.get_close_matches(str(fault["input"]).casefold(), names, n=1)
        return f"must be {allowed}, not {fault['input']!r}" + (f"; did you mean {close[0]}?" if close else "")
    if kind == "value_error":
        return str(context["error"])
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{message}, not {fault['input']!r}"


def _models_at(
    place: Sequence[str | int], models: Mapping[str, Sequence[type[BaseModel]]]
) -> Sequence[type[BaseModel]]:
    steps = [str(step) for step in place]
    for pattern, found in models.items():
        wanted = pattern.split(".") if pattern else []
        if len(wanted) == len(steps) and all(want in ("*", step) for want, step in zip(wanted, steps, strict=True)):
            return found
    return ()
