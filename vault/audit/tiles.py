"""The tree kept as tiles of 256 hashes (C2SP tlog-tiles, as frozen in docs/formats/log.md).

``Tiles`` makes them as leaves arrive; ``tile_nodes`` gives the nodes of the tree back out of them, which is
all that proofs need; ``tile_path`` names them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from vault.audit.errors import TileError
from vault.audit.merkle import HASH_SIZE, NodeAt, node_hash, subtree_root

HEIGHT = 8
WIDTH = 1 << HEIGHT
FULL = WIDTH * HASH_SIZE
ReadTile = Callable[
    [int, int], bytes
]  # (level, number) -> the hashes known, joined; empty when there is none


class Tile(NamedTuple):
    level: int
    no: int
    hashes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH_SIZE


def tile_path(level: int, no: int, width: int = WIDTH) -> str:
    """``L/N`` or ``L/N.p/W``."""
    groups = [f"{no % 1000:03}"]
    while no := no // 1000:
        groups.insert(0, f"x{no % 1000:03}")
    return f"{level}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


def tile_width(level: int, no: int, size: int) -> int:
    """How many hashes that tile has in a tree of ``size`` leaves (0: it does not exist)."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - no * WIDTH))


class Tiles:
    """The growing right edge: at each level, the hashes of the tile not yet full."""

    def __init__(self, size: int = 0, read: ReadTile | None = None) -> None:
        """``read`` gives the partial tiles of a tree that already has ``size`` leaves (TileError if not)."""
        self.size = size
        self._edge: list[list[bytes]] = []
        while hashes := size >> HEIGHT * len(self._edge):
            level, width = len(self._edge), hashes % WIDTH
            known = read(level, hashes // WIDTH) if width and read else b""
            if len(known) < width * HASH_SIZE:
                raise TileError(f"tile {tile_path(level, hashes // WIDTH, width)} is missing or too short")
            self._edge.append(cut(known[: width * HASH_SIZE]))

    def extend(self, hashes: Sequence[bytes]) -> list[Tile]:
        """Add leaf hashes; returns the tiles that became full, in the order in which they did."""
        full: list[Tile] = []
        for at in self._strides(len(hashes)):
            self._add(0, hashes[at], full)
        self.size += len(hashes)
        return full

    def _strides(self, count: int) -> Iterator[slice]:
        """Slices of the new hashes, each of which stays within one level-0 tile."""
        at = 0
        while at < count:
            upto = min(count, at + WIDTH - (self.size + at) % WIDTH)
            yield slice(at, upto)
            at = upto

    def _add(self, level: int, hashes: Sequence[bytes], full: list[Tile]) -> None:
        if level == len(self._edge):
            self._edge.append([])
        edge = self._edge[level]
        edge += hashes
        if len(edge) == WIDTH:
            number = self._numbers(level, full)
            full.append(Tile(level, number, b"".join(edge)))
            self._edge[level] = []
            self._add(level + 1, [subtree_root(edge)], full)

    def _numbers(self, level: int, full: list[Tile]) -> int:
        """Number of the tile that fills up now at ``level``."""
        return (self.size >> HEIGHT * (level + 1)) + sum(tile.level == level for tile in full)

    def partial(self) -> list[Tile]:
        """The tiles begun and not full, lowest level first."""
        return [
            Tile(level, self.size >> HEIGHT * (level + 1), b"".join(edge))
            for level, edge in enumerate(self._edge)
            if edge
        ]


def cut(hashes: bytes) -> list[bytes]:
    """Joined hashes, one by one."""
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def tile_nodes(read: ReadTile, *, kept: int = 64) -> NodeAt:
    """Nodes of the tree out of its tiles. Keeps the last ``kept`` tiles with the levels inside them.

    The function returned raises TileError when a tile lacks what the node needs.
    """
    cache: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def levels(level: int, no: int) -> list[list[bytes]]:
        if (level, no) in cache:
            cache.move_to_end((level, no))
        else:
            cache[level, no] = _inner(cut(read(level, no)))
            if len(cache) > kept:
                cache.popitem(last=False)
        return cache[level, no]

    def node(height: int, index: int) -> bytes:
        level, inside = divmod(height, HEIGHT)
        no, place = divmod(index, WIDTH >> inside)
        rows = levels(level, no)
        if inside >= len(rows) or place >= len(rows[inside]):
            raise TileError(f"tile {level}/{no} is missing or too short")
        return rows[inside][place]

    return node


def _inner(hashes: list[bytes]) -> list[list[bytes]]:
    """The levels below a tile's root: the hashes, their pairs, the pairs of pairs… complete ones only."""
    rows = [hashes]
    while len(rows) < HEIGHT:
        below = rows[-1]
        rows.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])
    return rows
