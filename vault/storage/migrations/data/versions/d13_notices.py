"""When a person is to be told of what was done, and how far the log was looked through for it."""

import sqlalchemy as sa
from alembic import op

revision = "d13"
down_revision = "d12"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_clocks",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(64), primary_key=True),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("quiet_until", sa.BigInteger()),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("grant_id <> ''", name="grant_id_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_index("notice_clocks_by_due", "notice_clocks", ["due_at"])
    op.create_table(
        "marks",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("leaf", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("name <> ''", name="name_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("marks")
    op.drop_table("notice_clocks")
