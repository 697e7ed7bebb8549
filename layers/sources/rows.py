"""Steps on the rows of a source, before its columns are mapped."""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import InputError
from layers.sources.columns import source_column, there_are
from layers.sources.fields import as_text, to_numbers
from layers.sources.report import Issue
from layers.sources.source import LayerPart
from layers.sources.text import demojibake

__all__ = ["keep_only", "mend_text", "unpivot", "with_points"]


def mend_text(frame: pd.DataFrame, part: LayerPart, issues: list[Issue]) -> pd.DataFrame:
    """Find, and where asked mend, text that was decoded as Windows-1252 though it was UTF-8."""
    severity = "repaired" if part.fix_mojibake else "warning"
    mended: dict[str, pd.Series[Any]] = {}
    for name in frame.columns:
        column = frame[name]
        if name == "geometry" or not (isinstance(column.dtype, pd.StringDtype) or column.dtype == object):
            continue
        better = {text: demojibake(text) for text in column.dropna().unique() if isinstance(text, str)}
        better = {text: new for text, new in better.items() if text != new}
        if better:
            hit = column.isin(list(better))
            text, new = next(iter(better.items()))
            issues.append(
                Issue(
                    severity="repaired" if severity == "repaired" else "warning",
                    reason="text was UTF-8 decoded as Windows-1252",
                    detail=f"{int(hit.sum())} cells of {name}, such as {text!r} for {new!r}"
                    + ("" if part.fix_mojibake else "; fix_mojibake = true mends them"),
                    file=part.file,
                )
            )
            mended[name] = column.where(~hit, column.map(better))
    if not part.fix_mojibake:
        return frame
    return frame.assign(**mended).rename(columns={name: demojibake(str(name)) for name in frame.columns})


def keep_only(frame: pd.DataFrame, part: LayerPart) -> pd.DataFrame:
    """Keep the rows that ``only`` lets through."""
    for name, values in part.only.items():
        frame = frame.loc[as_text(source_column(frame, name)).isin([value.strip() for value in values])]
    return frame


def with_points(frame: pd.DataFrame, part: LayerPart, broken: dict[int, str]) -> pd.DataFrame:
    """Make points of the columns ``x`` and ``y``; rows where they are no numbers go into ``broken``."""
    coordinates: list[npt.NDArray[np.float64]] = []
    for name in (str(part.x), str(part.y)):
        column = source_column(frame, name)
        numbers, bad = to_numbers(column, decimal=part.decimal)
        for row, cell in zip(frame.index[bad], column[bad], strict=True):
            broken[int(row)] = f"{name} = {cell!r} is no coordinate"
        coordinates.append(numbers)
    points = np.full(len(frame), None, dtype=object)
    good = np.isfinite(coordinates[0]) & np.isfinite(coordinates[1])
    points[good] = shapely.points(coordinates[0][good], coordinates[1][good])
    bare = frame.drop(columns="geometry", errors="ignore")
    located: pd.DataFrame = gpd.GeoDataFrame(bare, geometry=points)
    return located


def unpivot(frame: pd.DataFrame, part: LayerPart, key: str) -> pd.DataFrame:
    """Turn wide columns into rows."""
    assert part.unpivot is not None  # noqa: S101  (the caller asked)
    pattern = re.compile(part.unpivot.pattern)
    matches = {str(name): match for name in frame.columns if (match := pattern.search(str(name)))}
    matches.pop("geometry", None)
    rest = [name for name in frame.columns if name not in matches]
    new = [*pattern.groupindex, part.unpivot.value]
    clash = sorted(set(new) & set(rest))
    if not matches:
        raise InputError(
            f"No column of {part.file} matches {key}.unpivot.pattern = {part.unpivot.pattern!r}.",
            hint=there_are(frame),
        )
    if clash:
        raise InputError(
            f"{key}.unpivot makes columns that {part.file} already has: {', '.join(clash)}.",
            hint="Choose other names for the groups or the value.",
        )
    width = len(matches)
    positions = np.repeat(np.arange(len(frame)), width)
    long = frame[rest].iloc[positions].copy()
    for group in pattern.groupindex:
        long[group] = np.tile(np.array([match[group] for match in matches.values()], dtype=object), len(frame))
    long[part.unpivot.value] = frame[list(matches)].astype(object).to_numpy().ravel()
    return long
