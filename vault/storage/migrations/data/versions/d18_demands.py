"""She exercises a right; who had read it is told; what was forgotten does not come back by itself."""

import sqlalchemy as sa
from alembic import op

revision = "d18"
down_revision = "d17"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demands",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("demand_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("entry_id", sa.String(64)),
        sa.Column("grant_id", sa.String(64)),
        sa.Column("structure_id", sa.String(64)),
        sa.Column("professional_id", sa.String(64)),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("extended_at", sa.BigInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("demand_id <> ''", name="demand_id_is_one"),
    )
    op.create_index("demands_by_id", "demands", ["demand_id"], unique=True)
    op.create_index("demands_by_due", "demands", ["state", "due_at"])
    op.create_index("demands_by_structure", "demands", ["structure_id", "state"])
    op.create_table(
        "demand_steps",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("demand_id", sa.String(64), primary_key=True),
        sa.Column("no", sa.Integer(), primary_key=True),
        sa.Column("step", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("demand_id <> ''", name="demand_id_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recipient_notices",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("notice_id", sa.String(64), primary_key=True),
        sa.Column("demand_id", sa.String(64)),
        sa.Column("structure_id", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("notice_id <> ''", name="notice_id_is_one"),
    )
    op.create_index("recipient_notices_by_id", "recipient_notices", ["notice_id"], unique=True)
    op.create_index(
        "recipient_notices_by_structure", "recipient_notices", ["structure_id", "acknowledged_at"]
    )
    op.create_table(
        "tombstones",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("entry_id", sa.String(64), primary_key=True),
        sa.Column("field_id", sa.String(64), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("entry_id <> ''", name="entry_id_is_one"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("tombstones")
    op.drop_table("recipient_notices")
    op.drop_table("demand_steps")
    op.drop_table("demands")
