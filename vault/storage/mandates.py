"""Who acts for a person."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from schemas.ids import AccountId, CarnetId, MandateId, ProfessionalId
from schemas.names import MandateKind, MandateScope
from vault.services.sharing_rows import MandateRow
from vault.storage.doors import Changes, Looks
from vault.storage.sharing_tables import mandates
from vault.storage.tables import carnets

_MANDATE = select(
    mandates.c.carnet_id,
    mandates.c.mandate_id,
    mandates.c.kind,
    mandates.c.state,
    mandates.c.account_id,
    mandates.c.professional_id,
    mandates.c.structure_id,
    mandates.c.scopes,
    mandates.c.starts_at,
    mandates.c.ends_at,
    mandates.c.ended_at,
    mandates.c.sealed,
)
_ONE = _MANDATE.where(mandates.c.mandate_id == bindparam("mandate"))
_OF_CARNET = _MANDATE.where(mandates.c.carnet_id == bindparam("carnet")).order_by(
    mandates.c.starts_at.desc(), mandates.c.mandate_id
)


def _row(row: Sequence[Any]) -> MandateRow:
    carnet_id, mandate_id, kind, state, account_id, professional_id, structure_id, scopes, *rest = row
    told = tuple(MandateScope(scope) for scope in scopes.split(",") if scope)
    who = (account_id, professional_id, structure_id)
    return MandateRow(carnet_id, mandate_id, MandateKind(kind), state, *who, told, *rest)


class MandateChanges(Changes):
    """Inside one locked transaction."""

    def add_mandate(self, row: MandateRow) -> None:
        self._connection.execute(
            insert(mandates),
            {
                "carnet_id": row.carnet_id,
                "mandate_id": row.mandate_id,
                "kind": row.kind.value,
                "state": row.state,
                "account_id": row.account_id,
                "professional_id": row.professional_id,
                "structure_id": row.structure_id,
                "scopes": ",".join(row.scopes),
                "starts_at": row.starts_at,
                "ends_at": row.ends_at,
                "ended_at": row.ended_at,
                "sealed": row.sealed,
            },
        )

    def mandates_of(self, carnet_id: CarnetId) -> Sequence[MandateRow]:
        """As they stand under the lock, the latest first."""
        found = self._connection.execute(_OF_CARNET, {"carnet": carnet_id})
        return [_row(row) for row in found]

    def move_mandate(self, mandate_id: MandateId, state: str, *, ended_at: datetime | None = None) -> None:
        """``ended_at``: when it stopped being one; None leaves what stands."""
        values: dict[str, Any] = {"state": state}
        if ended_at is not None:
            values["ended_at"] = ended_at
        self._connection.execute(update(mandates).where(mandates.c.mandate_id == mandate_id).values(**values))


class MandateLooks(Looks):
    """Beside it."""

    def mandate(self, mandate_id: MandateId) -> MandateRow | None:
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"mandate": mandate_id}).one_or_none()
        return _row(row) if row else None

    def mandates_of(self, carnet_id: CarnetId) -> Sequence[MandateRow]:
        """Ended ones too, the latest first."""
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(_OF_CARNET, {"carnet": carnet_id})]

    def mandates_held(
        self, *, professional_id: ProfessionalId | None = None, account_id: AccountId | None = None
    ) -> Sequence[MandateRow]:
        """Active ones of this holder, as the rows say; told neither, none."""
        held = {mandates.c.professional_id: professional_id, mandates.c.account_id: account_id}
        wanted = [column == value for column, value in held.items() if value is not None]
        if not wanted:
            return []
        statement = _MANDATE.where(*wanted, mandates.c.state == "active").order_by(mandates.c.mandate_id)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(statement)]

    def mandates_in(
        self,
        state: str,
        *,
        limit: int,
        over_at: datetime | None = None,
        kinds: Collection[MandateKind] = (),
    ) -> Sequence[MandateRow]:
        """Those in a state, what ends first before; ``over_at``: only those whose end is not after it."""
        statement = _MANDATE.where(mandates.c.state == state)
        if over_at is not None:
            statement = statement.where(mandates.c.ends_at <= over_at)
        if kinds:
            statement = statement.where(mandates.c.kind.in_(sorted(kinds)))
        statement = statement.order_by(mandates.c.ends_at, mandates.c.mandate_id).limit(limit)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(statement)]

    def carnet_numbered(self, reference: str) -> CarnetId | None:
        """The carnet, open or not, that bears this number."""
        statement = select(carnets.c.carnet_id).where(carnets.c.reference == reference)
        with self._database.read() as connection:
            found: CarnetId | None = connection.execute(statement).scalar_one_or_none()
        return found
