"""The exact bytes of a certificate of erasure: that one information was forgotten, for good, and since when.

Plain values: no IO, no clock, no key. It names the entry and the field, never what was said; the person by
the pseudonym of her receipts; the place of the ``forget`` entry in the log, with a signed checkpoint that
covers it; and the date after which no copy of the key store may open a copy of the data store any more.
Format: docs/formats/certificate.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from schemas.canonical import CanonicalError, canonical, parse_canonical

VERSION = 1
TYPE = "carnet-erasure-certificate"
_COUNTS = ("versions", "observations", "replies", "proposals")


class CertificateError(ValueError):
    """This is no certificate of erasure. Names the member at fault, never a value."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a certificate says. ``leaf_hash``: of the entry of the log, RFC 6962, in hexadecimal;
    ``checkpoint``: a C2SP signed note over a log that holds it; ``blind_after``: the last day on which a copy
    of the key store may still exist."""

    certificate_id: str
    person: str
    entry_id: str
    field_id: str
    label: str
    compartments: tuple[str, ...]
    versions: int
    observations: int
    replies: int
    proposals: int
    asked_at: datetime
    forgotten_at: datetime
    origin: str
    index: int
    leaf_hash: str
    checkpoint: str
    copies_days: int
    blind_after: date
    controller: str
    contact: str
    site: str


def erased_payload(told: Erased) -> bytes:
    """The bytes that are signed: canonical JSON (RFC 8785)."""
    return canonical(
        {
            "type": TYPE,
            "version": VERSION,
            "certificate_id": told.certificate_id,
            "person": told.person,
            "erased": {
                "entry_id": told.entry_id,
                "field_id": told.field_id,
                "label": told.label,
                "compartments": list(told.compartments),
                **{name: getattr(told, name) for name in _COUNTS},
            },
            "asked_at": _instant(told.asked_at),
            "forgotten_at": _instant(told.forgotten_at),
            "log": {
                "origin": told.origin,
                "index": told.index,
                "leaf_hash": told.leaf_hash,
                "checkpoint": told.checkpoint,
            },
            "key_copies": {"days": told.copies_days, "blind_after": told.blind_after.isoformat()},
            "controller": {"name": told.controller, "contact": told.contact, "site": told.site},
        }
    )


def erased_of(data: bytes) -> Erased:
    """Inverse of ``erased_payload``. Raises CertificateError for anything that is not exactly one."""
    try:
        told: Mapping[str, Any] = parse_canonical(data)
        if (told["type"], told["version"]) != (TYPE, VERSION):
            raise CertificateError("type")
        erased, log, copies, keeper = told["erased"], told["log"], told["key_copies"], told["controller"]
        found = Erased(
            certificate_id=_text(told["certificate_id"]),
            person=_text(told["person"]),
            entry_id=_text(erased["entry_id"]),
            field_id=_text(erased["field_id"]),
            label=_text(erased["label"]),
            compartments=tuple(_text(one) for one in erased["compartments"]),
            versions=_count(erased["versions"]),
            observations=_count(erased["observations"]),
            replies=_count(erased["replies"]),
            proposals=_count(erased["proposals"]),
            asked_at=datetime.fromisoformat(_text(told["asked_at"])),
            forgotten_at=datetime.fromisoformat(_text(told["forgotten_at"])),
            origin=_text(log["origin"]),
            index=_count(log["index"]),
            leaf_hash=_text(log["leaf_hash"]),
            checkpoint=_text(log["checkpoint"]),
            copies_days=_count(copies["days"]),
            blind_after=date.fromisoformat(_text(copies["blind_after"])),
            controller=_text(keeper["name"]),
            contact=_text(keeper["contact"]),
            site=_text(keeper["site"]),
        )
        same = erased_payload(found) == data
    except CertificateError:
        raise
    except (CanonicalError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CertificateError("not a certificate") from error
    if not same:
        raise CertificateError("not a certificate")
    return found


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _text(told: object) -> str:
    if type(told) is not str:
        raise CertificateError("a string was expected")
    return told


def _count(told: object) -> int:
    if type(told) is not int or told < 0:
        raise CertificateError("a count was expected")
    return told
