"""The tables: versions of layers, their features, and the runs that derived them.

All live in the schema ``geoplan``, so that an existing database can be shared. Features of every layer share
one table: a layer is data (a catalogue entry), not a migration.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["SCHEMA", "Base", "ClaimRow", "Feature", "LayerVersionRow", "PreparationRow", "RunRow"]

SCHEMA = "geoplan"


class Base(DeclarativeBase):
    """The declarative base; constraint names are fixed so that migrations can speak of them."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        },
    )


class RunRow(Base):
    """A run: what was derived from what, under which rules and by which code."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    kind: Mapped[str] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="layer id → number and content hash")
    rule_set: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="the whole rule set as it was")
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    code_version: Mapped[dict[str, Any]] = mapped_column(JSONB)
    notes: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    snapshot: Mapped[str] = mapped_column(Text, comment="SHA-256 over all that it takes to recompute")
    outputs: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'::jsonb"), comment="layer id → number and content hash"
    )


class LayerVersionRow(Base):
    """A version of a layer; exactly one of a layer's versions is current."""

    __tablename__ = "layer_version"
    __table_args__ = (
        UniqueConstraint("layer", "number"),
        Index(
            "uq_layer_version_current",
            "layer",
            unique=True,
            postgresql_where=text("is_current"),
        ),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("feature_count >= 0", name="feature_count"),
        CheckConstraint("length(content_hash) = 64", name="content_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer)
    is_current: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    srid: Mapped[int | None] = mapped_column(Integer, comment="EPSG code; null for a table without geometry")
    columns: Mapped[list[list[str]]] = mapped_column(JSONB, comment="names in order, with pandas dtypes")
    feature_count: Mapped[int] = mapped_column(Integer)
    content_hash: Mapped[str] = mapped_column(Text)
    source: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(RunRow.id))


class Feature(Base):
    """A feature, or a table's row, of one version of a layer. Geometry is east/north in the workspace CRS."""

    __tablename__ = "feature"
    __table_args__ = (
        Index("ix_feature_geom", "version_id", "geom", postgresql_using="gist"),
        Index("ix_feature_key", "version_id", "key"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey(LayerVersionRow.id, ondelete="CASCADE"), primary_key=True)
    fid: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str | None] = mapped_column(Text)
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB)
    geom: Mapped[Any | None] = mapped_column(Geometry(spatial_index=False))


class ClaimRow(Base):
    """What a row of a version claims for itself: the database refuses a key twice, and two sources of one place."""

    __tablename__ = "claim"
    __table_args__ = (
        ExcludeConstraint(
            ("version_id", "="),
            ("place", "="),
            ("source", "<>"),
            using="gist",
            name="ex_claim_place",
            where=text("place IS NOT NULL"),
        ),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey(LayerVersionRow.id, ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    place: Mapped[str | None] = mapped_column(Text, comment="such as a parcel; null where no land is claimed")
    source: Mapped[str] = mapped_column(Text, comment="the layer that the row comes from")


class PreparationRow(Base):
    """A table that a run made on its way and a later run may take over: only ever a saving of time."""

    __tablename__ = "preparation"
    __table_args__ = (Index("ix_preparation_name", "name"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True, comment="SHA-256 over all that it was made from")
    name: Mapped[str] = mapped_column(Text, comment="what it is")
    meta: Mapped[dict[str, Any]] = mapped_column(JSONB)
    columns: Mapped[list[list[str]]] = mapped_column(JSONB, comment="names in order, with pandas dtypes")
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="Parquet, geometry as WKB")
    used_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
