"""The catalogues and frames that grants were given under; suspended grants are found by their end."""

import sqlalchemy as sa
from alembic import op

revision = "d15"
down_revision = "d14"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_versions",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.CheckConstraint("version <> ''", name="version_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "grants_held_by_end",
        "grants",
        ["ends_at"],
        sqlite_where=sa.text("state = 'suspended'"),
        postgresql_where=sa.text("state = 'suspended'"),
    )


def downgrade() -> None:
    op.drop_index("grants_held_by_end", "grants")
    op.drop_table("rule_versions")
