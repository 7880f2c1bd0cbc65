"""Looking entries up in the log: by person, by operation, by number; newest first, never by offset.

Everything returned is sealed or a tag. How a log is *verified* does not pass here (log_source.py).
"""

from collections.abc import Collection, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from vault.audit import CompactRange, OpeningKind
from vault.services.rows import LogRow, StoredCheckpoint
from vault.storage.audit_log import known_tile
from vault.storage.columns import insert_if_absent, padded
from vault.storage.doors import Looks
from vault.storage.tables import checkpoints, leaves, log_head, log_index, openings

_LARGEST = 2**62
_ABOUT = openings.alias("about")
_ACTOR = openings.alias("actor")
ROWS = (
    select(
        log_index.c.leaf,
        leaves.c.bytes,
        log_index.c.carnet_tag,
        log_index.c.agent_tag,
        _ABOUT.c.sealed,
        _ACTOR.c.sealed,
    )
    .join(leaves, leaves.c.no == log_index.c.leaf)
    .outerjoin(_ABOUT, and_(_ABOUT.c.leaf == log_index.c.leaf, _ABOUT.c.kind == OpeningKind.ABOUT.value))
    .outerjoin(_ACTOR, and_(_ACTOR.c.leaf == log_index.c.leaf, _ACTOR.c.kind == OpeningKind.ACTOR.value))
    .order_by(log_index.c.leaf.desc())
)
_PAGE = ROWS.where(log_index.c.leaf < bindparam("before")).limit(bindparam("most"))
_OF_CARNET = _PAGE.where(log_index.c.carnet_tag == bindparam("tag"))
_OF_OP = _PAGE.where(log_index.c.op == bindparam("op"))
_OPENED = (
    select(func.count())
    .select_from(openings)
    .where(openings.c.leaf == leaves.c.no)
    .correlate(leaves)
    .scalar_subquery()
)
_FIRST_HIDDEN = (
    select(func.min(leaves.c.no))
    .select_from(leaves.outerjoin(log_index, log_index.c.leaf == leaves.c.no))
    .where(or_(log_index.c.leaf.is_(None), _OPENED < 2))
)
_HEAD = select(log_head.c.size, log_head.c.range)
_CHECKPOINT = select(checkpoints.c.size, checkpoints.c.at, checkpoints.c.note)
_LAST_CHECKPOINT = _CHECKPOINT.order_by(checkpoints.c.size.desc()).limit(1)


def last_checkpoint(connection: Connection) -> StoredCheckpoint | None:
    row = connection.execute(_LAST_CHECKPOINT).one_or_none()
    return StoredCheckpoint(*row) if row else None


class LogLooks(Looks):
    def log_by_carnet(
        self, carnet_tag: bytes, *, ops: Collection[str] | None, before: int | None, limit: int
    ) -> Sequence[LogRow]:
        """Entries about one carnet with a number below ``before``, newest first."""
        statement = _OF_CARNET if ops is None else _OF_CARNET.where(_op_in(ops))
        with self._database.read() as connection:
            return _page(connection, statement, before, limit, tag=carnet_tag)

    def log_latest(self, *, ops: Collection[str] | None, before: int | None, limit: int) -> Sequence[LogRow]:
        """Entries about anybody with a number below ``before``, newest first. Each operation is one walk
        along its index, so that a rare one does not cost the whole log."""
        with self._database.read() as connection:
            if ops is None:
                return _page(connection, _PAGE, before, limit)
            walks = [_page(connection, _OF_OP, before, limit, op=str(op)) for op in sorted(set(ops))]
        return list(islice(merge(*walks, key=lambda row: -row.no), limit))

    def log_rows(self, numbers: Collection[int]) -> Sequence[LogRow]:
        """The entries of these numbers, newest first; unknown numbers are absent."""
        known = [no for no in numbers if 0 <= no < _LARGEST]
        with self._database.read() as connection:
            found = connection.execute(ROWS.where(log_index.c.leaf.in_(padded(known))))
            return [LogRow(*row) for row in found]

    def first_hidden(self) -> int | None:
        """The first leaf that the index does not list, or that lost one of its two openings: an
        entry that people's pages would not show, or not whole. None when there is none."""
        with self._database.read() as connection:
            found: int | None = connection.execute(_FIRST_HIDDEN).scalar_one()
        return found

    def log_size(self) -> int:
        """How many leaves the log has; 0 before it is founded."""
        return self._head()[0]

    def log_root(self) -> tuple[int, bytes]:
        """Size and root, of one instant."""
        size, compact = self._head()
        return size, compact.root()

    def log_tile(self, level: int, no: int) -> bytes:
        """The hashes of a tile that are known, joined: all of a full one, perhaps fewer, empty if none."""
        with self._database.read() as connection:
            return known_tile(connection, level, no)

    def _head(self) -> tuple[int, CompactRange]:
        with self._database.read() as connection:
            row = connection.execute(_HEAD).one_or_none()
        return (row[0], CompactRange.from_bytes(row[1])) if row else (0, CompactRange())

    def last_checkpoint(self) -> StoredCheckpoint | None:
        with self._database.read() as connection:
            return last_checkpoint(connection)

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """The first one kept of a size stays: another of the same size says the same."""
        row = {"size": checkpoint.size, "at": checkpoint.at, "note": checkpoint.note}
        with self._database.transaction() as connection:
            insert_if_absent(connection, checkpoints, [row])


def _op_in(ops: Collection[str]) -> ColumnElement[bool]:
    return log_index.c.op.in_(padded(str(op) for op in ops))


def _page(
    connection: Connection, statement: Any, before: int | None, limit: int, **values: Any
) -> list[LogRow]:
    upto = _LARGEST if before is None else max(0, min(before, _LARGEST))
    rows = connection.execute(statement, {"before": upto, "most": limit, **values})
    return [LogRow(*row) for row in rows]
