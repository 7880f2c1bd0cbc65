"""The rights a person exercises, step by step. Steps are only ever added."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from schemas.ids import CarnetId, DemandId, ProfessionalId, StructureId
from vault.services.path_rows import DemandRow, DemandStepRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import demand_steps, demands

_NAMES = tuple(one.name for one in fields(DemandRow))
_DEMAND = select(*(demands.c[name] for name in _NAMES))
_STEP_NAMES = tuple(one.name for one in fields(DemandStepRow))
_STEP = select(*(demand_steps.c[name] for name in _STEP_NAMES))


def _told(row: DemandRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES}


def _rows(connection: Connection, statement: Select[Any]) -> list[DemandRow]:
    return [DemandRow(*row) for row in connection.execute(statement)]


def _one(connection: Connection, demand_id: DemandId) -> DemandRow | None:
    found = _rows(connection, _DEMAND.where(demands.c.demand_id == demand_id))
    return found[0] if found else None


def _of_carnet(connection: Connection, carnet_id: CarnetId) -> list[DemandRow]:
    mine = _DEMAND.where(demands.c.carnet_id == carnet_id)
    return _rows(connection, mine.order_by(demands.c.received_at.desc(), demands.c.demand_id))


def _steps(connection: Connection, carnet_id: CarnetId, demand_id: DemandId) -> list[DemandStepRow]:
    mine = (demand_steps.c.carnet_id == carnet_id, demand_steps.c.demand_id == demand_id)
    return [DemandStepRow(*row) for row in connection.execute(_STEP.where(*mine).order_by(demand_steps.c.no))]


class DemandChanges(Changes):
    """Inside one locked transaction."""

    def add_demand(self, row: DemandRow) -> None:
        self._connection.execute(insert(demands), _told(row))

    def renew_demand(self, row: DemandRow, *, before: str) -> bool:
        """False, and nothing done, when it is not in the state ``before`` (any more)."""
        same = (
            demands.c.carnet_id == row.carnet_id,
            demands.c.demand_id == row.demand_id,
            demands.c.state == before,
        )
        return self._connection.execute(update(demands).where(*same).values(_told(row))).rowcount == 1

    def readdress_demand(
        self,
        carnet_id: CarnetId,
        demand_id: DemandId,
        structure_id: StructureId | None,
        professional_id: ProfessionalId | None,
    ) -> bool:
        """On whose desk it lies; nothing else of it changes."""
        mine = (demands.c.carnet_id == carnet_id, demands.c.demand_id == demand_id)
        told = {"structure_id": structure_id, "professional_id": professional_id}
        return self._connection.execute(update(demands).where(*mine).values(told)).rowcount == 1

    def add_demand_step(self, row: DemandStepRow) -> None:
        """Raises for a number already taken: two answers never both stand."""
        self._connection.execute(insert(demand_steps), {name: getattr(row, name) for name in _STEP_NAMES})

    def demand(self, demand_id: DemandId) -> DemandRow | None:
        return _one(self._connection, demand_id)

    def demands_of(self, carnet_id: CarnetId) -> Sequence[DemandRow]:
        """Newest first."""
        return _of_carnet(self._connection, carnet_id)

    def demand_steps(self, carnet_id: CarnetId, demand_id: DemandId) -> Sequence[DemandStepRow]:
        return _steps(self._connection, carnet_id, demand_id)


class DemandLooks(Looks):
    """Beside it."""

    def demand(self, demand_id: DemandId) -> DemandRow | None:
        with self._database.read() as connection:
            return _one(connection, demand_id)

    def demands_of(self, carnet_id: CarnetId) -> Sequence[DemandRow]:
        """Newest first."""
        with self._database.read() as connection:
            return _of_carnet(connection, carnet_id)

    def demand_steps(self, carnet_id: CarnetId, demand_id: DemandId) -> Sequence[DemandStepRow]:
        with self._database.read() as connection:
            return _steps(connection, carnet_id, demand_id)

    def demands_open(
        self,
        *,
        kinds: Collection[str],
        received_before: datetime | None = None,
        after: tuple[datetime, DemandId] | None = None,
        limit: int,
    ) -> Sequence[DemandRow]:
        """Those not closed, due first first; a page begins after what ``after`` names."""
        wanted = _DEMAND.where(demands.c.closed_at.is_(None), demands.c.kind.in_(kinds))
        if received_before is not None:
            wanted = wanted.where(demands.c.received_at <= received_before)
        if after is not None:
            due_at, demand_id = after
            later = (demands.c.due_at > due_at) | (
                (demands.c.due_at == due_at) & (demands.c.demand_id > demand_id)
            )
            wanted = wanted.where(later)
        ordered = wanted.order_by(demands.c.due_at, demands.c.demand_id).limit(limit)
        with self._database.read() as connection:
            return _rows(connection, ordered)

    def demands_to(
        self, structure_id: StructureId, *, limit: int, closed: bool = False
    ) -> Sequence[DemandRow]:
        """Those addressed to somebody of this structure, or to it."""
        mine = _DEMAND.where(demands.c.structure_id == structure_id)
        if not closed:
            mine = mine.where(demands.c.closed_at.is_(None))
        ordered = mine.order_by(demands.c.due_at, demands.c.demand_id).limit(limit)
        with self._database.read() as connection:
            return _rows(connection, ordered)

    def demands_in_state(self, state: str, *, limit: int) -> Sequence[DemandRow]:
        """Oldest first: for the finishing pass."""
        mine = _DEMAND.where(demands.c.state == state)
        with self._database.read() as connection:
            return _rows(connection, mine.order_by(demands.c.received_at, demands.c.demand_id).limit(limit))
