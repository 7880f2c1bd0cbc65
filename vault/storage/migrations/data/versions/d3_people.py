"""Structures, their systems, accounts, habilitations, invitations."""

import sqlalchemy as sa
from alembic import op

revision = "d3"
down_revision = "d2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "structures",
        sa.Column("structure_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("siret", sa.String(14)),
        sa.CheckConstraint("structure_id <> ''", name="structure_id_is_one"),
    )
    op.create_index("structures_by_name", "structures", ["folded", "structure_id"])

    op.create_table(
        "clients",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("structure_id", sa.String(64), sa.ForeignKey("structures.structure_id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.BigInteger()),
        sa.CheckConstraint("client_id <> ''", name="client_id_is_one"),
    )
    op.create_index("clients_by_structure", "clients", ["structure_id"])

    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String(64), primary_key=True),
        sa.Column("carnet_id", sa.String(64), unique=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("refreshed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("account_id <> ''", name="account_id_is_one"),
    )

    op.create_table(
        "habilitations",
        sa.Column("professional_id", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(64), sa.ForeignKey("accounts.account_id"), nullable=False),
        sa.Column("structure_id", sa.String(64), sa.ForeignKey("structures.structure_id"), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger()),
        sa.CheckConstraint("professional_id <> ''", name="professional_id_is_one"),
    )
    op.create_index("habilitations_by_account", "habilitations", ["account_id"])
    op.create_index("habilitations_by_structure", "habilitations", ["structure_id"])

    op.create_table(
        "invitations",
        sa.Column("invitation_id", sa.String(64), primary_key=True),
        sa.Column("structure_id", sa.String(64), sa.ForeignKey("structures.structure_id"), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("sealed_email", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_by", sa.String(64)),
        sa.CheckConstraint("invitation_id <> ''", name="invitation_id_is_one"),
    )


def downgrade() -> None:
    op.drop_table("invitations")
    op.drop_table("habilitations")
    op.drop_table("accounts")
    op.drop_table("clients")
    op.drop_table("structures")
