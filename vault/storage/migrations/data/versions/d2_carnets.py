"""Carnets: sealed records, field keys, grants with their keys, and who once held one."""

import sqlalchemy as sa
from alembic import op

revision = "d2"
down_revision = "d1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carnets",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(64), nullable=False, unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("next_slot", sa.Integer(), nullable=False),
        sa.Column("notice_version", sa.String(64), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("reference <> ''", name="reference_is_one"),
    )
    op.create_index(
        "carnets_erased",
        "carnets",
        ["carnet_id"],
        sqlite_where=sa.text("state = 'erased'"),
        postgresql_where=sa.text("state = 'erased'"),
    )

    op.create_table(
        "records",
        sa.Column("carnet_id", sa.String(64), sa.ForeignKey("carnets.carnet_id"), primary_key=True),
        sa.Column("compartment", sa.String(64), primary_key=True),
        sa.Column("entry_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("held", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("compartment <> ''", name="compartment_is_one"),
        sa.CheckConstraint("entry_id <> ''", name="entry_id_is_one"),
        sa.CheckConstraint("slot >= 0 AND slot < 65536", name="slot_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_index("records_by_state", "records", ["carnet_id", "state"])
    op.create_index(
        "records_forgotten",
        "records",
        ["carnet_id"],
        sqlite_where=sa.text("state = 'forgotten'"),
        postgresql_where=sa.text("state = 'forgotten'"),
    )

    op.create_table(
        "field_keys",
        sa.Column("carnet_id", sa.String(64), sa.ForeignKey("carnets.carnet_id"), primary_key=True),
        sa.Column("compartment", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("compartment <> ''", name="compartment_is_one"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "grants",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(64), primary_key=True),
        sa.Column("grantee_kind", sa.String(16), nullable=False),
        sa.Column("grantee_id", sa.String(64), nullable=False),
        sa.Column("purpose_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("keys_left", sa.Integer(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("owner_wrap", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("grant_id <> ''", name="grant_id_is_one"),
        sa.CheckConstraint("grantee_id <> ''", name="grantee_id_is_one"),
        sa.CheckConstraint("purpose_id <> ''", name="purpose_id_is_one"),
    )
    op.create_index(
        "grants_by_end",
        "grants",
        ["ends_at"],
        sqlite_where=sa.text("state = 'granted'"),
        postgresql_where=sa.text("state = 'granted'"),
    )
    op.create_index(
        "grants_by_grantee",
        "grants",
        ["grantee_id", "grantee_kind", "grant_id"],
        sqlite_where=sa.text("state = 'granted'"),
        postgresql_where=sa.text("state = 'granted'"),
    )
    op.create_index(
        "grants_granted_once",
        "grants",
        ["carnet_id", "grantee_id", "grantee_kind", "purpose_id"],
        unique=True,
        sqlite_where=sa.text("state = 'granted'"),
        postgresql_where=sa.text("state = 'granted'"),
    )
    op.create_index("grants_by_id", "grants", ["grant_id"], unique=True)
    op.create_index(
        "grants_with_keys_left",
        "grants",
        ["grant_id"],
        sqlite_where=sa.text("keys_left = 1"),
        postgresql_where=sa.text("keys_left = 1"),
    )

    op.create_table(
        "grant_keys",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(64), primary_key=True),
        sa.Column("compartment", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("carnet_id <> ''", name="carnet_id_is_one"),
        sa.CheckConstraint("grant_id <> ''", name="grant_id_is_one"),
        sa.CheckConstraint("compartment <> ''", name="compartment_is_one"),
        sqlite_with_rowid=False,
    )
    op.create_index("grant_keys_by_grant", "grant_keys", ["grant_id"])

    op.create_table(
        "once_held",
        sa.Column("carnet_id", sa.String(64), primary_key=True),
        sa.Column("grantee_kind", sa.String(16), primary_key=True),
        sa.Column("grantee_id", sa.String(64), primary_key=True),
        sa.Column("purpose_id", sa.String(64), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("once_held_by_end", "once_held", ["until"])


def downgrade() -> None:
    op.drop_table("once_held")
    op.drop_table("grant_keys")
    op.drop_table("grants")
    op.drop_table("field_keys")
    op.drop_table("records")
    op.drop_table("carnets")
