"""What somebody asks a person to share, frozen: who, for what, which information, for how long.

The exact bytes are stored, and why it is asked is sealed to her bound to their digest: a row that was edited,
or made by somebody who writes in the data store alone, does not open and is never shown. No IO, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from consent.grants import Grantee, GranteeKind
from schemas.canonical import canonical, parse_canonical
from schemas.ids import CarnetId, CompartmentId, PurposeId, RequestId, StructureId
from schemas.names import GrantState, Right

ANSWER_WITHIN = timedelta(days=30)  # then it lapses
REMIND_AFTER = timedelta(days=7)  # once, when she chose to answer later
SHORTEST_REASON, LONGEST_REASON = 10, 1000  # characters
WAITING = frozenset({GrantState.REQUESTED, GrantState.DEFERRED})


class RequestError(Exception):
    """These bytes are not what somebody asked."""


@dataclass(frozen=True, slots=True)
class RequestTerms:
    """``grantee``: who would receive; with ``function``, whoever is her référent when she answers, and then
    ``grantee`` is the structure that asked. ``asked_by``: a professional's id, or that of a system."""

    request_id: RequestId
    carnet_id: CarnetId
    grantee: Grantee
    structure_id: StructureId
    asked_by: str
    asked_by_system: bool
    compartments: tuple[CompartmentId, ...]  # sorted, unique
    purpose_id: PurposeId
    days: int
    asked_at: datetime
    catalogue_version: str
    frame_version: str
    function: str | None = None

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        told: dict[str, Any] = {
            "asked_at": self.asked_at.isoformat(),
            "asked_by": self.asked_by,
            "carnet": self.carnet_id,
            "catalogue": self.catalogue_version,
            "compartments": list(self.compartments),
            "days": self.days,
            "frame": self.frame_version,
            "grantee": {"id": self.grantee.id, "kind": str(self.grantee.kind)},
            "purpose": self.purpose_id,
            "request": self.request_id,
            "rights": [str(Right.READ)],
            "structure": self.structure_id,
            "system": self.asked_by_system,
        }
        if self.function is not None:
            told["grantee"]["function"] = self.function
        return canonical(told)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Inverse of ``to_bytes``. Raises RequestError for anything that is not exactly such terms."""
        try:
            told = parse_canonical(data)
            grantee = told["grantee"]
            terms = cls(
                request_id=RequestId(str(told["request"])),
                carnet_id=CarnetId(str(told["carnet"])),
                grantee=Grantee(GranteeKind(grantee["kind"]), str(grantee["id"])),
                structure_id=StructureId(str(told["structure"])),
                asked_by=str(told["asked_by"]),
                asked_by_system=told["system"] is True,
                compartments=tuple(CompartmentId(str(one)) for one in told["compartments"]),
                purpose_id=PurposeId(str(told["purpose"])),
                days=int(told["days"]),
                asked_at=datetime.fromisoformat(told["asked_at"]),
                catalogue_version=str(told["catalogue"]),
                frame_version=str(told["frame"]),
                function=str(grantee["function"]) if "function" in grantee else None,
            )
            same = terms.to_bytes() == data and terms.compartments == tuple(sorted(set(terms.compartments)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RequestError("these bytes are not what somebody asked") from error
        if not same or terms.asked_at.utcoffset() != timedelta(0):
            raise RequestError("these bytes are not what somebody asked")
        return terms


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier request of the same structure, as far as the next one goes."""

    structure_id: StructureId
    purpose_id: PurposeId
    state: GrantState
    answered_at: datetime | None


def refused_last(past: Iterable[Past], structure_id: StructureId, purpose_id: PurposeId) -> datetime | None:
    """When this structure was last refused for this purpose. Another list of information, or another
    professional of it, makes no other request: else one would wear her down field by field."""
    refused = [
        one.answered_at
        for one in past
        if one.state is GrantState.REFUSED
        and (one.structure_id, one.purpose_id) == (structure_id, purpose_id)
    ]
    return max((at for at in refused if at is not None), default=None)


def waits_already(past: Iterable[Past], structure_id: StructureId, purpose_id: PurposeId) -> bool:
    """Whether she has one of this structure for this purpose to answer still."""
    same = (structure_id, purpose_id)
    return any(one.state in WAITING and (one.structure_id, one.purpose_id) == same for one in past)
