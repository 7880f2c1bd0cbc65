"""The log's formats written a second time, straight from the definitions and as slowly as they read.

Nothing here comes from vault/audit: vectors are built from it, and tests compare the two.
"""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def lp(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


# --- RFC 6962 §2.1, word for word -------------------------------------------------------------------------


def power_below(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    """MTH(D[n])."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = power_below(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n])."""
    return subproof(m, leaves, True)


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def compact(leaves: list[bytes]) -> bytes:
    """The compact range: the size, then the roots of its complete subtrees, largest first."""
    out, at, size = struct.pack(">Q", len(leaves)), 0, len(leaves)
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            out += mth(leaves[at : at + (1 << bit)])
            at += 1 << bit
    return out


def tile(level: int, number: int, leaves: list[bytes]) -> bytes:
    """The hashes of a tile by its definition: MTH(D[(n·256+i)·256^l : (n·256+i+1)·256^l])."""
    out, step = b"", 256**level
    for i in range(256):
        low = (number * 256 + i) * step
        if low + step > len(leaves):
            break
        out += mth(leaves[low : low + step])
    return out


def tile_addresses(size: int) -> list[tuple[int, int, int]]:
    """(level, number, width) of every tile of a tree of that size: at level l, ⌊size / 256^l⌋ hashes."""
    out, level = [], 0
    while hashes := size // 256**level:
        full, rest = divmod(hashes, 256)
        out += [(level, no, 256) for no in range(full)] + ([(level, full, rest)] if rest else [])
        level += 1
    return out


# --- leaves and notes -------------------------------------------------------------------------------------


def leaf(*, t: int, op: str, out: str, m: str, n: bytes, tag: bytes, about: bytes, actor: bytes) -> bytes:
    return (
        f'{{"about":"{b64(about)}","actor":"{b64(actor)}","m":"{m}","n":"{b64(n)}","op":"{op}",'
        f'"out":"{out}","t":{t},"tag":"{b64(tag)}","v":1}}'
    ).encode()


def commitment(kind: str, n: bytes, r: bytes, content: bytes) -> bytes:
    return sha256(lp(b"carnet/log/1") + lp(kind.encode()) + n + r + lp(content))


def key_id(name: str, public: bytes, algorithm: int = 1) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public)[:4]


def vkey(name: str, public: bytes, algorithm: int = 1) -> str:
    return f"{name}+{key_id(name, public, algorithm).hex()}+{b64(bytes([algorithm]) + public)}"


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def signature_line(name: str, seed: bytes, text: str) -> str:
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    return f"— {name} {b64(key_id(name, public_of(seed)) + signature)}\n"


def note(text: str, *lines: str) -> str:
    return text + "\n" + "".join(lines)
