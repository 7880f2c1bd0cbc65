"""The shred tree: forgetting exactly what was asked, keeping exactly the rest."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto import OpenError, PuncturedError, ShredTree
from vault.crypto.shred import SLOTS

ROOT = bytes(range(32))
TREE = ShredTree.fresh(lambda length: ROOT[:length])

slots = st.integers(0, SLOTS - 1)
some_slots = st.sets(slots, max_size=8) | st.sets(st.integers(0, 40), max_size=20)
wanted_slots = st.sets(slots, max_size=20) | st.sets(st.integers(0, 60), max_size=40)


def derived(slot: int) -> bytes:
    """Straight from the definition, one branch after the other."""
    secret = ROOT
    for shift in (12, 8, 4, 0):
        message = b"carnet/shred/1" + bytes([slot >> shift & 15])
        secret = hmac.new(secret, message, hashlib.sha256).digest()
    return secret


def can_open(tree: ShredTree, slot: int) -> bool:
    try:
        tree.salts([slot])
    except PuncturedError:
        return False
    return True


@given(wanted_slots)
def test_a_salt_is_the_leaf_of_its_slot(wanted: set[int]) -> None:
    assert TREE.salts(wanted) == {slot: derived(slot) for slot in wanted}


@given(some_slots, wanted_slots)
def test_puncturing_takes_exactly_the_slots_asked(gone: set[int], others: set[int]) -> None:
    punctured = TREE.puncture(gone)
    near = {slot ^ 1 for slot in gone} | {slot ^ 0x1000 for slot in gone}
    left = (others | near) - gone
    assert punctured.salts(left) == TREE.salts(left)
    for slot in gone:
        assert punctured.is_punctured(slot)
        with pytest.raises(PuncturedError) as refused:
            punctured.salts([*left, slot])
        assert refused.value.slot == slot


@given(some_slots, some_slots)
def test_a_punctured_tree_can_be_punctured_again_in_any_order(first: set[int], second: set[int]) -> None:
    expected = TREE.puncture(first | second)
    assert TREE.puncture(first).puncture(second) == expected
    assert TREE.puncture(second).puncture(first) == expected
    assert expected.puncture(first) == expected


@given(some_slots)
def test_nothing_kept_leads_to_a_punctured_slot(gone: set[int]) -> None:
    """Derive every node above each forgotten leaf from the old root: none of them, nor the leaf, is kept."""
    kept = TREE.puncture(gone).to_bytes()
    for slot in gone:
        secret = ROOT
        for shift in (12, 8, 4, 0):
            assert secret not in kept
            message = b"carnet/shred/1" + bytes([slot >> shift & 15])
            secret = hmac.new(secret, message, hashlib.sha256).digest()
        assert secret not in kept


@given(some_slots)
def test_a_tree_comes_back_from_its_bytes(gone: set[int]) -> None:
    tree = TREE.puncture(gone)
    assert ShredTree.from_bytes(tree.to_bytes()) == tree
    assert ShredTree.from_bytes(tree.to_bytes()).to_bytes() == tree.to_bytes()


@given(some_slots, st.data())
def test_a_changed_structure_is_refused_or_is_another_tree(gone: set[int], data: st.DataObject) -> None:
    good = TREE.puncture(gone).to_bytes()
    cut = data.draw(st.integers(0, len(good)))
    junk = good[:cut] + data.draw(st.binary(max_size=40)) + good[cut:]
    try:
        tree = ShredTree.from_bytes(junk)
    except OpenError:
        return
    assert tree.to_bytes() == junk


@given(slots)
def test_one_puncture_keeps_sixty_nodes(slot: int) -> None:
    assert len(TREE.puncture([slot]).to_bytes()) == 1 + 60 * 35


def test_puncturing_neighbours_one_by_one_stays_small() -> None:
    tree = TREE
    for slot in range(300):
        tree = tree.puncture([slot])
    assert len(tree.to_bytes()) <= 1 + 60 * 35
    assert not can_open(tree, 299)
    assert tree.salts([300])[300] == derived(300)


def test_two_fresh_trees_share_nothing() -> None:
    assert ShredTree.fresh().salts([1]) != ShredTree.fresh().salts([1])


@pytest.mark.parametrize("slot", [-1, SLOTS, 2**40])
def test_what_is_no_slot_is_refused(slot: int) -> None:
    for act in (TREE.salts, TREE.puncture):
        with pytest.raises(OpenError):
            act([slot])
