"""What somebody had typed when the session ended, for a quarter of an hour."""

import sqlalchemy as sa
from alembic import op

revision = "k4"
down_revision = "k3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "typed",
        sa.Column("typed_id", sa.String(64), primary_key=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("typed_id <> ''", name="typed_id_is_one"),
    )
    op.create_index("typed_by_end", "typed", ["ends_at"])


def downgrade() -> None:
    op.drop_table("typed")
