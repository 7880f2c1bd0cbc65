"""Counts that name nobody."""

import sqlalchemy as sa
from alembic import op

revision = "d20"
down_revision = "d19"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counts",
        sa.Column("made_on", sa.String(10), primary_key=True),
        sa.Column("structure_id", sa.String(64), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("structure_id <> ''", name="structure_id_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("counts")
