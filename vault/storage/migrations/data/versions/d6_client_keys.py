"""A system has a list of public keys, or an address to fetch them from; it may have to prove each call."""

import sqlalchemy as sa
from alembic import op

revision = "d6"
down_revision = "d5"
branch_labels = None
depends_on = None


FIRST_KEY = {
    "sqlite": "json_extract(public_jwks, '$.keys[0]')",
    "postgresql": "(public_jwks::json -> 'keys' -> 0)::text",
}


def upgrade() -> None:
    op.execute("ALTER TABLE clients RENAME COLUMN public_jwk TO public_jwks")
    op.execute("UPDATE clients SET public_jwks = '{\"keys\":[' || public_jwks || ']}'")
    op.add_column("clients", sa.Column("jwks_uri", sa.Text()))
    op.add_column("clients", sa.Column("dpop", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Only the first key of each system is kept."""
    op.drop_column("clients", "dpop")
    op.drop_column("clients", "jwks_uri")
    op.execute(f"UPDATE clients SET public_jwks = {FIRST_KEY[op.get_bind().dialect.name]}")  # noqa: S608 - ours
    op.execute("ALTER TABLE clients RENAME COLUMN public_jwks TO public_jwk")
