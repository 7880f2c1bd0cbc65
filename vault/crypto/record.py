"""Sealed records, format 1 (docs/formats/record.md).

- Opening needs F, from the data store, and the slot's salt, from the key store: neither is enough.
- A record opens only in the context it was sealed for; the reader builds the context from where it looks.
- At most one key opens a record: the commitment is compared before anything is decrypted.
- Sizes of what is stored tell no more than the padded length.
"""

import hashlib
import hmac
import os
import struct
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.ids import CarnetId, CompartmentId, EntryId
from vault.crypto.errors import OpenError, UnknownSuiteError
from vault.crypto.keys import FieldKey, SlotSalt
from vault.crypto.padding import pad, padded_length, unpad
from vault.crypto.primitives import TAG, Random, decrypt, framed, hkdf

DOMAIN = b"carnet/record/1/1"
JSON_MEDIA_TYPE = "application/json"

_HEADER = struct.Struct(">BBI24s32s")  # version, suite, epoch, N, commitment
_VERSION, _SUITE = 1, 1
_N_LENGTH = 24
_KEY_LENGTH = 32
_ZERO_NONCE = bytes(12)  # safe: each derived key seals one message, N being random
_SHORTEST = _HEADER.size + padded_length(0) + TAG
_INTEGERS = struct.Struct(">8I")  # LP of four integers
_FRAMED_DOMAIN = len(DOMAIN).to_bytes(4, "big") + DOMAIN


class SealContext(NamedTuple):
    """Where a record stands. A named tuple rather than a dataclass: one is made for each record opened."""

    instance: str
    carnet_id: CarnetId
    compartment: CompartmentId
    entry_id: EntryId
    slot: int
    version: int
    epoch: int
    schema_version: int
    media_type: str = JSON_MEDIA_TYPE

    def to_bytes(self) -> bytes:
        """LP of each part, the domain first. A stored integer beyond 32 bits is altered: OpenError."""
        instance, carnet_id, compartment, entry_id, slot, version, epoch, schema_version, media_type = self
        try:
            integers = _INTEGERS.pack(4, slot, 4, version, 4, epoch, 4, schema_version)
        except struct.error:
            raise OpenError from None
        return b"".join(
            (
                _FRAMED_DOMAIN,
                framed(instance),
                framed(carnet_id),
                framed(compartment),
                framed(entry_id),
                integers,
                framed(media_type),
            )
        )


def seal_record(
    body: bytes, *, key: FieldKey, salt: SlotSalt, context: SealContext, random: Random = os.urandom
) -> bytes:
    """The record of ``body`` (canonical JSON, not looked into) for the place ``context`` tells."""
    n, bound = random(_N_LENGTH), context.to_bytes()
    commitment, once = _derive(key, salt, n, bound)
    header = _HEADER.pack(_VERSION, _SUITE, context.epoch, n, commitment)
    return header + AESGCM(once).encrypt(_ZERO_NONCE, pad(body), bound)


def open_record(record: bytes, *, key: FieldKey, salt: SlotSalt, context: SealContext) -> bytes:
    """The body. Raises UnknownSuiteError for another format, OpenError for every other reason."""
    if len(record) < _SHORTEST:
        raise OpenError
    version, suite, epoch, n, commitment = _HEADER.unpack_from(record)
    if version != _VERSION or suite != _SUITE:
        raise UnknownSuiteError
    bound = context.to_bytes()
    expected, once = _derive(key, salt, n, bound)
    if not hmac.compare_digest(commitment, expected) or epoch != context.epoch:
        raise OpenError
    return unpad(decrypt(AESGCM(once), _ZERO_NONCE, record[_HEADER.size :], bound))


def record_digest(record: bytes) -> bytes:
    """SHA-256 of the whole record: what a write's entry in the log carries."""
    return hashlib.sha256(record).digest()


def _derive(key: FieldKey, salt: SlotSalt, n: bytes, bound: bytes) -> tuple[bytes, bytes]:
    both = hkdf(key, DOMAIN + n + hashlib.sha256(bound).digest(), salt=salt, length=2 * _KEY_LENGTH)
    return both[:_KEY_LENGTH], both[_KEY_LENGTH:]
