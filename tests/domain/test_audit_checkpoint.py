"""Signed notes: what is signed is read, and nothing else is, whatever the text."""

from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit_builders import ORIGIN, OTHER_SIGNER, OTHER_VERIFIER, SIGNER, VERIFIER, a_key
from vault.audit import Checkpoint, NoteError, open_note, sign_checkpoint
from vault.audit.checkpoint import LARGEST_NOTE

CHECKPOINT = Checkpoint(ORIGIN, 12, bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, SIGNER)


@given(
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_signed_comes_back(origin: str, size: int, root: bytes) -> None:
    signer, verifier = a_key(name=origin)
    checkpoint = Checkpoint(origin, size, root)
    assert open_note(sign_checkpoint(checkpoint, signer), [verifier]) == checkpoint


@given(st.data())
def test_no_change_of_one_character_is_accepted(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    other = data.draw(st.characters(exclude_characters=NOTE[at]))
    with pytest.raises(NoteError):
        open_note(NOTE[:at] + other + NOTE[at + 1 :], [VERIFIER])


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: NOTE.encode() + tail))
def test_any_bytes_give_our_own_error_or_the_checkpoint_that_was_signed(data: bytes) -> None:
    with suppress(NoteError):
        assert open_note(data, [VERIFIER]) == CHECKPOINT


def test_a_note_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(NoteError, match="too long"):
        open_note("x" * LARGEST_NOTE + NOTE, [VERIFIER])


def test_text_with_lone_surrogates_is_refused() -> None:
    with pytest.raises(NoteError):
        open_note(NOTE.replace("journal", "\ud800"), [VERIFIER])


def test_while_one_key_takes_over_either_is_enough() -> None:
    both = sign_checkpoint(CHECKPOINT, SIGNER, OTHER_SIGNER)
    for keys in ([VERIFIER], [OTHER_VERIFIER], [VERIFIER, OTHER_VERIFIER]):
        assert open_note(both, keys) == CHECKPOINT


def test_a_note_signed_with_no_key_that_we_know_is_refused() -> None:
    for keys in ([], [OTHER_VERIFIER]):
        with pytest.raises(NoteError):
            open_note(NOTE, keys)


def test_a_strangers_signature_under_our_name_and_id_refuses_the_note() -> None:
    """A four-byte id is easily made to collide; all that is gained is a signature that does not verify."""
    head, mine = NOTE.rsplit(" ", 1)
    ours = b64decode(mine)[:4]
    forged = b64encode(ours + OTHER_SIGNER.sign(CHECKPOINT.text.encode())).decode()
    with pytest.raises(NoteError, match="does not verify"):
        open_note(f"{head} {forged}\n", [VERIFIER])


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, bytes(32)),
        Checkpoint("a b", 1, bytes(32)),
        Checkpoint("a+b", 1, bytes(32)),
        Checkpoint("a\nb", 1, bytes(32)),
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, 2**63, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(31)),
        Checkpoint(ORIGIN, 1, bytes(32), ("",)),
        Checkpoint(ORIGIN, 1, bytes(32), ("a\rb",)),
    ],
    ids=["no-origin", "space", "plus", "newline", "negative", "large", "root", "extension", "control"],
)
def test_a_checkpoint_that_could_not_be_read_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(NoteError):
        sign_checkpoint(checkpoint, SIGNER)


def test_a_note_is_not_made_without_a_signer() -> None:
    with pytest.raises(NoteError):
        sign_checkpoint(CHECKPOINT)


def test_no_signing_function_shows_in_a_repr() -> None:
    assert "sign=" not in repr(SIGNER)
