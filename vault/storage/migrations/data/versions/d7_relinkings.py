"""An account at the provider that is new, of somebody who is known: for a human to decide."""

import sqlalchemy as sa
from alembic import op

revision = "d7"
down_revision = "d6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relinkings",
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(64), nullable=False, unique=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.CheckConstraint("request_id <> ''", name="request_id_is_one"),
        sa.CheckConstraint("reference <> ''", name="reference_is_one"),
        sa.CheckConstraint("account_id <> ''", name="account_id_is_one"),
    )
    op.create_index("relinkings_by_state", "relinkings", ["state", "request_id"])


def downgrade() -> None:
    op.drop_table("relinkings")
