"""The log: leaves that nobody can edit, openings, index, tiles, head, checkpoints, leases."""

import sqlalchemy as sa
from alembic import op

revision = "d1"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = {
    "sqlite": [
        "CREATE TRIGGER leaves_keep BEFORE UPDATE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves stay'); END",
        "CREATE TRIGGER leaves_stay BEFORE DELETE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves stay'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION leaves_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'leaves stay'; END $$",
        "CREATE TRIGGER leaves_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON leaves "
        "FOR EACH STATEMENT EXECUTE FUNCTION leaves_stay()",
    ],
}
UNGUARD = {
    "sqlite": ["DROP TRIGGER leaves_keep", "DROP TRIGGER leaves_stay"],
    "postgresql": ["DROP TRIGGER leaves_stay ON leaves", "DROP FUNCTION leaves_stay()"],
}


def upgrade() -> None:
    op.create_table(
        "leaves",
        sa.Column("no", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("no >= 0", name="no_is_a_number"),
    )

    op.create_table(
        "openings",
        sa.Column("leaf", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("month", sa.String(6), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("openings_by_month", "openings", ["month", "kind", "leaf"])

    op.create_table(
        "log_index",
        sa.Column("leaf", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("op", sa.String(32), nullable=False),
        sa.Column("out", sa.String(8), nullable=False),
        sa.Column("carnet_tag", sa.LargeBinary(), nullable=False),
        sa.Column("structure_tag", sa.LargeBinary(), nullable=False),
        sa.Column("agent_tag", sa.LargeBinary(), nullable=False),
    )
    op.create_index("log_by_agent", "log_index", ["agent_tag", "leaf"])
    op.create_index("log_by_carnet", "log_index", ["carnet_tag", "leaf"])
    op.create_index("log_by_op", "log_index", ["op", "leaf"])
    op.create_index("log_by_structure", "log_index", ["structure_tag", "leaf"])

    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer(), primary_key=True),
        sa.Column("no", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
    )

    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("t", NUMBER, nullable=False),
        sa.Column("range", sa.LargeBinary(), nullable=False),
        sa.Column("instance", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(255), nullable=False),
        sa.CheckConstraint("id = 1", name="one_head"),
        sa.CheckConstraint("size >= 0", name="size_is_a_number"),
    )

    op.create_table(
        "checkpoints",
        sa.Column("size", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )

    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )

    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for statement in UNGUARD[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_table("leases")
    op.drop_table("checkpoints")
    op.drop_table("log_head")
    op.drop_table("tiles")
    op.drop_table("log_index")
    op.drop_table("openings")
    op.drop_table("leaves")
