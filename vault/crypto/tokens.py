"""Secrets given out (cookies, invitations, access tokens) and small sealed contents of the key store.

A token is 256 random bits; stores keep only its digest, which is no use to present. Contents of sessions
and of sign-ins under way are sealed for their place under a key derived from a row of K.
"""

import base64
import hashlib
import hmac
import os

from vault.crypto.errors import OpenError, UnknownSuiteError
from vault.crypto.primitives import Random, hkdf, open_gcm, seal_gcm

TOKEN_BYTES = 32

_VERSION = b"\x01"


def new_secret(random: Random = os.urandom) -> str:
    """43 characters of base64url."""
    return base64.urlsafe_b64encode(random(TOKEN_BYTES)).rstrip(b"=").decode()


def digest(secret: str) -> str:
    """SHA-256 in lower-case hexadecimal: what is stored, and looked up. Any text is accepted."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def equal(a: str | bytes, b: str | bytes) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(_encoded(a), _encoded(b))


def seal_small(content: bytes, *, secret: bytes, place: bytes, random: Random = os.urandom) -> bytes:
    """``secret``: a row of K, opened; ``place``: what the content is and whose (docs/formats/keys.md)."""
    return _VERSION + seal_gcm(_key(secret, place), content, place=place, random=random)


def open_small(sealed: bytes, *, secret: bytes, place: bytes) -> bytes:
    """Raises OpenError; UnknownSuiteError for another version."""
    if not sealed:
        raise OpenError
    if sealed[:1] != _VERSION:
        raise UnknownSuiteError
    return open_gcm(_key(secret, place), sealed[1:], place=place)


def _key(secret: bytes, place: bytes) -> bytes:
    return hkdf(secret, b"small" + hashlib.sha256(place).digest())


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
