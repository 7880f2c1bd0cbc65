"""When a session was proved at the provider and on which device; its CSRF token follows from the cookie."""

import sqlalchemy as sa
from alembic import op

revision = "k3"
down_revision = "k2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("sessions", "csrf")
    op.add_column("sessions", sa.Column("proved_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("device", sa.LargeBinary(), nullable=False, server_default=""))
    op.create_index("sessions_by_account", "sessions", ["account_id"])


def downgrade() -> None:
    op.drop_index("sessions_by_account", "sessions")
    op.drop_column("sessions", "device")
    op.drop_column("sessions", "proved_at")
    op.add_column("sessions", sa.Column("csrf", sa.String(128), nullable=False, server_default=""))
