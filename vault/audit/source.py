"""Where a log can be read from: the live database, an exported folder, a list in a test.

All methods answer from one snapshot, however long the reading takes. Iterators stream. What cannot be
read raises SourceError, except a single leaf (see StoredLeaf).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from vault.audit.merkle import CompactRange


class StoredLeaf(NamedTuple):
    """One row or line. Without ``data``: its bytes were pruned; without both: it cannot be read."""

    no: int
    data: bytes | None
    hash: bytes | None  # as stored beside the bytes; None where only tiles hold hashes


@dataclass(frozen=True, slots=True)
class Opening:
    """What a leaf commits to, where it is known."""

    index: int
    kind: str
    r: bytes = field(repr=False)
    content: bytes = field(repr=False)


class Head(NamedTuple):
    """Where the next leaf will be appended."""

    size: int
    t: int
    range: CompactRange


class LogSource(Protocol):
    def size(self) -> int:
        """How many leaves the log says it has."""

    def leaves(self, start: int = 0) -> Iterator[StoredLeaf]:
        """Every leaf there is from that number on, by number, whether or not within ``size``."""

    def tile(self, level: int, no: int) -> bytes:
        """The hashes of a tile, joined: all of a full one, perhaps fewer of a partial one, empty if none."""

    def checkpoints(self) -> Iterator[str | bytes]:
        """The signed notes kept, smallest size first."""

    def head(self) -> Head | None:
        """The head, where there is one to compare with."""

    def openings(self) -> Iterator[Opening]:
        """The openings that can be shown, by index. None where nobody may see them."""
