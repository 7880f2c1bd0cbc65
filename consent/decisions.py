"""The decision: may this caller read these fields of this carnet, for this purpose, now?

``decide`` is the first of two locks; the second is that without a grant's key nothing opens. Unknown
means refused. It is asked twice for each read: on a snapshot, to refuse early, and again under the log's
lock, where its answer counts. No IO, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent.grants import Grant, Grantee, GranteeKind
from schemas.ids import CarnetId, CompartmentId, GrantId, PurposeId
from schemas.names import LegalBasis, Right, Role

READING_ROLES = frozenset({Role.REFERENT, Role.ADVISER, Role.MEMBER})


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """Who asks (the grantees the caller may speak for), for what, about which compartments."""

    carnet_id: CarnetId
    grantees: tuple[Grantee, ...]
    role: Role | None  # None for a system
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]
    caller_live: bool  # habilitation or client in force
    carnet_open: bool
    purpose_known: bool  # the deployer's frame names this purpose for this kind of structure
    functions: frozenset[str] = frozenset()  # what the caller is to this carnet now ("referent")


@dataclass(frozen=True, slots=True)
class Allowed:
    """For readers only; made by ``decide`` and nothing else."""

    grant_id: GrantId
    grantee: Grantee
    carnet_id: CarnetId
    compartments: frozenset[CompartmentId]
    legal_basis: LegalBasis


class RefusalReason(StrEnum):
    CALLER_NOT_LIVE = "caller_not_live"
    ROLE = "role"
    CARNET = "carnet"
    PURPOSE = "purpose"
    NO_GRANT = "no_grant"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not: for the log and the person. The asker never learns it."""

    reason: RefusalReason

    def __bool__(self) -> bool:
        return False


def decide(question: AccessQuestion, grants: Iterable[Grant], *, now: datetime) -> Allowed | Refused:
    """The grant that answers most of what is asked, or why none does.

    Of two live grants that answer as much, the one to the professional wins over the structure's, so the
    register names the narrower relation.
    """
    if not question.caller_live:
        return Refused(RefusalReason.CALLER_NOT_LIVE)
    if question.role is not None and question.role not in READING_ROLES:
        return Refused(RefusalReason.ROLE)
    if not question.carnet_open:
        return Refused(RefusalReason.CARNET)
    if not question.purpose_known:
        return Refused(RefusalReason.PURPOSE)
    asked = frozenset(question.compartments)
    answering = [grant for grant in grants if _answers(grant, question, now)]
    if not answering:
        return Refused(RefusalReason.NO_GRANT)
    best = max(answering, key=lambda grant: _weight(grant, asked))
    return Allowed(
        grant_id=best.id,
        grantee=best.terms.grantee,
        carnet_id=best.terms.carnet_id,
        compartments=asked & frozenset(best.terms.compartments),
        legal_basis=best.terms.legal_basis,
    )


def _answers(grant: Grant, question: AccessQuestion, now: datetime) -> bool:
    terms = grant.terms
    return (
        grant.live(now)
        and terms.carnet_id == question.carnet_id
        and terms.grantee in question.grantees
        and terms.purpose_id == question.purpose_id
        and (terms.function is None or terms.function in question.functions)
        and Right.READ in terms.rights
    )


def _weight(grant: Grant, asked: frozenset[CompartmentId]) -> tuple[int, bool, str]:
    terms = grant.terms
    return (
        len(asked & frozenset(terms.compartments)),
        terms.grantee.kind is GranteeKind.PROFESSIONAL,
        grant.id,
    )
