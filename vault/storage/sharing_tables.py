"""The tables of D about what the person decides: who asks, who follows her, who helps her, what is proven.

As in ``tables``: names are those of the rows in ``services.sharing_rows``, and every table leads with the
carnet where it can.
"""

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text

from vault.storage.columns import Id, Instant, Number, named
from vault.storage.tables import metadata

# --- somebody asks her to share --------------------------------------------------------------------------

grant_requests = Table(
    "grant_requests",
    metadata,
    Column("carnet_id", Id, primary_key=True),  # no foreign key: asked about a carnet that may not exist
    Column("request_id", Id, primary_key=True),
    Column("grantee_kind", String(16), nullable=False),
    Column("grantee_id", Id, nullable=False),
    Column("purpose_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),  # lapses then
    Column("answered_at", Instant),
    Column("grant_id", Id),
    Column("terms", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # why, to the carnet's box
    named("carnet_id"),
    named("request_id"),
    named("grantee_id"),
    named("purpose_id"),
)
Index("grant_requests_by_id", grant_requests.c.request_id, unique=True)
Index("grant_requests_by_end", grant_requests.c.state, grant_requests.c.ends_at)

pauses = Table(
    "pauses",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("set_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    sqlite_with_rowid=False,
)

# --- who follows her -------------------------------------------------------------------------------------

referents = Table(
    "referents",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("assignment_id", Id, primary_key=True),
    Column("professional_id", Id, nullable=False),
    Column("structure_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("confirm_until", Instant),  # she says until then whether her shares go to the new one
    named("carnet_id"),
    named("assignment_id"),
    named("professional_id"),
    named("structure_id"),
)
_active = referents.c.state == "active"
Index(
    "referents_one_active",
    referents.c.carnet_id,
    unique=True,
    sqlite_where=_active,
    postgresql_where=_active,
)
Index("referents_by_professional", referents.c.professional_id, referents.c.state)
Index("referents_by_confirm", referents.c.state, referents.c.confirm_until)

referent_wishes = Table(
    "referent_wishes",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("said_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    sqlite_with_rowid=False,
)

# --- who acts for her ------------------------------------------------------------------------------------

mandates = Table(
    "mandates",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("mandate_id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("account_id", Id),  # of a relative who holds it
    Column("professional_id", Id),
    Column("structure_id", Id),
    Column("scopes", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    named("mandate_id"),
)
Index("mandates_by_id", mandates.c.mandate_id, unique=True)
Index("mandates_by_professional", mandates.c.professional_id, mandates.c.mandate_id)
Index("mandates_by_account", mandates.c.account_id, mandates.c.mandate_id)
Index("mandates_by_end", mandates.c.state, mandates.c.ends_at)

# --- what is proven to her -------------------------------------------------------------------------------

receipts = Table(
    "receipts",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("receipt_id", Id, primary_key=True),
    Column("grant_id", Id),  # none yet while it is only asked
    Column("request_id", Id),
    Column("leaf", Number, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the receipt's bytes
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    named("receipt_id"),
    named("grant_id"),
    named("request_id"),
)
Index("receipts_by_grant", receipts.c.carnet_id, receipts.c.grant_id, receipts.c.leaf)
Index("receipts_by_request", receipts.c.carnet_id, receipts.c.request_id, receipts.c.leaf)
Index("receipts_by_time", receipts.c.made_at, receipts.c.carnet_id)

# --- what she is told of ---------------------------------------------------------------------------------

notice_clocks = Table(  # what she wishes is in K
    "notice_clocks",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("grant_id", Id, primary_key=True),
    Column("due_at", Instant),  # when to tell what has happened since; None: nothing has
    Column("quiet_until", Instant),  # nothing is told before
    named("carnet_id"),
    named("grant_id"),
    sqlite_with_rowid=False,
)
Index("notice_clocks_by_due", notice_clocks.c.due_at)

marks = Table(
    "marks",
    metadata,
    Column("name", Id, primary_key=True),
    Column("leaf", Number, nullable=False),  # what comes before is done
    named("name"),
    sqlite_with_rowid=False,
)

# --- to protect a life -----------------------------------------------------------------------------------

emergencies = Table(
    "emergencies",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("emergency_id", Id, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("structure_id", Id, nullable=False),
    Column("asked_by", Id, nullable=False),
    Column("approved_by", Id),
    Column("grant_id", Id),
    Column("asked_at", Instant, nullable=False),
    Column("opened_at", Instant),
    Column("ends_at", Instant, nullable=False),
    Column("reviewed_at", Instant),
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    named("emergency_id"),
    named("structure_id"),
    named("asked_by"),
)
Index("emergencies_by_id", emergencies.c.emergency_id, unique=True)
Index("emergencies_by_state", emergencies.c.state, emergencies.c.asked_at)
Index("emergencies_by_structure", emergencies.c.structure_id, emergencies.c.state)

# --- the rules a grant was given under -------------------------------------------------------------------

rule_versions = Table(
    "rule_versions",
    metadata,
    Column("kind", String(16), primary_key=True),  # catalogue, frame
    Column("version", Id, primary_key=True),
    Column("told", Text, nullable=False),  # canonical JSON
    named("version"),
    sqlite_with_rowid=False,
)

# What goes with a carnet that is erased.
OF_A_CARNET = (
    grant_requests,
    pauses,
    referents,
    referent_wishes,
    mandates,
    receipts,
    notice_clocks,
    emergencies,
)
