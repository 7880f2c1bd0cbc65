"""The tree, its ranges, tiles and proofs, against the definitions of RFC 6962 written out naively."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import independent_log as naive
from vault.audit import CompactRange, ProofError, TileError, leaf_hash
from vault.audit.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    range_at,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from vault.audit.tiles import (
    FULL,
    Tiles,
    tile_nodes,
    tile_width,
)

MOST = 300
DATA = [f"leaf {i}".encode() for i in range(MOST)]
HASHES = [leaf_hash(one) for one in DATA]
ROOTS = [naive.mth(DATA[:size]) for size in range(MOST + 1)]


@cache
def tiles_of(size: int) -> dict[tuple[int, int], bytes]:
    made = Tiles()
    full = made.extend(HASHES[:size])
    return {(tile.level, tile.no): tile.hashes for tile in full + made.partial()}


def nodes_of(size: int):  # type: ignore[no-untyped-def]
    known = tiles_of(size)
    return tile_nodes(lambda level, no: known.get((level, no), b""))


def test_our_root_is_the_definitions_for_every_size_to_300() -> None:
    growing = CompactRange()
    assert growing.root() == EMPTY_ROOT == ROOTS[0]
    for size, one in enumerate(HASHES, start=1):
        growing.append(one)
        assert growing.root() == ROOTS[size]
        assert growing.size == size


@given(st.integers(0, MOST), st.lists(st.integers(0, MOST), max_size=4))
def test_a_range_is_the_same_however_its_leaves_arrived(size: int, cuts: list[int]) -> None:
    growing = CompactRange()
    edges = [0, *sorted(min(cut, size) for cut in cuts), size]
    for low, high in pairwise(edges):
        growing.extend(HASHES[low:high])
    assert growing.root() == ROOTS[size] == root_of(HASHES[:size])
    assert growing.to_bytes() == naive.compact(DATA[:size])
    assert CompactRange.from_bytes(growing.to_bytes()) == growing
    assert range_at(size, nodes_of(MOST)) == growing


def test_a_copy_of_a_range_grows_alone() -> None:
    one = CompactRange()
    one.extend(HASHES[:5])
    other = one.copy()
    other.append(HASHES[5])
    assert (one.root(), other.root()) == (ROOTS[5], ROOTS[6])


@pytest.mark.parametrize(
    "data",
    [b"", bytes(7), bytes(8) + bytes(32), (3).to_bytes(8, "big") + bytes(32), bytes(8) + b"x", bytes(9)],
    ids=["empty", "cut", "a-hash-too-many", "a-hash-too-few", "a-byte-more", "another-byte-more"],
)
def test_bytes_that_are_no_range_are_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        CompactRange.from_bytes(data)


def test_a_subtree_is_added_only_where_one_may_start() -> None:
    growing = CompactRange()
    growing.append(HASHES[0])
    with pytest.raises(ProofError):
        growing.append(HASHES[1], height=1)


def test_every_inclusion_proof_to_64_is_the_definitions_and_holds() -> None:
    node = nodes_of(MOST)
    for size in range(1, 65):
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert proof == naive.path(index, DATA[:size])
            assert verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])


def test_every_consistency_proof_to_64_is_the_definitions_and_holds() -> None:
    node = nodes_of(MOST)
    for second in range(1, 65):
        for first in range(1, second + 1):
            proof = consistency_proof(first, second, node)
            assert proof == naive.proof(first, DATA[:second])
            assert verify_consistency(first, second, ROOTS[first], ROOTS[second], proof)


SIZES = st.integers(1, MOST)


@given(SIZES, SIZES)
@settings(max_examples=200)
def test_larger_proofs_are_the_definitions_and_hold(one: int, other: int) -> None:
    first, second = sorted((one, other))
    node = nodes_of(second)
    consistent, included = consistency_proof(first, second, node), inclusion_proof(first - 1, second, node)
    assert consistent == naive.proof(first, DATA[:second])
    assert included == naive.path(first - 1, DATA[:second])
    assert verify_consistency(first, second, ROOTS[first], ROOTS[second], consistent)
    assert verify_inclusion(HASHES[first - 1], first - 1, second, included, ROOTS[second])


@given(SIZES, st.data())
def test_a_spoiled_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, nodes_of(size))
    spoiled = spoil(proof, data)
    assert not verify_inclusion(HASHES[index], index, size, spoiled, ROOTS[size])
    assert not verify_inclusion(HASHES[index], index, size, proof, flip(ROOTS[size], data))
    assert not verify_inclusion(flip(HASHES[index], data), index, size, proof, ROOTS[size])
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))
    assert not verify_inclusion(HASHES[index], other, size, proof, ROOTS[size])


@given(SIZES, st.data())
def test_a_spoiled_consistency_proof_is_refused(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    roots = ROOTS[first], ROOTS[second]
    proof = consistency_proof(first, second, nodes_of(second))
    assert not verify_consistency(first, second, *roots, spoil(proof, data))
    assert not verify_consistency(first, second, flip(roots[0], data), roots[1], proof)
    assert not verify_consistency(first, second, roots[0], flip(roots[1], data), proof)
    assert not verify_consistency(second + 1, second, *roots, proof)
    assert not verify_consistency(0, second, *roots, proof)


def flip(value: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(value) - 1))
    return value[:at] + bytes([value[at] ^ data.draw(st.integers(1, 255))]) + value[at + 1 :]


def spoil(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    at = data.draw(st.integers(0, len(proof)))
    how = data.draw(st.sampled_from(["change", "drop", "insert", "cut"]))
    if how == "insert" or at == len(proof):
        return [*proof[:at], bytes(32), *proof[at:]]
    changed = {"change": [flip(proof[at], data)], "drop": [], "cut": [proof[at][:-1]]}[how]
    return [*proof[:at], *changed, *proof[at + 1 :]]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (6, 5)])
def test_there_is_no_inclusion_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        inclusion_proof(index, size, nodes_of(MOST))


@pytest.mark.parametrize(("first", "second"), [(0, 5), (-1, 5), (6, 5), (0, 0)])
def test_there_is_no_consistency_proof_backwards_or_from_nothing(first: int, second: int) -> None:
    with pytest.raises(ProofError):
        consistency_proof(first, second, nodes_of(MOST))


def test_tiles_are_the_definitions_for_sizes_around_their_edges() -> None:
    for size in (0, 1, 2, 255, 256, 257, 299, 300):
        known = tiles_of(size)
        assert set(known) == {(level, no) for level, no, _ in naive.tile_addresses(size)}
        for (level, no), hashes in known.items():
            assert hashes == naive.tile(level, no, DATA[:size])
            assert len(hashes) == 32 * tile_width(level, no, size)


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    widths = [(level, no, width) for level, no, width in naive.tile_addresses(70_000) if width < 256]
    assert widths == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert sum(1 for level, _, _ in naive.tile_addresses(70_000) if level == 0) == 274
    assert tile_width(0, 274, 70_000) == tile_width(3, 0, 70_000) == 0


@pytest.mark.parametrize(
    "steps", [[70_000], [255, 1, 256, 256, 69_232], [1] * 600 + [69_400], [65_536, 4_464]]
)
def test_tiles_are_the_same_however_the_leaves_arrived(steps: list[int]) -> None:
    """Each step takes up the edge from stored tiles, as a process that did not see the last step does."""
    known: dict[tuple[int, int], bytes] = {}
    size = 0

    def stored(level: int, no: int) -> bytes:
        return known.get((level, no), b"")

    for step in steps:
        made = Tiles(size, stored)
        full = made.extend([LARGE] * step)
        known |= {(tile.level, tile.no): tile.hashes for tile in full + made.partial()}
        size += step
    assert known == large_tiles()
    for level, no, width in naive.tile_addresses(size):
        assert len(known[level, no]) == 32 * width


LARGE = HASHES[0]


@cache
def large_tiles() -> dict[tuple[int, int], bytes]:
    """70 000 times one leaf: each full tile is one hash 256 times, so the whole tree is soon written."""
    out, hashed, level, size = {}, LARGE, 0, 70_000
    while size:
        for no in range((size + 255) // 256):
            out[level, no] = hashed * min(256, size - 256 * no)
        hashed, level, size = root_of([hashed] * 256), level + 1, size // 256
    return out


def test_proofs_reach_across_levels_of_tiles() -> None:
    known = large_tiles()
    node = tile_nodes(lambda level, no: known.get((level, no), b""), kept=4)
    root = range_at(70_000, node).root()
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        assert verify_inclusion(LARGE, index, 70_000, inclusion_proof(index, 70_000, node), root)
    for first in (1, 256, 65_536, 65_537, 69_999):
        proof = consistency_proof(first, 70_000, node)
        assert verify_consistency(first, 70_000, range_at(first, node).root(), root, proof)


def test_a_tile_that_is_missing_or_short_is_said_to_be() -> None:
    known = dict(tiles_of(300))
    known[0, 1] = known[0, 1][:-32]
    with pytest.raises(TileError):
        inclusion_proof(298, 300, tile_nodes(lambda level, no: known.get((level, no), b"")))
    with pytest.raises(TileError):
        Tiles(300, lambda level, no: known.get((level, no), b""))
    del known[0, 0]
    with pytest.raises(TileError):
        inclusion_proof(3, 300, tile_nodes(lambda level, no: known.get((level, no), b"")))


def test_a_full_tile_has_8192_bytes() -> None:
    assert len(tiles_of(300)[0, 0]) == FULL == 8192
