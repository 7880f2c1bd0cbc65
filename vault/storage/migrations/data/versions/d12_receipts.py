"""A signed proof of each move of a grant, for the person."""

import sqlalchemy as sa
from alembic import op

revision = "d12"
down_revision = "d11"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("receipt_id", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(64)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("leaf", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("receipt_id <> ''", name="receipt_id_is_one"),
        sa.CheckConstraint("grant_id <> ''", name="grant_id_is_one"),
        sa.CheckConstraint("request_id <> ''", name="request_id_is_one"),
    )
    op.create_index("receipts_by_grant", "receipts", ["carnet_id", "grant_id", "leaf"])
    op.create_index("receipts_by_request", "receipts", ["carnet_id", "request_id", "leaf"])
    op.create_index("receipts_by_time", "receipts", ["made_at", "carnet_id"])


def downgrade() -> None:
    op.drop_table("receipts")
