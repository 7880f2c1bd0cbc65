"""Logs for tests: small ones made by hand, with a key of their own, and ways to spoil them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.names import Outcome
from vault.audit import (
    AboutContent,
    Checkpoint,
    CompactRange,
    Head,
    Leaf,
    LeafError,
    Op,
    Opening,
    Signer,
    StoredLeaf,
    Tiles,
    Verifier,
    commitment,
    leaf_hash,
    sign_checkpoint,
)

ORIGIN = "journal.example/carnet"
START = 1784628000000


def check_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def a_key(label: str = "log key", name: str = ORIGIN) -> tuple[Signer, Verifier]:
    private = Ed25519PrivateKey.from_private_bytes(sha256(label.encode()).digest())
    public = private.public_key().public_bytes_raw()
    return Signer(name, public, private.sign), Verifier(name, public, check_signature)


SIGNER, VERIFIER = a_key()
OTHER_SIGNER, OTHER_VERIFIER = a_key("another key")


def made_up(label: str, size: int = 32) -> bytes:
    return sha256(label.encode()).digest()[:size]


def an_opening(index: int, kind: str, content: bytes | None = None) -> Opening:
    content = AboutContent(reason=f"reason {index}").to_bytes() if content is None else content
    return Opening(index, kind, made_up(f"r {kind} {index}"), content)


def a_leaf(index: int, *, t: int | None = None, op: Op = Op.READ) -> bytes:
    n = made_up(f"n {index}", 16)
    about, actor = an_opening(index, "about"), an_opening(index, "actor")
    return Leaf(
        t=START + 10 * index if t is None else t,
        op=op,
        out=Outcome.GRANTED,
        m="202607",
        n=n,
        tag=made_up(f"tag {index}", 16),
        about=commitment("about", n, about.r, about.content),
        actor=commitment("actor", n, actor.r, actor.content),
    ).encode()


@dataclass
class MemoryLog:
    """A LogSource whose rows can be spoiled one by one."""

    rows: list[StoredLeaf]
    tiles: dict[tuple[int, int], bytes]
    notes: list[str | bytes]
    kept_head: Head | None
    known: list[Opening] = field(default_factory=list)
    stated_size: int | None = None

    def size(self) -> int:
        if self.stated_size is not None:
            return self.stated_size
        return self.kept_head.size if self.kept_head else len(self.rows)

    def leaves(self, start: int = 0) -> Iterator[StoredLeaf]:
        return (row for row in self.rows if type(row.no) is not int or row.no >= start)

    def tile(self, level: int, no: int) -> bytes:
        return self.tiles.get((level, no), b"")

    def checkpoints(self) -> Iterator[str | bytes]:
        return iter(self.notes)

    def head(self) -> Head | None:
        return self.kept_head

    def openings(self) -> Iterator[Opening]:
        return iter(self.known)

    def copy(self) -> "MemoryLog":
        return replace(
            self, rows=[*self.rows], tiles={**self.tiles}, notes=[*self.notes], known=[*self.known]
        )

    # --- spoiling ---
    def edit(self, no: int, data: bytes, *, with_hash: bool = False) -> None:
        stored = leaf_hash(data) if with_hash else self.rows[no].hash
        self.rows[no] = StoredLeaf(no, data, stored)

    def rebuild(self, *, tiles: bool = True, head: bool = True) -> None:
        """What a forger who holds no signing key can do: make hashes, tiles and head agree again."""
        self.rows = [
            StoredLeaf(no, row.data, leaf_hash(row.data)) if row.data is not None else row
            for no, row in enumerate(self.rows)
        ]
        fresh = a_log([row.data or b"" for row in self.rows], every=10**9)
        if tiles:
            self.tiles = fresh.tiles
        if head:
            self.kept_head = fresh.kept_head


def a_log(leaves: int | list[bytes], *, every: int = 10, partial: bool = True) -> MemoryLog:
    """A log of so many leaves (or these), with a checkpoint after every tenth leaf and at the end.

    Without ``partial`` it keeps only full tiles, as a database may.
    """
    return _a_log(leaves if isinstance(leaves, int) else tuple(leaves), every, partial).copy()


@cache
def _a_log(leaves: int | tuple[bytes, ...], every: int, partial: bool) -> MemoryLog:
    data = [a_leaf(i) for i in range(leaves)] if isinstance(leaves, int) else list(leaves)
    growing, tiles = CompactRange(), Tiles()
    known: dict[tuple[int, int], bytes] = {}
    notes: list[str | bytes] = []
    for at in range(0, len(data), every):
        hashes = [leaf_hash(one) for one in data[at : at + every]]
        growing.extend(hashes)
        for tile in tiles.extend(hashes) + (tiles.partial() if partial else []):
            known[tile.level, tile.no] = tile.hashes
        notes.append(sign_checkpoint(Checkpoint(ORIGIN, growing.size, growing.root()), SIGNER))
    try:
        t = Leaf.parse(data[-1]).t if data else 0
    except LeafError:  # a forged one
        t = 0
    rows = [StoredLeaf(no, one, leaf_hash(one)) for no, one in enumerate(data)]
    return MemoryLog(rows, known, notes, Head(len(data), t, growing))


def set_tile(level: int, no: int, change: Callable[[bytes], bytes]) -> Callable[[MemoryLog], None]:
    def spoil(log: MemoryLog) -> None:
        log.tiles[level, no] = change(log.tiles[level, no])

    return spoil


def set_head(**changed: object) -> Callable[[MemoryLog], None]:
    def spoil(log: MemoryLog) -> None:
        assert log.kept_head
        log.kept_head = log.kept_head._replace(**changed)

    return spoil
