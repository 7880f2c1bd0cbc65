"""What names her dates in the calendar of a phone: stable, so that taking the file again moves a date rather
than doubles it, and of no use to anybody else."""

from collections.abc import Collection, Mapping

from schemas.ids import CarnetId, EntryId
from vault.crypto import held_tag
from vault.services.parts import Parts
from vault.services.writing import CarnetClosedError


def calendar_uids(parts: Parts, carnet_id: CarnetId, entry_ids: Collection[EntryId]) -> Mapping[EntryId, str]:
    """One name each, from the secret of the carnet's journal: 16 hexadecimal digits. Raises
    CarnetClosedError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    journal = journals.journal(carnet_id)
    if journal is None:
        raise CarnetClosedError("this carnet is closed")
    return {one: held_tag(journal, f"calendar {one}", 0).hex() for one in entry_ids}
