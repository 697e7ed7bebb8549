"""One source of a layer: read, mapped and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geoplan.errors import InputError
from geoplan.frames import metres_per_unit
from layers.catalogue import FieldType, LayerType
from layers.sources.crs import Box, name_of, outside, reproject, settle
from layers.sources.fields import as_text, convert, plain
from layers.sources.files import read_file
from layers.sources.geometry import clean, flatten
from layers.sources.mapping import Mapped, map_columns
from layers.sources.report import Issue, Severity, SourceFile
from layers.sources.services.sidecar import read_told
from layers.sources.source import LayerPart

__all__ = ["Part", "prepare_part"]

# A mapping is at fault, and not single cells, when most values of a field cannot be used.
_MOST = 0.5


@dataclass(slots=True, kw_only=True)
class Part:
    """What one source gives to a layer.

    Attributes
    ----------
    frame
        The rows that were not rejected: fields, kept columns, geometry in the workspace's CRS.
    rows
        Their numbers in the source.
    file
        What was read.
    issues
        What was wrong.
    rejected, filtered
        Rows rejected, and left out by ``only``.
    faults
        What is wrong with the mapping as a whole, so that the import must fail.
    """

    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    file: SourceFile
    issues: list[Issue]
    rejected: int
    filtered: int
    faults: list[str]


@dataclass(slots=True)
class _Work:
    """The state while one source is checked."""

    mapped: Mapped
    part: LayerPart
    ids: npt.NDArray[np.object_]
    rows: npt.NDArray[np.int64]
    issues: list[Issue]
    rejected: npt.NDArray[np.bool_]
    faults: list[str] = field(default_factory=list)

    def tell(
        self,
        severity: Severity,
        reason: str,
        detail: str = "",
        position: int | np.integer[Any] | None = None,
    ) -> None:
        """Note an issue; of a rejected row only the first."""
        if position is not None:
            if self.rejected[position]:
                return
            self.rejected[position] = severity == "rejected"
        self.issues.append(
            Issue(
                severity=severity,
                reason=reason,
                detail=detail,
                row=None if position is None else int(self.rows[position]),
                id=None if position is None else self.ids[position],
                file=self.part.file,
            )
        )


def prepare_part(
    part: LayerPart,
    layer: LayerType,
    *,
    key: str,
    path_of: Callable[[str], Path],
    crs: pyproj.CRS,
    near: Callable[[], Box | None],
) -> Part:
    """Read, map and check one source.

    Parameters
    ----------
    part
        Its settings.
    layer
        What the catalogue says of the layer.
    key
        The key of the settings for messages.
    path_of
        Gives the path of a file of the settings.
    crs
        The workspace's CRS.
    near
        Gives where the data should lie, for guesses at a wrong CRS.

    Raises
    ------
    InputError
        It cannot be read or mapped, has no geometry, or has invalid geometry and ``invalid = "fail"``.
    CRSError
        Its coordinates do not fit its CRS.
    """
    told = read_told(path_of(part.file), part, key=key) if part.request is not None else None
    raw = read_file(path_of(part.file), part, key=key, spatial=not layer.is_table)
    mapped = map_columns(raw, part, layer, key=key, path_of=path_of)
    size = len(mapped.frame)
    text_ids = as_text(mapped.frame["id"]) if "id" in mapped.frame.columns else pd.Series([None] * size)
    work = _Work(
        mapped=mapped,
        part=part,
        ids=np.array([None if pd.isna(value) else value for value in text_ids], dtype=object),
        rows=mapped.frame.index.to_numpy(dtype="int64"),
        issues=[*raw.issues, *mapped.issues],
        rejected=np.zeros(size, dtype=bool),
    )
    if told is not None:
        for reason, detail in told.warnings(raw.sha256):
            work.tell("warning", reason, detail)
    columns: dict[str, Any] = {}
    source_crs: pyproj.CRS | None = None
    geometry: npt.NDArray[np.object_] | None = None
    if not layer.is_table:
        source_crs, geometry = _geometry(work, layer, raw.crs, key=key, crs=crs, near=near)
    for field_type in layer.fields:
        columns[field_type.name] = _values(work, field_type, key)
    for name in part.keep:
        columns[name] = plain(mapped.frame[name])
    frame = pd.DataFrame(columns, index=mapped.frame.index)
    good = ~work.rejected
    kept = frame.loc[good].reset_index(drop=True)
    if geometry is not None:
        kept = gpd.GeoDataFrame(kept, geometry=geometry[good], crs=crs)
    ragged = sum(issue.severity == "rejected" for issue in raw.issues)
    return Part(
        frame=kept,
        rows=work.rows[good],
        file=SourceFile(
            path=part.file,
            layer=raw.layer,
            driver=raw.driver,
            sha256=raw.sha256,
            crs=None if source_crs is None else name_of(source_crs),
            rows=len(raw.frame) + ragged,
            source=part.source or (told.source if told else None),
            licence=part.licence or (told.licence if told else None),
            date=None if part.date is None else part.date.isoformat(),
            fetched=None if told is None else told.to_dict(),
        ),
        issues=work.issues,
        rejected=int(work.rejected.sum()) + ragged,
        filtered=mapped.filtered,
        faults=work.faults,
    )


def _geometry(
    work: _Work,
    layer: LayerType,
    stated: pyproj.CRS | None,
    *,
    key: str,
    crs: pyproj.CRS,
    near: Callable[[], Box | None],
) -> tuple[pyproj.CRS, npt.NDArray[np.object_]]:
    """Bring the geometry into the workspace's CRS and make it fit the catalogue."""
    part, frame = work.part, work.mapped.frame
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(
            f"{part.file} has no geometry, and {layer.id} needs {' or '.join(layer.geometry)}.",
            hint=f"Name the columns with coordinates in {key}.x and {key}.y.",
        )
    geometry, high = flatten(frame.geometry.to_numpy())
    if high:
        work.tell("warning", "heights were dropped", f"{high} features had them")
    if part.swap_axes:
        geometry = shapely.transform(geometry, lambda points: points[:, ::-1])
    source_crs, note = settle(stated, part.crs, geometry, workspace=crs, key=key, near=near)
    if note:
        work.tell("warning", "the file states another reference system", note)
    for position in np.flatnonzero(shapely.is_missing(geometry)):
        why = work.mapped.broken.get(int(work.rows[position]))
        if why is not None:
            work.tell("rejected", "the geometry cannot be built", why, int(position))
    if part.area_check:
        for position in np.flatnonzero(outside(geometry, source_crs, workspace=crs, key=key, near=near)):
            place = shapely.bounds(geometry[position])[:2]
            work.tell(
                "rejected",
                "it lies outside the reference system's area of use",
                f"at {place[0]:.9g}, {place[1]:.9g}",
                int(position),
            )
    moved = reproject(geometry, source_crs, crs)
    cleaned = clean(
        moved,
        layer.geometry,
        invalid="repair" if part.invalid == "repair" else "reject",
        as_points=part.as_points,
        square_metres=metres_per_unit(crs) ** 2,
    )
    faulty = [n for n, (reason, _) in cleaned.rejected.items() if reason == "the geometry is invalid"]
    if part.invalid == "fail" and faulty:
        row, detail = work.rows[faulty[0]], cleaned.rejected[faulty[0]][1]
        raise InputError(
            f"{part.file} has {len(faulty)} invalid geometries, the first in row {row}: {detail}.",
            hint=f'Mend them, or set {key}.invalid = "repair" or "reject".',
        )
    for at, (reason, detail) in sorted(cleaned.rejected.items()):
        work.tell("rejected", reason, detail, at)
    for at, (reason, detail) in sorted(cleaned.repaired.items()):
        work.tell("repaired", reason, detail, at)
    return source_crs, cleaned.geometry


def _values(work: _Work, field_type: FieldType, key: str) -> pd.Series[Any]:
    """Convert one field, rejecting rows or emptying cells."""
    column = work.mapped.frame[field_type.name]
    converted = convert(column, field_type, decimal=work.part.decimal)
    name, made_up = field_type.name, field_type.name == "id"
    missing = converted.values.isna().to_numpy()
    given = int((~missing).sum() + converted.bad.sum())
    if converted.bad.sum() > _MOST * given and not field_type.required:
        example = converted.why[min(converted.why)]
        work.faults.append(
            f"{int(converted.bad.sum())} of {given} values of {name} cannot be used ({example}); "
            f"map it with {key}.values.{name}, or another column with {key}.columns.{name}"
        )
    for place, why in converted.why.items():
        if field_type.required:
            work.tell("rejected", f"{name} cannot be used", why, place)
        else:
            work.tell("repaired", f"{name} could not be used and was emptied", why, place)
    if field_type.required and not made_up:
        for position in np.flatnonzero(missing & ~converted.bad):
            work.tell("rejected", f"{name} is missing", "", int(position))
    for position in np.flatnonzero(converted.cleaned):
        work.tell("repaired", f"NUL characters were taken out of {name}", "", int(position))
    return converted.values
