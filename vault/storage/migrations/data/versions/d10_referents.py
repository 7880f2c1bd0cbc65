"""Who follows a person, since when, and whom she would like."""

import sqlalchemy as sa
from alembic import op

revision = "d10"
down_revision = "d9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referents",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("assignment_id", sa.String(64), primary_key=True),
        sa.Column("professional_id", sa.String(64), nullable=False),
        sa.Column("structure_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("confirm_until", sa.BigInteger()),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("assignment_id <> ''", name="assignment_id_is_one"),
        sa.CheckConstraint("professional_id <> ''", name="professional_id_is_one"),
        sa.CheckConstraint("structure_id <> ''", name="structure_id_is_one"),
    )
    op.create_index(
        "referents_one_active",
        "referents",
        ["carnet_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index("referents_by_professional", "referents", ["professional_id", "state"])
    op.create_index("referents_by_confirm", "referents", ["state", "confirm_until"])
    op.create_table(
        "referent_wishes",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("referent_wishes")
    op.drop_table("referents")
