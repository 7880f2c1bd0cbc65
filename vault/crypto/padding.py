"""Padding that hides lengths (docs/formats/record.md): 0x80, then zeros up to a few allowed lengths."""

from vault.crypto.errors import OpenError

STEP = 256
FINE_UP_TO = 4096
MARK = b"\x80"


def padded_length(length: int) -> int:
    """Bytes that a body of ``length`` bytes takes once padded."""
    needed, step = length + 1, STEP
    if needed > FINE_UP_TO:
        step = (1 << (needed - 1).bit_length()) // 8
    return -(-needed // step) * step


def pad(body: bytes) -> bytes:
    return (body + MARK).ljust(padded_length(len(body)), b"\0")


def unpad(padded: bytes) -> bytes:
    """The body. Raises OpenError unless ``pad`` would give these very bytes."""
    body = padded.rstrip(b"\0")
    if body[-1:] != MARK or padded_length(len(body) - 1) != len(padded):
        raise OpenError
    return body[:-1]
