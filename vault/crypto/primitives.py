"""The few primitives every format of this room is made of, each called in one place only.

HKDF-SHA-256 (RFC 5869), HMAC-SHA-256 (RFC 2104), AES-256-GCM with a random nonce (NIST SP 800-38D), and LP
framing of short texts that come back often.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.framing import lp
from vault.crypto.errors import OpenError

Random = Callable[[int], bytes]  # that many unpredictable bytes

NONCE = 12
TAG = 16

_SHA256 = SHA256()
_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def hkdf(ikm: bytes, info: bytes, *, salt: bytes | None = None, length: int = 32) -> bytes:
    return HKDF(_SHA256, length, salt, info).derive(ikm)


def keyed_hmac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 keyed once for many messages: two thirds of the cost of `hmac.digest` each time.

    ``key`` is at most 64 bytes long.
    """
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))

    def digest(message: bytes) -> bytes:
        within, around = inner.copy(), outer.copy()
        within.update(message)
        around.update(within.digest())
        return around.digest()

    return digest


def seal_gcm(key: bytes, plaintext: bytes, *, place: bytes, random: Random) -> bytes:
    """nonce ‖ ciphertext ‖ tag, bound to ``place``."""
    nonce = random(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, place)


def open_gcm(key: bytes, sealed: bytes, *, place: bytes) -> bytes:
    """Raises OpenError."""
    return decrypt(AESGCM(key), sealed[:NONCE], sealed[NONCE:], place)


def decrypt(cipher: AESGCM, nonce: bytes, ciphertext: bytes, place: bytes) -> bytes:
    """Raises OpenError for bytes that are too short as for those that do not open."""
    try:
        return cipher.decrypt(nonce, ciphertext, place)
    except (InvalidTag, ValueError):
        raise OpenError from None


@lru_cache(maxsize=8192)
def framed(text: str) -> bytes:
    """LP(text), remembered: for identifiers of a kind that returns at each read. Never for a secret."""
    return lp(text)
