"""Leaves, commitments and contents: one spelling each, and nothing to be learnt from them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import canonical
from schemas.framing import lp
from schemas.names import LegalBasis, Outcome, Role
from tests.audit_builders import a_leaf, made_up
from vault.audit import (
    AboutContent,
    ActorContent,
    ActorKind,
    AuditError,
    ContentError,
    Leaf,
    LeafError,
    Op,
    commitment,
    month_of,
)
from vault.audit.leaf import LATEST, leaf_time

LEAVES = st.builds(
    Leaf,
    t=st.integers(0, LATEST),
    op=st.sampled_from(Op),
    out=st.sampled_from(Outcome),
    m=st.dates().map(lambda day: f"{day:%Y%m}".zfill(6)),
    n=st.binary(min_size=16, max_size=16),
    tag=st.binary(min_size=16, max_size=16),
    about=st.binary(min_size=32, max_size=32),
    actor=st.binary(min_size=32, max_size=32),
)
WORDS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ABOUTS = st.builds(
    AboutContent,
    *[WORDS, WORDS, st.none() | st.sampled_from(Role), WORDS, st.none() | st.sampled_from(LegalBasis)],
    *[WORDS, WORDS, st.lists(WORDS.map(str)).map(tuple), st.lists(WORDS.map(str)).map(tuple), WORDS],
)
ACTORS = st.builds(
    ActorContent,
    *[st.sampled_from(ActorKind), WORDS.map(str), WORDS, st.none() | st.sampled_from(Role), WORDS, WORDS],
    st.none() | st.integers(0, 2**53 - 1),
)


@given(LEAVES)
def test_a_leaf_is_canonical_json_and_comes_back_whole(leaf: Leaf) -> None:
    data = leaf.encode()
    assert Leaf.parse(data) == leaf
    assert leaf_time(data) == leaf.t
    assert data.isascii()
    assert canonical(json.loads(data)) == data


@given(LEAVES, st.data())
def test_a_leaf_with_one_byte_changed_is_another_leaf_or_none(leaf: Leaf, data: st.DataObject) -> None:
    good = leaf.encode()
    at = data.draw(st.integers(0, len(good) - 1))
    spoiled = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        found = Leaf.parse(spoiled)
    except LeafError:
        return
    assert found != leaf
    assert found.encode() == spoiled


@given(st.binary(max_size=400))
def test_reading_any_bytes_gives_a_leaf_or_our_own_error(data: bytes) -> None:
    for read in (Leaf.parse, AboutContent.from_bytes, ActorContent.from_bytes):
        with pytest.raises(AuditError):
            raise_if_read(read, data)


def raise_if_read(read: Any, data: bytes) -> None:
    """Arbitrary bytes are hardly ever good; when they are, they are the one spelling of something."""
    found = read(data)
    assert (found.encode() if isinstance(found, Leaf) else found.to_bytes()) == data
    raise ContentError("good after all")


@pytest.mark.parametrize(
    "changed",
    [
        {"t": -1},
        {"t": LATEST + 1},
        {"m": "202613"},
        {"m": "2026-07"},
        {"n": bytes(15)},
        {"tag": bytes(17)},
        {"about": bytes(31)},
        {"actor": b""},
        {"op": "peek"},
        {"out": 'granted","x":"'},
    ],
    ids="-".join,
)
def test_no_leaf_is_written_that_would_not_be_read(changed: dict[str, Any]) -> None:
    with pytest.raises(LeafError):
        replace(Leaf.parse(a_leaf(1)), **changed).encode()


@given(ABOUTS)
def test_about_contents_come_back_whole_and_canonical(content: AboutContent) -> None:
    data = content.to_bytes()
    assert AboutContent.from_bytes(data) == content
    assert canonical(json.loads(data)) == data


@given(ACTORS)
def test_actor_contents_come_back_whole_and_canonical(content: ActorContent) -> None:
    data = content.to_bytes()
    assert ActorContent.from_bytes(data) == content
    assert canonical(json.loads(data)) == data


def test_text_that_json_cannot_say_is_not_written() -> None:
    with pytest.raises(ContentError):
        AboutContent(reason="\ud800").to_bytes()


def test_the_same_content_twice_gives_two_unrelated_commitments() -> None:
    content = AboutContent(reason="AAH").to_bytes()
    first = commitment("about", made_up("n1", 16), made_up("r1"), content)
    assert first != commitment("about", made_up("n1", 16), made_up("r2"), content)
    assert first != commitment("about", made_up("n2", 16), made_up("r1"), content)
    assert first == commitment("about", made_up("n1", 16), made_up("r1"), content)


def test_a_commitment_to_what_was_done_is_not_one_to_who_did_it() -> None:
    n, r = made_up("n", 16), made_up("r")
    assert commitment("about", n, r, b"{}") != commitment("actor", n, r, b"{}")


def test_a_content_that_can_be_guessed_cannot_be_confirmed_from_its_leaf() -> None:
    """Without r, whatever else the leaf shows, no candidate gives the commitment."""
    n, candidates = made_up("n", 16), [f'{{"reason":"{word}"}}'.encode() for word in ("oui", "non", "nsp")]
    secret = made_up("a secret r")
    told = commitment("about", n, secret, candidates[1])
    guesses = (bytes(32), n + n, told, made_up("another r"))
    assert all(commitment("about", n, r, content) != told for r in guesses for content in candidates)


@given(st.lists(st.binary(max_size=20), max_size=4), st.lists(st.binary(max_size=20), max_size=4))
def test_two_lists_of_parts_are_never_framed_alike(one: list[bytes], other: list[bytes]) -> None:
    assert (lp(*one) == lp(*other)) == (one == other)


@pytest.mark.parametrize(
    ("t", "month"), [(0, "197001"), (1785542399999, "202607"), (1785542400000, "202608"), (LATEST, None)]
)
def test_the_month_of_an_instant_is_the_one_in_utc(t: int, month: str | None) -> None:
    if month is None:
        with pytest.raises(LeafError):
            month_of(t)
    else:
        assert month_of(t) == month


def test_every_operation_has_a_french_label_of_its_own() -> None:
    assert len({op.label for op in Op}) == len(Op)
    assert all(kind.label for kind in ActorKind)
