"""Looking at receipts: the person at hers, and anybody at whether one in his hands is ours."""

from dataclasses import dataclass
from datetime import datetime

from consent import receipts as words
from consent.grants import Grant
from consent.records27560 import RecordError
from schemas.ids import GrantId, ReceiptId
from vault.audit.events import Op
from vault.crypto import CryptoError, open_receipt, public_jwk, receipt_digest, thumbprint
from vault.errors import CallerError
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.receipts import Receipt, opened, public_keys


class NoSuchReceiptError(CallerError):
    """This carnet has no such receipt, or what was kept of it is spoiled."""


def list_receipts(
    parts: Parts,
    owner: OwnerAccess,
    *,
    actor: Actor,
    grant_id: GrantId | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[list[Receipt], int | None]:
    """Newest first, and where the next page starts (exclusive). Appends one entry: each tells with whom she
    shares what. Spoiled ones are left out."""
    _, journals = append_own(parts, owner, Op.LOG_READ, actor=actor)
    journal = journals.journals[owner.carnet_id]
    rows = parts.data.receipts_of(owner.carnet_id, grant_id=grant_id, before=before, limit=limit + 1)
    keys = public_keys(parts)
    found = [receipt for row in rows[:limit] if (receipt := opened(parts, row, journal, keys))]
    return found, rows[limit - 1].leaf if len(rows) > limit else None


def read_receipt(parts: Parts, owner: OwnerAccess, receipt_id: ReceiptId, *, actor: Actor) -> Receipt:
    """One of hers, after one entry. Raises NoSuchReceiptError."""
    row = parts.data.receipt(owner.carnet_id, receipt_id)
    if row is None:
        raise NoSuchReceiptError("no such receipt in this carnet")
    _, journals = append_own(parts, owner, Op.EXPORT, actor=actor)
    receipt = opened(parts, row, journals.journals[owner.carnet_id], public_keys(parts))
    if receipt is None:
        raise NoSuchReceiptError("no such receipt in this carnet")
    return receipt


def receipt_of_grant(parts: Parts, grant: Grant) -> ReceiptId | None:
    """The newest receipt of a grant, by its id alone: what is answered to whoever just moved it."""
    rows = parts.data.receipts_of(grant.terms.carnet_id, grant_id=grant.id, before=None, limit=1)
    return rows[0].receipt_id if rows else None


@dataclass(frozen=True, slots=True)
class Known:
    """What anybody with a receipt in hand may learn: that it is ours, and of when."""

    at: datetime
    kept: bool  # one of those kept here now; False: signed by us, and of a carnet that may be closed


def known_by_digest(parts: Parts, digest: bytes) -> Known | None:
    """Whether a receipt with this SHA-256 is kept here, whole. Says nothing of whom or what it is about."""
    row = parts.data.receipt_with_digest(digest)
    if row is None:
        return None
    journals = parts.journal_keys.load(now=parts.now(), carnets=[row.carnet_id])
    journal = journals.journal(row.carnet_id)
    if journal is None or opened(parts, row, journal, public_keys(parts)) is None:
        return None
    return Known(row.made_at, kept=True)


def known_by_bytes(parts: Parts, jws: bytes) -> Known | None:
    """The same of a receipt somebody shows: signed by one of our keys, and unchanged."""
    try:
        signed = open_receipt(jws)
        record = words.record_of(signed.payload)
    except (CryptoError, RecordError):
        return None
    if signed.public not in public_keys(parts):
        return None
    kept = known_by_digest(parts, receipt_digest(jws))
    return kept or Known(record.events[-1].time, kept=False)


def jwks(parts: Parts) -> dict[str, list[dict[str, str]]]:
    """The public keys as a JWK Set (RFC 7517)."""
    keys = [
        {**public_jwk(public), "alg": "EdDSA", "kid": thumbprint(public), "use": "sig"}
        for public in public_keys(parts)
    ]
    return {"keys": keys}
