"""The leaf of the log: the exact bytes that are stored and hashed (docs/formats/log.md).

Promises: a leaf has one spelling; ``encode`` writes it, ``parse`` accepts that and nothing else, and the
two are each other's inverse. Leaves hold commitments only: what they commit to is in events.py.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from schemas.canonical import canonical_flat
from schemas.framing import lp
from schemas.names import Outcome
from vault.audit.errors import LeafError
from vault.audit.events import Op

VERSION = 1
N_SIZE = 16
R_SIZE = 32
LATEST = 2**53 - 1  # the largest integer JSON readers agree on

_DOMAIN = "carnet/log/1"
_B32 = r"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"
_B16 = r"([A-Za-z0-9+/]{21}[AQgw]==)"
_LEAF = re.compile(
    rf'\{{"about":"{_B32}","actor":"{_B32}","m":"([0-9]{{4}}(?:0[1-9]|1[0-2]))","n":"{_B16}",'
    rf'"op":"({"|".join(Op)})","out":"({"|".join(Outcome)})","t":(0|[1-9][0-9]{{0,15}}),'
    rf'"tag":"{_B16}","v":{VERSION}\}}'.encode()
)


class OpeningKind(StrEnum):
    ABOUT = "about"
    ACTOR = "actor"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry as the tree sees it. ``t`` is in milliseconds since 1970 UTC, ``m`` is ``yyyymm``."""

    t: int
    op: Op
    out: Outcome
    m: str
    n: bytes
    tag: bytes
    about: bytes
    actor: bytes

    def encode(self) -> bytes:
        """The canonical bytes. Raises LeafError for values that no reader would accept."""
        data = canonical_flat(
            {
                "about": b64encode(self.about).decode(),
                "actor": b64encode(self.actor).decode(),
                "m": self.m,
                "n": b64encode(self.n).decode(),
                "op": self.op,
                "out": self.out,
                "t": self.t,
                "tag": b64encode(self.tag).decode(),
                "v": VERSION,
            }
        )
        if not _LEAF.fullmatch(data) or self.t > LATEST:
            raise LeafError("the values do not make a leaf")
        return data

    @classmethod
    def parse(cls, data: bytes) -> "Leaf":
        """The leaf whose encoding is exactly ``data``. Raises LeafError for anything else."""
        about, actor, m, n, op, out, t, tag = _match(data).groups()
        return cls(
            t=int(t),
            op=Op(op.decode()),
            out=Outcome(out.decode()),
            m=m.decode(),
            n=b64decode(n),
            tag=b64decode(tag),
            about=b64decode(about),
            actor=b64decode(actor),
        )


def _match(data: bytes) -> re.Match[bytes]:
    found = _LEAF.fullmatch(data)
    if found is None or int(found[7]) > LATEST:
        raise LeafError("not a leaf of format 1 in its canonical form")
    return found


def leaf_time(data: bytes) -> int:
    """``t`` of a leaf, without building the rest: for a verifier that reads a million of them."""
    return int(_match(data)[7])


def month_of(t: int) -> str:
    """The month, ``yyyymm`` in UTC, of an instant in milliseconds. Raises LeafError beyond the year 9999."""
    try:
        return datetime.fromtimestamp(t // 1000, UTC).strftime("%Y%m")
    except (ValueError, OverflowError, OSError) as error:
        raise LeafError("no month for this instant") from error


def commitment(kind: str, n: bytes, r: bytes, content: bytes) -> bytes:
    """Hiding and binding commitment of a leaf to one of its two contents."""
    if len(n) != N_SIZE or len(r) != R_SIZE:
        raise LeafError("a commitment needs 16 bytes of n and 32 of r")
    return hashlib.sha256(lp(_DOMAIN) + lp(kind) + n + r + lp(content)).digest()
