"""The decision: may this caller read these fields of this carnet, or propose to write them, for this purpose,
now?

``decide`` is the first of two locks; the second is that without a grant's key nothing opens. Unknown
means refused. It is asked twice for each read: on a snapshot, to refuse early, and again under the log's
lock, where its answer counts. No IO, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from consent.grants import Grant, Grantee, GranteeKind, Terms, end_of_day_after
from schemas.ids import CarnetId, CompartmentId, GrantId, PurposeId
from schemas.names import LegalBasis, Right, Role

READING_ROLES = frozenset({Role.REFERENT, Role.ADVISER, Role.MEMBER})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the frame and the catalogue in force say of the purpose: they may narrow what was given, and never
    widen it (rule I7)."""

    compartments: frozenset[CompartmentId]  # what the purpose may be given
    special: frozenset[CompartmentId]  # those among them that need an act of their own
    most_days: int
    catalogue_version: str
    legal_basis: LegalBasis = LegalBasis.CONSENT
    # What was special under each version of the catalogue that is remembered for sure.
    special_under: Mapping[str, frozenset[CompartmentId]] = field(default_factory=dict)


class Overtaken(StrEnum):
    """Why the rules in force leave nothing of a share, until she gives it again."""

    RULES = "rules"  # its purpose is no more, or not for this kind of structure, or on another legal basis
    SPECIAL = "special"  # something of it became special: she never said yes to that by an act of its own


def overtaken(terms: Terms, rules: Rules | None) -> Overtaken | None:
    """Whether the rules changed in a way that suspends the whole share; None when they did not, or when
    nothing tells what was special under the catalogue it was given under: its special part alone is shut."""
    if rules is None or terms.legal_basis is not rules.legal_basis:
        return Overtaken.RULES
    before = rules.special_under.get(terms.catalogue_version)
    if before is None or terms.catalogue_version == rules.catalogue_version:
        return None
    return Overtaken.SPECIAL if (frozenset(terms.compartments) & rules.special) - before else None


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
    rules: Rules | None  # None: the deployer's frame does not name this purpose for this kind of structure
    functions: frozenset[str] = frozenset()  # what the caller is to this carnet now ("referent")
    right: Right = Right.READ  # to do what


@dataclass(frozen=True, slots=True)
class Allowed:
    """For readers, and for those who propose; made by ``decide`` and nothing else."""

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
    rules = question.rules
    if rules is None:
        return Refused(RefusalReason.PURPOSE)
    asked = frozenset(question.compartments) & rules.compartments
    answering = [
        grant
        for grant in grants
        if _answers(grant, question, now)
        and _not_too_old(grant, rules, now)
        and overtaken(grant.terms, rules) is None
    ]
    if not answering:
        return Refused(RefusalReason.NO_GRANT)
    best = max(answering, key=lambda grant: _weight(grant, _open_under(grant, asked, rules)))
    return Allowed(
        grant_id=best.id,
        grantee=best.terms.grantee,
        carnet_id=best.terms.carnet_id,
        compartments=_open_under(best, asked, rules),
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
        and question.right in terms.rights
    )


def _not_too_old(grant: Grant, rules: Rules, now: datetime) -> bool:
    """A purpose that was shortened since ends its shares earlier."""
    terms = grant.terms
    longest = timedelta(days=rules.most_days)
    return terms.ends_at - terms.starts_at <= longest or now < end_of_day_after(
        terms.starts_at, rules.most_days
    )


def _open_under(grant: Grant, asked: frozenset[CompartmentId], rules: Rules) -> frozenset[CompartmentId]:
    """What is asked and given, but for what is special now when nothing tells what was special under the
    catalogue it was given under: nothing proves that it was said yes to by an act of its own."""
    terms = grant.terms
    found = asked & frozenset(terms.compartments)
    known = (
        terms.catalogue_version == rules.catalogue_version or terms.catalogue_version in rules.special_under
    )
    return found if known else found - rules.special


def _weight(grant: Grant, open_now: frozenset[CompartmentId]) -> tuple[int, bool, str]:
    terms = grant.terms
    return (
        len(open_now),
        terms.grantee.kind is GranteeKind.PROFESSIONAL,
        grant.id,
    )
