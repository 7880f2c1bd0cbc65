"""Appending to the log: the one module that touches its head (docs/formats/log.md, "Order").

``HeldLog`` takes the head lock as the first statement of the transaction it serves. While it is held nobody
else appends; leaf order is therefore the order of holding it, and a statement begun after it sees every
change whose leaf stands below. The compact range is read each time, never kept: several processes append.

``now`` is the larger of the clock and the head's time, so it never goes back in log order. A clock that
stands more than five seconds behind the head stops the log until it has caught up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from schemas.names import Outcome
from vault.audit import AuditError, CompactRange, Leaf, Op, OpeningKind, Tiles, leaf_hash
from vault.audit.tiles import WIDTH
from vault.errors import LogUnavailableError
from vault.services.ports import Clock
from vault.services.rows import Appended, Draft
from vault.storage.columns import from_ms, insert_if_absent, to_ms
from vault.storage.prepared import Prepared, PreparedInsert
from vault.storage.tables import leaves, log_head, log_index, openings, tiles

STEP_BACK = timedelta(seconds=5)

_LOCK_HEAD = Prepared(select(log_head.c.size, log_head.c.t, log_head.c.range).with_for_update())
_ADD_LEAVES = PreparedInsert(leaves)
_ADD_OPENINGS = PreparedInsert(openings)
_ADD_INDEX = PreparedInsert(log_index)
_MOVE_HEAD = Prepared(
    update(log_head)
    .where(log_head.c.size == bindparam("old"))
    .values(size=bindparam("new"), t=bindparam("new_t"), range=bindparam("new_range"))
)
_HASHES = (
    select(leaves.c.hash).where(leaves.c.no >= bindparam("low"), leaves.c.no < bindparam("high"))
).order_by(leaves.c.no)
_TILE = select(tiles.c.hashes).where(tiles.c.level == bindparam("at"), tiles.c.no == bindparam("number"))


class LogIdentity(NamedTuple):
    """Whose log it is: the instance it belongs to, and the name its checkpoints bear."""

    instance: str
    origin: str


def found_log(connection: Connection, identity: LogIdentity) -> bool:
    """Make the head of an empty log, once. False, and nothing done, when there is one."""
    row = {
        "id": 1,
        "size": 0,
        "t": 0,
        "range": CompactRange().to_bytes(),
        "instance": identity.instance,
        "origin": identity.origin,
    }
    return insert_if_absent(connection, log_head, [row]) == 1


class HeldLog:
    """The head, locked for this transaction. ``now`` is the instant of every leaf appended through it."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        rows = _LOCK_HEAD.rows(connection)
        if not rows:
            raise LogUnavailableError("not founded")
        ((size, t, compact),) = rows
        self._connection = connection
        self.size: int = size
        self._range = _range(size, compact)
        self._t = _forward(t, to_ms(clock()))

    @property
    def now(self) -> datetime:
        return from_ms(self._t)

    def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Number, stamp, hash and store the entries; durable when the transaction is."""
        if not drafts:
            return []
        old, numbers = self.size, range(self.size, self.size + len(drafts))
        encoded = [_leaf(draft, self._t).encode() for draft in drafts]
        hashes = [leaf_hash(data) for data in encoded]
        _ADD_LEAVES.rows(self._connection, list(zip(numbers, encoded, hashes, strict=True)))
        _ADD_OPENINGS.rows(self._connection, _opening_rows(numbers, drafts))
        _ADD_INDEX.rows(self._connection, _index_rows(numbers, drafts))
        self._keep_tiles(hashes)
        self._range.extend(hashes)
        self.size += len(drafts)
        self._move_head(old)
        return [Appended(no, self.now, draft.out) for no, draft in zip(numbers, drafts, strict=True)]

    def _move_head(self, old: int) -> None:
        moved = _MOVE_HEAD.change(
            self._connection, old=old, new=self.size, new_t=self._t, new_range=self._range.to_bytes()
        )
        if moved != 1:
            raise LogUnavailableError("the head moved under its lock")

    # --- tiles -------------------------------------------------------------------------------------------

    def _keep_tiles(self, hashes: Sequence[bytes]) -> None:
        """Once in 256 leaves: the tile that fills up, and the growing tiles above it."""
        if self.size // WIDTH == (self.size + len(hashes)) // WIDTH:
            return
        try:
            growing = Tiles(self.size, self._known)
        except AuditError as error:
            raise LogUnavailableError("tiles are missing") from error
        full = growing.extend(hashes)
        for tile in (*full, *growing.partial()):
            if tile.level or tile.width == WIDTH:
                key = (tiles.c.level == tile.level, tiles.c.no == tile.no)
                self._connection.execute(delete(tiles).where(*key))
                self._connection.execute(insert(tiles), tile._asdict())

    def _known(self, level: int, no: int) -> bytes:
        return known_tile(self._connection, level, no)


def known_tile(connection: Connection, level: int, no: int) -> bytes:
    """The hashes of a tile, joined, as far as they exist. Level 0 is kept once full, and until then read
    from the leaves; the levels above are kept as they grow."""
    kept: bytes | None = connection.execute(_TILE, {"at": level, "number": no}).scalar_one_or_none()
    if kept is not None or level:
        return kept or b""
    return b"".join(connection.execute(_HASHES, {"low": no * WIDTH, "high": (no + 1) * WIDTH}).scalars())


def _range(size: int, data: bytes) -> CompactRange:
    try:
        found = CompactRange.from_bytes(data)
    except AuditError as error:
        raise LogUnavailableError("the head is not one") from error
    if found.size != size:
        raise LogUnavailableError("the head is not one")
    return found


def _forward(head: int, clock: int) -> int:
    if head - clock > STEP_BACK // timedelta(milliseconds=1):
        raise LogUnavailableError("the clock went back")
    return max(head, clock)


def _leaf(draft: Draft, t: int) -> Leaf:
    return Leaf(
        t=t,
        op=Op(draft.op),
        out=Outcome(draft.out),
        m=draft.month,
        n=draft.n,
        tag=draft.tag,
        about=draft.about,
        actor=draft.actor,
    )


# Rows in the order of their table's columns.


def _opening_rows(numbers: Sequence[int], drafts: Sequence[Draft]) -> list[tuple[Any, ...]]:
    return [
        (no, kind, draft.month, sealed)
        for no, draft in zip(numbers, drafts, strict=True)
        for kind, sealed in (
            (OpeningKind.ABOUT.value, draft.about_sealed),
            (OpeningKind.ACTOR.value, draft.actor_sealed),
        )
    ]


def _index_rows(numbers: Sequence[int], drafts: Sequence[Draft]) -> list[tuple[Any, ...]]:
    return [
        (no, str(draft.op), str(draft.out), draft.carnet_tag, draft.structure_tag, draft.agent_tag)
        for no, draft in zip(numbers, drafts, strict=True)
    ]
