"""The text of a new, commented ``geoplan.toml``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources

from layers.catalogue import LayerType, catalogue

__all__ = ["starting_text"]


def starting_text(*, name: str, code: str, crs: str, language: str, rule_set: str) -> str:
    """Return the text of a new ``geoplan.toml``, with a commented table for every layer of the catalogue."""
    values = {"name": name, "code": code, "crs": crs, "language": language, "rule_set": rule_set}
    # A JSON string is a TOML basic string as well, once DEL is out of the way.
    filled = {key: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F") for key, value in values.items()}
    filled["layers"] = "\n".join(line for layer in catalogue().values() for line in _layer_lines(layer))
    template = resources.files("layers").joinpath("starting.toml").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda match: filled[match[1]], template)


def _layer_lines(layer: LayerType) -> Iterator[str]:
    required = [field.name for field in layer.fields if field.required]
    optional = [field.name for field in layer.fields if not field.required]
    columns = ", ".join(f'{name} = "…"' for name in required)
    yield f"# # {layer.title.en}: {layer.description.en}"
    if optional:
        yield f"# # May also have {', '.join(optional)}."
    yield f"# [layers.{layer.id}]"
    yield f'# file = "data/{layer.id}.{"csv" if layer.is_table else "gpkg"}"'
    if columns:
        yield f"# columns = {{ {columns} }}"
    yield "#"
