"""When a person is to be told of what was done, and how far the log was looked through for it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from schemas.ids import CarnetId, GrantId
from vault.services.rows import LogRow
from vault.services.sharing_rows import NoticeClockRow
from vault.storage.columns import padded
from vault.storage.doors import Changes, Looks
from vault.storage.log_index import ROWS
from vault.storage.sharing_tables import marks, notice_clocks
from vault.storage.tables import log_index

_CLOCK = select(
    notice_clocks.c.carnet_id,
    notice_clocks.c.grant_id,
    notice_clocks.c.due_at,
    notice_clocks.c.quiet_until,
)
_ONE = _CLOCK.where(
    notice_clocks.c.carnet_id == bindparam("carnet"), notice_clocks.c.grant_id == bindparam("grant")
)
_DUE = (
    _CLOCK.where(notice_clocks.c.due_at <= bindparam("now"))
    .order_by(notice_clocks.c.due_at, notice_clocks.c.carnet_id, notice_clocks.c.grant_id)
    .limit(bindparam("most"))
)
_MARK = select(marks.c.leaf).where(marks.c.name == bindparam("name"))


class NoticeChanges(Changes):
    """Inside one locked transaction."""

    def mark(self, name: str) -> int | None:
        return _mark(self._connection, name)

    def set_mark(self, name: str, leaf: int) -> None:
        self._connection.execute(delete(marks).where(marks.c.name == name))
        self._connection.execute(insert(marks), {"name": name, "leaf": leaf})

    def notice_clock(self, carnet_id: CarnetId, grant_id: GrantId) -> NoticeClockRow | None:
        row = self._connection.execute(_ONE, {"carnet": carnet_id, "grant": grant_id}).one_or_none()
        return NoticeClockRow(*row) if row else None

    def notices_due(self, now: datetime, *, limit: int) -> Sequence[NoticeClockRow]:
        return _due(self._connection, now, limit)

    def set_notice_clock(self, row: NoticeClockRow) -> None:
        """In place of what stood; nothing is kept of a clock that says nothing."""
        same = (notice_clocks.c.carnet_id == row.carnet_id, notice_clocks.c.grant_id == row.grant_id)
        self._connection.execute(delete(notice_clocks).where(*same))
        if row.due_at is not None or row.quiet_until is not None:
            told = {
                "carnet_id": row.carnet_id,
                "grant_id": row.grant_id,
                "due_at": row.due_at,
                "quiet_until": row.quiet_until,
            }
            self._connection.execute(insert(notice_clocks), told)


class NoticeLooks(Looks):
    """Beside it."""

    def mark(self, name: str) -> int | None:
        with self._database.read() as connection:
            return _mark(connection, name)

    def log_between(self, first: int, end: int, *, ops: Collection[str], limit: int) -> Sequence[LogRow]:
        """Entries of these operations from number ``first``, oldest first, ``end`` excluded."""
        statement = (
            ROWS.where(
                log_index.c.leaf >= first,
                log_index.c.leaf < end,
                log_index.c.op.in_(padded(sorted(str(op) for op in ops))),
            )
            .order_by(None)
            .order_by(log_index.c.leaf)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [LogRow(*row) for row in connection.execute(statement)]

    def notices_due(self, now: datetime, *, limit: int) -> Sequence[NoticeClockRow]:
        """Those whose time to tell has come, the longest due first."""
        with self._database.read() as connection:
            return _due(connection, now, limit)


def _mark(connection: Connection, name: str) -> int | None:
    found: int | None = connection.execute(_MARK, {"name": name}).scalar_one_or_none()
    return found


def _due(connection: Connection, now: datetime, limit: int) -> list[NoticeClockRow]:
    return [NoticeClockRow(*row) for row in connection.execute(_DUE, {"now": now, "most": limit})]
