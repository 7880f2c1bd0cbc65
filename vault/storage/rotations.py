"""Rotating field keys: what is asked, what is half done, and the few rows that may change in place.

A compartment with keys of several epochs is one whose rotation has begun and is not over: nothing else says
so, nothing else is needed to go on.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from schemas.ids import CarnetId, CompartmentId, GrantId
from vault.services.rows import FieldKeyRow, GrantKeyRow, GrantRow, RecordRow
from vault.storage.carnets import HEAD, IN_ORDER, SEALED, head_of
from vault.storage.columns import insert_if_absent, padded
from vault.storage.doors import Changes, Looks
from vault.storage.grants import GRANT, STANDING, TermsError, grant_of
from vault.storage.tables import field_keys, grant_keys, grants, records, rotations

_ASKED = (
    select(rotations.c.compartment)
    .where(rotations.c.carnet_id == bindparam("carnet"))
    .order_by(rotations.c.compartment)
)
_BEGUN = (
    select(field_keys.c.compartment)
    .where(field_keys.c.carnet_id == bindparam("carnet"))
    .group_by(field_keys.c.compartment)
    .having(func.count() > 1)
    .order_by(field_keys.c.compartment)
)
_STANDING = (
    select(*GRANT, grants.c.grant_id)
    .where(grants.c.carnet_id == bindparam("carnet"), STANDING)
    .order_by(grants.c.grant_id)
)
_FIELD_KEYS = select(
    field_keys.c.carnet_id, field_keys.c.compartment, field_keys.c.epoch, field_keys.c.wrapped
)
_GRANT_KEYS = select(
    grant_keys.c.grant_id, grant_keys.c.compartment, grant_keys.c.epoch, grant_keys.c.wrapped
)


def _compartments(connection: Connection, statement: Select[Any], carnet_id: CarnetId) -> list[CompartmentId]:
    return [CompartmentId(one) for one in connection.execute(statement, {"carnet": carnet_id}).scalars()]


def _standing_grants(connection: Connection, carnet_id: CarnetId) -> list[GrantRow]:
    found = []
    for row in connection.execute(_STANDING, {"carnet": carnet_id}):
        with suppress(TermsError):  # opens for nobody, and must keep no other from its new key
            grant = grant_of(row[:5])
            if (grant.grant.terms.carnet_id, grant.grant.id) == (carnet_id, row[5]):
                found.append(grant)
    return found


class RotationChanges(Changes):
    def ask_rotation(self, carnet_id: CarnetId, compartments: Collection[CompartmentId]) -> None:
        """Repeatable: what is asked already is asked once."""
        asked = [
            {"carnet_id": carnet_id, "compartment": one, "asked_at": self.now} for one in sorted(compartments)
        ]
        if asked:
            insert_if_absent(self._connection, rotations, asked)

    def rotation_begun(self, carnet_id: CarnetId, compartments: Collection[CompartmentId]) -> None:
        """They are asked no more: from now on their several epochs say that they are under way."""
        mine = delete(rotations).where(rotations.c.carnet_id == carnet_id)
        self._connection.execute(mine.where(rotations.c.compartment.in_(padded(compartments))))

    def reseal(self, row: RecordRow, *, former_epoch: int) -> bool:
        """The same record under another epoch. False, and nothing done, if it is not of ``former_epoch``."""
        head = row.head
        same = (
            update(records)
            .where(
                records.c.carnet_id == head.carnet_id,
                records.c.compartment == head.compartment,
                records.c.entry_id == head.entry_id,
                records.c.version == head.version,
                records.c.epoch == former_epoch,
            )
            .values(epoch=head.epoch, record=row.record)
        )
        return self._connection.execute(same).rowcount == 1

    def drop_epochs(self, carnet_id: CarnetId, compartment: CompartmentId, *, before: int) -> int:
        """Delete the keys of every epoch below ``before``: the owner's wraps and the grants'."""
        return sum(
            self._connection.execute(
                delete(table).where(
                    table.c.carnet_id == carnet_id,
                    table.c.compartment == compartment,
                    table.c.epoch < before,
                )
            ).rowcount
            for table in (field_keys, grant_keys)
        )

    # what stands in this very transaction, to be read back before it is committed

    def standing_grants(self, carnet_id: CarnetId) -> Sequence[GrantRow]:
        """As ``RotationLooks.standing_grants``."""
        return _standing_grants(self._connection, carnet_id)

    def field_keys(self, carnet_id: CarnetId) -> Sequence[FieldKeyRow]:
        mine = _FIELD_KEYS.where(field_keys.c.carnet_id == carnet_id)
        ordered = mine.order_by(field_keys.c.compartment, field_keys.c.epoch)
        return [FieldKeyRow(*row) for row in self._connection.execute(ordered)]

    def grant_keys(self, carnet_id: CarnetId, grant_id: GrantId) -> Sequence[GrantKeyRow]:
        mine = _GRANT_KEYS.where(grant_keys.c.carnet_id == carnet_id, grant_keys.c.grant_id == grant_id)
        ordered = mine.order_by(grant_keys.c.compartment, grant_keys.c.epoch)
        return [GrantKeyRow(*row) for row in self._connection.execute(ordered)]

    def records_in(self, carnet_id: CarnetId, compartments: Collection[CompartmentId]) -> Sequence[RecordRow]:
        """Every version, whatever its state."""
        mine = select(*HEAD, records.c.record).where(
            records.c.carnet_id == carnet_id, records.c.compartment.in_(padded(compartments))
        )
        return [
            RecordRow(head_of(row), row[SEALED]) for row in self._connection.execute(mine.order_by(*IN_ORDER))
        ]


class RotationLooks(Looks):
    def rotations_asked(self, carnet_id: CarnetId) -> Sequence[CompartmentId]:
        with self._database.read() as connection:
            return _compartments(connection, _ASKED, carnet_id)

    def rotations_begun(self, carnet_id: CarnetId) -> Sequence[CompartmentId]:
        """Compartments with keys of several epochs."""
        with self._database.read() as connection:
            return _compartments(connection, _BEGUN, carnet_id)

    def standing_grants(self, carnet_id: CarnetId) -> Sequence[GrantRow]:
        """Those said to be granted or suspended, by id. A row that is not what it says it is is left out."""
        with self._database.read() as connection:
            return _standing_grants(connection, carnet_id)
