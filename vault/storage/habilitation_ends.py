"""The end of a habilitation: the one thing of it that ever changes."""

from datetime import datetime

from sqlalchemy import or_, update

from schemas.ids import ProfessionalId
from vault.storage.doors import Changes
from vault.storage.tables import habilitations


class HabilitationEnds(Changes):
    def end_habilitation(self, professional_id: ProfessionalId, ends_at: datetime) -> bool:
        """Let it end at ``ends_at``. False, and nothing done, when it is unknown or ends no later already."""
        nearer = (
            update(habilitations)
            .where(
                habilitations.c.professional_id == professional_id,
                or_(habilitations.c.ends_at.is_(None), habilitations.c.ends_at > ends_at),
            )
            .values(ends_at=ends_at)
        )
        return self._connection.execute(nearer).rowcount == 1
