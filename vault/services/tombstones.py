"""Where an entry was forgotten, nothing comes back by itself.

A tombstone holds no content: which entry, which field, when. What somebody else writes there afterwards (an
import, a deposit, a proposal, what a sign-in provider tells) is refused until the person was shown that she
had an information forgotten there, and said yes all the same. What she writes herself asks nothing of her.

A row that somebody takes out of D takes out this question, and brings nothing back: what was forgotten has no
key any more.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from schemas.ids import CarnetId, FieldId
from vault.errors import CallerError
from vault.services.parts import Parts


class ForgottenHereError(CallerError):
    """She had an information forgotten in this field: it is written again only if she says so."""

    def __init__(self, field_id: FieldId, forgotten_at: datetime) -> None:
        super().__init__(f"something was forgotten in {field_id}")
        self.field_id, self.forgotten_at = field_id, forgotten_at


def forgotten_in(parts: Parts, carnet_id: CarnetId) -> Mapping[FieldId, datetime]:
    """When something was last forgotten in each field; the others are absent."""
    return {row.field_id: row.forgotten_at for row in parts.data.tombstones_of(carnet_id)}


def check_not_forgotten(parts: Parts, carnet_id: CarnetId, fields: Collection[FieldId]) -> None:
    """Of what somebody else than the person says. Raises ForgottenHereError."""
    if not fields:
        return
    found = forgotten_in(parts, carnet_id)
    for field_id in fields:
        if field_id in found:
            raise ForgottenHereError(field_id, found[field_id])
