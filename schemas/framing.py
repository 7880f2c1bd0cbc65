"""Length-prefixed framing, so that no two lists of parts can give the same bytes.

LP(x) = the length of x as an unsigned 32-bit big-endian integer, then x. Text is UTF-8; integers are
32-bit big-endian. Used wherever several values are bound together: contexts, places of wraps, commitments.
"""

import struct

_LENGTH = struct.Struct(">I")


def _bytes(part: bytes | str | int) -> bytes:
    if isinstance(part, bytes):
        return part
    return part.encode() if isinstance(part, str) else _LENGTH.pack(part)


def lp(*parts: bytes | str | int) -> bytes:
    """Concatenated LP of each part. Integers must fit in 32 bits (struct.error otherwise)."""
    framed: list[bytes] = []
    for part in parts:
        data = _bytes(part)
        framed += (_LENGTH.pack(len(data)), data)
    return b"".join(framed)
