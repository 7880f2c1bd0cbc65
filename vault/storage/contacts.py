"""When a carnet was last known to be in use, and the rows of every topic whose time is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, insert, or_, select

from schemas.ids import CarnetId
from schemas.names import GrantState
from vault.services.path_rows import ContactRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import contacts, proposals, recipient_notices
from vault.storage.sharing_tables import grant_requests, mandates, receipts
from vault.storage.tables import carnets, grants, invitations

_COLUMNS = (contacts.c.carnet_id, contacts.c.last_at, contacts.c.warned_at, contacts.c.archived_at)
_LAST = func.coalesce(contacts.c.last_at, carnets.c.opened_at)
_STANDING = (GrantState.GRANTED.value, GrantState.SUSPENDED.value)
_WAITING = (GrantState.REQUESTED.value, GrantState.DEFERRED.value)


class ContactChanges(Changes):
    """Inside one locked transaction."""

    def contact(self, carnet_id: CarnetId) -> ContactRow | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(contacts.c.carnet_id == carnet_id)
        ).one_or_none()
        return ContactRow(*row) if row else None

    def set_contact(self, row: ContactRow) -> None:
        """In place of what stood."""
        self._connection.execute(delete(contacts).where(contacts.c.carnet_id == row.carnet_id))
        told = {
            "carnet_id": row.carnet_id,
            "last_at": row.last_at,
            "warned_at": row.warned_at,
            "archived_at": row.archived_at,
        }
        self._connection.execute(insert(contacts), told)

    def drop_old(self, before: Mapping[str, datetime], *, limit: int) -> Mapping[str, int]:
        """Delete at most ``limit`` rows of each kind; how many went."""
        return {kind: self._drop(kind, at, limit) for kind, at in before.items()}

    def _drop(self, kind: str, at: datetime, limit: int) -> int:
        table, key, _ = _OLD[kind]
        ids = _ids(self._connection, kind, at, limit)
        return self._connection.execute(delete(table).where(key.in_(ids))).rowcount if ids else 0


class ContactLooks(Looks):
    """Beside it."""

    def quiet_carnets(self, before: datetime, *, after: CarnetId | None, limit: int) -> Sequence[ContactRow]:
        """Open carnets not known to be in use since ``before``, by id, exclusive. One nobody looked for yet
        counts from its opening."""
        statement = (
            select(carnets.c.carnet_id, _LAST, contacts.c.warned_at, contacts.c.archived_at)
            .select_from(carnets.outerjoin(contacts, contacts.c.carnet_id == carnets.c.carnet_id))
            .where(carnets.c.state == "open", carnets.c.carnet_id > (after or ""), before > _LAST)
            .order_by(carnets.c.carnet_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [ContactRow(*row) for row in connection.execute(statement)]

    def old_rows(self, before: Mapping[str, datetime]) -> Mapping[str, int]:
        """How many rows of each kind are over."""
        with self._database.read() as connection:
            return {kind: _count(connection, kind, at) for kind, at in before.items()}

    def old_ids(self, kind: str, before: datetime, *, limit: int) -> Sequence[str]:
        """The ids of some of them."""
        with self._database.read() as connection:
            return _ids(connection, kind, before, limit)


_OLD: Mapping[str, tuple[Table, Any, Any]] = {
    # kind: its table, its key, and the instant that counts
    "receipts": (receipts, receipts.c.receipt_id, receipts.c.made_at),
    "requests": (
        grant_requests,
        grant_requests.c.request_id,
        func.coalesce(grant_requests.c.answered_at, grant_requests.c.ends_at),
    ),
    "mandates": (mandates, mandates.c.mandate_id, func.coalesce(mandates.c.ended_at, mandates.c.ends_at)),
    "invitations": (invitations, invitations.c.invitation_id, invitations.c.expires_at),
    "proposals": (proposals, proposals.c.proposal_id, proposals.c.answered_at),
    "notices": (recipient_notices, recipient_notices.c.notice_id, recipient_notices.c.acknowledged_at),
}


def _old(kind: str, at: datetime) -> tuple[Table, ColumnElement[bool]]:
    """The table of a kind and which of its rows are over. What is still under way never is."""
    table, _, instant = _OLD[kind]
    over = instant < at
    if kind == "receipts":  # counted from the end of what they prove
        proved = select(grants.c.grant_id).where(
            grants.c.grant_id == receipts.c.grant_id,
            or_(grants.c.state.in_(_STANDING), grants.c.ended_at >= at),
        )
        over &= ~exists(proved)
    elif kind == "requests":
        over &= grant_requests.c.state.not_in(_WAITING)
    elif kind == "proposals":
        over &= proposals.c.state == "answered"
    return table, over


def _count(connection: Connection, kind: str, at: datetime) -> int:
    table, over = _old(kind, at)
    found: int = connection.execute(select(func.count()).select_from(table).where(over)).scalar_one()
    return found


def _ids(connection: Connection, kind: str, at: datetime, limit: int) -> list[str]:
    _, over = _old(kind, at)
    key = _OLD[kind][1]
    return list(connection.execute(select(key).where(over).order_by(key).limit(limit)).scalars())
