"""Who had read something is told what became of it; and what was forgotten does not come back by itself."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from schemas.ids import CarnetId, StructureId
from vault.services.path_rows import RecipientNoticeRow, TombstoneRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import recipient_notices, tombstones

_NAMES = tuple(one.name for one in fields(RecipientNoticeRow))
_NOTICE = select(*(recipient_notices.c[name] for name in _NAMES))
_STONE_NAMES = tuple(one.name for one in fields(TombstoneRow))
_STONE = select(*(tombstones.c[name] for name in _STONE_NAMES))


def _rows(connection: Connection, statement: Select[Any]) -> list[RecipientNoticeRow]:
    return [RecipientNoticeRow(*row) for row in connection.execute(statement)]


class RecipientChanges(Changes):
    """Inside one locked transaction."""

    def add_recipient_notice(self, row: RecipientNoticeRow) -> None:
        self._connection.execute(insert(recipient_notices), {name: getattr(row, name) for name in _NAMES})

    def acknowledge_notice(self, carnet_id: CarnetId, notice_id: str, *, at: datetime, sealed: bytes) -> bool:
        """False, and nothing done, when it was acknowledged already."""
        mine = (
            recipient_notices.c.carnet_id == carnet_id,
            recipient_notices.c.notice_id == notice_id,
            recipient_notices.c.acknowledged_at.is_(None),
        )
        told = {"acknowledged_at": at, "sealed": sealed}
        return self._connection.execute(update(recipient_notices).where(*mine).values(told)).rowcount == 1

    def add_tombstone(self, row: TombstoneRow) -> None:
        """In place of one of the same entry, if there is one: executing twice is one forgetting."""
        mine = (tombstones.c.carnet_id == row.carnet_id, tombstones.c.entry_id == row.entry_id)
        self._connection.execute(delete(tombstones).where(*mine))
        self._connection.execute(insert(tombstones), {name: getattr(row, name) for name in _STONE_NAMES})


class RecipientLooks(Looks):
    """Beside it."""

    def recipient_notice(self, notice_id: str) -> RecipientNoticeRow | None:
        with self._database.read() as connection:
            found = _rows(connection, _NOTICE.where(recipient_notices.c.notice_id == notice_id))
        return found[0] if len(found) == 1 else None

    def recipient_notices_of(self, carnet_id: CarnetId) -> Sequence[RecipientNoticeRow]:
        """Oldest first."""
        mine = _NOTICE.where(recipient_notices.c.carnet_id == carnet_id)
        with self._database.read() as connection:
            return _rows(
                connection, mine.order_by(recipient_notices.c.made_at, recipient_notices.c.notice_id)
            )

    def recipient_notices_to(self, structure_id: StructureId, *, limit: int) -> Sequence[RecipientNoticeRow]:
        """Newest first, those not acknowledged before the others."""
        done = recipient_notices.c.acknowledged_at.is_not(None)
        mine = _NOTICE.where(recipient_notices.c.structure_id == structure_id)
        ordered = mine.order_by(done, recipient_notices.c.made_at.desc(), recipient_notices.c.notice_id)
        with self._database.read() as connection:
            return _rows(connection, ordered.limit(limit))

    def recipient_notices_waiting(self, made_before: datetime, *, limit: int) -> Sequence[RecipientNoticeRow]:
        """Oldest first, those nobody acknowledged."""
        left = (
            recipient_notices.c.acknowledged_at.is_(None),
            recipient_notices.c.made_at < made_before,
        )
        ordered = _NOTICE.where(*left).order_by(recipient_notices.c.made_at, recipient_notices.c.notice_id)
        with self._database.read() as connection:
            return _rows(connection, ordered.limit(limit))

    def tombstones_of(self, carnet_id: CarnetId) -> Sequence[TombstoneRow]:
        """Oldest first."""
        mine = _STONE.where(tombstones.c.carnet_id == carnet_id)
        with self._database.read() as connection:
            rows = connection.execute(mine.order_by(tombstones.c.forgotten_at, tombstones.c.entry_id))
            return [TombstoneRow(*row) for row in rows]
