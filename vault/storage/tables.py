"""The tables of D: carnets with their sealed records and wraps, grants, people, and the log.

Column names are those of the rows in ``services.ports``. Every table leads with the carnet or with the
leaf's number where it can, so that one instance may be spread by carnet. ``migrations/data`` makes these
tables; a test compares.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from vault.storage.columns import Id, Instant, Number, named

metadata = MetaData()

# --- carnets and what is sealed in them ------------------------------------------------------------------

carnets = Table(
    "carnets",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("reference", Id, nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("next_slot", Integer, nullable=False),
    Column("notice_version", String(64), nullable=False),
    named("carnet_id"),
    named("reference"),
)
Index(
    "carnets_erased",
    carnets.c.carnet_id,
    sqlite_where=carnets.c.state == "erased",
    postgresql_where=carnets.c.state == "erased",
)

records = Table(
    "records",
    metadata,
    Column("carnet_id", Id, ForeignKey("carnets.carnet_id"), primary_key=True),
    Column("compartment", Id, primary_key=True),
    Column("entry_id", Id, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("slot", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("held", LargeBinary, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("kind", String(16), nullable=False, server_default="entry"),
    Column("on_entry", Id),
    named("compartment"),
    named("entry_id"),
    CheckConstraint("slot >= 0 AND slot < 65536", name="slot_is_one"),
    sqlite_with_rowid=False,  # kept in key order: a carnet's records lie together
)
Index("records_by_state", records.c.carnet_id, records.c.state)
Index(
    "records_forgotten",
    records.c.carnet_id,
    sqlite_where=records.c.state == "forgotten",
    postgresql_where=records.c.state == "forgotten",
)

field_keys = Table(
    "field_keys",
    metadata,
    Column("carnet_id", Id, ForeignKey("carnets.carnet_id"), primary_key=True),
    Column("compartment", Id, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    named("compartment"),
    sqlite_with_rowid=False,
)

# --- grants ----------------------------------------------------------------------------------------------

grants = Table(
    "grants",
    metadata,
    Column("carnet_id", Id, primary_key=True),  # no foreign key: outlives an erased carnet, leads nowhere
    Column("grant_id", Id, primary_key=True),
    Column("grantee_kind", String(16), nullable=False),
    Column("grantee_id", Id, nullable=False),
    Column("purpose_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("keys_left", Integer, nullable=False),  # 1 until an ended grant's keys are known to be gone
    Column("terms", LargeBinary, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("owner_wrap", LargeBinary, nullable=False),
    named("carnet_id"),
    named("grant_id"),
    named("grantee_id"),
    named("purpose_id"),
)
Index("grants_by_id", grants.c.grant_id, unique=True)
_granted, _keys_left = grants.c.state == "granted", grants.c.keys_left == 1
Index(
    "grants_by_grantee",
    grants.c.grantee_id,
    grants.c.grantee_kind,
    grants.c.grant_id,
    sqlite_where=_granted,
    postgresql_where=_granted,
)
Index(  # at most one live grant for a person, a grantee and a purpose
    "grants_granted_once",
    grants.c.carnet_id,
    grants.c.grantee_id,
    grants.c.grantee_kind,
    grants.c.purpose_id,
    unique=True,
    sqlite_where=_granted,
    postgresql_where=_granted,
)
Index("grants_by_end", grants.c.ends_at, sqlite_where=_granted, postgresql_where=_granted)
_held = grants.c.state == "suspended"
Index("grants_held_by_end", grants.c.ends_at, sqlite_where=_held, postgresql_where=_held)
Index("grants_with_keys_left", grants.c.grant_id, sqlite_where=_keys_left, postgresql_where=_keys_left)

grant_keys = Table(
    "grant_keys",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("grant_id", Id, primary_key=True),
    Column("compartment", Id, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    named("carnet_id"),
    named("grant_id"),
    named("compartment"),
    sqlite_with_rowid=False,
)
Index("grant_keys_by_grant", grant_keys.c.grant_id)

once_held = Table(
    "once_held",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("grantee_kind", String(16), primary_key=True),
    Column("grantee_id", Id, primary_key=True),
    Column("purpose_id", Id, primary_key=True),
    Column("until", Instant, nullable=False),
    sqlite_with_rowid=False,
)
Index("once_held_by_end", once_held.c.until)

# --- structures and people -------------------------------------------------------------------------------

structures = Table(
    "structures",
    metadata,
    Column("structure_id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),  # the name without accents or capitals, for search
    Column("kind", String(32), nullable=False),
    Column("siret", String(14)),
    Column("sensitive", Integer, nullable=False, server_default="0"),
    named("structure_id"),
)
Index("structures_by_name", structures.c.folded, structures.c.structure_id)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Id, primary_key=True),
    Column("structure_id", Id, ForeignKey("structures.structure_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("public_jwks", Text, nullable=False),
    Column("ends_at", Instant),
    Column("jwks_uri", Text),
    Column("dpop", Integer, nullable=False, server_default="0"),
    named("client_id"),
)
Index("clients_by_structure", clients.c.structure_id)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Id, primary_key=True),
    Column("carnet_id", Id, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("refreshed_at", Instant, nullable=False),
    named("account_id"),
)

habilitations = Table(
    "habilitations",
    metadata,
    Column("professional_id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.account_id"), nullable=False),
    Column("structure_id", Id, ForeignKey("structures.structure_id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("invitation_id", Id),
    named("professional_id"),
)
Index("habilitations_by_account", habilitations.c.account_id)
Index("habilitations_by_structure", habilitations.c.structure_id)

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", Id, primary_key=True),
    Column("structure_id", Id, ForeignKey("structures.structure_id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("sealed_email", LargeBinary, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_by", Id),
    Column("invited_by", Id),
    Column("habilitation_ends_at", Instant),
    Column("cancelled_at", Instant),
    named("invitation_id"),
)
Index("invitations_by_structure", invitations.c.structure_id)

relinkings = Table(
    "relinkings",
    metadata,
    Column("request_id", Id, primary_key=True),
    Column("reference", Id, nullable=False, unique=True),
    Column("account_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("decided_at", Instant),
    named("request_id"),
    named("reference"),
    named("account_id"),
)
Index("relinkings_by_state", relinkings.c.state, relinkings.c.request_id)

# --- what waits ------------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("mail_id", Id, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    named("mail_id"),
)
Index("outbox_by_try", outbox.c.state, outbox.c.next_try_at)

rotations = Table(
    "rotations",
    metadata,
    Column("carnet_id", Id, primary_key=True),  # no foreign key: asked for without a look at the carnet
    Column("compartment", Id, primary_key=True),
    Column("asked_at", Instant, nullable=False),
    named("carnet_id"),
    named("compartment"),
    sqlite_with_rowid=False,
)

# --- the log ---------------------------------------------------------------------------------------------

leaves = Table(
    "leaves",
    metadata,
    Column("no", Number, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("no >= 0", name="no_is_a_number"),
)

openings = Table(
    "openings",
    metadata,
    Column("leaf", Number, primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("month", String(6), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index("openings_by_month", openings.c.month, openings.c.kind, openings.c.leaf)

log_index = Table(
    "log_index",
    metadata,
    Column("leaf", Number, primary_key=True, autoincrement=False),
    Column("op", String(32), nullable=False),
    Column("out", String(8), nullable=False),
    Column("carnet_tag", LargeBinary, nullable=False),
    Column("structure_tag", LargeBinary, nullable=False),
    Column("agent_tag", LargeBinary, nullable=False),
)
Index("log_by_carnet", log_index.c.carnet_tag, log_index.c.leaf)
Index("log_by_structure", log_index.c.structure_tag, log_index.c.leaf)
Index("log_by_agent", log_index.c.agent_tag, log_index.c.leaf)
Index("log_by_op", log_index.c.op, log_index.c.leaf)

tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("no", Number, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Number, nullable=False),
    Column("t", Number, nullable=False),
    Column("range", LargeBinary, nullable=False),
    Column("instance", String(64), nullable=False),
    Column("origin", String(255), nullable=False),
    CheckConstraint("id = 1", name="one_head"),
    CheckConstraint("size >= 0", name="size_is_a_number"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("until", Instant, nullable=False),
)
