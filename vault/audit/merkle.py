"""The Merkle tree of RFC 6962 §2.1 with SHA-256: hashes, roots, proofs, and a range to append to.

A node is named (height, index): the root of the complete subtree over leaves
[index · 2^height, (index + 1) · 2^height). Proofs are made from any function that gives such nodes
(tiles.py has one), so their cost grows with the logarithm of the tree.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence

from vault.audit.errors import ProofError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
NodeAt = Callable[[int, int], bytes]

_sha256 = hashlib.sha256
_SIZE = struct.Struct(">Q")
_BULK = 8  # height of the subtrees that ``CompactRange.extend`` hashes in one go


def leaf_hash(data: bytes) -> bytes:
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Root over 2^k hashes, level by level: the fast path of everything that is aligned."""
    while len(hashes) > 1:
        hashes = [_sha256(b"\x01" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over any number of leaf hashes."""
    growing = CompactRange()
    growing.extend(hashes)
    return growing.root()


class CompactRange:
    """The least that lets a tree grow: its size and the roots of its complete subtrees, largest first."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(nodes) != size.bit_count() or any(len(node) != HASH_SIZE for node in nodes):
            raise ProofError("a compact range holds one hash for each bit of its size")
        self.size = size
        self._nodes = list(nodes)

    def append(self, node: bytes, height: int = 0) -> None:
        """Add one leaf hash, or the root of a complete subtree of 2^height leaves where one may start."""
        if self.size & ((1 << height) - 1):
            raise ProofError("no such subtree starts at this size")
        position = self.size >> height
        while position & 1:
            node = node_hash(self._nodes.pop(), node)
            position >>= 1
        self._nodes.append(node)
        self.size += 1 << height

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Add leaf hashes in order."""
        width, at = 1 << _BULK, 0
        while at < len(hashes):
            if len(hashes) - at >= width and not self.size % width:
                self.append(subtree_root(hashes[at : at + width]), _BULK)
                at += width
            else:
                self.append(hashes[at])
                at += 1

    def root(self) -> bytes:
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root

    def copy(self) -> "CompactRange":
        return CompactRange(self.size, self._nodes)

    def to_bytes(self) -> bytes:
        return _SIZE.pack(self.size) + b"".join(self._nodes)

    @classmethod
    def from_bytes(cls, data: bytes) -> "CompactRange":
        """The inverse of ``to_bytes``. Raises ProofError for anything else."""
        if type(data) is not bytes or len(data) < _SIZE.size or (len(data) - _SIZE.size) % HASH_SIZE:
            raise ProofError("not a compact range")
        nodes = [data[at : at + HASH_SIZE] for at in range(_SIZE.size, len(data), HASH_SIZE)]
        return cls(_SIZE.unpack_from(data)[0], nodes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompactRange) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # it changes


def range_at(size: int, node: NodeAt) -> CompactRange:
    """The compact range of the first ``size`` leaves, from the nodes of a tree at least that large."""
    nodes, at = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            nodes.append(node(height, at >> height))
            at += 1 << height
    return CompactRange(size, nodes)


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _root_between(low: int, high: int, node: NodeAt) -> bytes:
    """Root of leaves [low, high), where ``low`` is a place a subtree of the tree starts at."""
    size = high - low
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return node(height, low >> height)
    middle = low + _split(size)
    return node_hash(_root_between(low, middle, node), _root_between(middle, high, node))


def inclusion_proof(index: int, size: int, node: NodeAt) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 §2.1.1. Raises ProofError when the tree has no such leaf."""
    if not 0 <= index < size:
        raise ProofError("no such leaf in a tree of this size")
    proof, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_root_between(middle, high, node))
            high = middle
        else:
            proof.append(_root_between(low, middle, node))
            low = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, node: NodeAt) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 6962 §2.1.2; empty between equal sizes. Needs 0 < first ≤ second."""
    if not 0 < first <= second:
        raise ProofError("no consistency proof between these sizes")
    proof, low, high, whole = [], 0, second, True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(_root_between(middle, high, node))
            high = middle
        else:
            proof.append(_root_between(low, middle, node))
            low, whole = middle, False
    if not whole:
        proof.append(_root_between(low, high, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at ``index`` in the tree of this size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != HASH_SIZE for step in proof):
        return False
    position, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node_hash(step, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, step)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(first: int, second: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the second tree begins with the whole first one (RFC 9162 §2.1.4.2)."""
    if not 0 < first <= second or any(len(step) != HASH_SIZE for step in proof):
        return False
    if first == second:
        return not proof and root1 == root2
    steps = [root1, *proof] if first & (first - 1) == 0 else list(proof)
    if not steps:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old == root1 and new == root2
