"""What a person wants to be told of, and how far the log was looked through for it."""

import sqlalchemy as sa
from alembic import op

revision = "d13"
down_revision = "d12"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_wishes",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(64), primary_key=True),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("carnet_tag", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("grant_id <> ''", name="grant_id_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_index("notice_wishes_by_tag", "notice_wishes", ["carnet_tag"])
    op.create_index("notice_wishes_by_due", "notice_wishes", ["due_at"])
    op.create_table(
        "marks",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("leaf", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("name <> ''", name="name_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("marks")
    op.drop_table("notice_wishes")
