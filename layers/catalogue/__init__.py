"""The layer catalogue: what each layer is, one TOML file per layer.

The catalogue is the contract between whoever brings data and whoever computes on it: an imported layer has
exactly the fields named here (and what the workspace asks to keep besides). ``python -m layers.catalogue``
prints it as the tables of ``docs/layers.md``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from geoplan.errors import NotFoundError, SettingsError
from geoplan.frames import GeometryKind

__all__ = [
    "FieldKind",
    "FieldType",
    "LayerStyle",
    "LayerType",
    "Text",
    "catalogue",
    "layer_type",
    "parse_layer",
]

FieldKind = Literal["string", "integer", "number", "date"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Model):
    """A text in the two languages of the house."""

    sv: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, language: str) -> str:
        """Return the text in ``sv`` or ``en``."""
        if language not in ("sv", "en"):
            raise KeyError(language)
        return self.sv if language == "sv" else self.en


class LayerStyle(_Model):
    """How a layer is drawn where nothing else says so."""

    color: str = Field(pattern="^#[0-9a-f]{6}$")


class FieldType(_Model):
    """One field of a layer.

    Attributes
    ----------
    name
        The column's name.
    type
        ``string`` is text, ``integer`` a whole number, ``number`` a float, ``date`` ISO text.
    required
        Whether every row must have a value.
    unit
        The unit of a number, in words or as a symbol.
    values
        The allowed values; empty where any value will do.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    type: FieldKind
    required: bool = False
    title: Text
    unit: str | None = None
    values: tuple[str, ...] = ()


class LayerType(_Model):
    """One layer of the catalogue.

    Attributes
    ----------
    id
        The layer's name everywhere: in ``geoplan.toml``, in the store, in rules.
    geometry
        Allowed kinds of geometry; empty for a table without geometry.
    """

    id: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: Text
    description: Text
    geometry: tuple[GeometryKind, ...]
    standard: str | None = None
    source: str
    licence: str
    style: LayerStyle | None = None
    fields: tuple[FieldType, ...] = Field(min_length=1)

    @field_validator("fields")
    @classmethod
    def _distinct(cls, fields: tuple[FieldType, ...]) -> tuple[FieldType, ...]:
        names = [field.name for field in fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the field {', '.join(twice)} is there twice")
        if "geometry" in names:
            raise ValueError("a field may not be called geometry")
        return fields

    @property
    def is_table(self) -> bool:
        """Whether the layer has no geometry."""
        return not self.geometry

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the fields, in the catalogue's order."""
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> FieldType | None:
        """Return the field of that name, or ``None``."""
        return next((field for field in self.fields if field.name == name), None)


def parse_layer(layer_id: str, text: str) -> LayerType:
    """Read one catalogue entry.

    Parameters
    ----------
    layer_id
        The layer's name (the name of its file, without ``.toml``).
    text
        The entry as TOML.

    Raises
    ------
    SettingsError
        It is not TOML, or an entry is missing, unknown or wrong; every fault is named.
    """
    where = f"layers/catalogue/{layer_id}.toml"
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where} is not TOML: {error}.") from error
    try:
        return LayerType.model_validate({"id": layer_id, **content})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)
        )
        known = ", ".join(sorted({*LayerType.model_fields} - {"id"}))
        raise SettingsError(f"{where}: {faults}.", hint=f"An entry may have {known}.") from error


@cache
def catalogue() -> Mapping[str, LayerType]:
    """Return all layers that geoplan knows, by id in alphabetical order.

    Raises
    ------
    SettingsError
        An entry of the catalogue is wrong.
    """
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    layers = {
        file.name.removesuffix(".toml"): parse_layer(file.name.removesuffix(".toml"), file.read_text(encoding="utf-8"))
        for file in files
    }
    return MappingProxyType(layers)


def layer_type(layer_id: str) -> LayerType:
    """Return one layer of the catalogue.

    Raises
    ------
    NotFoundError
        There is no such layer; the closest names are given.
    """
    try:
        return catalogue()[layer_id]
    except KeyError:
        close = difflib.get_close_matches(layer_id, catalogue(), n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(catalogue())}."
        raise NotFoundError(f"The catalogue has no layer {layer_id!r}.", hint=hint) from None
