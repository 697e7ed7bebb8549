"""The columns of a source, OSM tags among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.errors import InputError
from layers.faults import did_you_mean

__all__ = ["has_column", "require_columns", "source_column", "tag", "there_are"]

_TAG = "tag:"
_TAGS_COLUMN = "other_tags"


def tag(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return one OSM tag of each row: the driver's own column of that name, else from ``other_tags``.

    Parameters
    ----------
    frame
        A layer of an OSM file.
    name
        The tag's key, such as ``amenity``.
    """
    empty: pd.Series[Any] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    found = frame[name].astype(object) if name in frame.columns else empty
    if _TAGS_COLUMN in frame.columns:
        escaped = re.escape(name.replace("\\", "\\\\").replace('"', '\\"'))
        tags = frame[_TAGS_COLUMN].astype("str")
        value = tags.str.extract(rf'(?:^|,)"{escaped}"=>"((?:[^"\\]|\\.)*)"', expand=False)
        value = value.str.replace(r"\\(.)", r"\1", regex=True).astype(object)
        found = found.where(found.notna(), value)
    return found


def has_column(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether a source has a column, or can have a tag."""
    if name.startswith(_TAG):
        return _TAGS_COLUMN in frame.columns or name.removeprefix(_TAG) in frame.columns
    return name in frame.columns and name != "geometry"


def source_column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a source column; ``tag:name`` is an OSM tag."""
    return tag(frame, name.removeprefix(_TAG)) if name.startswith(_TAG) else frame[name]


def require_columns(frame: pd.DataFrame, needed: Mapping[str, str], file: str, key: str) -> None:
    """Raise with all columns that are missing, the setting that names each, and those that there are."""
    missing = {name: setting for name, setting in needed.items() if not has_column(frame, name)}
    if not missing:
        return
    there = [str(column) for column in frame.columns if column != "geometry"]
    told = "; ".join(
        f"{name!r} ({key}.{setting}): {did_you_mean(name, there)}" if len(there) < 60 else f"{name!r} ({key}.{setting})"
        for name, setting in missing.items()
    )
    raise InputError(f"{file} lacks the column {told}.", hint=there_are(frame))


def there_are(frame: pd.DataFrame) -> str:
    """Return which columns a source has, as a hint."""
    return f"There are: {', '.join(str(column) for column in frame.columns if column != 'geometry')}."
