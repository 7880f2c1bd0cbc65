"""Somebody asks a person to share; nobody may ask during a pause."""

import sqlalchemy as sa
from alembic import op

revision = "d9"
down_revision = "d8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grant_requests",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("grantee_kind", sa.String(16), nullable=False),
        sa.Column("grantee_id", sa.String(64), nullable=False),
        sa.Column("purpose_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("grant_id", sa.String(64)),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("request_id <> ''", name="request_id_is_one"),
        sa.CheckConstraint("grantee_id <> ''", name="grantee_id_is_one"),
        sa.CheckConstraint("purpose_id <> ''", name="purpose_id_is_one"),
    )
    op.create_index("grant_requests_by_id", "grant_requests", ["request_id"], unique=True)
    op.create_index("grant_requests_by_end", "grant_requests", ["state", "ends_at"])
    op.create_table(
        "pauses",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("pauses")
    op.drop_table("grant_requests")
