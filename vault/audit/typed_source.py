"""A source of which every value has the type it should have.

Some databases keep text in a column of bytes, or a word in a column of numbers, for whoever may write to
them. A verifier must find such a row, not stumble over it: here it becomes unreadable or a SourceError.
"""

from collections.abc import Iterator

from vault.audit.errors import SourceError
from vault.audit.source import Head, LogSource, Opening, StoredLeaf


class TypedSource:
    """Wraps a LogSource and is one."""

    def __init__(self, source: LogSource) -> None:
        self._source = source

    def size(self) -> int:
        size = self._source.size()
        if type(size) is not int or size < 0:
            raise SourceError("the size of the log is not a number")
        return size

    def leaves(self, start: int = 0) -> Iterator[StoredLeaf]:
        for row in self._source.leaves(start):
            if type(row.no) is not int:
                raise SourceError("the number of a leaf is not a number")
            good = type(row.data) in _BYTES and type(row.hash) in _BYTES
            yield row if good else StoredLeaf(row.no, None, None)

    def tile(self, level: int, no: int) -> bytes:
        hashes = self._source.tile(level, no)
        if type(hashes) is not bytes:
            raise SourceError(f"tile {level}/{no} does not hold bytes")
        return hashes

    def checkpoints(self) -> Iterator[str | bytes]:
        for note in self._source.checkpoints():
            yield note if type(note) in (str, bytes) else b""

    def head(self) -> Head | None:
        head = self._source.head()
        if head is not None and (type(head.size) is not int or type(head.t) is not int):
            raise SourceError("the head of the log is not one")
        return head

    def openings(self) -> Iterator[Opening]:
        return self._source.openings()


_BYTES = (bytes, type(None))
