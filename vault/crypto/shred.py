"""The puncturable secret S_p of a carnet (docs/formats/record.md): one salt for each slot, and a way to
forget one slot for good.

A tree of depth 4 with 16 branches over 16-bit slots. What is kept is a set of nodes; puncturing a slot
replaces the node above it by the siblings along its path. A node is numbered 1 followed by the hexadecimal
digits of its path: the root is 1, the parent of ``node`` is ``node >> 4``, the leaf of ``slot`` is
0x10000 | slot.
"""

import os
import struct
from collections.abc import Callable, Iterable, Mapping

from vault.crypto.errors import OpenError, PuncturedError, UnknownSuiteError
from vault.crypto.keys import KEY_LENGTH, SlotSalt
from vault.crypto.primitives import Random, keyed_hmac

DEPTH = 4
BRANCHES = 16
SLOTS = 1 << 4 * DEPTH

_DOMAIN = b"carnet/shred/1"
_MESSAGES = tuple(_DOMAIN + bytes([i]) for i in range(BRANCHES))
_ROOT = 1
_LEAVES = SLOTS  # the bit before a leaf's four digits
_VERSION = b"\x01"
_NODE = struct.Struct(">BH32s")  # depth, first slot, secret


class ShredTree:
    """Immutable. Its bytes are a secret: they live only as a wrapped row of the key store."""

    __slots__ = ("_nodes",)

    def __init__(self, nodes: Mapping[int, bytes]) -> None:
        self._nodes = dict(nodes)

    @classmethod
    def fresh(cls, random: Random = os.urandom) -> "ShredTree":
        """A tree with no slot punctured."""
        return cls({_ROOT: random(KEY_LENGTH)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "ShredTree":
        """Raises UnknownSuiteError for another format, OpenError for anything ``to_bytes`` cannot give."""
        if not data or (len(data) - 1) % _NODE.size:
            raise OpenError
        if data[:1] != _VERSION:
            raise UnknownSuiteError
        nodes: dict[int, bytes] = {}
        free = 0  # first slot not yet covered: nodes come in order and never overlap
        for depth, first, secret in _NODE.iter_unpack(data[1:]):
            width = _width(depth) if depth <= DEPTH else 0
            if not width or first < free or first % width:
                raise OpenError
            nodes[(_LEAVES | first) >> 4 * (DEPTH - depth)] = secret
            free = first + width
        return cls(nodes)

    def to_bytes(self) -> bytes:
        packed = sorted((_first_slot(node), _depth(node), secret) for node, secret in self._nodes.items())
        return _VERSION + b"".join(_NODE.pack(depth, first, secret) for first, depth, secret in packed)

    def salts(self, slots: Iterable[int]) -> dict[int, SlotSalt]:
        """The salt of each wanted slot, inner nodes derived once. Raises PuncturedError naming the first
        slot that is forgotten, OpenError for a number that is no slot."""
        walk = _Walk(self._nodes)
        return {slot: SlotSalt(walk.leaf(slot)) for slot in slots}

    def puncture(self, slots: Iterable[int]) -> "ShredTree":
        """A tree without these slots; all others keep their salts. Slots already punctured stay so.

        Forgetting is done once every copy of the tree before is destroyed.
        """
        nodes = dict(self._nodes)
        for slot in slots:
            _puncture(nodes, _leaf(slot))
        return ShredTree(nodes)

    def is_punctured(self, slot: int) -> bool:
        leaf = _leaf(slot)
        return not any(leaf >> 4 * up in self._nodes for up in range(DEPTH + 1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShredTree) and self._nodes == other._nodes

    __hash__ = None  # type: ignore[assignment]  # a secret is no dictionary key

    def __repr__(self) -> str:
        return f"<ShredTree of {len(self._nodes)} nodes>"


class _Walk:
    """Derives nodes downwards, each at most once."""

    def __init__(self, nodes: Mapping[int, bytes]) -> None:
        self._kept = nodes
        self._below: dict[int, Callable[[bytes], bytes]] = {}  # HMAC keyed with an inner node

    def leaf(self, slot: int) -> bytes:
        leaf = _leaf(slot)
        kept = self._kept.get(leaf)
        return kept if kept is not None else self._child_of(leaf, slot)

    def _child_of(self, node: int, slot: int) -> bytes:
        parent = node >> 4
        derive = self._below.get(parent)
        if derive is None:
            derive = self._below[parent] = keyed_hmac(self._secret(parent, slot))
        return derive(_MESSAGES[node & 15])

    def _secret(self, node: int, slot: int) -> bytes:
        kept = self._kept.get(node)
        if kept is not None:
            return kept
        if node <= _ROOT:
            raise PuncturedError(slot)
        return self._child_of(node, slot)


def _puncture(nodes: dict[int, bytes], leaf: int) -> None:
    """Replace the kept node above ``leaf``, if any, by the siblings along its path."""
    for up in range(DEPTH, -1, -1):
        top = leaf >> 4 * up
        secret = nodes.pop(top, None)
        if secret is not None:
            break
    else:
        return
    for below in range(up - 1, -1, -1):
        on_path = leaf >> 4 * below
        children = [keyed_hmac(secret)(message) for message in _MESSAGES]
        nodes.update({(on_path & ~15) | i: child for i, child in enumerate(children) if i != on_path & 15})
        secret = children[on_path & 15]


def _leaf(slot: int) -> int:
    if not 0 <= slot < SLOTS:
        raise OpenError("a slot is a number of 16 bits")
    return _LEAVES | slot


def _depth(node: int) -> int:
    return (node.bit_length() - 1) // 4


def _width(depth: int) -> int:
    return 1 << 4 * (DEPTH - depth)


def _first_slot(node: int) -> int:
    return (node << 4 * (DEPTH - _depth(node))) & (SLOTS - 1)
