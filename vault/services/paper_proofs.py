"""What is signed of a carnet on paper: that these words were printed here, then. Anybody can check it.

The statement holds the digest of the copy inside the file, when it was printed and the entry of the log that
says so; nothing of whose it is. Salt in the copy keeps the digest from being guessed from a short carnet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode

from exporters.document import Proof
from schemas.canonical import CanonicalError, canonical, parse_strict
from vault.crypto import PAPER_CONTENT, PAPER_TYPE, ReceiptError, open_receipt, public_jwk, sign_receipt
from vault.services.parts import Parts
from vault.services.receipts import SIGNING, public_keys

CHECK = "/papier"
STATEMENT = "s"  # the parameter that the code printed on paper leads to
_MEMBERS = {"v", "sha256", "printed_at", "index", "origin"}


@dataclass(frozen=True, slots=True)
class Printed:
    """What a statement says. ``digest``: SHA-256 of the copy, in hexadecimal; ``index``: the entry of the
    log; ``ours``: whether it is signed by a key that is trusted."""

    digest: str
    printed_at: datetime
    index: int
    origin: str
    ours: bool | None = None


def prove(parts: Parts, copy: bytes, *, at: datetime, index: int, site: str) -> Proof | None:
    """The proof of a paper printed ``at``. None when this instance has no key to sign with."""
    seed = parts.rows.load([SIGNING]).get(SIGNING)
    if seed is None:
        return None
    digest = sha256(copy).hexdigest()
    told = {
        "v": 1,
        "sha256": digest,
        "printed_at": at.isoformat(timespec="seconds"),
        "index": index,
        "origin": parts.keeper.origin,
    }
    statement = sign_receipt(canonical(told), seed=seed, typ=PAPER_TYPE, cty=PAPER_CONTENT)
    check = f"{site}{CHECK}?{urlencode({STATEMENT: statement.decode('ascii')})}"
    return Proof(digest=digest, check=check, statement=statement, copy=copy)


def printed_of(statement: bytes, *, keys: Sequence[str] | None = None) -> Printed | None:
    """What was signed; None for bytes that are no such statement. ``keys``: the ``x`` of each Ed25519 key
    that is trusted; without them nothing is said of whose it is."""
    try:
        signed = open_receipt(statement.strip(), typ=PAPER_TYPE, cty=PAPER_CONTENT)
        told = parse_strict(signed.payload)
        if set(told) != _MEMBERS or told["v"] != 1 or type(told["index"]) is not int:
            return None
        at = datetime.fromisoformat(told["printed_at"])
        ours = None if keys is None else public_jwk(signed.public)["x"] in keys
        return Printed(str(told["sha256"]), at, told["index"], str(told["origin"]), ours)
    except (ReceiptError, CanonicalError, ValueError, TypeError):
        return None


def known_paper(parts: Parts, statement: bytes) -> Printed | None:
    """What anybody with a paper in hand may learn: that it was printed here, and when. None: not here."""
    keys = [public_jwk(public)["x"] for public in public_keys(parts)]
    found = printed_of(statement, keys=keys)
    return found if found is not None and found.ours else None
