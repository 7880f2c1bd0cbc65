"""Who acts for a person, for what and until when."""

import sqlalchemy as sa
from alembic import op

revision = "d11"
down_revision = "d10"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mandates",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("mandate_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(64)),
        sa.Column("professional_id", sa.String(64)),
        sa.Column("structure_id", sa.String(64)),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("mandate_id <> ''", name="mandate_id_is_one"),
    )
    op.create_index("mandates_by_id", "mandates", ["mandate_id"], unique=True)
    op.create_index("mandates_by_professional", "mandates", ["professional_id", "mandate_id"])
    op.create_index("mandates_by_account", "mandates", ["account_id", "mandate_id"])
    op.create_index("mandates_by_end", "mandates", ["state", "ends_at"])


def downgrade() -> None:
    op.drop_table("mandates")
