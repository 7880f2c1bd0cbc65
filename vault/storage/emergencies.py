"""Two professionals together, to protect a life."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from schemas.ids import CarnetId, StructureId
from vault.services.sharing_rows import EmergencyRow
from vault.storage.doors import Changes, Looks
from vault.storage.sharing_tables import emergencies

_ROW = select(
    emergencies.c.carnet_id,
    emergencies.c.emergency_id,
    emergencies.c.state,
    emergencies.c.structure_id,
    emergencies.c.asked_by,
    emergencies.c.approved_by,
    emergencies.c.grant_id,
    emergencies.c.asked_at,
    emergencies.c.opened_at,
    emergencies.c.ends_at,
    emergencies.c.reviewed_at,
    emergencies.c.sealed,
)
_ONE = _ROW.where(emergencies.c.emergency_id == bindparam("emergency"))
_NEWEST = (emergencies.c.asked_at.desc(), emergencies.c.emergency_id)


class EmergencyChanges(Changes):
    """Inside one locked transaction."""

    def add_emergency(self, row: EmergencyRow) -> None:
        self._connection.execute(insert(emergencies), _values(row))

    def emergency(self, emergency_id: str) -> EmergencyRow | None:
        return _one(self._connection, emergency_id)

    def set_emergency(self, row: EmergencyRow) -> None:
        """In place of the one of this id."""
        same = emergencies.c.emergency_id == row.emergency_id
        self._connection.execute(update(emergencies).where(same).values(_values(row)))


class EmergencyLooks(Looks):
    """Beside it."""

    def emergency(self, emergency_id: str) -> EmergencyRow | None:
        with self._database.read() as connection:
            return _one(connection, emergency_id)

    def emergencies_of(self, carnet_id: CarnetId) -> Sequence[EmergencyRow]:
        """About one carnet, the latest first."""
        return self._rows(_ROW.where(emergencies.c.carnet_id == carnet_id).order_by(*_NEWEST))

    def emergencies_in(self, structure_id: StructureId, *, since: datetime) -> Sequence[EmergencyRow]:
        """Asked in one structure since then, the latest first."""
        asked = _ROW.where(emergencies.c.structure_id == structure_id, emergencies.c.asked_at >= since)
        return self._rows(asked.order_by(*_NEWEST))

    def emergencies(self, states: Collection[str], *, limit: int) -> Sequence[EmergencyRow]:
        """Of anybody, the latest first."""
        found = _ROW.where(emergencies.c.state.in_(sorted(states)))
        return self._rows(found.order_by(*_NEWEST).limit(limit))

    def emergencies_over(
        self, states: Collection[str], now: datetime, *, limit: int
    ) -> Sequence[EmergencyRow]:
        """In these states although their time has passed."""
        found = _ROW.where(emergencies.c.state.in_(sorted(states)), emergencies.c.ends_at <= now)
        return self._rows(found.order_by(emergencies.c.emergency_id).limit(limit))

    def _rows(self, statement: Select[Any]) -> list[EmergencyRow]:
        with self._database.read() as connection:
            found: list[Any] = list(connection.execute(statement))
        return [EmergencyRow(*row) for row in found]


def _one(connection: Connection, emergency_id: str) -> EmergencyRow | None:
    row: Any = connection.execute(_ONE, {"emergency": emergency_id}).one_or_none()
    return EmergencyRow(*row) if row else None


def _values(row: EmergencyRow) -> dict[str, object]:
    return {
        "carnet_id": row.carnet_id,
        "emergency_id": row.emergency_id,
        "state": row.state,
        "structure_id": row.structure_id,
        "asked_by": row.asked_by,
        "approved_by": row.approved_by,
        "grant_id": row.grant_id,
        "asked_at": row.asked_at,
        "opened_at": row.opened_at,
        "ends_at": row.ends_at,
        "reviewed_at": row.reviewed_at,
        "sealed": row.sealed,
    }
