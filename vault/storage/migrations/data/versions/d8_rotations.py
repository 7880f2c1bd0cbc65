"""Fields whose key must change at the next legitimate opening."""

import sqlalchemy as sa
from alembic import op

revision = "d8"
down_revision = "d7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rotations",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("compartment", sa.String(64), primary_key=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("compartment <> ''", name="compartment_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("rotations")
