"""A structure whose name alone says something of whoever is helped there is marked: people are warned."""

import sqlalchemy as sa
from alembic import op

revision = "d16"
down_revision = "d15"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("structures", sa.Column("sensitive", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("structures", "sensitive")
