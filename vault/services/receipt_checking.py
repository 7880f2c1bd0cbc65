"""Checking a receipt without stores nor settings: what it says, and whether it is whole.

Four things: the form (one spelling), the signature by the key it names, the shape, and its times. Whether the
key is that of a given instance is told by a JWK Set (``/.well-known/carnet-receipts``), or left to whoever
compares its thumbprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from consent.jsonld27560 import to_json_ld
from consent.receipts import CONTEXT, moved_of, record_of
from consent.records27560 import Profile, Record, RecordError, missing
from schemas.canonical import CanonicalError, parse_strict
from schemas.receipt_shape import receipt_faults
from vault.crypto import ReceiptError, open_receipt, public_jwk, receipt_digest


class KeySetError(ValueError):
    """This is no JWK Set, or it holds no Ed25519 key."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. ``known``: whether the key is in the set that was given; None without one."""

    faults: tuple[str, ...]
    kid: str = ""
    known: bool | None = None
    digest: str = ""
    record: Record | None = field(default=None, repr=False)

    @property
    def holds(self) -> bool:
        return not self.faults


def check_receipt(data: bytes, *, keys: Sequence[str] | None = None) -> Checked:
    """``keys``: the ``x`` of each Ed25519 key that is trusted. Never raises."""
    data = data.strip()
    try:
        signed = open_receipt(data)
    except ReceiptError:
        return Checked(("this is not a receipt, or its signature does not hold",))
    known = None if keys is None else public_jwk(signed.public)["x"] in keys
    faults = [] if known is not False else ["it is signed by a key that is not among those given"]
    try:
        record = record_of(signed.payload)
    except RecordError:
        return Checked((*faults, "what is signed is not a receipt of this version"), signed.kid, known)
    faults += _told(record)
    return Checked(tuple(faults), signed.kid, known, receipt_digest(data).hex(), record)


def _told(record: Record) -> list[str]:
    document = to_json_ld(record, context=CONTEXT)
    faults = [f"its shape is not that of a receipt: {one.pointer or '/'}" for one in receipt_faults(document)]
    times = [event.time for event in record.events]
    if times != sorted(times):
        faults.append("its events are not in the order of time")
    try:
        moved_of(record)
        if document["dct:issued"] != document_time(document, record.consent):
            faults.append("it was not issued when its last event happened")
    except (RecordError, KeyError):
        faults.append("it does not say which event it was issued for")
    if record.consent and Profile.RECORD_EU_GDPR in record.profiles:
        lacking = missing(record, Profile.RECORD_EU_GDPR)
        faults += [f"its profile requires {name}" for name in lacking]
    return faults


def document_time(document: dict[str, object], consent: bool) -> object:
    """When its last event happened, as it is written."""
    events = document["dpv:hasConsentStatus" if consent else "dpv:hasStatus"]
    last = events[-1] if isinstance(events, list) and events else {}
    return last.get("dpv:isIndicatedAtTime" if consent else "dct:date") if isinstance(last, dict) else None


def keys_of(data: bytes) -> list[str]:
    """The Ed25519 keys of a JWK Set, or of one JWK. Raises KeySetError."""
    try:
        told = parse_strict(data)
        keys = told.get("keys", [told])
        found = [str(key["x"]) for key in keys if key.get("kty") == "OKP" and key.get("crv") == "Ed25519"]
    except (CanonicalError, KeyError, TypeError, AttributeError) as error:
        raise KeySetError("not a set of keys (RFC 7517)") from error
    if not found:
        raise KeySetError("no Ed25519 key in this set")
    return found
