"""What ``geoplan.toml`` says about where a layer comes from."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal, Self

import pyproj
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pyproj.exceptions import CRSError as ProjError

from layers.sources.services.request import KoladaRequest, PxwebRequest, Request, file_of

__all__ = ["MIXED", "Constant", "LayerPart", "LayerSource", "Lookup", "Unpivot"]

MIXED = "mixed"
"""The encoding of a file that is UTF-8 on some lines and Windows-1252 on others."""

_SERVICES = ("pxweb", "kolada")

# The type of each value is settled later, by the field of the catalogue that it goes into.
Constant = str | int | float | dt.date


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_codec(name: str | None) -> str | None:
    if name is not None and name != MIXED:
        try:
            codecs.lookup(name)
        except LookupError:
            raise ValueError(
                f'{name!r} is no encoding; usual ones are "utf-8", "cp1252", "iso-8859-1" and "{MIXED}"'
            ) from None
    return name


class Lookup(_Model):
    """A table that translates a source column, such as zone codes to what they allow."""

    file: str = Field(description="the table, relative to the workspace")
    layer: str | None = Field(None, description="the layer inside the file, where it has several")
    key: str = Field(description="the table's column that is matched")
    column: str = Field(alias="from", description="the source column that is matched against it")
    value: str = Field(description="the table's column that is fetched")
    encoding: str | None = Field(None, description="the table's encoding")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="the table's delimiter")

    _encoding = field_validator("encoding")(_known_codec)


class Unpivot(_Model):
    """Wide columns turned into rows: one column per age becomes one row per age."""

    pattern: str = Field(description="a regular expression whose named groups become columns")
    value: str = Field(description="the name of the column that takes the cells")

    @field_validator("pattern")
    @classmethod
    def _has_groups(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        if not groups:
            raise ValueError('needs a named group, such as "^(?P<sex>[mk])_(?P<age>.+)$"')
        return pattern

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.value in re.compile(self.pattern).groupindex:
            raise ValueError(f"value = {self.value!r} is also a group of the pattern")
        return self


class LayerPart(_Model):
    """One file, or one layer of a file, that feeds a layer.

    What a service is asked for is fetched into a file first (``geoplan fetch``), which is then read like any other;
    ``file`` is set to it.
    """

    file: str = Field(min_length=1, description="the file, relative to the workspace")
    pxweb: PxwebRequest | None = Field(None, description="a table of a PxWeb service to fetch, instead of a file")
    kolada: KoladaRequest | None = Field(None, description="key figures of Kolada to fetch, instead of a file")
    layer: str | None = Field(None, description="the layer inside the file, where it has several")
    crs: str | None = Field(None, description="the reference system, where the file states none or a wrong one")
    encoding: str | None = Field(None, description="the encoding of a CSV file or Shapefile")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="the delimiter of a CSV file")
    decimal: Literal[".", ","] = Field(".", description="the decimal sign of numbers that are text")
    where: str | None = Field(None, min_length=1, description="an SQL condition that rows must meet")
    only: dict[str, tuple[str, ...]] = Field({}, description="source column = values to keep")
    columns: dict[str, str | tuple[str, ...]] = Field({}, description="field = source column")
    constants: dict[str, Constant] = Field({}, description="field = fixed value")
    values: dict[str, dict[str, Constant]] = Field({}, description="field = { source value = value }")
    lookup: dict[str, Lookup] = Field({}, description="field = a table to fetch it from")
    unpivot: Unpivot | None = Field(None, description="wide columns to rows")
    keep: tuple[str, ...] = Field((), description="source columns to keep beside the fields")
    x: str | None = Field(None, description="the column with east or longitude, for a table")
    y: str | None = Field(None, description="the column with north or latitude, for a table")
    as_points: bool = Field(False, description="replace lines and polygons by a point on them")
    invalid: Literal["repair", "reject", "fail"] = Field("repair", description="what to do with invalid geometry")
    swap_axes: bool = Field(False, description="swap the coordinates, for a source with north before east")
    area_check: bool = Field(True, description="check that coordinates lie where the CRS is meant for")
    fix_mojibake: bool = Field(False, description="mend text that was decoded as Windows-1252 though it was UTF-8")
    source: str | None = Field(None, description="who supplied the data")
    licence: str | None = Field(None, description="its licence")
    date: dt.date | None = Field(None, description="the date that the data describe")

    _encoding = field_validator("encoding")(_known_codec)

    @model_validator(mode="before")
    @classmethod
    def _fetched_file(cls, given: object) -> object:
        """Name the file that a service's answer is fetched into."""
        if not isinstance(given, Mapping):
            return given
        services = [name for name in _SERVICES if given.get(name) is not None]
        if not services:
            return given
        if len(services) > 1:
            raise ValueError(f"{' and '.join(services)} are two sources; keep one")
        if not isinstance(given[services[0]], Mapping):
            return {**given, "file": "unknown"}
        file = file_of(services[0], given[services[0]])
        if given.get("file", file) != file:
            raise ValueError(f"file and {services[0]} are two sources; keep one")
        return {**given, "file": file}

    @property
    def request(self) -> Request | None:
        """What is asked of a service, or ``None`` where the part is a file of one's own."""
        return self.pxweb or self.kolada

    @field_validator("crs")
    @classmethod
    def _known_crs(cls, crs: str | None) -> str | None:
        if crs is not None:
            try:
                pyproj.CRS.from_user_input(crs)
            except ProjError:
                raise ValueError(f'{crs!r} is no coordinate reference system; write it like "EPSG:3006"') from None
        return crs

    @field_validator("columns")
    @classmethod
    def _some_column(cls, columns: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
        empty = [field for field, names in columns.items() if not names]
        if empty:
            raise ValueError(f"{', '.join(empty)} names no column")
        return columns

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.x is None) != (self.y is None):
            raise ValueError("x and y go together; one of them is missing")
        ways = [*self.columns, *self.constants, *self.lookup]
        twice = sorted({field for field in ways if ways.count(field) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is set twice among columns, constants and lookup; keep one")
        return self


class LayerSource(_Model):
    """All that feeds a layer: one file, or several parts that are put after one another.

    Keys beside ``parts`` hold for every part that does not say otherwise.
    """

    parts: tuple[LayerPart, ...] = Field(description="several sources of one layer")
    within: str | None = Field(None, description="keep only features that touch this layer, usually municipality")
    max_rejected: float = Field(
        0.05, ge=0, le=1, description="the share of rows that may be rejected before the import fails"
    )

    @model_validator(mode="before")
    @classmethod
    def _shape(cls, given: object) -> object:
        """Turn the flat form of ``geoplan.toml`` into parts."""
        if not isinstance(given, Mapping):
            return given
        own: dict[str, Any] = {key: given[key] for key in ("within", "max_rejected") if key in given}
        shared = {key: value for key, value in given.items() if key not in own and key != "parts"}
        if "parts" not in given:
            return {**own, "parts": [shared]}
        parts = given["parts"]
        if not isinstance(parts, list | tuple):
            return {**own, "parts": parts}
        if not parts:
            raise ValueError("has no parts; add one, or put file beside it instead")
        if "file" in shared and parts and all("file" in p for p in parts if isinstance(p, Mapping)):
            raise ValueError("has a file that no part uses; move it into a part of its own")
        return {**own, "parts": [{**shared, **p} if isinstance(p, Mapping) else p for p in parts]}
