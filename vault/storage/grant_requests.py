"""What somebody asked a person to share.

A row in state ``draft`` is one that nobody will ever see: it stands for nothing but the time it took to write
it, under a carnet's id that leads nowhere, and is swept a day later.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from consent.grants import Grantee, GranteeKind
from schemas.ids import CarnetId, GrantId, RequestId
from schemas.names import GrantState
from vault.services.sharing_rows import RequestRow
from vault.storage.columns import fixed
from vault.storage.doors import Changes, Looks
from vault.storage.sharing_tables import grant_requests as requests

_COLUMNS = (
    requests.c.carnet_id,
    requests.c.request_id,
    requests.c.grantee_kind,
    requests.c.grantee_id,
    requests.c.purpose_id,
    requests.c.state,
    requests.c.asked_at,
    requests.c.ends_at,
    requests.c.answered_at,
    requests.c.grant_id,
    requests.c.terms,
    requests.c.sealed,
)
_WAITING = requests.c.state.in_([fixed(GrantState.REQUESTED), fixed(GrantState.DEFERRED)])
_OF_CARNET = (
    select(*_COLUMNS)
    .where(requests.c.carnet_id == bindparam("carnet"))
    .order_by(requests.c.asked_at.desc(), requests.c.request_id)
)
_STATES = {state.value: state for state in GrantState}


def _row(found: Sequence[Any]) -> RequestRow:
    carnet_id, request_id, kind, grantee_id, purpose_id, state, *rest = found
    grantee = Grantee(GranteeKind(kind), grantee_id)
    return RequestRow(carnet_id, request_id, grantee, purpose_id, _STATES[state], *rest)


def _of_carnet(connection: Connection, carnet_id: CarnetId) -> list[RequestRow]:
    return [_row(one) for one in connection.execute(_OF_CARNET, {"carnet": carnet_id})]


class RequestChanges(Changes):
    """Inside one locked transaction."""

    def add_request(self, row: RequestRow) -> None:
        self._connection.execute(
            insert(requests),
            {
                "carnet_id": row.carnet_id,
                "request_id": row.request_id,
                "grantee_kind": row.grantee.kind.value,
                "grantee_id": row.grantee.id,
                "purpose_id": row.purpose_id,
                "state": row.state.value,
                "asked_at": row.asked_at,
                "ends_at": row.ends_at,
                "answered_at": row.answered_at,
                "grant_id": row.grant_id,
                "terms": row.terms,
                "sealed": row.sealed,
            },
        )

    def requests_of(self, carnet_id: CarnetId) -> Sequence[RequestRow]:
        """All, newest first, whatever their state."""
        return _of_carnet(self._connection, carnet_id)

    def answer_request(
        self,
        carnet_id: CarnetId,
        request_id: RequestId,
        state: GrantState,
        grant_id: GrantId | None = None,
    ) -> bool:
        """False, and nothing done, when it does not wait for an answer (any more)."""
        mine = (requests.c.carnet_id == carnet_id, requests.c.request_id == request_id, _WAITING)
        told = {"state": state.value, "answered_at": self.now, "grant_id": grant_id}
        return self._connection.execute(update(requests).where(*mine).values(told)).rowcount == 1


class RequestLooks(Looks):
    """Beside it."""

    def requests_of(self, carnet_id: CarnetId) -> Sequence[RequestRow]:
        """All, newest first, whatever their state."""
        with self._database.read() as connection:
            return _of_carnet(connection, carnet_id)

    def requests_over(self, now: datetime, *, limit: int) -> Sequence[RequestRow]:
        """Those that wait for an answer though their time is over; the oldest first."""
        found: list[RequestRow] = []
        with self._database.read() as connection:
            for state in (GrantState.REQUESTED, GrantState.DEFERRED):
                over = (requests.c.state == state.value, requests.c.ends_at <= now)
                statement = select(*_COLUMNS).where(*over).order_by(requests.c.ends_at).limit(limit)
                found += [_row(one) for one in connection.execute(statement)]
        return found[:limit]

    def drop_unseen_requests(self, now: datetime) -> int:
        """Those nobody will see, once their day is over."""
        draft = requests.c.state == fixed(GrantState.DRAFT)
        with self._database.transaction() as connection:
            return connection.execute(delete(requests).where(draft, requests.c.ends_at <= now)).rowcount
