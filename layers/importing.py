"""Importing a layer: from its sources to a new version in the store, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import InputError, NotFoundError
from layers.catalogue import LayerType, catalogue, layer_type
from layers.faults import did_you_mean
from layers.progress import Progress, silent
from layers.sources.crs import Box, area_of_use
from layers.sources.fields import unique_ids
from layers.sources.geometry import repeated
from layers.sources.part import Part, prepare_part
from layers.sources.report import ImportReport, Issue, RejectedError
from layers.sources.source import LayerSource
from layers.workspace import Workspace

if TYPE_CHECKING:
    from layers.store import Store

__all__ = ["Imported", "Prepared", "import_all", "import_layer", "prepare_layer"]

_AREA = "municipality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A layer ready to be stored.

    Attributes
    ----------
    frame
        The layer's fields and the kept columns; a GeoDataFrame in the workspace's CRS unless the layer is a
        table.
    report
        What became of every row.
    source
        Where it comes from, as the store keeps it: the files with their digests and licences.
    """

    frame: pd.DataFrame
    report: ImportReport
    source: dict[str, Any]


@dataclass(slots=True)
class Imported:
    """What became of several layers.

    Attributes
    ----------
    reports
        The report of each layer that is now in the store.
    failures
        The error of each that is not, and of which nothing was written.
    """

    reports: dict[str, ImportReport] = field(default_factory=dict)
    failures: dict[str, InputError] = field(default_factory=dict)


def prepare_layer(workspace: Workspace, layer_id: str, *, known: Mapping[str, Prepared] | None = None) -> Prepared:
    """Read, map and check a layer, without any database.

    Parameters
    ----------
    workspace
        The workspace.
    layer_id
        The layer.
    known
        Layers prepared before, which ``within`` then need not read again.

    Raises
    ------
    NotFoundError
        The catalogue or the workspace has no such layer.
    InputError
        A source cannot be read or mapped.
    CRSError
        A source's coordinates do not fit its CRS.
    RejectedError
        More rows were rejected than ``max_rejected`` allows, or all.
    """
    layer = layer_type(layer_id)
    source = workspace.layers.get(layer_id)
    if source is None:
        raise NotFoundError(
            f"The workspace has no layer {layer_id}.",
            hint=f"Add [layers.{layer_id}] to geoplan.toml; {did_you_mean(layer_id, workspace.layers)}",
        )
    parts = [
        prepare_part(
            part,
            layer,
            key=f"layers.{layer_id}" + (f".parts.{number}" if len(source.parts) > 1 else ""),
            path_of=workspace.path,
            crs=workspace.crs,
            near=lambda: _near(workspace, layer_id, known),
        )
        for number, part in enumerate(source.parts)
    ]
    whole = _Whole(layer, parts)
    if source.within is not None:
        whole.keep_within(_area(workspace, source.within, known), source.within)
    whole.mark_repeated()
    whole.name_uniquely()
    whole.settle_types()
    report = whole.report()
    _check_share(whole, source, report)
    return Prepared(frame=whole.frame, report=report, source={"files": [asdict(part.file) for part in parts]})


def _area(workspace: Workspace, layer_id: str, known: Mapping[str, Prepared] | None) -> gpd.GeoDataFrame:
    prepared = (known or {}).get(layer_id) or prepare_layer(workspace, layer_id)
    assert isinstance(prepared.frame, gpd.GeoDataFrame)  # noqa: S101  (a workspace allows areas only)
    return prepared.frame


def _near(workspace: Workspace, layer_id: str, known: Mapping[str, Prepared] | None) -> Box | None:
    """Return where data should lie: in the municipality where its area is known, else in the CRS's area."""
    if layer_id != _AREA and _AREA in workspace.layers:
        try:
            west, south, east, north = _area(workspace, _AREA, known).to_crs(4326).total_bounds
            return Box(west - 0.1, south - 0.1, east + 0.1, north + 0.1)
        except InputError:
            pass
    return area_of_use(workspace.crs)


class _Whole:
    """The parts of a layer put after one another."""

    def __init__(self, layer: LayerType, parts: list[Part]) -> None:
        self.layer = layer
        self.parts = parts
        self.frame: pd.DataFrame = pd.concat([part.frame for part in parts], ignore_index=True)
        self.rows: npt.NDArray[np.int64] = np.concatenate([part.rows for part in parts])
        self.of_part = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        self.issues = [issue for part in parts for issue in part.issues]
        self.filtered = sum(part.filtered for part in parts)
        self.elsewhere = 0

    def _warn(self, position: int, reason: str, detail: str, id_: str | None) -> None:
        self.issues.append(
            Issue(
                severity="warning",
                reason=reason,
                detail=detail,
                row=int(self.rows[position]),
                id=id_,
                file=self.parts[self.of_part[position]].file.path,
            )
        )

    def _id(self, position: int) -> str | None:
        if "id" not in self.frame.columns:
            return None
        value = self.frame["id"].iloc[position]
        return None if pd.isna(value) else str(value)

    def keep_within(self, area: gpd.GeoDataFrame, name: str) -> None:
        """Keep the features that touch an area."""
        assert isinstance(self.frame, gpd.GeoDataFrame)  # noqa: S101
        tree = shapely.STRtree(self.frame.geometry.to_numpy())
        kept = np.unique(tree.query(area.geometry.to_numpy(), predicate="intersects")[1])
        if len(kept) == 0 and len(self.frame):
            raise InputError(
                f"layers.{self.layer.id}: none of {len(self.frame)} features touches {name}.",
                hint=f"Check layers.{self.layer.id}.crs, or remove layers.{self.layer.id}.within.",
            )
        self.elsewhere = len(self.frame) - len(kept)
        self.frame = self.frame.iloc[kept].reset_index(drop=True)
        self.rows, self.of_part = self.rows[kept], self.of_part[kept]

    def mark_repeated(self) -> None:
        """Tell what is there twice: geometry, or in a table a whole row."""
        if isinstance(self.frame, gpd.GeoDataFrame):
            # Water and sewer may have the same extent: only what one source has twice is suspect.
            for number in range(len(self.parts)):
                mine = np.flatnonzero(self.of_part == number)
                for again, first in repeated(self.frame.geometry.to_numpy()[mine]).items():
                    here, detail = int(mine[again]), f"as row {self.rows[mine[first]]}"
                    self._warn(here, "the same geometry is there before", detail, self._id(here))
            return
        for position in np.flatnonzero(self.frame.duplicated()):
            self._warn(int(position), "the same row is there before", "", self._id(int(position)))

    def name_uniquely(self) -> None:
        """Make ids unique."""
        id_field = self.layer.field("id")
        if id_field is None:
            return
        ids, changed = unique_ids(self.frame["id"], self.rows, required=id_field.required)
        self.frame = self.frame.assign(id=ids)
        for position, why in changed.items():
            reason = "the id was made up" if why == "there was none" else "the id was made unique"
            self._warn(position, reason, why, str(ids.iloc[position]))

    def settle_types(self) -> None:
        """Give whole numbers the plain type where the rows that lacked one are gone."""
        for column in self.frame.columns:
            if self.frame[column].dtype == "Int64" and not self.frame[column].isna().any():
                self.frame = self.frame.assign(**{column: self.frame[column].astype("int64")})

    def report(self) -> ImportReport:
        """Return what became of every row."""
        kept = {(self.parts[part].file.path, int(row)) for part, row in zip(self.of_part, self.rows, strict=True)}
        repaired = {
            (issue.file, issue.row)
            for issue in self.issues
            if issue.severity == "repaired" and (issue.file, issue.row) in kept
        }
        rejected = sum(part.rejected for part in self.parts)
        return ImportReport(
            layer=self.layer.id,
            files=tuple(part.file for part in self.parts),
            rows_read=len(self.frame) + rejected + self.filtered + self.elsewhere,
            rows_imported=len(self.frame),
            rows_repaired=len(repaired),
            rows_rejected=rejected,
            rows_filtered=self.filtered + self.elsewhere,
            issues=tuple(self.issues),
        )


def _check_share(whole: _Whole, source: LayerSource, report: ImportReport) -> None:
    """Raise where so much is wrong that the settings or the source are to blame rather than single rows."""
    key = f"layers.{report.layer}"
    faults = [fault for part in whole.parts for fault in part.faults]
    # What `only` left out was never judged; what lies elsewhere was.
    judged = report.rows_imported + report.rows_rejected + whole.elsewhere
    too_many = report.rows_rejected > source.max_rejected * judged or report.rows_imported == 0
    if not too_many and not faults:
        return
    told: list[str] = list(faults)
    if too_many:
        reasons = [
            f"{reason} ({number})" for (severity, reason), number in report.reasons().items() if severity == "rejected"
        ]
        first = next((issue for issue in report.issues if issue.severity == "rejected"), None)
        example = f"; the first is row {first.row}: {first.detail}" if first and first.detail else ""
        allowed = f"max_rejected = {source.max_rejected:g} allows {int(source.max_rejected * judged)}"
        told.append(
            f"{report.rows_rejected} of {judged} rows would be rejected, and {allowed}: {', '.join(reasons)}{example}"
        )
    raise RejectedError(
        f"{key}: {'; '.join(told)}. Nothing was imported.",
        report=_nothing_imported(report),
        hint=f"Mend the source or its mapping, or raise {key}.max_rejected.",
    )


def _nothing_imported(report: ImportReport) -> ImportReport:
    values = {name: getattr(report, name) for name in ImportReport.__dataclass_fields__}
    return ImportReport(**{**values, "rows_imported": 0, "rows_repaired": 0})


def import_layer(
    workspace: Workspace, store: Store, layer_id: str, *, known: Mapping[str, Prepared] | None = None
) -> ImportReport:
    """Read, map, check and store a layer, all of it or nothing.

    The store keeps the versions before; the same content again makes no new one.

    Parameters
    ----------
    workspace, layer_id, known
        As for :func:`prepare_layer`.
    store
        Where the layer goes.

    Raises
    ------
    GeoplanError
        As :func:`prepare_layer`, and what the store raises; nothing is written then.
    """
    return _write(store, prepare_layer(workspace, layer_id, known=known))


def _write(store: Store, prepared: Prepared) -> ImportReport:
    has_id = layer_type(prepared.report.layer).field("id") is not None
    store.write(
        prepared.report.layer,
        prepared.frame,
        source=prepared.source,
        report=prepared.report.to_dict(),
        key="id" if has_id else None,
    )
    return prepared.report


def import_all(
    workspace: Workspace,
    store: Store,
    *,
    layers: Iterable[str] | None = None,
    progress: Progress = silent,
) -> Imported:
    """Import several layers, each all or nothing; what is wrong with one does not stop the others.

    Parameters
    ----------
    workspace
        The workspace.
    store
        Where the layers go.
    layers
        Which; all that the workspace has by default.
    progress
        Told of each layer.

    Returns
    -------
    Imported
        The reports, and the errors of those that failed.
    """
    wanted = list(dict.fromkeys(layers if layers is not None else workspace.layers))
    # Others may lie within the municipality, so it is read once, first.
    wanted.sort(key=lambda layer_id: layer_id != _AREA)
    result = Imported()
    known: dict[str, Prepared] = {}
    with progress("Importing layers", total=len(wanted)) as advance:
        for layer_id in wanted:
            try:
                prepared = prepare_layer(workspace, layer_id, known=known)
            except InputError as error:
                result.failures[layer_id] = error
            else:
                result.reports[layer_id] = _write(store, prepared)
                if layer_id == _AREA:
                    known[layer_id] = prepared
            advance(1)
    if layers is None:
        # A layer that geoplan.toml no longer names is no longer part of the place; its versions are kept. What
        # officials have decided was never named there.
        named = {version.layer for version in store.layers() if not version.source.get("officials")} & set(catalogue())
        store.write_many([], retire=named - set(workspace.layers))
    return result
