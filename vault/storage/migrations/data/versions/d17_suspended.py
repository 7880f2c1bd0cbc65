"""Suspended grants are found by their end, as granted ones are."""

import sqlalchemy as sa
from alembic import op

revision = "d17"
down_revision = "d16"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "grants_held_by_end",
        "grants",
        ["ends_at"],
        sqlite_where=sa.text("state = 'suspended'"),
        postgresql_where=sa.text("state = 'suspended'"),
    )


def downgrade() -> None:
    op.drop_index("grants_held_by_end", "grants")
