"""Layers by version, their features, and runs."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB()


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("inputs", JSONB, nullable=False, comment="layer id → number and content hash"),
        sa.Column("rule_set", JSONB, nullable=False, comment="the whole rule set as it was"),
        sa.Column("parameters", JSONB, nullable=False),
        sa.Column("code_version", JSONB, nullable=False),
        sa.Column("notes", JSONB, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False, comment="SHA-256 over all that it takes to recompute"),
        sa.Column(
            "outputs",
            JSONB,
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="layer id → number and content hash",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        schema="geoplan",
    )
    op.create_table(
        "layer_version",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("is_current", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("srid", sa.Integer, comment="EPSG code; null for a table without geometry"),
        sa.Column("columns", JSONB, nullable=False, comment="names in order, with pandas dtypes"),
        sa.Column("feature_count", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("source", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("report", JSONB),
        sa.Column("run_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer_version")),
        sa.UniqueConstraint("layer", "number", name=op.f("uq_layer_version_layer_number")),
        sa.ForeignKeyConstraint(["run_id"], ["geoplan.run.id"], name=op.f("fk_layer_version_run_id_run")),
        sa.CheckConstraint("number > 0", name=op.f("ck_layer_version_number")),
        sa.CheckConstraint("feature_count >= 0", name=op.f("ck_layer_version_feature_count")),
        sa.CheckConstraint("length(content_hash) = 64", name=op.f("ck_layer_version_content_hash")),
        schema="geoplan",
    )
    op.create_index(
        "uq_layer_version_current",
        "layer_version",
        ["layer"],
        unique=True,
        schema="geoplan",
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "feature",
        sa.Column("version_id", sa.BigInteger, nullable=False),
        sa.Column("fid", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("properties", JSONB, nullable=False),
        sa.Column("geom", geoalchemy2.Geometry(spatial_index=False)),
        sa.PrimaryKeyConstraint("version_id", "fid", name=op.f("pk_feature")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["geoplan.layer_version.id"],
            name=op.f("fk_feature_version_id_layer_version"),
            ondelete="CASCADE",
        ),
        schema="geoplan",
    )
    # btree_gist lets one index serve "this version, in this box".
    op.create_index("ix_feature_geom", "feature", ["version_id", "geom"], schema="geoplan", postgresql_using="gist")
    op.create_index("ix_feature_key", "feature", ["version_id", "key"], schema="geoplan")
    op.execute(
        """
        CREATE VIEW geoplan.current_feature AS
        SELECT version.layer, version.number, feature.version_id, feature.fid, feature.key,
               feature.properties, feature.geom
        FROM geoplan.feature AS feature
        JOIN geoplan.layer_version AS version ON version.id = feature.version_id
        WHERE version.is_current
        """
    )


def downgrade() -> None:
    op.execute("DROP VIEW geoplan.current_feature")
    for table in ("feature", "layer_version", "run"):
        op.drop_table(table, schema="geoplan")
