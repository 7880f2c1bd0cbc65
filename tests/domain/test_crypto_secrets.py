"""Small things: tags, tokens, signatures, and that no object or error shows a secret."""

import hashlib
import hmac
import os
import re
import traceback
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.names import CallerKind
from vault import crypto
from vault.crypto import (
    FileKms,
    GranteeKeyPair,
    HeldTags,
    JournalSecret,
    MonthSecret,
    NoteSigner,
    ShredTree,
    UnwrapCache,
    agent_index_tag,
    digest,
    equal,
    held_tag,
    new_secret,
    new_signing_seed,
    tag_key,
    verify_ed25519,
)
from vault.crypto.primitives import keyed_hmac

CANARY = b"canary-secret-of-32-bytes-length"


def journal() -> JournalSecret:
    return JournalSecret(os.urandom(32))


# --- derivations ---


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_hmac_keyed_once_is_hmac(key: bytes, message: bytes) -> None:
    digest_of = keyed_hmac(key)
    expected = hmac.new(key, message, hashlib.sha256).digest()
    assert digest_of(message) == expected
    assert digest_of(message) == expected


def test_no_two_uses_of_a_secret_give_the_same_key() -> None:
    secret, n = CANARY, bytes(16)
    derived = [
        crypto.owner_wrapping_key(crypto.OwnerSecret(secret)),
        crypto.box_seed(crypto.OwnerSecret(secret))[:32],
        crypto.grant_wrapping_key(crypto.GrantSecret(secret), crypto.GrantKey(secret)),
        crypto.about_key(JournalSecret(secret), n),
        crypto.actor_key(MonthSecret(secret), crypto.AgentSecret(secret), n),
        crypto.tag_key(JournalSecret(secret), "202607"),
        crypto.tag_key(JournalSecret(secret), "202608"),
        crypto.person_agent(JournalSecret(secret)),
    ]
    starts = [key[:16] for key in derived] + [crypto.carnet_index_tag(JournalSecret(secret))]
    assert len(set(starts)) == len(starts)


def test_kinds_of_agents_cannot_be_taken_for_one_another() -> None:
    """The tag is over kind ‖ id: unambiguous as long as no kind begins another."""
    kinds = [*(str(kind) for kind in CallerKind), "operator", "structure"]
    for one, other in permutations(kinds, 2):
        assert not one.startswith(other)
    month = MonthSecret(CANARY)
    assert len({agent_index_tag(month, kind, "id") for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("month", ["", "2026-7", "2026077", "２０２６０７", "202607\n"])
def test_a_month_is_six_digits(month: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        tag_key(journal(), month)


@pytest.mark.parametrize("n", [b"", bytes(15), bytes(17)])
def test_a_leafs_n_is_sixteen_bytes(n: bytes) -> None:
    month, agent = MonthSecret(CANARY), crypto.AgentSecret(CANARY)
    for derive in (lambda: crypto.about_key(journal(), n), lambda: crypto.actor_key(month, agent, n)):
        with pytest.raises(ValueError, match="16 bytes"):
            derive()


def test_a_held_tag_is_the_carnets_the_entrys_and_the_versions_own() -> None:
    mine, hers = journal(), journal()
    tags = {
        held_tag(mine, "entry", 1),
        held_tag(mine, "entry", 2),
        held_tag(mine, "other", 1),
        held_tag(hers, "entry", 1),
    }
    assert len(tags) == 4
    assert {len(tag) for tag in tags} == {8}
    assert HeldTags(mine).of("entry", 1) in tags


# --- tokens ---


def test_tokens_are_long_random_and_safe_in_an_address() -> None:
    secrets = {new_secret() for _ in range(1000)}
    assert len(secrets) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)


def test_only_the_digest_of_a_token_is_stored() -> None:
    assert digest("abc") == hashlib.sha256(b"abc").hexdigest()
    assert digest("\ud800") != digest("abc")  # what a hostile client sends must not raise


@pytest.mark.parametrize(("a", "b", "same"), [("é", "é", True), ("a", "b", False), ("a", "ab", False)])
def test_comparison_takes_any_text(a: str, b: str, same: bool) -> None:
    assert equal(a, b) is same
    assert equal(a.encode(), b) is same


@given(st.binary(max_size=500), st.binary(max_size=50), st.binary(max_size=50))
def test_small_contents_open_in_their_place_only(content: bytes, place: bytes, other: bytes) -> None:
    sealed = crypto.seal_small(content, secret=CANARY, place=place)
    assert crypto.open_small(sealed, secret=CANARY, place=place) == content
    for spoiled in (sealed[:-1], sealed[:5], b"", bytes([2]) + sealed[1:]):
        with pytest.raises(crypto.OpenError):
            crypto.open_small(spoiled, secret=CANARY, place=place)
    with pytest.raises(crypto.OpenError):
        crypto.open_small(sealed, secret=CANARY, place=other + b"/")


# --- signatures ---


def test_rfc_8032_known_answer() -> None:
    """Section 7.1, test 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    signer = NoteSigner("log.example", seed)
    assert signer.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signer.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify_ed25519(signer.public, signer.sign(b"\x72"), b"\x72")


def test_a_signature_is_of_one_message_under_one_key() -> None:
    signer, other = (NoteSigner("log.example", new_signing_seed()) for _ in range(2))
    signature = signer.sign(b"message")
    spoiled = bytes([signature[0] ^ 1]) + signature[1:]
    assert verify_ed25519(signer.public, signature, b"message")
    assert not verify_ed25519(signer.public, signature, b"massage")
    assert not verify_ed25519(other.public, signature, b"message")
    for public, bad in ((signer.public, spoiled), (signer.public, b""), (b"", signature), (bytes(31), b"x")):
        assert not verify_ed25519(public, bad, b"message")
    with pytest.raises(crypto.KeyFormatError):
        NoteSigner("log.example", b"short")


# --- nothing shows a secret ---


def canary_objects(tmp_path: Path) -> list[object]:
    def canary(length: int) -> bytes:
        return (CANARY * 3)[:length]

    FileKms.create(tmp_path / "keyring", random=canary)
    cache = UnwrapCache()
    cache.get_or(CANARY, lambda: CANARY, place=CANARY)
    tree = ShredTree.fresh(canary)
    return [
        FileKms.open(tmp_path / "keyring", instance="instance"),
        GranteeKeyPair.generate(canary),
        NoteSigner("log.example", CANARY),
        HeldTags(JournalSecret(CANARY)),
        tree,
        tree.puncture([7]),
        cache,
    ]


def shows_the_canary(text: str) -> bool:
    secrets = [CANARY, (CANARY * 3)[:96]]
    forms = [form for s in secrets for form in (s.decode(), s.hex(), repr(s)[2:-1])]
    return any(form in text for form in forms)


def test_no_object_shows_its_secret(tmp_path: Path) -> None:
    for thing in canary_objects(tmp_path):
        assert not shows_the_canary(f"{thing!r} {thing!s} {thing:}")


def test_no_error_shows_a_secret_nor_what_it_was_opening() -> None:
    context = crypto.SealContext("i", "c", "f", "e", 1, 1, 1, 1)  # type: ignore[arg-type]
    place = crypto.owner_field_place("i", "c", "f", 1)
    under, pair = crypto.WrappingKey(CANARY), GranteeKeyPair.from_seed((CANARY * 3)[:96])
    opening = crypto.OpeningKey(CANARY)
    attempts = [
        lambda: crypto.open_record(
            CANARY * 11, key=crypto.FieldKey(CANARY), salt=crypto.SlotSalt(CANARY), context=context
        ),
        lambda: crypto.unwrap_key(b"\x01\x01" + (CANARY * 2)[:60], under=under, place=place),
        lambda: crypto.open_grant_key(b"\x02" + CANARY * 37, seed=pair.seed, terms=CANARY),
        lambda: crypto.open_opening(b"\x01\x01" + CANARY * 9, key=opening, kind="about", n=bytes(16)),
        lambda: crypto.open_small(b"\x01" + CANARY * 3, secret=CANARY, place=CANARY),
        lambda: ShredTree.from_bytes(CANARY * 3),
        lambda: FileKms({1: CANARY}, instance="i").unwrap_row("own", "c", 1, b"\x01\0\0\0\x01" + CANARY),
        lambda: crypto.seal_grant_key(crypto.GrantKey(CANARY), public_key=CANARY * 38, terms=CANARY),
    ]
    for attempt in attempts:
        with pytest.raises(crypto.CryptoError) as refused:
            attempt()
        assert not shows_the_canary("".join(traceback.format_exception(refused.value)))
        assert refused.value.__cause__ is None
