"""The tables of D about the path itself: proposals, validations, dates, demands, last contacts, counts.

As in ``tables``: names are those of the rows in ``services.path_rows``, and every table leads with the carnet
where it can.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from vault.storage.columns import Id, Instant, named
from vault.storage.tables import metadata

# --- what somebody proposes to write ---------------------------------------------------------------------

proposals = Table(
    "proposals",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("proposal_id", Id, primary_key=True),
    Column("field_id", Id, nullable=False),
    Column("on_entry", Id),  # what it would make a new version of
    Column("slot", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # its author wrote it anew: the same slot
    Column("grant_id", Id, nullable=False),
    Column("professional_id", Id),  # none: a system
    Column("structure_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("record", LargeBinary, nullable=False),
    Column("box_key", LargeBinary, nullable=False),  # F_e, to the carnet's box
    Column("author_key", LargeBinary, nullable=False),  # F_e, for its author
    named("carnet_id"),
    named("proposal_id"),
)
Index("proposals_by_id", proposals.c.proposal_id, unique=True)
Index("proposals_by_grant", proposals.c.grant_id, proposals.c.state)
Index("proposals_by_state", proposals.c.state, proposals.c.answered_at)

# --- what the référent validated -------------------------------------------------------------------------

validations = Table(
    "validations",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("validation_id", Id, primary_key=True),
    Column("volet", String(32), nullable=False),
    Column("kind", String(16), nullable=False),  # understood: by her; validated: by her référent
    Column("validated_at", Instant, nullable=False),
    Column("assignment_id", Id),
    Column("professional_id", Id),
    Column("structure_id", Id),
    Column("version_hash", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    named("validation_id"),
)

# --- dates remembered beside values, for clocks and counts -----------------------------------------------

path_dates = Table(
    "path_dates",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("entry_id", Id, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    named("carnet_id"),
    named("entry_id"),
    sqlite_with_rowid=False,
)

Index("path_dates_by_kind", path_dates.c.kind, path_dates.c.carnet_id)

# --- she exercises a right -------------------------------------------------------------------------------

demands = Table(
    "demands",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("demand_id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("entry_id", Id),
    Column("grant_id", Id),
    Column("structure_id", Id),  # to whom it is addressed; none: whoever runs the instance
    Column("professional_id", Id),
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("extended_at", Instant),
    Column("answered_at", Instant),
    Column("closed_at", Instant),
    Column("alerts", Integer, nullable=False),  # how many were sent: day 20, day 27, late
    Column("sealed", LargeBinary, nullable=False),  # her words
    named("carnet_id"),
    named("demand_id"),
)
Index("demands_by_id", demands.c.demand_id, unique=True)
Index("demands_by_due", demands.c.state, demands.c.due_at)
Index("demands_by_structure", demands.c.structure_id, demands.c.state)

demand_steps = Table(
    "demand_steps",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("demand_id", Id, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("step", String(24), nullable=False),
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # by whom, and the words of that step
    named("carnet_id"),
    named("demand_id"),
    sqlite_with_rowid=False,
)

recipient_notices = Table(
    "recipient_notices",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("notice_id", Id, primary_key=True),
    Column("demand_id", Id),
    Column("structure_id", Id, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("sealed", LargeBinary, nullable=False),  # which fields, and what became of them
    named("carnet_id"),
    named("notice_id"),
)
Index("recipient_notices_by_id", recipient_notices.c.notice_id, unique=True)
Index("recipient_notices_by_structure", recipient_notices.c.structure_id, recipient_notices.c.acknowledged_at)

tombstones = Table(
    "tombstones",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("entry_id", Id, primary_key=True),
    Column("field_id", Id, nullable=False),
    Column("forgotten_at", Instant, nullable=False),
    named("carnet_id"),
    named("entry_id"),
    sqlite_with_rowid=False,
)

# --- how long it is kept ---------------------------------------------------------------------------------

contacts = Table(
    "contacts",
    metadata,
    Column("carnet_id", Id, primary_key=True),
    Column("last_at", Instant, nullable=False),
    Column("warned_at", Instant),
    Column("archived_at", Instant),
    named("carnet_id"),
)
Index("contacts_by_last", contacts.c.last_at)

# --- counts that name nobody -----------------------------------------------------------------------------

counts = Table(
    "counts",
    metadata,
    Column("made_on", String(10), primary_key=True),
    Column("structure_id", Id, primary_key=True),
    Column("document", Text, nullable=False),
    named("structure_id"),
    sqlite_with_rowid=False,
)

OF_A_PATH = (
    proposals, validations, path_dates, demands, demand_steps, recipient_notices, tombstones, contacts,
)  # fmt: skip
