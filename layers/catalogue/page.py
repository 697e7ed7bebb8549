"""The catalogue as a page of documentation."""

from __future__ import annotations

from collections.abc import Iterator

from layers.catalogue import FieldType, LayerType, catalogue

__all__ = ["page"]

_HEAD = """\
# Layers

Every layer that geoplan knows, with its fields. Which file feeds a layer, and how its columns map, is said in
`geoplan.toml` ([workspace](workspace.md)). This page is written by `python -m layers.catalogue`; change the
files in `layers/catalogue/` instead.

An imported layer has exactly the fields below, in the workspace's coordinate reference system, and besides
them the source columns that the workspace asks to `keep`. A field that the source lacks is empty. Dates are
ISO text. Lengths are metres and areas square metres whatever the unit of the reference system is.

- Where a layer has an `id`, it is unique: the second feature of an id gets `-2`, the third `-3`, and so on in
  the order of the file. A property with several areas is normal: map its name to `property` or `designation`,
  which may repeat, and the area's own key to `id`. A feature without a *required* id gets `row-` and its
  number in the source. The import report tells each of these.
- A row without a value in a *required* field, or with a value that cannot be read or is not among the
  allowed ones, is rejected. In a field that is not required, such a value is emptied: unknown is
  safer than wrong, and a parcel does not vanish for a misspelt value. The import report tells each of these.
"""


def page() -> str:
    """Return ``docs/layers.md``."""
    return "\n".join([_HEAD, *(line for layer in catalogue().values() for line in _section(layer))])


def _section(layer: LayerType) -> Iterator[str]:
    geometry = " or ".join(layer.geometry) or "none, a table"
    yield f"## `{layer.id}`: {layer.title.en} ({layer.title.sv})"
    yield ""
    yield layer.description.en
    yield ""
    yield f"*{layer.description.sv}*"
    yield ""
    yield f"Geometry: {geometry}. Usual source: {layer.source}. Licence: {layer.licence}." + (
        f" Standard: {layer.standard}." if layer.standard else ""
    )
    yield ""
    yield "| field | type | required | what | allowed values |"
    yield "|---|---|---|---|---|"
    yield from (_row(field) for field in layer.fields)
    yield ""


def _row(field: FieldType) -> str:
    unit = f" ({field.unit})" if field.unit else ""
    values = ", ".join(f"`{value}`" for value in field.values) or "any"
    required = "yes" if field.required else "no"
    what = f"{field.title.en} ({field.title.sv})"
    return f"| `{field.name}` | {field.type}{unit} | {required} | {what} | {values} |"
