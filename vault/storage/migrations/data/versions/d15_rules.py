"""The catalogues and frames that grants were given under."""

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


def downgrade() -> None:
    op.drop_table("rule_versions")
