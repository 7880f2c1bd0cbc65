"""Who invited, until when a habilitation lasts, and which invitation it came from."""

import sqlalchemy as sa
from alembic import op

revision = "d5"
down_revision = "d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitations", sa.Column("invited_by", sa.String(64)))
    op.add_column("invitations", sa.Column("habilitation_ends_at", sa.BigInteger()))
    op.add_column("invitations", sa.Column("cancelled_at", sa.BigInteger()))
    op.create_index("invitations_by_structure", "invitations", ["structure_id"])
    op.add_column("habilitations", sa.Column("invitation_id", sa.String(64)))


def downgrade() -> None:
    op.drop_column("habilitations", "invitation_id")
    op.drop_index("invitations_by_structure", "invitations")
    op.drop_column("invitations", "cancelled_at")
    op.drop_column("invitations", "habilitation_ends_at")
    op.drop_column("invitations", "invited_by")
