"""A token may be bound to the key that asked for it (RFC 9449)."""

import sqlalchemy as sa
from alembic import op

revision = "k5"
down_revision = "k4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("jkt", sa.String(64), nullable=False, server_default=""))
    op.create_index("tokens_by_client", "tokens", ["client_id"])


def downgrade() -> None:
    op.drop_index("tokens_by_client", "tokens")
    op.drop_column("tokens", "jkt")
