"""What a grant is, and the few things that may happen to it.

A grant = person × grantee × purpose × compartments × rights × [starts_at, ends_at) × legal basis. Its
*terms* are frozen when it is given: their exact bytes are stored, and the grantee's key is sealed under
their digest, so that nobody can widen a grant by editing a row. Only the state moves afterwards, and a
terminal state never reopens. No IO, no clock: ``now`` is handed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo

from consent.lifecycle import TERMINAL, may_become
from schemas.canonical import canonical, parse_canonical
from schemas.ids import CarnetId, CompartmentId, GrantId, ProfessionalId, PurposeId, StructureId
from schemas.names import GrantState, LegalBasis, Right

PARIS = ZoneInfo("Europe/Paris")


class GrantError(Exception):
    """A grant cannot be given or moved this way; the message names the rule, never a value."""


class GranteeKind(StrEnum):
    STRUCTURE = "structure"
    PROFESSIONAL = "professional"
    EMERGENCY = "emergency"  # two professionals together, to protect a life


@dataclass(frozen=True, slots=True)
class Grantee:
    """Who receives: a structure (its systems and members) or one professional in a structure."""

    kind: GranteeKind
    id: str

    @classmethod
    def structure(cls, structure_id: StructureId) -> Self:
        return cls(GranteeKind.STRUCTURE, structure_id)

    @classmethod
    def professional(cls, professional_id: ProfessionalId) -> Self:
        return cls(GranteeKind.PROFESSIONAL, professional_id)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the person agreed to, frozen. ``to_bytes`` is what is stored and bound to the key."""

    grant_id: GrantId
    carnet_id: CarnetId
    grantee: Grantee
    key_id: str  # hex of the first 8 bytes of SHA-256 of the grantee's public key
    compartments: tuple[CompartmentId, ...]  # sorted, unique
    rights: tuple[Right, ...]  # sorted, unique
    purpose_id: PurposeId
    legal_basis: LegalBasis
    starts_at: datetime
    ends_at: datetime
    catalogue_version: str
    frame_version: str
    consent_record: str  # what she was shown and did: notice version and the words of the button
    function: str | None = None  # reads only while the grantee holds it for this carnet ("referent")

    @property
    def reads(self) -> frozenset[CompartmentId]:
        return frozenset(self.compartments if Right.READ in self.rights else ())

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        grantee = {"id": self.grantee.id, "key": self.key_id, "kind": str(self.grantee.kind)}
        if self.function is not None:
            grantee["function"] = self.function
        return canonical(
            {
                "catalogue": self.catalogue_version,
                "carnet": self.carnet_id,
                "compartments": list(self.compartments),
                "consent_record": self.consent_record,
                "frame": self.frame_version,
                "from": self.starts_at.isoformat(),
                "grant": self.grant_id,
                "grantee": grantee,
                "legal_basis": str(self.legal_basis),
                "purpose": self.purpose_id,
                "rights": [str(right) for right in self.rights],
                "until": self.ends_at.isoformat(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Inverse of ``to_bytes``; raises GrantError for anything that is not exactly such terms."""
        try:
            told = parse_canonical(data)
            terms = cls(
                grant_id=GrantId(_text(told["grant"])),
                carnet_id=CarnetId(_text(told["carnet"])),
                grantee=Grantee(GranteeKind(told["grantee"]["kind"]), _text(told["grantee"]["id"])),
                key_id=_text(told["grantee"]["key"]),
                compartments=tuple(CompartmentId(_text(item)) for item in _ordered(told["compartments"])),
                rights=tuple(Right(item) for item in _ordered(told["rights"])),
                purpose_id=PurposeId(_text(told["purpose"])),
                legal_basis=LegalBasis(told["legal_basis"]),
                starts_at=_instant(told["from"]),
                ends_at=_instant(told["until"]),
                catalogue_version=_text(told["catalogue"]),
                frame_version=_text(told["frame"]),
                consent_record=_text(told["consent_record"]),
                function=_text(told["grantee"]["function"]) if "function" in told["grantee"] else None,
            )
            same = terms.to_bytes() == data
        except (ValueError, KeyError, TypeError) as error:
            raise GrantError("these bytes are not the terms of a grant") from error
        if not same:
            raise GrantError("these bytes are not the terms of a grant")
        return terms


def _text(told: object) -> str:
    if type(told) is not str:
        raise TypeError("not a text")
    return told


def _ordered(told: object) -> list[Any]:
    """A list in order, each item once: there is one spelling of a set."""
    if type(told) is not list or told != sorted(set(told)):
        raise TypeError("not a set in order")
    return told


def _instant(told: str) -> datetime:
    """Aware and in UTC: a naive one could not be compared, another offset would be a second spelling."""
    instant = datetime.fromisoformat(told)
    if instant.utcoffset() != timedelta(0):
        raise ValueError("not an instant in UTC")
    return instant


@lru_cache(maxsize=4096)
def terms_of(data: bytes) -> Terms:
    """``Terms.from_bytes``, remembering what bytes mean (never whether a grant still stands)."""
    return Terms.from_bytes(data)


@dataclass(frozen=True, slots=True)
class Grant:
    terms: Terms
    state: GrantState
    ended_at: datetime | None = None

    @property
    def id(self) -> GrantId:
        return self.terms.grant_id

    @property
    def reads(self) -> frozenset[CompartmentId]:
        """What may be read by it while it is live: nothing, when it is to propose alone."""
        return self.terms.reads

    def live(self, now: datetime) -> bool:
        """Granted, and ``now`` inside the half-open period [starts_at, ends_at)."""
        return self.state is GrantState.GRANTED and self.terms.starts_at <= now < self.terms.ends_at


def end_of_day_after(now: datetime, days: int) -> datetime:
    """Midnight, Europe/Paris, at the end of the day ``now`` + ``days``, as an aware instant.

    The person reads "jusqu’au 24 décembre" and that whole day is included, summer time or not.
    """
    last_day = now.astimezone(PARIS).date() + timedelta(days=days)
    return datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=PARIS)


def ended(grant: Grant, state: GrantState, *, now: datetime) -> Grant:
    """The grant moved to a terminal ``state``. GrantError if it already ended, or ``state`` is not one."""
    if state not in TERMINAL:
        raise GrantError(f"{state} does not end a grant")
    if grant.state in TERMINAL:
        raise GrantError("a grant that ended never reopens")
    if not may_become(grant.state, state):
        raise GrantError(f"a grant that is {grant.state} does not become {state}")
    return replace(grant, state=state, ended_at=now)


def held(grant: Grant, state: GrantState) -> Grant:
    """The grant suspended, or granted again. GrantError when the one does not lead to the other."""
    if state in TERMINAL or not may_become(grant.state, state):
        raise GrantError(f"a grant that is {grant.state} does not become {state}")
    return replace(grant, state=state)


def replaced_by(new: Terms, grants: Iterable[Grant]) -> list[Grant]:
    """The standing grants that ``new`` supersedes: same grantee, same purpose (at most one stands, rule I6).
    A suspended one too: it must not come back beside what took its place."""
    return [
        grant
        for grant in grants
        if grant.state in (GrantState.GRANTED, GrantState.SUSPENDED)
        and grant.terms.grantee == new.grantee
        and grant.terms.purpose_id == new.purpose_id
    ]
