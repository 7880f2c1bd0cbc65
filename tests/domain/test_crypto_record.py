"""Sealed records: what opens, what never does, what lengths tell."""

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto import FieldKey, OpenError, SealContext, SlotSalt, open_record, seal_record
from vault.crypto.padding import pad, padded_length, unpad

KEY, SALT = FieldKey(bytes(range(32))), SlotSalt(bytes(range(32, 64)))
CONTEXT = SealContext("instance", "carnet", "logement_statut", "entry", 7, 1, 1, 1)  # type: ignore[arg-type]
HEADER = 62


def seal(body: bytes, **changed: Any) -> bytes:
    return seal_record(body, **{"key": KEY, "salt": SALT, "context": CONTEXT} | changed)


def unseal(record: bytes, **changed: Any) -> bytes:
    return open_record(record, **{"key": KEY, "salt": SALT, "context": CONTEXT} | changed)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.integers(0, 2**32 - 1)
contexts = st.builds(
    SealContext, texts, texts, texts, texts, st.integers(0, 2**16 - 1), numbers, numbers, numbers, texts
)


@given(
    st.binary(max_size=9000),
    contexts,
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
)
def test_what_was_sealed_opens_again(body: bytes, context: SealContext, key: bytes, salt: bytes) -> None:
    with_these = {"key": key, "salt": salt, "context": context}
    assert unseal(seal(body, **with_these), **with_these) == body


@pytest.mark.parametrize("size", [0, 255, 256, 4095, 4096, 65_536, 2**20 - 1, 2**20])
def test_any_size_up_to_a_mebibyte_comes_back(size: int) -> None:
    body = os.urandom(size)
    record = seal(body)
    assert unseal(record) == body
    assert len(record) == 78 + padded_length(size)


@given(st.integers(0, 334 * 8 - 1))
def test_a_flipped_bit_anywhere_opens_nothing(bit: int) -> None:
    record = bytearray(seal(b"value"))
    record[bit // 8] ^= 1 << bit % 8
    with pytest.raises(OpenError):
        unseal(bytes(record))


def test_every_byte_of_a_record_is_checked() -> None:
    record = seal(b"value")
    assert len(record) == 334
    for index in range(len(record)):
        with pytest.raises(OpenError):
            unseal(record[:index] + bytes([record[index] ^ 1]) + record[index + 1 :])


@given(contexts, st.data())
def test_another_context_opens_nothing(context: SealContext, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SealContext._fields))
    is_number = isinstance(getattr(context, name), int)
    other = data.draw((numbers if is_number else texts).filter(lambda value: value != getattr(context, name)))
    record = seal(b"value", context=context)
    with pytest.raises(OpenError):
        unseal(record, context=context._replace(**{name: other}))


@given(contexts, texts, texts)
def test_two_contexts_never_frame_to_the_same_bytes(context: SealContext, a: str, b: str) -> None:
    """Moving a letter from one part to the next changes the bytes, which plain joining would not."""
    left = context._replace(instance=a + b, carnet_id="")  # type: ignore[arg-type]
    right = context._replace(instance=a, carnet_id=b)  # type: ignore[arg-type]
    assert (left.to_bytes() == right.to_bytes()) == (b == "")


@pytest.mark.parametrize("name", ["carnet_id", "entry_id", "version", "epoch", "slot", "compartment"])
def test_two_records_that_change_places_open_nowhere(name: str) -> None:
    value = getattr(CONTEXT, name)
    elsewhere = CONTEXT._replace(**{name: value + 1 if isinstance(value, int) else "other"})
    here, there = seal(b"mine"), seal(b"yours", context=elsewhere)
    for record, context in ((here, elsewhere), (there, CONTEXT)):
        with pytest.raises(OpenError):
            unseal(record, context=context)


@pytest.mark.parametrize("part", ["slot", "version", "epoch", "schema_version"])
@pytest.mark.parametrize("number", [-1, 2**32, 2**70])
def test_a_number_no_row_can_hold_is_refused_as_altered(part: str, number: int) -> None:
    with pytest.raises(OpenError):
        unseal(seal(b"value"), context=CONTEXT._replace(**{part: number}))


@given(st.binary(max_size=700))
def test_bytes_from_nowhere_open_nothing_and_raise_only_our_error(junk: bytes) -> None:
    for record in (junk, b"\x01\x01" + junk):
        with pytest.raises(OpenError):
            unseal(record)


def test_pieces_of_two_records_do_not_make_a_third() -> None:
    one, two = seal(b"one"), seal(b"two")
    for cut in (12, 30, HEADER, len(one) - 16):
        with pytest.raises(OpenError):
            unseal(one[:cut] + two[cut:])


def distinct_ns(records: int) -> int:
    return len({seal(b"")[6:30] for _ in range(records)})


def test_n_does_not_repeat() -> None:
    assert distinct_ns(100_000) == 100_000


@pytest.mark.soak
def test_n_does_not_repeat_in_a_million() -> None:
    assert distinct_ns(1_000_000) == 1_000_000


def test_the_same_value_sealed_twice_looks_different() -> None:
    one, two = seal(b"value"), seal(b"value")
    assert one[6:] != two[6:]


# --- what a length tells ---


@given(st.integers(0, 2**20))
def test_padding_always_holds_the_mark_and_costs_a_quarter_at_most(length: int) -> None:
    padded = padded_length(length)
    assert padded > length
    assert padded - length <= max(256, padded / 4)
    assert padded % 256 == 0


@given(st.binary(max_size=6000))
def test_padding_comes_off_as_it_went_on(body: bytes) -> None:
    assert unpad(pad(body)) == body


@pytest.mark.parametrize(
    ("length", "padded"),
    [(0, 256), (255, 256), (256, 512), (4095, 4096), (4096, 5120), (8191, 8192), (8192, 10240)],
)
def test_padded_lengths_are_those_of_the_format_page(length: int, padded: int) -> None:
    assert padded_length(length) == padded


@given(st.binary(max_size=600))
def test_only_the_padding_we_would_have_made_comes_off(padded: bytes) -> None:
    try:
        body = unpad(padded)
    except OpenError:
        return
    assert pad(body) == padded


@pytest.mark.parametrize(
    "values",
    [
        ['"pas_du_tout"', '"un_peu"', '"beaucoup"', '"je_ne_sais_pas"'],
        ["true", "false", "null"],
        ['"2026-01-01"', '"1950-12-31"', "null"],
        ["0", "123456"],
    ],
)
def test_answers_to_one_question_seal_to_one_length(values: list[str]) -> None:
    body = '{{"agreement":"agreed","answer":"answered","author":"person","source":"person","value":{}}}'
    assert len({len(seal(body.format(value).encode())) for value in values}) == 1
