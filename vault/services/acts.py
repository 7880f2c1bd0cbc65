"""What was done for a person under one mandate, read back from her own journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.ids import MandateId
from schemas.names import Outcome
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.crypto import carnet_index_tag
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.opened_entries import about_of
from vault.services.own_carnet import append_own
from vault.services.parts import Parts

LOOKED_AT = 500  # entries of hers, a page: most are others'
PAGES = 4


@dataclass(frozen=True, slots=True)
class Act:
    """One entry made under the mandate."""

    no: int
    at: datetime
    op: Op
    outcome: Outcome
    fields: tuple[str, ...]


def acts_under(
    parts: Parts, owner: OwnerAccess, mandate_id: MandateId, *, actor: Actor, before: int | None = None
) -> tuple[Sequence[Act], int | None]:
    """The latest first, and where to go on (exclusive) when there may be older ones. Appends one entry.
    Raises CarnetClosedError."""
    _, journals = append_own(parts, owner, Op.LOG_READ, actor=actor)
    journal = journals.journals[owner.carnet_id]
    tag, found = carnet_index_tag(journal), list[Act]()
    for _ in range(PAGES):
        rows = parts.data.log_by_carnet(tag, ops=None, before=before, limit=LOOKED_AT)
        for row in rows:
            leaf = Leaf.parse(row.leaf)
            about = about_of(row.about_sealed, leaf, journal)
            if about is not None and about.mandate_id == mandate_id and leaf.op is not Op.MANDATE:
                at = datetime.fromtimestamp(leaf.t / 1000, tz=UTC)
                found.append(Act(row.no, at, leaf.op, leaf.out, about.fields))
        if len(rows) < LOOKED_AT:
            return found, None
        before = rows[-1].no
    return found, before
