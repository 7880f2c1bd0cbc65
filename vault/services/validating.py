"""The référent in office validates a volet, as he read it by his own grant.

The hash covers the entries and versions he reads, and nothing else. A volet that is to be understood waits
for the person: she says so herself, about the very versions he validates (``understanding``). Anybody else
gets the answer of a carnet that does not exist. Where a volet stands: ``volets``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consent.decisions import Allowed, Refused
from schemas.fields import Volet
from schemas.ids import CarnetId, CompartmentId, PurposeId
from schemas.names import Outcome
from vault.audit.events import AboutContent
from vault.carnet.volets import Coverage, Covered, version_hash
from vault.errors import CallerError
from vault.services.authors import said_by
from vault.services.bindings import to_the_millisecond
from vault.services.journal import agents_of
from vault.services.key_sources import Journals
from vault.services.parts import Parts
from vault.services.ports import ReadTicket, Work
from vault.services.reading import (
    AccessEnded,
    FieldsView,
    NotShared,
    Reader,
    SharedRead,
    ask_of,
    decision_on,
    read_shared_fields,
)
from vault.services.referents import current_referent
from vault.services.replying import own_grants, reason_for, still_reads
from vault.services.sharing_rows import ReferentRow
from vault.services.volets import (
    VALIDATED,
    Made,
    Validation,
    VoletChangedError,
    VoletState,
    check_same,
    covered,
    entry_of,
    named,
    places_of,
    states_of,
    vouch,
)


class NotUnderstoodError(CallerError):
    """The person has not said yet that she understood these very versions."""


@dataclass(frozen=True, slots=True)
class OfficeVolets:
    """What he reads of the volets, and where each stands for him."""

    view: FieldsView
    states: Sequence[VoletState]


def look_at_volets(
    parts: Parts, reader: Reader, carnet_id: CarnetId, *, purpose_id: PurposeId | None = None
) -> OfficeVolets | NotShared | AccessEnded:
    """For her référent in office, by one of his reasons. One ``read`` entry. Anybody else gets the answer of
    a carnet that does not exist, or that his access ended. Raises LogUnavailableError."""
    in_office = assignment_of(parts, reader, carnet_id) is not None
    every = _every_place(parts)
    purpose_id = purpose_id or reason_for(parts, own_grants(parts, reader, carnet_id), every)
    asked = parts.catalogue.in_order(every & set(parts.frame.purpose(purpose_id).compartments))
    (answer,) = read_shared_fields(
        parts, [SharedRead(reader, carnet_id, purpose_id, asked if in_office else ())]
    )
    if isinstance(answer, Exception):
        raise answer
    if not isinstance(answer, FieldsView):
        return answer
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journal(carnet_id)
    if not in_office or journal is None or answer.by is None:
        return NotShared()
    entries = frozenset(
        Covered(place, one.entry_id, one.version) for place, found in answer.fields.items() for one in found
    )
    readable = every & answer.by[1].compartments
    return OfficeVolets(answer, states_of(parts, journal, carnet_id, entries, readable))


def validate(
    parts: Parts,
    reader: Reader,
    carnet_id: CarnetId,
    volet_id: str,
    seen: str,
    *,
    purpose_id: PurposeId | None = None,
) -> Validation | NotShared | AccessEnded:
    """Vouch for a volet as he read it: ``seen`` is the version hash of what he was shown. One ``validate``
    entry, denied for whoever may not. Raises NoSuchVoletError, VoletChangedError, NotUnderstoodError."""
    volet = named(parts, volet_id)
    places = places_of(parts, volet)
    purpose_id = purpose_id or reason_for(parts, own_grants(parts, reader, carnet_id), _every_place(parts))
    asked = parts.catalogue.in_order(places & set(parts.frame.purpose(purpose_id).compartments))
    read = SharedRead(reader, carnet_id, purpose_id, asked)
    now = to_the_millisecond(parts.now())
    (facts,) = parts.data.read_facts([ask_of(read)])
    decision = decision_on(parts, read, facts, now)
    assignment = assignment_of(parts, reader, carnet_id)
    journals = parts.journal_keys.load(now=now, carnets=[carnet_id], agents=agents_of(reader.actor))
    journal = journals.journal(carnet_id)
    if not isinstance(decision, Allowed) or assignment is None or journal is None:
        _deny(parts, read, volet, decision, journals)
        return AccessEnded() if facts.once_held and not isinstance(decision, Allowed) else NotShared()
    mine = frozenset(one for one in covered(facts.heads, journal) if one.compartment in decision.compartments)
    if not mine or version_hash(carnet_id, volet.id, mine) != seen:
        raise VoletChangedError("this is not what was read")
    states = states_of(parts, journal, carnet_id, mine, decision.compartments)
    if not next(one for one in states if one.volet == volet).is_understood:
        raise NotUnderstoodError("she has not said that she understood this")
    coverage = Coverage(frozenset(asked) & decision.compartments, mine, said_by(parts, reader.actor))
    grant = next(row.grant for row in facts.grants if row.grant.id == decision.grant_id)

    def check(work: Work) -> None:
        standing = assignment_of(parts, reader, carnet_id)
        if standing is None or standing.assignment_id != assignment.assignment_id:
            raise _RefusedUnderLockError
        if not still_reads(parts, work, reader, grant, coverage.scope):
            raise _RefusedUnderLockError
        check_same(work, carnet_id, journal, coverage)

    about = _about(read, volet, decision, fields=sorted(coverage.scope), digest=seen)
    made = Made(carnet_id, volet, VALIDATED, now, assignment, seen, coverage)
    try:
        return vouch(parts, made, journal, check, entry_of(parts, journals, reader.actor, carnet_id, about))
    except _RefusedUnderLockError:
        _deny(parts, read, volet, decision, journals)
        return AccessEnded()


class _RefusedUnderLockError(CallerError):
    """He may not any more: told as any refusal."""


def assignment_of(parts: Parts, reader: Reader, carnet_id: CarnetId) -> ReferentRow | None:
    """That by which this reader is her référent now."""
    row = current_referent(parts, carnet_id)
    if row is None or row.professional_id != reader.actor.professional_id:
        return None
    return row if row.structure_id == reader.structure_id and reader.emergency_id is None else None


def _every_place(parts: Parts) -> frozenset[CompartmentId]:
    return frozenset(place for volet in parts.catalogue.volets for place in places_of(parts, volet))


def _deny(
    parts: Parts, read: SharedRead, volet: Volet, decision: Allowed | Refused, journals: Journals
) -> None:
    """He tried: in her journal when there is such a carnet."""
    known = read.carnet_id if journals.journal(read.carnet_id) else None
    about = _about(read, volet, decision, fields=read.compartments)
    about = replace(about, carnet_id=known)
    entry = entry_of(parts, journals, read.reader.actor, read.carnet_id, about, Outcome.DENIED)
    parts.data.append_reads([ReadTicket(entry, None, lambda: entry)])


def _about(
    read: SharedRead,
    volet: Volet,
    decision: Allowed | Refused,
    *,
    fields: Sequence[CompartmentId],
    digest: str | None = None,
) -> AboutContent:
    allowed = decision if isinstance(decision, Allowed) else None
    return AboutContent(
        carnet_id=read.carnet_id,
        structure_id=read.reader.structure_id,
        role=read.reader.actor.role,
        purpose_id=read.purpose_id,
        legal_basis=allowed.legal_basis if allowed else None,
        grant_id=allowed.grant_id if allowed else None,
        fields=tuple(fields),
        digests=(digest,) if digest else (),
        reason=f"{VALIDATED} {volet.id}",
    )
