"""The key store: wrapped secrets and blind tags, the instance, the last checkpoint."""

import sqlalchemy as sa
from alembic import op

revision = "k1"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("instance", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name="one_instance"),
    )

    op.create_table(
        "secrets",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id <> ''", name="id_is_one"),
        sa.CheckConstraint("version >= 1", name="version_is_one"),
    )

    op.create_table(
        "tags",
        sa.Column("column_name", sa.String(32), primary_key=True),
        sa.Column("tag", sa.LargeBinary(), primary_key=True),
        sa.Column("target", sa.String(64), primary_key=True),
        sa.CheckConstraint("target <> ''", name="target_is_one"),
    )
    op.create_index("tags_by_target", "tags", ["target"])

    op.create_table(
        "checkpoint",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name="one_checkpoint"),
    )


def downgrade() -> None:
    op.drop_table("checkpoint")
    op.drop_table("tags")
    op.drop_table("secrets")
    op.drop_table("meta")
