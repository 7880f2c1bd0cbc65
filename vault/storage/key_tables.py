"""The tables of K: wrapped secrets, blind tags, sessions and other things with short lives.

K is small and its backups are short: deleting a row here is what forgetting and withdrawing mean.
``migrations/keys`` makes these tables; a test compares.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from vault.storage.columns import Id, Instant, Number, named

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("instance", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_instance"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("id", Id(128), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("public", LargeBinary),
    Column("created_at", Instant, nullable=False),
    named("id"),
    CheckConstraint("version >= 1", name="version_is_one"),
)

tags = Table(
    "tags",
    metadata,
    Column("column_name", String(32), primary_key=True),
    Column("tag", LargeBinary, primary_key=True),
    Column("target", Id, primary_key=True),
    named("target"),
)
Index("tags_by_target", tags.c.target)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", Id, nullable=False),
    Column("account_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("proved_at", Instant, nullable=False, server_default="0"),
    Column("device", LargeBinary, nullable=False, server_default=""),
    named("session_id"),
)
Index("sessions_by_account", sessions.c.account_id)
Index("sessions_by_subject", sessions.c.subject)
Index("sessions_by_end", sessions.c.ends_at)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", Id, primary_key=True),
    Column("client_id", Id, nullable=False),
    Column("structure_id", Id, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("jkt", String(64), nullable=False, server_default=""),
    named("token_id"),
)
Index("tokens_by_client", tokens.c.client_id)
Index("tokens_by_end", tokens.c.ends_at)

jti = Table(
    "jti",
    metadata,
    Column("client_id", Id, primary_key=True),
    Column("jti_id", Id, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    named("client_id"),
    named("jti_id"),
)
Index("jti_by_end", jti.c.ends_at)

pending = Table(
    "pending",
    metadata,
    Column("state_id", Id, primary_key=True),
    Column("browser_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    named("state_id"),
    named("browser_id"),
)
Index("pending_by_browser", pending.c.browser_id, pending.c.created_at)
Index("pending_by_age", pending.c.created_at)

links = Table(
    "links",
    metadata,
    Column("link_id", Id, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("target", Id, nullable=False),
    Column("ends_at", Instant, nullable=False),
    named("link_id"),
)
Index("links_by_end", links.c.ends_at)

typed = Table(
    "typed",
    metadata,
    Column("typed_id", Id, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    named("typed_id"),
)
Index("typed_by_end", typed.c.ends_at)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Number, nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("id = 1", name="one_checkpoint"),
)
