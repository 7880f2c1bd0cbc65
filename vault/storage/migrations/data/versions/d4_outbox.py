"""Mail that waits to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "d4"
down_revision = "d3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("mail_id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("mail_id <> ''", name="mail_id_is_one"),
    )
    op.create_index("outbox_by_try", "outbox", ["state", "next_try_at"])


def downgrade() -> None:
    op.drop_table("outbox")
