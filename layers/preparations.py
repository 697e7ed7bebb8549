"""Tables that a run makes on its way and a later run may take over: the pieces of a rule, the land of all parcels.

A preparation's key is the hash of all that it was made from, so whatever is found is what would be made. They are a
saving of time and nothing else: a run without them gives the same, and verifying never uses them.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from layers.dtypes import GEOMETRY, column_types, restore_column
from layers.schema import PreparationRow

__all__ = ["Preparation", "Preparations"]

_LOG = logging.getLogger(__name__)

_KEPT = 4
"""Of each name so many stay, the last used: today's law and another day's, before and after an edit."""


@dataclass(frozen=True)
class Preparation:
    """A table with what it was made from."""

    meta: Mapping[str, Any]
    frame: pd.DataFrame


class Preparations:
    """The preparations of a workspace.

    Parameters
    ----------
    engine
        An engine for a database that :func:`layers.database.open_database` prepared.
    crs
        The workspace's CRS.
    """

    def __init__(self, engine: sa.Engine, *, crs: object) -> None:
        self._engine = engine
        self._crs = pyproj.CRS.from_user_input(crs)

    def get(self, key: str) -> Preparation | None:
        """Return the preparation with a key and note that it is used; ``None`` where there is none that can be read."""
        used = sa.update(PreparationRow).where(PreparationRow.key == key).values(used_at=sa.func.clock_timestamp())
        with Session(self._engine) as session, session.begin():
            row = session.scalar(used.returning(PreparationRow))
            if row is None:
                return None
            try:
                return Preparation(row.meta, _frame(row.content, row.columns, self._crs))
            except (pa.ArrowException, shapely.errors.GEOSException, KeyError, TypeError, ValueError) as error:
                _LOG.warning("The preparation %s cannot be read and is made anew: %s", row.name, error)
                return None

    def last(self, name: str) -> str | None:
        """Return the key of the last used preparation of a name."""
        query = sa.select(PreparationRow.key).where(PreparationRow.name == name)
        with Session(self._engine) as session:
            return session.scalar(query.order_by(PreparationRow.used_at.desc()).limit(1))

    def put(self, key: str, name: str, frame: pd.DataFrame, meta: Mapping[str, Any] | None = None) -> None:
        """Keep a table; of its name the ones that were not used for longest go. One that is refused is not kept."""
        row = {
            "key": key,
            "name": name,
            "meta": dict(meta or {}),
            "columns": column_types(frame),
            "content": _content(frame),
        }
        newest = sa.select(PreparationRow.key).where(PreparationRow.name == name)
        newest = newest.order_by(PreparationRow.used_at.desc()).limit(_KEPT)
        kept = insert(PreparationRow).values(row)
        kept = kept.on_conflict_do_update(index_elements=["key"], set_=row | {"used_at": sa.func.clock_timestamp()})
        old = sa.delete(PreparationRow).where(PreparationRow.name == name, PreparationRow.key.not_in(newest))
        try:
            with Session(self._engine) as session, session.begin():
                session.execute(kept)
                session.execute(old)
        except DBAPIError as error:
            _LOG.warning("What was prepared (%s) is not kept: %s", name, error.orig)


def _content(frame: pd.DataFrame) -> bytes:
    plain = pd.DataFrame(frame.drop(columns=GEOMETRY)) if isinstance(frame, gpd.GeoDataFrame) else frame
    table = pa.Table.from_pandas(plain, preserve_index=False)
    if isinstance(frame, gpd.GeoDataFrame):
        table = table.append_column(GEOMETRY, pa.array(shapely.to_wkb(frame.geometry.to_numpy()), pa.binary()))
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _frame(content: bytes, columns: list[list[str]], crs: pyproj.CRS) -> pd.DataFrame:
    table = pq.read_table(io.BytesIO(content))
    spatial = any(kind == "geometry" for _, kind in columns)
    data = {name: restore_column(table[name].to_pylist(), kind) for name, kind in columns if kind != "geometry"}
    plain = pd.DataFrame(data, index=pd.RangeIndex(len(table)))
    if not spatial:
        return plain
    shapes = shapely.from_wkb(table[GEOMETRY].to_numpy(zero_copy_only=False))
    frame: pd.DataFrame = gpd.GeoDataFrame(plain, geometry=shapes, crs=crs)[[name for name, _ in columns]]
    return frame
