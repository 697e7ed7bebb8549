"""From a source's columns to a layer's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.errors import InputError
from layers.catalogue import LayerType
from layers.sources.columns import has_column, require_columns, source_column, there_are
from layers.sources.fields import as_text
from layers.sources.lookups import look_up
from layers.sources.raw import Raw
from layers.sources.report import Issue
from layers.sources.rows import keep_only, mend_text, unpivot, with_points
from layers.sources.source import LayerPart

__all__ = ["Mapped", "map_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A source in the layer's columns, its values not yet checked.

    Attributes
    ----------
    frame
        The layer's fields in the catalogue's order, the kept columns, and ``geometry``; the index is the
        row's number in the source, which repeats after ``unpivot``.
    broken
        Row number → why its geometry could not be built.
    issues
        What was found.
    filtered
        Rows that ``only`` left out.
    """

    frame: pd.DataFrame
    broken: dict[int, str]
    issues: tuple[Issue, ...]
    filtered: int


def map_columns(raw: Raw, part: LayerPart, layer: LayerType, *, key: str, path_of: Callable[[str], Path]) -> Mapped:
    """Map a source's columns to a layer's fields.

    The order is: mend text, ``only``, ``x`` and ``y``, ``unpivot``, then for each field its constant, its
    lookup, its column or the column of the same name, and then ``values``.

    Parameters
    ----------
    raw
        The source as read.
    part
        Its settings.
    layer
        What the catalogue says of the layer.
    key
        The key of the settings for messages, such as ``layers.parcels``.
    path_of
        Gives the path of a lookup's file.

    Raises
    ------
    InputError
        Columns that the settings name, or that a required field needs, are missing: all of them, with those
        that there are. Or a lookup table is faulty.
    """
    issues: list[Issue] = []
    frame = mend_text(raw.frame, part, issues)
    require_columns(frame, _needed(part), part.file, key)
    before = len(frame)
    frame = keep_only(frame, part)
    filtered = before - len(frame)
    if len(frame) == 0 and filtered:
        raise InputError(f"{part.file} has no rows that {key}.only lets through.", hint=f"Mend {key}.only.")
    broken = dict(raw.broken)
    if part.x is not None and part.y is not None:
        frame = with_points(frame, part, broken)
    if part.unpivot is not None:
        frame = unpivot(frame, part, key)
    columns: dict[str, pd.Series[Any]] = {}
    missing: list[str] = []
    for field in layer.fields:
        found = _column(frame, field.name, part, key=key, path_of=path_of, issues=issues)
        if found is None:
            if field.required and field.name != "id":
                missing.append(field.name)
            found = pd.Series([None] * len(frame), index=frame.index, dtype=object)
            if field.name in part.values:
                missing.append(field.name)
        elif field.name in part.values:
            found = _translate(found, part.values[field.name])
        columns[field.name] = found
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise InputError(
            f"{part.file} has no column for {layer.id}.{names.replace(', ', f', {layer.id}.')}.",
            hint=f"Name one in {key}.columns, or set {key}.constants. {there_are(frame)}",
        )
    for name in part.keep:
        columns[name] = source_column(frame, name)
    mapped = pd.DataFrame(columns, index=frame.index)
    if "geometry" in frame.columns:
        mapped = gpd.GeoDataFrame(mapped, geometry=np.asarray(frame["geometry"].to_numpy(), dtype=object))
    return Mapped(frame=mapped, broken=broken, issues=tuple(issues), filtered=filtered)


def _needed(part: LayerPart) -> dict[str, str]:
    """Return the source columns that the settings name, each with the setting."""
    needed: dict[str, str] = {}
    for name in part.only:
        needed[name] = "only"
    for setting, column in (("x", part.x), ("y", part.y)):
        if column is not None:
            needed[column] = setting
    if part.unpivot is None:
        for field, names in part.columns.items():
            needed.update(dict.fromkeys([names] if isinstance(names, str) else names, f"columns.{field}"))
        needed.update({lookup.column: f"lookup.{field}.from" for field, lookup in part.lookup.items()})
        needed.update(dict.fromkeys(part.keep, "keep"))
    return needed


def _column(
    frame: pd.DataFrame,
    field: str,
    part: LayerPart,
    *,
    key: str,
    path_of: Callable[[str], Path],
    issues: list[Issue],
) -> pd.Series[Any] | None:
    if field in part.constants:
        return pd.Series([part.constants[field]] * len(frame), index=frame.index, dtype=object)
    if field in part.lookup:
        return look_up(frame, field, part, key=key, path_of=path_of, issues=issues)
    names = part.columns.get(field)
    if names is None:
        return frame[field] if has_column(frame, field) else None
    wanted = [names] if isinstance(names, str) else list(names)
    require_columns(frame, dict.fromkeys(wanted, f"columns.{field}"), part.file, key)
    found = source_column(frame, wanted[0])
    for name in wanted[1:]:
        found = found.astype(object).where(found.notna(), source_column(frame, name).astype(object))
    return found


def _translate(column: pd.Series[Any], values: Mapping[str, Any]) -> pd.Series[Any]:
    """Replace source values; ``""`` stands for no value and ``*`` for any other."""
    text = as_text(column)
    cells = column.astype(object).to_numpy(copy=True)
    missing = text.isna().to_numpy()
    keys = text.to_numpy(dtype=object)
    table = {name.strip(): value for name, value in values.items()}
    default = table.get("*")
    for position in range(len(cells)):
        name = "" if missing[position] else keys[position]
        if name in table and name != "*":
            cells[position] = table[name]
        elif default is not None:
            cells[position] = default
    return pd.Series(cells, index=column.index, dtype=object)
