"""What is proposed in the place of an entry goes with it, when the entry is forgotten."""

from schemas.ids import CarnetId, EntryId, FieldId
from vault.services.ports import Work
from vault.services.proposing import PROPOSED


def drop_proposals_on(
    work: Work, carnet_id: CarnetId, entry_id: EntryId, *, only_of: FieldId | None = None
) -> set[int]:
    """Inside the transaction that forgets an entry: a new version of it that somebody proposes waits no more.
    ``only_of``: the field, when the entry is the only one it holds; all that is proposed there is about it.
    Returns the slots to puncture with those of the entry; the rows are emptied by ``finish_all_answers``."""
    slots = set()
    for row in work.proposals_of(carnet_id):
        about = row.on_entry == entry_id or (only_of is not None and row.field_id == only_of)
        if about and row.state == PROPOSED:
            work.answer_proposal(carnet_id, row.proposal_id, version=row.version)
            slots.add(row.slot)
    return slots
