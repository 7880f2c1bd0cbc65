"""The live log as the verifier reads it: one snapshot of D, page by page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from vault.audit import AuditError, CompactRange, Head, Opening, SourceError, StoredLeaf
from vault.storage.audit_log import known_tile
from vault.storage.database import Database
from vault.storage.tables import checkpoints, leaves, log_head, openings

PAGE = 1024  # rows fetched at a time
_LEAVES = (
    select(leaves.c.no, leaves.c.bytes, leaves.c.hash)
    .where(leaves.c.no >= bindparam("low"))
    .order_by(leaves.c.no)
    .limit(PAGE)
)
_CHECKPOINTS = (
    select(checkpoints.c.size, checkpoints.c.note)
    .where(checkpoints.c.size >= bindparam("low"))
    .order_by(checkpoints.c.size)
    .limit(PAGE)
)
_OPENINGS = (
    select(openings.c.leaf, openings.c.kind, openings.c.month, openings.c.sealed, leaves.c.bytes)
    .join(leaves, leaves.c.no == openings.c.leaf)
    .where(openings.c.leaf >= bindparam("low"), openings.c.leaf < bindparam("high"))
    .order_by(openings.c.leaf, openings.c.kind)
)


class SealedOpening(NamedTuple):
    """An opening as it is kept, with the leaf it opens."""

    no: int
    kind: str
    month: str
    sealed: bytes
    leaf: bytes


Show = Callable[[SealedOpening], Opening | None]  # None: its key is gone, or not for whoever asks


@contextmanager
def log_source(database: Database, *, show: Show | None = None) -> Iterator["DatabaseSource"]:
    """A ``LogSource`` over one snapshot of D. ``show`` opens openings; without it none is given."""
    with database.snapshot() as connection:
        yield DatabaseSource(connection, show)


class DatabaseSource:
    """Implements ``audit.LogSource``."""

    def __init__(self, connection: Connection, show: Show | None) -> None:
        self._connection, self._show = connection, show

    def size(self) -> int:
        head = self.head()
        return head.size if head else 0

    def leaves(self, start: int = 0) -> Iterator[StoredLeaf]:
        for row in self._pages(_LEAVES, start):
            yield StoredLeaf(*row)

    def tile(self, level: int, no: int) -> bytes:
        return known_tile(self._connection, level, no)

    def checkpoints(self) -> Iterator[str | bytes]:
        for _, note in self._pages(_CHECKPOINTS, 0):
            yield note

    def head(self) -> Head | None:
        """Raises SourceError when the stored range is not one."""
        row = self._connection.execute(select(log_head.c.size, log_head.c.t, log_head.c.range)).one_or_none()
        if row is None:
            return None
        size, t, compact = row
        try:
            return Head(size, t, CompactRange.from_bytes(compact))
        except AuditError as error:
            raise SourceError("the head holds no compact range") from error

    def openings(self) -> Iterator[Opening]:
        if self._show is None:
            return
        for low in range(0, self.size(), PAGE):
            page = self._connection.execute(_OPENINGS, {"low": low, "high": low + PAGE})
            for row in page.all():
                shown = self._show(SealedOpening(*row))
                if shown is not None:
                    yield shown

    def _pages(self, statement: Select[Any], low: int) -> Iterator[Any]:
        """Rows by their first column, from ``low`` on. No cursor outlives a page."""
        while page := self._connection.execute(statement, {"low": low}).all():
            yield from page
            low = page[-1][0] + 1
