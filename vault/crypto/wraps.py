"""Keys wrapped for a place (docs/formats/keys.md): a wrap moved elsewhere does not open.

A place says what is wrapped, for whom, and starts with the words that give the wrap its kind. Keys that
wrap never encrypt content, and the reverse.
"""

import os
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.crypto.errors import OpenError, UnknownSuiteError
from vault.crypto.keys import KEY_LENGTH, WrappingKey
from vault.crypto.primitives import NONCE, TAG, Random, decrypt, framed, seal_gcm

WRAP_VERSION = 1
OWNER, GRANT, BOX = 1, 2, 3

_OWNER_FIELD = framed("carnet/wrap/1/owner-field")
_GRANT_FIELD = framed("carnet/wrap/1/grant-field")
_OWNER_GRANT = framed("carnet/wrap/1/owner-grant")
_BOX = framed("carnet/wrap/1/box")
GRANT_PROPOSAL = framed("carnet/wrap/1/grant-proposal")  # places: ``proposals``
_KINDS = {_OWNER_FIELD: OWNER, _GRANT_FIELD: GRANT, _OWNER_GRANT: OWNER, _BOX: BOX, GRANT_PROPOSAL: GRANT}
_HEADER = 2
_WRAP_LENGTH = _HEADER + NONCE + KEY_LENGTH + TAG


def owner_field_place(instance: str, carnet_id: str, compartment: str, epoch: int) -> bytes:
    """F of a compartment, for the owner."""
    return _OWNER_FIELD + framed(instance) + framed(carnet_id) + framed(compartment) + _u32(epoch)


def grant_field_place(instance: str, carnet_id: str, grant_id: str, compartment: str, epoch: int) -> bytes:
    """F of a compartment, for one grant."""
    return b"".join(
        (
            _GRANT_FIELD,
            framed(instance),
            framed(carnet_id),
            framed(grant_id),
            framed(compartment),
            _u32(epoch),
        )
    )


def owner_grant_place(instance: str, carnet_id: str, grant_id: str) -> bytes:
    """G_g, for the owner."""
    return _OWNER_GRANT + framed(instance) + framed(carnet_id) + framed(grant_id)


def box_place(instance: str, carnet_id: str, entry_id: str) -> bytes:
    """F_e of a proposal, sealed to the carnet's box."""
    return _BOX + framed(instance) + framed(carnet_id) + framed(entry_id)


def wrap_key(key: bytes, *, under: WrappingKey, place: bytes, random: Random = os.urandom) -> bytes:
    """62 bytes. ``place`` comes from one of the functions above (ValueError otherwise)."""
    if len(key) != KEY_LENGTH:
        raise ValueError("a key is 32 bytes")
    return bytes([WRAP_VERSION, kind_of(place)]) + seal_gcm(under, key, place=place, random=random)


def unwrap_key(wrapped: bytes, *, under: WrappingKey, place: bytes) -> bytes:
    """The key. Raises OpenError; UnknownSuiteError for another version or an unknown kind."""
    return _unwrap(AESGCM(under), wrapped, place)


def unwrap_keys(wraps: Iterable[tuple[bytes, bytes]], *, under: WrappingKey) -> list[bytes]:
    """The keys of (wrapped, place) pairs, in order, at half the price of opening each alone."""
    cipher = AESGCM(under)
    return [_unwrap(cipher, wrapped, place) for wrapped, place in wraps]


def kind_of(place: bytes) -> int:
    """The wrap kind a place calls for. ValueError when it is no place of a wrap."""
    kind = _KINDS.get(place[: 4 + int.from_bytes(place[:4], "big")])
    if kind is None:
        raise ValueError("not the place of a wrapped key")
    return kind


def check_header(wrapped: bytes, place: bytes) -> None:
    """Raises UnknownSuiteError for what no version of this program writes, OpenError for another kind."""
    if len(wrapped) < _HEADER:
        raise OpenError
    if wrapped[0] != WRAP_VERSION or wrapped[1] not in (OWNER, GRANT, BOX):
        raise UnknownSuiteError
    if wrapped[1] != kind_of(place):
        raise OpenError


def _unwrap(cipher: AESGCM, wrapped: bytes, place: bytes) -> bytes:
    check_header(wrapped, place)
    if len(wrapped) != _WRAP_LENGTH:
        raise OpenError
    return decrypt(cipher, wrapped[_HEADER : _HEADER + NONCE], wrapped[_HEADER + NONCE :], place)


def _u32(number: int) -> bytes:
    """LP of a number. A stored number that does not fit is altered: OpenError."""
    try:
        return b"\0\0\0\x04" + number.to_bytes(4, "big")
    except OverflowError:
        raise OpenError from None
