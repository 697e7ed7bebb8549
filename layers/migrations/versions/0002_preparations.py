"""What a run prepared and a later run may take over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preparation",
        sa.Column("key", sa.Text, nullable=False, comment="SHA-256 over all that it was made from"),
        sa.Column("name", sa.Text, nullable=False, comment="what it is"),
        sa.Column("meta", postgresql.JSONB, nullable=False),
        sa.Column("columns", postgresql.JSONB, nullable=False, comment="names in order, with pandas dtypes"),
        sa.Column("content", sa.LargeBinary, nullable=False, comment="Parquet, geometry as WKB"),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_preparation")),
        schema="geoplan",
    )
    op.create_index("ix_preparation_name", "preparation", ["name"], schema="geoplan")


def downgrade() -> None:
    op.drop_table("preparation", schema="geoplan")
