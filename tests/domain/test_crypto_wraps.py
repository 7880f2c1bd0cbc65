"""Wraps, grant keys, boxes and openings: each opens in one place, for one holder."""

import os
from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto import (
    HYBRID,
    X25519,
    GranteeKeyPair,
    GrantKey,
    GrantSecret,
    KeyFormatError,
    OpenError,
    OpeningKey,
    OwnerSecret,
    UnknownSuiteError,
    WrappingKey,
    box_place,
    box_seed,
    grant_field_place,
    grant_wrapping_key,
    open_box,
    open_grant_key,
    open_opening,
    owner_field_place,
    owner_grant_place,
    owner_wrapping_key,
    seal_box,
    seal_grant_key,
    seal_opening,
    unwrap_key,
    unwrap_keys,
    wrap_key,
)

KEY, UNDER = bytes(range(32)), WrappingKey(bytes(range(100, 132)))
PLACES = [
    owner_field_place("instance", "carnet", "logement_statut", 1),
    owner_field_place("instance", "carnet", "logement_statut", 2),
    owner_field_place("instance", "carnet", "sante_suivi", 1),
    owner_field_place("instance", "other", "logement_statut", 1),
    grant_field_place("instance", "carnet", "grant", "logement_statut", 1),
    grant_field_place("instance", "carnet", "other", "logement_statut", 1),
    grant_field_place("elsewhere", "carnet", "grant", "logement_statut", 1),
    owner_grant_place("instance", "carnet", "grant"),
    owner_grant_place("instance", "grant", "carnet"),
]
TERMS = b'{"fields":["logement_statut"],"until":"2026-08-01"}'
PAIRS = {
    suite: (GranteeKeyPair.generate(suite=suite), GranteeKeyPair.generate(suite=suite)) for suite in (1, 2)
}
both_suites = pytest.mark.parametrize("suite", [X25519, HYBRID])


# --- wraps ---


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.sampled_from(PLACES))
def test_a_wrapped_key_comes_back_in_its_place(key: bytes, under: bytes, place: bytes) -> None:
    wrapped = wrap_key(key, under=WrappingKey(under), place=place)
    assert len(wrapped) == 62
    assert unwrap_key(wrapped, under=WrappingKey(under), place=place) == key


def test_a_wrap_opens_in_no_other_place() -> None:
    for place, other in permutations(PLACES, 2):
        with pytest.raises(OpenError):
            unwrap_key(wrap_key(KEY, under=UNDER, place=place), under=UNDER, place=other)


def test_every_bit_of_a_wrap_is_checked() -> None:
    wrapped = wrap_key(KEY, under=UNDER, place=PLACES[0])
    for bit in range(8 * len(wrapped)):
        spoiled = bytearray(wrapped)
        spoiled[bit // 8] ^= 1 << bit % 8
        with pytest.raises(OpenError):
            unwrap_key(bytes(spoiled), under=UNDER, place=PLACES[0])


def test_a_wrap_does_not_open_under_another_key() -> None:
    with pytest.raises(OpenError):
        unwrap_key(wrap_key(KEY, under=UNDER, place=PLACES[0]), under=WrappingKey(KEY), place=PLACES[0])


@given(st.binary(max_size=100))
def test_junk_unwraps_to_nothing(junk: bytes) -> None:
    for wrapped in (junk, b"\x01\x01" + junk):
        with pytest.raises(OpenError):
            unwrap_key(wrapped, under=UNDER, place=PLACES[0])


def test_one_spoiled_wrap_among_many_refuses_all() -> None:
    good = [(wrap_key(KEY, under=UNDER, place=place), place) for place in PLACES]
    assert unwrap_keys(good, under=UNDER) == [KEY] * len(PLACES)
    with pytest.raises(OpenError):
        unwrap_keys([*good, (good[0][0], PLACES[1])], under=UNDER)


def test_a_wrap_needs_a_place_of_ours_and_a_whole_key() -> None:
    with pytest.raises(ValueError, match="place"):
        wrap_key(KEY, under=UNDER, place=b"anywhere")
    with pytest.raises(ValueError, match="32 bytes"):
        wrap_key(KEY[:-1], under=UNDER, place=PLACES[0])


@pytest.mark.parametrize("epoch", [-1, 2**32])
def test_an_epoch_no_row_can_hold_is_refused_as_altered(epoch: int) -> None:
    with pytest.raises(OpenError):
        owner_field_place("instance", "carnet", "logement_statut", epoch)


def test_the_grants_wrapping_key_needs_both_halves() -> None:
    secret, key = GrantSecret(os.urandom(32)), GrantKey(os.urandom(32))
    right = grant_wrapping_key(secret, key)
    assert right != grant_wrapping_key(GrantSecret(os.urandom(32)), key)
    assert right != grant_wrapping_key(secret, GrantKey(os.urandom(32)))
    assert right != owner_wrapping_key(OwnerSecret(secret))


# --- grant keys ---


@both_suites
@given(terms=st.binary(max_size=200), key=st.binary(min_size=32, max_size=32))
def test_a_grant_key_opens_for_its_grantee_under_its_terms(suite: int, terms: bytes, key: bytes) -> None:
    grantee, _ = PAIRS[suite]
    sealed = seal_grant_key(GrantKey(key), public_key=grantee.public, terms=terms, suite=suite)
    assert sealed[0] == suite
    assert open_grant_key(sealed, seed=grantee.seed, terms=terms) == key


@both_suites
@given(data=st.data())
def test_one_changed_byte_of_the_terms_closes_the_grant(suite: int, data: st.DataObject) -> None:
    grantee, _ = PAIRS[suite]
    sealed = seal_grant_key(GrantKey(KEY), public_key=grantee.public, terms=TERMS, suite=suite)
    bit = data.draw(st.integers(0, 8 * len(TERMS) - 1))
    edited = bytearray(TERMS)
    edited[bit // 8] ^= 1 << bit % 8
    for terms in (bytes(edited), TERMS[: bit // 8], TERMS + b" "):
        with pytest.raises(OpenError):
            open_grant_key(sealed, seed=grantee.seed, terms=terms)


@both_suites
def test_another_grantee_opens_nothing(suite: int) -> None:
    grantee, other = PAIRS[suite]
    sealed = seal_grant_key(GrantKey(KEY), public_key=grantee.public, terms=TERMS, suite=suite)
    for seed in (other.seed, b"", bytes(32), bytes(96), PAIRS[3 - suite][0].seed):
        with pytest.raises(OpenError):
            open_grant_key(sealed, seed=seed, terms=TERMS)


@both_suites
@given(data=st.data())
def test_a_spoiled_sealed_key_opens_nothing(suite: int, data: st.DataObject) -> None:
    grantee, _ = PAIRS[suite]
    sealed = bytearray(seal_grant_key(GrantKey(KEY), public_key=grantee.public, terms=TERMS, suite=suite))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    for spoiled in (bytes(sealed), bytes(sealed[: bit // 8])):
        with pytest.raises(OpenError):
            open_grant_key(spoiled, seed=grantee.seed, terms=TERMS)


def test_half_a_hybrid_seed_is_not_enough() -> None:
    """Both problems must be broken: either half replaced, nothing opens."""
    grantee, other = PAIRS[HYBRID]
    sealed = seal_grant_key(GrantKey(KEY), public_key=grantee.public, terms=TERMS)
    for seed in (grantee.seed[:64] + other.seed[64:], other.seed[:64] + grantee.seed[64:]):
        with pytest.raises(OpenError):
            open_grant_key(sealed, seed=seed, terms=TERMS)


@both_suites
def test_what_is_no_key_of_the_suite_is_refused_when_sealing(suite: int) -> None:
    public = PAIRS[suite][0].public
    for wrong in (b"", public[:-1], public + b"\0", PAIRS[3 - suite][0].public, public[:-32] + bytes(32)):
        with pytest.raises(KeyFormatError):
            seal_grant_key(GrantKey(KEY), public_key=wrong, terms=TERMS, suite=suite)


def test_unknown_suites_are_refused_everywhere() -> None:
    pair, _ = PAIRS[HYBRID]
    with pytest.raises(UnknownSuiteError):
        seal_grant_key(GrantKey(KEY), public_key=pair.public, terms=TERMS, suite=3)
    with pytest.raises(UnknownSuiteError):
        GranteeKeyPair.generate(suite=0)
    with pytest.raises(KeyFormatError):
        GranteeKeyPair.from_seed(bytes(64))


@both_suites
def test_a_pair_comes_back_from_its_seed(suite: int) -> None:
    pair, other = PAIRS[suite]
    assert GranteeKeyPair.from_seed(pair.seed) == pair
    assert pair.key_id != other.key_id
    assert len(pair.key_id) == 8


# --- the box ---


def test_a_proposal_reaches_its_owner_and_nobody_else() -> None:
    owner, stranger = OwnerSecret(os.urandom(32)), OwnerSecret(os.urandom(32))
    place = box_place("instance", "carnet", "entry")
    public = GranteeKeyPair.from_seed(box_seed(owner)).public
    sealed = seal_box(KEY, public_key=public, place=place)
    assert sealed[:3] == b"\x01\x03\x02"
    assert open_box(sealed, seed=box_seed(owner), place=place) == KEY
    with pytest.raises(OpenError):
        open_box(sealed, seed=box_seed(stranger), place=place)
    with pytest.raises(OpenError):
        open_box(sealed, seed=box_seed(owner), place=box_place("instance", "carnet", "other"))
    with pytest.raises(ValueError, match="box"):
        seal_box(KEY, public_key=public, place=PLACES[0])


# --- openings ---

N, R, OPENING_KEY = bytes(16), bytes(range(32)), OpeningKey(bytes(range(50, 82)))


@given(st.binary(max_size=3000), st.binary(min_size=16, max_size=16), st.sampled_from(["about", "actor"]))
def test_an_opening_comes_back_beside_its_leaf(content: bytes, n: bytes, kind: str) -> None:
    sealed = seal_opening(R, content, key=OPENING_KEY, kind=kind, n=n)
    assert open_opening(sealed, key=OPENING_KEY, kind=kind, n=n) == (R, content)


def spoiled_opening(spoil: Callable[[bytes], bytes]) -> None:
    sealed = seal_opening(R, b"content", key=OPENING_KEY, kind="about", n=N)
    with pytest.raises(OpenError):
        open_opening(spoil(sealed), key=OPENING_KEY, kind="about", n=N)


@given(st.data())
def test_a_spoiled_opening_opens_nothing(data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, 8 * 286 - 1))
    spoiled_opening(lambda sealed: sealed[: bit // 8])
    spoiled_opening(lambda s: s[: bit // 8] + bytes([s[bit // 8] ^ 1 << bit % 8]) + s[bit // 8 + 1 :])
    spoiled_opening(lambda _: data.draw(st.binary(max_size=300)))


def test_an_opening_belongs_to_one_leaf_and_one_kind() -> None:
    sealed = seal_opening(R, b"content", key=OPENING_KEY, kind="about", n=N)
    for kind, n in (("actor", N), ("about", bytes([1] * 16))):
        with pytest.raises(OpenError):
            open_opening(sealed, key=OPENING_KEY, kind=kind, n=n)


def test_looks_at_few_or_many_fields_have_one_size() -> None:
    three, four = (b'{"fields":[' + b'"logement_statut",' * count + b"]}" for count in (3, 4))
    sizes = {len(seal_opening(R, c, key=OPENING_KEY, kind="about", n=N)) for c in (three, four)}
    assert len(sizes) == 1


def test_an_opening_sealed_twice_never_repeats_its_nonce() -> None:
    assert len({seal_opening(R, b"", key=OPENING_KEY, kind="about", n=N)[2:14] for _ in range(1000)}) == 1000
