"""Observations beside entries, what others propose, what the référent validated, and remembered dates."""

import sqlalchemy as sa
from alembic import op

revision = "d17"
down_revision = "d16"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("records", sa.Column("kind", sa.String(16), nullable=False, server_default="entry"))
    op.add_column("records", sa.Column("on_entry", sa.String(64)))
    op.create_table(
        "proposals",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("proposal_id", sa.String(64), primary_key=True),
        sa.Column("field_id", sa.String(64), nullable=False),
        sa.Column("on_entry", sa.String(64)),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("professional_id", sa.String(64)),
        sa.Column("structure_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("box_key", sa.LargeBinary(), nullable=False),
        sa.Column("author_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("proposal_id <> ''", name="proposal_id_is_one"),
    )
    op.create_index("proposals_by_id", "proposals", ["proposal_id"], unique=True)
    op.create_index("proposals_by_grant", "proposals", ["grant_id", "state"])
    op.create_index("proposals_by_state", "proposals", ["state", "answered_at"])
    op.create_table(
        "validations",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("validation_id", sa.String(64), primary_key=True),
        sa.Column("volet", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("validated_at", sa.BigInteger(), nullable=False),
        sa.Column("assignment_id", sa.String(64)),
        sa.Column("professional_id", sa.String(64)),
        sa.Column("structure_id", sa.String(64)),
        sa.Column("version_hash", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("validation_id <> ''", name="validation_id_is_one"),
    )
    op.create_table(
        "path_dates",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("entry_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("entry_id <> ''", name="entry_id_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_index("path_dates_by_kind", "path_dates", ["kind", "carnet_id"])


def downgrade() -> None:
    op.drop_table("path_dates")
    op.drop_table("validations")
    op.drop_table("proposals")
    op.drop_column("records", "on_entry")
    op.drop_column("records", "kind")
