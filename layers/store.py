"""The store: layers in PostGIS, by version, as GeoDataFrames.

Imported and derived layers are kept by the same store, so everything downstream reads layers and nothing
else. A version is written whole or not at all, and its rows never change.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import geopandas as gpd
import psycopg
import pyproj
import shapely
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geoplan.errors import CRSError, DatabaseError, FrameError, NotFoundError
from layers.dtypes import GEOMETRY, column_types, restore_frame
from layers.hashing import cell_faults, content_hash, plain_rows, plain_value
from layers.preparations import Preparations
from layers.schema import SCHEMA, ClaimRow, Feature, LayerVersionRow, RunRow
from layers.versions import Frame, LayerVersion, NewLayer, Run, version_of

__all__ = ["LayerVersion", "NewLayer", "Run", "Store"]


class Store:
    """Layers in PostGIS.

    Parameters
    ----------
    engine
        An engine for a database that :func:`layers.database.open_database` prepared.
    crs
        The workspace's CRS: what geometry is written in and comes back in.
    """

    def __init__(self, engine: sa.Engine, *, crs: object) -> None:
        self._engine = engine
        self.crs = pyproj.CRS.from_user_input(crs)
        epsg = self.crs.to_epsg()
        if epsg is None:
            raise CRSError(f"{self.crs.name} has no EPSG code.", hint="PostGIS needs one; choose such a CRS.")
        self.srid: int = epsg
        self.preparations = Preparations(engine, crs=self.crs)

    # -- writing ---------------------------------------------------------------------------------------

    def write(
        self,
        layer: str,
        frame: Frame,
        *,
        source: Mapping[str, Any] | None = None,
        report: Mapping[str, Any] | None = None,
        key: str | None = "id",
    ) -> LayerVersion:
        """Write a layer's next version, in one transaction, and make it current.

        Content that equals the current version's writes nothing but the source and the report.

        Parameters
        ----------
        layer
            The layer's id.
        frame
            Its rows; geometry in the store's CRS.
        source, report
            Where it comes from and what was repaired or rejected; JSON values.
        key
            The column that identifies rows; ``None`` or an absent column for none.

        Raises
        ------
        CRSError
            The frame is in another CRS.
        FrameError
            A cell holds what JSON cannot, or the columns are not sound.
        DatabaseError
            The database refused it; nothing is changed.
        """
        return self.write_many([NewLayer(layer, frame, key, source, report)])[0]

    def write_many(
        self,
        layers: Iterable[NewLayer],
        *,
        run: Mapping[str, Any] | None = None,
        retire: Collection[str] = (),
    ) -> list[LayerVersion]:
        """Write several layers in one transaction: all or none.

        Parameters
        ----------
        layers
            What to write.
        run
            The columns of the run that derived them (see :class:`Run`, without ``id`` and ``created_at``); it
            is recorded in the same transaction.
        retire
            Layers that have no current version from now on; their versions are kept.
        """
        wanted = list(layers)
        for new in wanted:
            self._check(new)
        try:
            prepared = [(new, content_hash(new.frame)) for new in wanted]
            with Session(self._engine) as session, session.begin():
                run_id = None
                if run is not None:
                    record = RunRow(**run)
                    session.add(record)
                    session.flush()
                    run_id = record.id
                # One writer a layer at a time, in an order that lets no two wait for each other; readers go
                # on reading the current versions.
                for layer in sorted({new.layer for new in wanted}):
                    lock = sa.func.hashtext(f"geoplan.layer.{layer}")
                    session.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
                rows = [self._write(session, new, digest, run_id) for new, digest in prepared]
                gone = LayerVersionRow.layer.in_(set(retire) - {new.layer for new in wanted})
                session.execute(sa.update(LayerVersionRow).where(gone).values(is_current=False))
                session.flush()
                if run is not None:
                    record.outputs = {
                        row.layer: {"number": row.number, "content_hash": row.content_hash} for row in rows
                    }
                written = [version_of(row) for row in rows]
        except (TypeError, ValueError, DBAPIError, psycopg.Error) as error:
            for new in wanted:
                if faults := cell_faults(new.frame):
                    raise FrameError(new.layer, faults, hint="Nothing is changed.") from error
            if isinstance(error, (TypeError, ValueError)):
                raise
            reason = " ".join(str(getattr(error, "orig", error)).split())
            raise DatabaseError(f"Writing failed and nothing is changed: {reason}") from error
        self._analyse()
        return written

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Let one at a time read something and write what follows from it; others wait here, in other processes too.

        Parameters
        ----------
        what
            A name for what is done; only those of the same name wait for each other.
        """
        # Not from the pool: those who wait must not keep the one who writes from a connection.
        waiting = sa.create_engine(self._engine.url, poolclass=sa.NullPool)
        with waiting.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"geoplan.alone.{what}"))))
            yield

    def _analyse(self) -> None:
        """Tell the planner of the new rows: requests may come sooner than autovacuum."""
        # The layers are written by now: without statistics they are only slower.
        with (
            suppress(DBAPIError),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            connection.execute(sa.text(f"ANALYZE {SCHEMA}.layer_version, {SCHEMA}.feature"))

    def _write(self, session: Session, new: NewLayer, digest: str, run: int | None) -> LayerVersionRow:
        current = session.scalar(
            sa.select(LayerVersionRow).where(LayerVersionRow.layer == new.layer, LayerVersionRow.is_current)
        )
        source = plain_value(dict(new.source or {}))
        report = plain_value(dict(new.report)) if new.report is not None else None
        spatial = isinstance(new.frame, gpd.GeoDataFrame)
        columns = column_types(new.frame)
        if current is not None and current.content_hash == digest and current.columns == columns:
            current.source, current.report = source, report
            return current
        latest = session.scalar(
            sa.select(sa.func.max(LayerVersionRow.number)).where(LayerVersionRow.layer == new.layer)
        )
        if current is not None:
            current.is_current = False
            session.flush()
        row = LayerVersionRow(
            layer=new.layer,
            number=(latest or 0) + 1,
            is_current=True,
            srid=self.srid if spatial else None,
            columns=columns,
            feature_count=len(new.frame),
            content_hash=digest,
            source=source,
            report=report,
            run_id=run,
        )
        session.add(row)
        session.flush()
        self._copy(session, row.id, new)
        if new.claims is not None and len(new.claims):
            names = ("key", "place", "source")
            cells = zip(*([plain_value(cell) for cell in new.claims[name]] for name in names), strict=True)
            session.execute(
                sa.insert(ClaimRow), [dict(zip(names, claim, strict=True), version_id=row.id) for claim in cells]
            )
        return row

    def _copy(self, session: Session, version_id: int, new: NewLayer) -> None:
        """Stream the rows in by COPY: an order of magnitude faster than INSERT."""
        frame = new.frame
        if isinstance(frame, gpd.GeoDataFrame):
            geometries = shapely.set_srid(shapely.force_2d(frame.geometry.to_numpy()), self.srid)
            shapes = shapely.to_wkb(geometries, hex=True, include_srid=True).tolist()
        else:
            shapes = [None] * len(frame)
        keys: list[Any] = [None] * len(frame)
        if new.key is not None and new.key in frame.columns:
            keys = [plain_value(value) for value in frame[new.key].tolist()]
        connection = session.connection().connection.driver_connection
        assert connection is not None  # noqa: S101
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {SCHEMA}.feature (version_id, fid, key, properties, geom) FROM STDIN") as copy,
        ):
            for fid, (row, key, shape) in enumerate(zip(plain_rows(frame), keys, shapes, strict=True)):
                text = json.dumps(row, ensure_ascii=False)
                copy.write_row((version_id, fid, None if key is None else str(key), text, shape))

    def _check(self, new: NewLayer) -> None:
        if not new.frame.columns.is_unique:
            twice = new.frame.columns[new.frame.columns.duplicated()][0]
            raise FrameError(new.layer, [f"two columns are called {twice!r}"])
        if isinstance(new.frame, gpd.GeoDataFrame):
            if new.frame.geometry.name != GEOMETRY:
                raise FrameError(new.layer, [f"the geometry column must be called {GEOMETRY!r}"])
            if new.frame.crs != self.crs:
                found = new.frame.crs.to_string() if new.frame.crs else "none"
                raise CRSError(
                    f"{new.layer} is in {found}, the workspace in {self.crs.to_string()}.",
                    hint="Reproject the layer first.",
                )

    # -- reading ---------------------------------------------------------------------------------------

    def read(
        self,
        layer: str,
        *,
        version: int | None = None,
        bbox: tuple[float, float, float, float] | None = None,
        keys: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Frame:
        """Read a layer exactly as it was written: rows in order, columns in order, floats to the last bit.

        Parameters
        ----------
        layer
            The layer's id.
        version
            Its number; default: the current one.
        bbox
            West, south, east, north in the store's CRS: only features whose box meets it.
        keys
            Only rows with these keys.
        where
            Only rows with these values: a column's name to a value, or to a list of values.
        columns
            Only these columns, in this order; without the geometry the answer is a DataFrame.

        Returns
        -------
        GeoDataFrame or DataFrame
            With a RangeIndex.

        Raises
        ------
        NotFoundError
            There is no such layer, version or column.
        """
        # One transaction, so that a version cannot be pruned between finding and reading it.
        with Session(self._engine) as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            found = _find(session, layer, version)
            kinds = dict(found.columns)
            asked = [*(columns or ()), *(where or ())]
            if missing := [name for name in asked if name not in kinds]:
                raise NotFoundError(f"The layer {layer} has no column {', '.join(missing)}.")
            wanted = [(name, kinds[name]) for name in (kinds if columns is None else columns)]
            query = self._query(found, wanted, bbox=bbox, keys=keys, where=where)
            rows = session.execute(query.order_by(Feature.fid)).all()
        return restore_frame(rows, wanted, crs=None if found.srid is None else self.crs)

    def _query(
        self,
        version: LayerVersion,
        columns: Sequence[tuple[str, str]],
        *,
        bbox: tuple[float, float, float, float] | None,
        keys: Sequence[str] | None,
        where: Mapping[str, Any] | None,
    ) -> sa.Select[tuple[dict[str, Any], bytes | None]]:
        spatial = version.srid is not None and any(name == GEOMETRY for name, _ in columns)
        shape = sa.func.ST_AsBinary(Feature.geom) if spatial else sa.null()
        query = sa.select(Feature.properties, shape).where(Feature.version_id == version.id)
        if bbox is not None:
            query = query.where(Feature.geom.op("&&")(sa.func.ST_MakeEnvelope(*bbox, self.srid)))
        if keys is not None:
            query = query.where(Feature.key.in_(list(keys)))
        for name, value in (where or {}).items():
            values = value if isinstance(value, (list, tuple)) else [value]
            alternatives = [Feature.properties.contains({name: plain_value(item)}) for item in values]
            query = query.where(sa.or_(sa.false(), *alternatives))
        return query

    def current(self, layer: str) -> LayerVersion | None:
        """Return a layer's current version, or ``None`` where there is no such layer."""
        with Session(self._engine) as session:
            found = _select(session, LayerVersionRow.layer == layer, LayerVersionRow.is_current)
        return found[0] if found else None

    def versions(self, layer: str) -> list[LayerVersion]:
        """Return a layer's versions, oldest first."""
        with Session(self._engine) as session:
            return _select(session, LayerVersionRow.layer == layer)

    def layers(self) -> list[LayerVersion]:
        """Return the current version of every layer, by id."""
        with Session(self._engine) as session:
            return _select(session, LayerVersionRow.is_current)

    def rehash(self, layer: str, version: int | None = None) -> str:
        """Return the content hash of what is stored now, computed anew."""
        return content_hash(self.read(layer, version=version))

    def prune(self, *, keep: int) -> int:
        """Delete all but the newest ``keep`` versions of every layer, and return how many went."""
        rank = sa.func.row_number().over(partition_by=LayerVersionRow.layer, order_by=LayerVersionRow.number.desc())
        ranked = sa.select(LayerVersionRow.id, rank.label("rank")).subquery()
        old = sa.select(ranked.c.id).where(ranked.c.rank > max(keep, 1))
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(LayerVersionRow).where(LayerVersionRow.id.in_(old))).rowcount

    # -- runs ------------------------------------------------------------------------------------------

    def run(self, number: int | None = None) -> Run | None:
        """Return a run by its number, or the latest; ``None`` where there is none."""
        query = sa.select(RunRow).order_by(RunRow.id.desc()).limit(1)
        if number is not None:
            query = query.where(RunRow.id == number)
        with Session(self._engine) as session:
            row = session.scalar(query)
            if row is None:
                return None
            return Run(**{name: getattr(row, name) for name in Run.__dataclass_fields__})


def _select(session: Session, *conditions: sa.ColumnExpressionArgument[bool]) -> list[LayerVersion]:
    query = sa.select(LayerVersionRow).where(*conditions)
    rows = session.scalars(query.order_by(LayerVersionRow.layer, LayerVersionRow.number)).all()
    return [version_of(row) for row in rows]


def _find(session: Session, layer: str, number: int | None) -> LayerVersion:
    which = LayerVersionRow.is_current if number is None else LayerVersionRow.number == number
    found = _select(session, LayerVersionRow.layer == layer, which)
    if not found:
        name = layer if number is None else f"{layer}, version {number}"
        known = ", ".join(version.layer for version in _select(session, LayerVersionRow.is_current)) or "none"
        raise NotFoundError(f"There is no layer {name} in the store (there are: {known}).")
    return found[0]
