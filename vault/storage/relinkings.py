"""Requests to link a known account to a new one at the provider: rows that a human decides on."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from schemas.ids import AccountId
from vault.services.rows import RelinkingRow
from vault.storage.columns import padded
from vault.storage.doors import Changes, Looks
from vault.storage.tables import accounts, relinkings

_RELINKING = select(
    relinkings.c.request_id,
    relinkings.c.reference,
    relinkings.c.account_id,
    relinkings.c.state,
    relinkings.c.opened_at,
    relinkings.c.decided_at,
)
_ONE = _RELINKING.where(relinkings.c.request_id == bindparam("request"))


class RelinkingChanges(Changes):
    def add_relinking(self, row: RelinkingRow) -> None:
        self._connection.execute(
            insert(relinkings),
            {
                "request_id": row.request_id,
                "reference": row.reference,
                "account_id": row.account_id,
                "state": row.state,
                "opened_at": row.opened_at,
                "decided_at": row.decided_at,
            },
        )

    def set_relinking(self, request_id: str, state: str, decided_at: datetime) -> None:
        self._connection.execute(
            update(relinkings)
            .where(relinkings.c.request_id == request_id)
            .values(state=state, decided_at=decided_at)
        )

    def delete_relinking(self, request_id: str) -> None:
        self._connection.execute(delete(relinkings).where(relinkings.c.request_id == request_id))


class RelinkingLooks(Looks):
    def relinking(self, request_id: str) -> RelinkingRow | None:
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"request": request_id}).one_or_none()
        return RelinkingRow(*row) if row else None

    def relinking_of_reference(self, reference: str) -> RelinkingRow | None:
        statement = _RELINKING.where(relinkings.c.reference == reference)
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return RelinkingRow(*row) if row else None

    def relinkings(self, states: Collection[str], *, limit: int) -> Sequence[RelinkingRow]:
        """The latest first."""
        statement = (
            _RELINKING.where(relinkings.c.state.in_(sorted(states)))
            .order_by(relinkings.c.opened_at.desc(), relinkings.c.request_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [RelinkingRow(*row) for row in connection.execute(statement)]

    def relinkings_about(self, account_id: AccountId) -> Sequence[RelinkingRow]:
        """Whatever their state, the latest first."""
        statement = _RELINKING.where(relinkings.c.account_id == account_id)
        latest = statement.order_by(relinkings.c.opened_at.desc(), relinkings.c.request_id)
        with self._database.read() as connection:
            return [RelinkingRow(*row) for row in connection.execute(latest)]

    def relinkings_over(self, before: datetime, *, limit: int) -> Sequence[RelinkingRow]:
        """Those of which nothing was heard since ``before``, or whose account is no more."""
        statement = (
            _RELINKING.where(
                or_(
                    func.coalesce(relinkings.c.decided_at, relinkings.c.opened_at) < before,
                    relinkings.c.account_id.not_in(select(accounts.c.account_id)),
                )
            )
            .order_by(relinkings.c.request_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [RelinkingRow(*row) for row in connection.execute(statement)]

    def relinkings_named(self, request_ids: Collection[str]) -> Collection[str]:
        """Of these ids, those D knows."""
        statement = select(relinkings.c.request_id).where(relinkings.c.request_id.in_(padded(request_ids)))
        with self._database.read() as connection:
            return set(connection.execute(statement).scalars())
