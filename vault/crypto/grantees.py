"""Key pairs of grantees, and what is sealed to them (docs/formats/grant-keys.md).

A grant key opens only with the grantee's seed *and* the exact bytes of the grant's terms: editing an end
date or a field in the database closes the grant. Nothing here knows where seeds come from: the caller's own
key source does, never the grant's row.
"""

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from vault.crypto.errors import KeyFormatError, OpenError, UnknownSuiteError
from vault.crypto.keys import KEY_LENGTH, GrantKey
from vault.crypto.primitives import Random
from vault.crypto.wraps import BOX, WRAP_VERSION, check_header, kind_of

X25519 = 1
HYBRID = 2  # ML-KEM-768 + X25519, the default

_SUITES = {
    X25519: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    HYBRID: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}
_SEED_LENGTHS = {X25519: 32, HYBRID: 96}
_PUBLIC_LENGTHS = {X25519: 32, HYBRID: 1216}
_MLKEM_SEED, _MLKEM_PUBLIC = 64, 1184
_KEY_ID_LENGTH = 8
_BOX_HEADER = bytes([WRAP_VERSION, BOX])

_Private = X25519PrivateKey | MLKEM768X25519PrivateKey
_Public = X25519PublicKey | MLKEM768X25519PublicKey


@dataclass(frozen=True, slots=True)
class GranteeKeyPair:
    """``seed`` is secret and stays in the key store; ``public`` lies beside it there."""

    seed: bytes = field(repr=False)
    public: bytes = field(repr=False)

    @classmethod
    def generate(cls, random: Random = os.urandom, *, suite: int = HYBRID) -> "GranteeKeyPair":
        if suite not in _SUITES:
            raise UnknownSuiteError
        return cls.from_seed(random(_SEED_LENGTHS[suite]))

    @classmethod
    def from_seed(cls, seed: bytes) -> "GranteeKeyPair":
        """32 bytes make an X25519 pair, 96 a hybrid one. Raises KeyFormatError."""
        x25519 = X25519PrivateKey.from_private_bytes(_checked(seed, _SEED_LENGTHS)[-32:])
        public = x25519.public_key().public_bytes_raw()
        if len(seed) == _SEED_LENGTHS[HYBRID]:
            mlkem = MLKEM768PrivateKey.from_seed_bytes(seed[:_MLKEM_SEED])
            public = mlkem.public_key().public_bytes_raw() + public
        return cls(seed, public)

    @property
    def key_id(self) -> bytes:
        return key_id(self.public)


def key_id(public: bytes) -> bytes:
    """First 8 bytes of SHA-256 of the public key: named in the grant's terms."""
    return hashlib.sha256(public).digest()[:_KEY_ID_LENGTH]


def seal_grant_key(key: GrantKey, *, public_key: bytes, terms: bytes, suite: int = HYBRID) -> bytes:
    """G_g for the holder of ``public_key``, bound to ``terms``. Raises KeyFormatError."""
    return _seal(key, public_key, terms, suite)


def open_grant_key(sealed: bytes, *, seed: bytes, terms: bytes) -> GrantKey:
    """Raises OpenError (another seed, other terms, altered bytes), UnknownSuiteError."""
    return GrantKey(_open(sealed, seed, terms))


def seal_box(key: bytes, *, public_key: bytes, place: bytes, suite: int = HYBRID) -> bytes:
    """The random key of a proposal, for the person alone. ``place``: ``box_place``."""
    if kind_of(place) != BOX:
        raise ValueError("not the place of a box")
    return _BOX_HEADER + _seal(key, public_key, place, suite)


def open_box(sealed: bytes, *, seed: bytes, place: bytes) -> bytes:
    """Raises OpenError, UnknownSuiteError. ``seed``: ``box_seed`` of the owner secret."""
    check_header(sealed, place)
    return _open(sealed[len(_BOX_HEADER) :], seed, place)


def _seal(key: bytes, public_key: bytes, bound_to: bytes, suite: int) -> bytes:
    if len(key) != KEY_LENGTH:
        raise ValueError("a key is 32 bytes")
    if suite not in _SUITES:
        raise UnknownSuiteError
    try:
        sealed = _SUITES[suite].encrypt(key, _public(public_key, suite), _info(bound_to))
    except ValueError:
        raise KeyFormatError("not a public key of this suite") from None
    return bytes([suite]) + sealed


def _open(sealed: bytes, seed: bytes, bound_to: bytes) -> bytes:
    if not sealed:
        raise OpenError
    suite = sealed[0]
    if suite not in _SUITES:
        raise UnknownSuiteError
    if len(seed) != _SEED_LENGTHS[suite]:
        raise OpenError
    try:
        key = _SUITES[suite].decrypt(sealed[1:], _private(seed, suite), _info(bound_to))
    except (InvalidTag, ValueError):
        raise OpenError from None
    if len(key) != KEY_LENGTH:
        raise OpenError
    return key


def _private(seed: bytes, suite: int) -> _Private:
    x25519 = X25519PrivateKey.from_private_bytes(seed[-32:])
    if suite == X25519:
        return x25519
    return MLKEM768X25519PrivateKey(MLKEM768PrivateKey.from_seed_bytes(seed[:_MLKEM_SEED]), x25519)


def _public(public: bytes, suite: int) -> _Public:
    if len(public) != _PUBLIC_LENGTHS[suite]:
        raise ValueError
    x25519 = X25519PublicKey.from_public_bytes(public[-32:])
    if suite == X25519:
        return x25519
    return MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC]), x25519)


def _checked(seed: bytes, lengths: dict[int, int]) -> bytes:
    if len(seed) not in lengths.values():
        raise KeyFormatError("not the seed of a key pair")
    return seed


def _info(bound_to: bytes) -> bytes:
    return hashlib.sha256(bound_to).digest()
