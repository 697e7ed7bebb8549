"""Tables that translate a source column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.errors import InputError
from layers.sources.columns import has_column, require_columns, source_column
from layers.sources.fields import as_text
from layers.sources.files import read_file
from layers.sources.report import Issue
from layers.sources.source import LayerPart, Lookup

__all__ = ["look_up"]


def look_up(
    frame: pd.DataFrame,
    field: str,
    part: LayerPart,
    *,
    key: str,
    path_of: Callable[[str], Path],
    issues: list[Issue],
) -> pd.Series[Any]:
    """Fetch a field from a lookup table; rows without an entry are told."""
    lookup = part.lookup[field]
    place = f"{key}.lookup.{field}"
    require_columns(frame, {lookup.column: f"lookup.{field}.from"}, part.file, key)
    table = _lookup_table(lookup, place, path_of)
    wanted = as_text(source_column(frame, lookup.column))
    found = wanted.map(table).astype(object)
    missed = ~wanted.isin(list(table)).to_numpy()
    issues.extend(
        Issue(
            severity="warning",
            reason=f"{lookup.file} has no entry to fetch {field} from",
            detail=f"{lookup.column} = {'(empty)' if pd.isna(value) else repr(value)}",
            row=int(row),
            file=part.file,
        )
        for row, value in zip(frame.index[missed], wanted[missed], strict=True)
    )
    return found


def _lookup_table(lookup: Lookup, place: str, path_of: Callable[[str], Path]) -> dict[str, Any]:
    source = LayerPart(file=lookup.file, layer=lookup.layer, encoding=lookup.encoding, delimiter=lookup.delimiter)
    table = read_file(path_of(lookup.file), source, key=place, spatial=False).frame
    missing = {
        name: setting for name, setting in ((lookup.key, "key"), (lookup.value, "value")) if not has_column(table, name)
    }
    require_columns(table, missing, source.file, place)
    keys = as_text(table[lookup.key])
    pairs = pd.DataFrame({"key": keys, "value": table[lookup.value].astype(object)}).dropna(subset="key")
    pairs = pairs.drop_duplicates()
    twice = sorted(set(pairs.loc[pairs["key"].duplicated(), "key"]))
    if twice:
        raise InputError(
            f"{lookup.file} has several values of {lookup.value} for {_some(twice)}.",
            hint=f"A key may stand for one value only; mend the table or {place}.key.",
        )
    return dict(zip(pairs["key"], pairs["value"], strict=True))


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
