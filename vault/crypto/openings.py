"""Sealed openings of log entries (docs/formats/openings.md): what a leaf's commitment hides, beside it.

Bound to the leaf's n and to the kind, under a key of its own. Whoever opens one then checks r and content
against the leaf's commitment; that check belongs to the log.
"""

import os

from vault.crypto.errors import OpenError, UnknownSuiteError
from vault.crypto.keys import OpeningKey
from vault.crypto.padding import pad, unpad
from vault.crypto.primitives import Random, framed, open_gcm, seal_gcm

R_LENGTH = 32

_HEADER = b"\x01\x01"  # version, suite
_DOMAIN = framed("carnet/opening/1/1")
_N_FRAME = (16).to_bytes(4, "big")


def seal_opening(
    r: bytes, content: bytes, *, key: OpeningKey, kind: str, n: bytes, random: Random = os.urandom
) -> bytes:
    """``r``: the commitment's 32 random bytes; ``kind``: "about" or "actor"; ``n``: the leaf's 16 bytes."""
    if len(r) != R_LENGTH:
        raise ValueError("r is 32 bytes")
    return _HEADER + seal_gcm(key, pad(r + content), place=_place(kind, n), random=random)


def open_opening(sealed: bytes, *, key: OpeningKey, kind: str, n: bytes) -> tuple[bytes, bytes]:
    """(r, content). Raises OpenError; UnknownSuiteError for another version or suite."""
    if len(sealed) < len(_HEADER):
        raise OpenError
    if not sealed.startswith(_HEADER):
        raise UnknownSuiteError
    opened = unpad(open_gcm(key, sealed[len(_HEADER) :], place=_place(kind, n)))
    if len(opened) < R_LENGTH:
        raise OpenError
    return opened[:R_LENGTH], opened[R_LENGTH:]


def _place(kind: str, n: bytes) -> bytes:
    if len(n) != 16:
        raise ValueError("n is 16 bytes")
    return _DOMAIN + framed(kind) + _N_FRAME + n
