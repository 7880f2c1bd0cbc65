"""What lives a day at most: sessions, tokens, pending sign-ins, one-time things."""

import sqlalchemy as sa
from alembic import op

revision = "k2"
down_revision = "k1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("csrf", sa.String(128), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("session_id <> ''", name="session_id_is_one"),
    )
    op.create_index("sessions_by_end", "sessions", ["ends_at"])
    op.create_index("sessions_by_subject", "sessions", ["subject"])

    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String(64), primary_key=True),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("structure_id", sa.String(64), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("token_id <> ''", name="token_id_is_one"),
    )
    op.create_index("tokens_by_end", "tokens", ["ends_at"])

    op.create_table(
        "jti",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("jti_id", sa.String(64), primary_key=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("client_id <> ''", name="client_id_is_one"),
        sa.CheckConstraint("jti_id <> ''", name="jti_id_is_one"),
    )
    op.create_index("jti_by_end", "jti", ["ends_at"])

    op.create_table(
        "pending",
        sa.Column("state_id", sa.String(64), primary_key=True),
        sa.Column("browser_id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state_id <> ''", name="state_id_is_one"),
        sa.CheckConstraint("browser_id <> ''", name="browser_id_is_one"),
    )
    op.create_index("pending_by_age", "pending", ["created_at"])
    op.create_index("pending_by_browser", "pending", ["browser_id", "created_at"])

    op.create_table(
        "links",
        sa.Column("link_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("link_id <> ''", name="link_id_is_one"),
    )
    op.create_index("links_by_end", "links", ["ends_at"])


def downgrade() -> None:
    op.drop_table("links")
    op.drop_table("pending")
    op.drop_table("jti")
    op.drop_table("tokens")
    op.drop_table("sessions")
