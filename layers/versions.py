"""What the store tells of a layer's versions and of runs, and what it is given to write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import pandas as pd

from layers.schema import LayerVersionRow

__all__ = ["Frame", "LayerVersion", "NewLayer", "Run", "version_of"]

# A GeoDataFrame is a DataFrame; the name says that both are meant.
Frame: TypeAlias = pd.DataFrame


@dataclass(frozen=True)
class LayerVersion:
    """A version of a layer, without its features."""

    id: int
    layer: str
    number: int
    created_at: dt.datetime
    srid: int | None
    columns: tuple[tuple[str, str], ...]
    feature_count: int
    content_hash: str
    source: Mapping[str, Any]
    report: Mapping[str, Any] | None
    run: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, without the report."""
        plain = {key: value for key, value in asdict(self).items() if key not in {"report", "columns"}}
        return plain | {"created_at": self.created_at.isoformat()}


@dataclass(frozen=True)
class NewLayer:
    """A layer to write: its id, its rows, and which column identifies them.

    Attributes
    ----------
    claims
        ``key``, ``place`` and ``source`` of rows that must not stand twice: the database refuses a key that is there
        twice, and a place that two sources claim.
    """

    layer: str
    frame: Frame
    key: str | None = "id"
    source: Mapping[str, Any] | None = None
    report: Mapping[str, Any] | None = None
    claims: Frame | None = None


@dataclass(frozen=True)
class Run:
    """A run: what was derived from what, under which rules and by which code."""

    id: int
    created_at: dt.datetime
    kind: str
    inputs: Mapping[str, Mapping[str, Any]]
    rule_set: Mapping[str, Any]
    parameters: Mapping[str, Any]
    code_version: Mapping[str, Any]
    notes: Sequence[Mapping[str, str]]
    snapshot: str
    outputs: Mapping[str, Mapping[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self) | {"created_at": self.created_at.isoformat()}


def version_of(row: LayerVersionRow) -> LayerVersion:
    """Return a row of the table of versions as a value of its own."""
    return LayerVersion(
        id=row.id,
        layer=row.layer,
        number=row.number,
        created_at=row.created_at,
        srid=row.srid,
        columns=tuple((name, kind) for name, kind in row.columns),
        feature_count=row.feature_count,
        content_hash=row.content_hash,
        source=row.source,
        report=row.report,
        run=row.run_id,
    )
