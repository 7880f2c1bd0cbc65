"""Two professionals together, to protect a life."""

import sqlalchemy as sa
from alembic import op

revision = "d14"
down_revision = "d13"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergencies",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("emergency_id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("structure_id", sa.String(64), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("approved_by", sa.String(64)),
        sa.Column("grant_id", sa.String(64)),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("reviewed_at", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("emergency_id <> ''", name="emergency_id_is_one"),
        sa.CheckConstraint("structure_id <> ''", name="structure_id_is_one"),
        sa.CheckConstraint("asked_by <> ''", name="asked_by_is_one"),
    )
    op.create_index("emergencies_by_id", "emergencies", ["emergency_id"], unique=True)
    op.create_index("emergencies_by_state", "emergencies", ["state", "asked_at"])
    op.create_index("emergencies_by_structure", "emergencies", ["structure_id", "state"])


def downgrade() -> None:
    op.drop_table("emergencies")
