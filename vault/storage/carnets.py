"""Carnets, their sealed records and the owner's wraps of their field keys."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from schemas.ids import CarnetId, EntryId
from schemas.names import EntryState, GrantState, RecordKind
from vault.services.rows import CarnetRow, FieldKeyRow, RecordHead, RecordRow
from vault.storage.columns import fixed, padded
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import OF_A_PATH, path_dates
from vault.storage.sharing_tables import OF_A_CARNET
from vault.storage.tables import accounts, carnets, field_keys, grant_keys, grants, records, rotations

STANDING = (EntryState.CURRENT.value, EntryState.FROZEN.value)

CARNET = (
    carnets.c.carnet_id,
    carnets.c.reference,
    carnets.c.state,
    carnets.c.opened_at,
    carnets.c.next_slot,
    carnets.c.notice_version,
)
HEAD = (
    records.c.carnet_id,
    records.c.entry_id,
    records.c.compartment,
    records.c.version,
    records.c.slot,
    records.c.epoch,
    records.c.schema_version,
    records.c.state,
    records.c.held,
    records.c.kind,
    records.c.on_entry,
)
SEALED = len(HEAD)  # where the record itself stands, selected right after its head
IN_ORDER = (records.c.compartment, records.c.entry_id, records.c.version)

_CARNET = select(*CARNET).where(carnets.c.carnet_id == bindparam("carnet"))
_HEADS = select(*HEAD).where(records.c.carnet_id == bindparam("carnet")).order_by(*IN_ORDER)
_RECORDS = (
    select(*HEAD, records.c.record).where(records.c.carnet_id == bindparam("carnet")).order_by(*IN_ORDER)
)
_STANDING_RECORDS = _RECORDS.where(records.c.state.in_(STANDING))
_FIELD_KEYS = (
    select(field_keys.c.carnet_id, field_keys.c.compartment, field_keys.c.epoch, field_keys.c.wrapped)
    .where(field_keys.c.carnet_id == bindparam("carnet"))
    .order_by(field_keys.c.compartment, field_keys.c.epoch)
)
_STATES = {state.value: state for state in EntryState}
_KINDS = {kind.value: kind for kind in RecordKind}


def head_of(row: Sequence[Any]) -> RecordHead:
    """The head in the first columns of ``row``, as selected by ``HEAD``."""
    carnet_id, entry_id, compartment, version, slot, epoch, schema_version, state, held, kind, on = row[
        :SEALED
    ]
    return RecordHead(
        carnet_id,
        entry_id,
        compartment,
        version,
        slot,
        epoch,
        schema_version,
        _STATES[state],
        held,
        _KINDS[kind],
        on,
    )


def carnet(connection: Connection, carnet_id: CarnetId) -> CarnetRow | None:
    row = connection.execute(_CARNET, {"carnet": carnet_id}).one_or_none()
    return CarnetRow(*row) if row else None


def heads(connection: Connection, carnet_id: CarnetId) -> list[RecordHead]:
    return [head_of(row) for row in connection.execute(_HEADS, {"carnet": carnet_id})]


class CarnetChanges(Changes):
    def add_carnet(self, carnet: CarnetRow) -> None:
        self._connection.execute(
            insert(carnets),
            {
                "carnet_id": carnet.carnet_id,
                "reference": carnet.reference,
                "state": carnet.state,
                "opened_at": carnet.opened_at,
                "next_slot": carnet.next_slot,
                "notice_version": carnet.notice_version,
            },
        )

    def carnet(self, carnet_id: CarnetId) -> CarnetRow | None:
        return carnet(self._connection, carnet_id)

    def take_slot(self, carnet_id: CarnetId) -> int:
        """The next unused slot of the carnet, never given again."""
        slot: int = self._connection.execute(
            update(carnets)
            .where(carnets.c.carnet_id == carnet_id)
            .values(next_slot=carnets.c.next_slot + 1)
            .returning(carnets.c.next_slot)
        ).scalar_one()
        return slot - 1

    def set_reference(self, carnet_id: CarnetId, reference: str) -> None:
        self._connection.execute(
            update(carnets).where(carnets.c.carnet_id == carnet_id).values(reference=reference)
        )

    def heads(self, carnet_id: CarnetId) -> Sequence[RecordHead]:
        """Of every record there is, whatever its state."""
        return heads(self._connection, carnet_id)

    def add_record(self, row: RecordRow) -> None:
        head = row.head
        self._connection.execute(
            insert(records),
            {
                "carnet_id": head.carnet_id,
                "compartment": head.compartment,
                "entry_id": head.entry_id,
                "version": head.version,
                "slot": head.slot,
                "epoch": head.epoch,
                "schema_version": head.schema_version,
                "state": head.state.value,
                "held": head.held,
                "record": row.record,
                "kind": head.kind.value,
                "on_entry": head.on_entry,
            },
        )

    def set_entry_state(
        self, carnet_id: CarnetId, entry_id: EntryId, state: EntryState, *, version: int | None = None
    ) -> None:
        """Of one version, or of all."""
        statement = update(records).where(records.c.carnet_id == carnet_id, records.c.entry_id == entry_id)
        if version is not None:
            statement = statement.where(records.c.version == version)
        self._connection.execute(statement.values(state=state.value))

    def delete_records(self, carnet_id: CarnetId, entry_id: EntryId) -> int:
        """All versions of an entry, and the dates remembered beside it."""
        beside = delete(path_dates).where(path_dates.c.carnet_id == carnet_id)
        self._connection.execute(beside.where(path_dates.c.entry_id == entry_id))
        return self._connection.execute(
            delete(records).where(records.c.carnet_id == carnet_id, records.c.entry_id == entry_id)
        ).rowcount

    def add_field_key(self, row: FieldKeyRow) -> None:
        self._connection.execute(
            insert(field_keys),
            {
                "carnet_id": row.carnet_id,
                "compartment": row.compartment,
                "epoch": row.epoch,
                "wrapped": row.wrapped,
            },
        )

    def close_carnet(self, carnet_id: CarnetId) -> None:
        """Refused to every reader from this transaction on; its rows wait for ``erase_carnet``."""
        self._connection.execute(
            update(carnets).where(carnets.c.carnet_id == carnet_id).values(state="erased")
        )

    def erase_carnet(self, carnet_id: CarnetId) -> Mapping[str, int]:
        """Delete the rows of a closed carnet, counted by table. Its grants stay as bare terms, ended and
        without keys; its openings died with their key."""
        counts = {
            table.name: self._connection.execute(delete(table).where(table.c.carnet_id == carnet_id)).rowcount
            for table in (records, field_keys, grant_keys, accounts)
        }
        for table in (rotations, *OF_A_CARNET, *OF_A_PATH):
            self._connection.execute(delete(table).where(table.c.carnet_id == carnet_id))
        counts[grants.name] = self._end_grants(carnet_id)
        counts[carnets.name] = self._connection.execute(
            delete(carnets).where(carnets.c.carnet_id == carnet_id, carnets.c.state == "erased")
        ).rowcount
        return counts

    def _end_grants(self, carnet_id: CarnetId) -> int:
        mine = update(grants).where(grants.c.carnet_id == carnet_id)
        self._connection.execute(
            mine.where(grants.c.state.in_([GrantState.GRANTED.value, GrantState.SUSPENDED.value])).values(
                state=GrantState.LAPSED.value, ended_at=self.now
            )
        )
        return self._connection.execute(mine.values(keys_left=0, sealed_key=b"", owner_wrap=b"")).rowcount


class CarnetLooks(Looks):
    def carnet(self, carnet_id: CarnetId) -> CarnetRow | None:
        with self._database.read() as connection:
            return carnet(connection, carnet_id)

    def heads(self, carnet_id: CarnetId) -> Sequence[RecordHead]:
        """Of every record there is, whatever its state."""
        with self._database.read() as connection:
            return heads(connection, carnet_id)

    def own_records(self, carnet_id: CarnetId, *, history: bool = False) -> Sequence[RecordRow]:
        """What stands now (current, frozen); with ``history`` every record not forgotten."""
        with self._database.read() as connection:
            rows = connection.execute(_RECORDS if history else _STANDING_RECORDS, {"carnet": carnet_id})
            found = [RecordRow(head_of(row), row[SEALED]) for row in rows]
        return [row for row in found if row.head.state is not EntryState.FORGOTTEN]

    def field_keys(self, carnet_id: CarnetId) -> Sequence[FieldKeyRow]:
        with self._database.read() as connection:
            return [FieldKeyRow(*row) for row in connection.execute(_FIELD_KEYS, {"carnet": carnet_id})]

    def references(self, carnet_ids: Collection[CarnetId]) -> Mapping[CarnetId, str]:
        """The number printed on each person's page; erased carnets are absent."""
        statement = select(carnets.c.carnet_id, carnets.c.reference)
        with self._database.read() as connection:
            rows = connection.execute(statement.where(carnets.c.carnet_id.in_(padded(carnet_ids)))).all()
        return {CarnetId(carnet_id): reference for carnet_id, reference in rows}

    def carnets_after(self, after: CarnetId | None, *, limit: int) -> Sequence[CarnetRow]:
        """By id, exclusive."""
        return self._carnets(carnets.c.carnet_id > (after or ""), limit)

    def erased_carnets(self, *, limit: int) -> Sequence[CarnetRow]:
        """Those closed whose rows still stand."""
        return self._carnets(carnets.c.state == fixed("erased"), limit)

    def forgotten_heads(self, *, limit: int) -> Sequence[RecordHead]:
        """Of records whose entry is forgotten and whose rows still stand."""
        statement = select(*HEAD).where(records.c.state == fixed(EntryState.FORGOTTEN))
        with self._database.read() as connection:
            return [head_of(row) for row in connection.execute(statement.limit(limit))]

    def _carnets(self, which: ColumnElement[bool], limit: int) -> list[CarnetRow]:
        statement = select(*CARNET).where(which).order_by(carnets.c.carnet_id).limit(limit)
        with self._database.read() as connection:
            return [CarnetRow(*row) for row in connection.execute(statement)]
