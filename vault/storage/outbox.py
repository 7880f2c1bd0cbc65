"""Mail that waits, and what a team's page lists of invitations and habilitations.

A try is taken by comparing the count: two processes that look at one mail make one try.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from schemas.ids import InvitationId, StructureId
from vault.services.rows import HabilitationRow, InvitationRow, MailRow
from vault.storage.doors import Changes, Looks
from vault.storage.people import HABILITATION, INVITATION, habilitation_row, invitation_row
from vault.storage.tables import habilitations, invitations, outbox

_MAIL = select(
    outbox.c.mail_id,
    outbox.c.state,
    outbox.c.created_at,
    outbox.c.next_try_at,
    outbox.c.tries,
    outbox.c.sealed,
)
_WAITING = outbox.c.state == "waiting"
_HABILITATIONS_IN = HABILITATION.where(habilitations.c.structure_id == bindparam("structure")).order_by(
    habilitations.c.starts_at, habilitations.c.professional_id
)
_INVITATIONS_IN = INVITATION.where(
    invitations.c.structure_id == bindparam("structure"),
    invitations.c.used_by.is_(None),
    invitations.c.cancelled_at.is_(None),
    invitations.c.expires_at > bindparam("since"),
).order_by(invitations.c.expires_at, invitations.c.invitation_id)


class OutboxChanges(Changes):
    def add_mail(self, row: MailRow) -> None:
        self._connection.execute(
            insert(outbox),
            {
                "mail_id": row.mail_id,
                "state": row.state,
                "created_at": row.created_at,
                "next_try_at": row.next_try_at,
                "tries": row.tries,
                "sealed": row.sealed,
            },
        )

    def drop_mail(self, mail_id: str) -> int:
        return self._connection.execute(delete(outbox).where(outbox.c.mail_id == mail_id)).rowcount

    def cancel_invitation(self, invitation_id: InvitationId) -> bool:
        """Once: False when it was used or cancelled, or does not exist."""
        cancelled = (
            update(invitations)
            .where(
                invitations.c.invitation_id == invitation_id,
                invitations.c.used_by.is_(None),
                invitations.c.cancelled_at.is_(None),
            )
            .values(cancelled_at=self.now)
        )
        return self._connection.execute(cancelled).rowcount == 1


class OutboxLooks(Looks):
    def mail(self, mail_id: str) -> MailRow | None:
        with self._database.read() as connection:
            row = connection.execute(_MAIL.where(outbox.c.mail_id == mail_id)).one_or_none()
        return MailRow(*row) if row else None

    def mails(self, *, limit: int) -> Sequence[MailRow]:
        """Those that failed, then those that wait, in the order of their next try."""
        statement = _MAIL.order_by(outbox.c.state, outbox.c.next_try_at).limit(limit)
        with self._database.read() as connection:
            return [MailRow(*row) for row in connection.execute(statement)]

    def mails_due(self, now: datetime, *, limit: int) -> Sequence[MailRow]:
        """Those whose next try has come, the longest due first."""
        statement = _MAIL.where(_WAITING, outbox.c.next_try_at <= now).order_by(outbox.c.next_try_at)
        with self._database.read() as connection:
            return [MailRow(*row) for row in connection.execute(statement.limit(limit))]

    def claim_mail(self, mail_id: str, *, tries: int, next_try_at: datetime) -> bool:
        """Count one more try. False when it is not at ``tries`` any more: another process makes it."""
        claimed = (
            update(outbox)
            .where(outbox.c.mail_id == mail_id, _WAITING, outbox.c.tries == tries)
            .values(tries=tries + 1, next_try_at=next_try_at)
        )
        with self._database.transaction() as connection:
            return connection.execute(claimed).rowcount == 1

    def fail_mail(self, mail_id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(update(outbox).where(outbox.c.mail_id == mail_id).values(state="failed"))

    def drop_mail(self, mail_id: str) -> int:
        with self._database.transaction() as connection:
            return connection.execute(delete(outbox).where(outbox.c.mail_id == mail_id)).rowcount

    def habilitations_in(self, structure_id: StructureId) -> Sequence[HabilitationRow]:
        """Live or not, oldest first."""
        with self._database.read() as connection:
            found = connection.execute(_HABILITATIONS_IN, {"structure": structure_id})
            return [habilitation_row(row) for row in found]

    def invitations_in(self, structure_id: StructureId, *, since: datetime) -> Sequence[InvitationRow]:
        """Neither used nor cancelled, and not over at ``since``; the first to end first."""
        with self._database.read() as connection:
            found = connection.execute(_INVITATIONS_IN, {"structure": structure_id, "since": since})
            return [invitation_row(row) for row in found]
