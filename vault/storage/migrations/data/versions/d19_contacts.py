"""When she was last seen, for the end of the time her carnet is kept."""

import sqlalchemy as sa
from alembic import op

revision = "d19"
down_revision = "d18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("warned_at", sa.BigInteger()),
        sa.Column("archived_at", sa.BigInteger()),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
    )
    op.create_index("contacts_by_last", "contacts", ["last_at"])


def downgrade() -> None:
    op.drop_table("contacts")
