"""No source of homes counts twice: what the rows of a version claim for themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("version_id", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("place", sa.Text, comment="such as a parcel; null where no land is claimed"),
        sa.Column("source", sa.Text, nullable=False, comment="the layer that the row comes from"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["geoplan.layer_version.id"],
            name=op.f("fk_claim_version_id_layer_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "key", name=op.f("pk_claim")),
        postgresql.ExcludeConstraint(
            ("version_id", "="),
            ("place", "="),
            ("source", "<>"),
            using="gist",
            name="ex_claim_place",
            where=sa.text("place IS NOT NULL"),
        ),
        schema="geoplan",
    )


def downgrade() -> None:
    op.drop_table("claim", schema="geoplan")
