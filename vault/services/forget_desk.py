"""Who answers a request to forget: the référent in office; when there is none, when the time is over or when
she turns to him, the data protection officer.

The desk sees what hangs on the information, and no value of it: which structures read it, how often and when;
how many actions and goals name it; its label and theirs only where he may read these fields himself. No hold
for a dispute exists in this version: none is ever shown as one. Each look at one demand appends an entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consent.demands import (
    ANSWERS,
    WAITING,
    DemandBy,
    DemandError,
    DemandMove,
    DemandState,
)
from schemas.fields import UnknownFieldError, Volet
from schemas.ids import CarnetId, CompartmentId, DemandId, FieldId, new_id
from schemas.names import Role
from vault.audit.events import Op
from vault.crypto import JournalSecret
from vault.errors import RefusedError
from vault.services.demand_seals import OpenedDemand, add_step, open_demand
from vault.services.forgetting import (
    FORGET,
    NoSuchDemandError,
    checked_reason,
    execute,
    note,
    opened_under_lock,
)
from vault.services.journal import Actor, agents_of
from vault.services.key_sources import Journals, OwnerAccess
from vault.services.mailing import Notice, sealed_notice
from vault.services.office_mail import tell
from vault.services.parts import Parts
from vault.services.path_rows import DemandRow
from vault.services.ports import Work
from vault.services.reading import Reader
from vault.services.recipients import Reading, readings
from vault.services.referents import current_referent, current_referents, holds_function
from vault.services.standing import check_acts, check_officer
from vault.services.volets import volets_naming, volets_of

MOST_SHOWN = 200


class NotYetError(RefusedError):
    """She may turn to the officer when it was refused, answered in part, or when the time is over."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What hangs on the information. ``field_id`` None: he may not read it himself. ``named_by``: only of the
    fields he may read; ``hidden``: whether others name it."""

    demand: OpenedDemand
    readers: Sequence[Reading]
    field_id: FieldId | None
    named_by: Mapping[FieldId, int]
    hidden: bool
    volets: Sequence[Volet] = ()  # validated with it in them; told where he may read it


# --- the référent ----------------------------------------------------------------------------------------


def waiting_for(parts: Parts, reader: Reader) -> list[OpenedDemand]:
    """The demands he is to answer or has answered and that are not over, due first first. Shows no word of
    anybody: nothing is appended."""
    rows = parts.data.demands_to(reader.structure_id, limit=MOST_SHOWN)
    rows = [row for row in rows if row.kind == FORGET]
    mine = _followed(parts, reader, {row.carnet_id for row in rows})
    found = opened_demands(parts, [row for row in rows if row.carnet_id in mine])
    return sorted(found, key=lambda one: (not one.waits, one.clock.due, one.demand_id))


def _followed(parts: Parts, reader: Reader, carnets: set[CarnetId]) -> set[CarnetId]:
    found = current_referents(parts, carnets)
    return {carnet_id for carnet_id, row in found.items() if row.professional_id == reader.actor.id}


def look_at_demand(parts: Parts, demand_id: DemandId, *, actor: Actor, reader: Reader | None) -> Impact:
    """``reader`` None: the officer. One ``forget_request`` entry. Raises NoSuchDemandError."""
    row = parts.data.demand(demand_id)
    if row is None or row.kind != FORGET:
        raise NoSuchDemandError("no such demand")
    journals = _journals(parts, row.carnet_id, actor)
    journal = journals.journals[row.carnet_id]
    with parts.data.change() as work:
        demand = opened_under_lock(work, demand_id, journal)
        if demand is None or not may_answer(parts, demand, actor):
            raise NoSuchDemandError("no such demand")
        assert row.entry_id is not None  # noqa: S101 - a demand to forget names an entry
        note(work, parts, Op.FORGET_REQUEST, row.carnet_id, row.entry_id, journals, actor, reason="read")
        work.commit()
    return _impact(parts, demand, journal, reader)


def _impact(parts: Parts, demand: OpenedDemand, journal: JournalSecret, reader: Reader | None) -> Impact:
    carnet_id, field_id = demand.row.carnet_id, FieldId(demand.more["field"])
    forms = _forms(parts, field_id)
    found = readings(parts, carnet_id, forms, journal, since=int(demand.more["since"]))
    may = _may_read(parts, carnet_id, reader) if reader is not None else frozenset[CompartmentId]()
    named: dict[FieldId, int] = {FieldId(one): count for one, count in demand.more["named_by"].items()}
    shown = {one: count for one, count in named.items() if may & _forms(parts, one)}
    return Impact(
        demand,
        sorted(found.values(), key=lambda one: (one.last_at, one.structure_id), reverse=True),
        field_id if may & forms else None,
        shown,
        hidden=len(shown) < len(named),
        volets=_volets(parts, demand, journal) if may & forms else (),
    )


def _volets(parts: Parts, demand: OpenedDemand, journal: JournalSecret) -> Sequence[Volet]:
    carnet_id, entry_id = demand.row.carnet_id, demand.row.entry_id
    states = volets_of(parts, journal, carnet_id, parts.data.heads(carnet_id))
    return volets_naming(states, entry_id) if entry_id is not None else ()


def _forms(parts: Parts, field_id: FieldId) -> frozenset[CompartmentId]:
    try:
        return frozenset(one.id for one in parts.catalogue.field(field_id).compartments())
    except UnknownFieldError:
        return frozenset({CompartmentId(field_id)})


def _may_read(parts: Parts, carnet_id: CarnetId, reader: Reader) -> frozenset[CompartmentId]:
    """What live grants of hers let him read."""
    found: set[CompartmentId] = set()
    for row in parts.data.grants_of(carnet_id):
        grant = row.grant
        mine = grant.terms.grantee in reader.grantees and grant.live(parts.now())
        if mine and (grant.terms.function is None or holds_function(parts, grant.terms)):
            found |= grant.reads
    return frozenset(found)


# --- answering -------------------------------------------------------------------------------------------


def answer_demand(
    parts: Parts, demand_id: DemandId, move: DemandMove, reason: str, *, actor: Actor
) -> OpenedDemand:
    """Accept, accept in part or refuse; what is accepted is then executed. Raises NoSuchDemandError,
    ReasonRefusedError, DemandError, StaleDemandError."""
    if move not in ANSWERS:
        raise DemandError("no_such_move")
    words = checked_reason(reason, needed=move is not DemandMove.ACCEPT)
    demand = _move(parts, demand_id, move, words, actor)
    if move is DemandMove.ACCEPT:
        execute(parts, demand_id, actor=actor)
    return demand


def extend_demand(parts: Parts, demand_id: DemandId, reason: str, *, actor: Actor) -> OpenedDemand:
    """Two months more, said inside the first, with the reason. Raises as ``answer_demand``."""
    return _move(parts, demand_id, DemandMove.EXTEND, checked_reason(reason, needed=True), actor)


def _move(parts: Parts, demand_id: DemandId, move: DemandMove, words: str, actor: Actor) -> OpenedDemand:
    row = parts.data.demand(demand_id)
    if row is None or row.kind != FORGET or row.entry_id is None:
        raise NoSuchDemandError("no such demand")
    journals = _journals(parts, row.carnet_id, actor)
    with parts.data.change() as work:
        demand = opened_under_lock(work, demand_id, journals.journals[row.carnet_id])
        if demand is None or not may_answer(parts, demand, actor):
            raise NoSuchDemandError("no such demand")
        if move is DemandMove.ACCEPT_PART and not part_possible(demand):
            raise DemandError("nothing_to_keep")
        journal = journals.journals[row.carnet_id]
        demand = add_step(work, demand, move, _by(actor), journal=journal, words=words)
        note(work, parts, Op.FORGET_ANSWER, row.carnet_id, row.entry_id, journals, actor, reason=move.value)
        tell_her(work, parts, row.carnet_id)
        work.commit()
    return demand


def part_possible(demand: OpenedDemand) -> bool:
    """What may be kept of one information is its last version: there must be others, and nothing that names
    it by its number."""
    return int(demand.more["versions"]) > 1 and not demand.more["named_by"]


def tell_her(work: Work, parts: Parts, carnet_id: CarnetId) -> None:
    """A mail, if she gave an address: that there is something new, and nothing of what."""
    work.add_mail(sealed_notice(parts, new_id(), Notice("demand", carnet_id), at=work.now))


def may_answer(parts: Parts, demand: OpenedDemand, actor: Actor) -> bool:
    """Under the head lock: her référent in office; or the officer, for what has come to him."""
    if actor.role is Role.DPO:
        check_officer(parts, actor)
        return for_officer(parts, demand)
    referent = current_referent(parts, demand.row.carnet_id)
    mine = referent is not None and referent.professional_id == actor.id
    return mine and demand.step(DemandMove.ESCALATE) is None


def for_officer(parts: Parts, demand: OpenedDemand) -> bool:
    """Nobody follows her, the time is over, or she turned to him."""
    if demand.step(DemandMove.ESCALATE) is not None or demand.clock.late(parts.now()):
        return True
    return current_referent(parts, demand.row.carnet_id) is None


def _by(actor: Actor) -> DemandBy:
    return DemandBy.OFFICER if actor.role is Role.DPO else DemandBy.REFERENT


def _journals(parts: Parts, carnet_id: CarnetId, actor: Actor) -> Journals:
    """Raises NoSuchDemandError for a carnet that was erased."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    if journals.journal(carnet_id) is None:
        raise NoSuchDemandError("no such demand")
    return journals


# --- turning to the officer ------------------------------------------------------------------------------


def may_escalate(parts: Parts, demand: OpenedDemand) -> bool:
    if demand.step(DemandMove.ESCALATE) is not None:
        return False
    if demand.state in (DemandState.REFUSED, DemandState.PARTIAL):
        return True
    return demand.state in WAITING and demand.clock.late(parts.now())


def escalate(
    parts: Parts, owner: OwnerAccess, demand_id: DemandId, words: str, *, actor: Actor
) -> OpenedDemand:
    """She turns to the data protection officer. Raises NoSuchDemandError, NotYetError, ReasonRefusedError."""
    told = checked_reason(words)
    journals = _journals(parts, owner.carnet_id, actor)
    journal = journals.journals[owner.carnet_id]
    with parts.data.change() as work:
        check_acts(parts, actor)
        demand = opened_under_lock(work, demand_id, journal)
        if demand is None or demand.row.carnet_id != owner.carnet_id or demand.row.entry_id is None:
            raise NoSuchDemandError("no such demand in this carnet")
        if not may_escalate(parts, demand):
            raise NotYetError("neither refused nor late")
        demand = add_step(work, demand, DemandMove.ESCALATE, DemandBy.PERSON, journal=journal, words=told)
        entry_id = demand.row.entry_id
        assert entry_id is not None  # noqa: S101 - looked at above
        note(
            work,
            parts,
            Op.FORGET_REQUEST,
            owner.carnet_id,
            entry_id,
            journals,
            actor,
            reason="to the officer",
        )
        tell(work, parts, "forget_recourse", None)
        work.commit()
    return demand


def officers_list(parts: Parts, *, actor: Actor) -> list[OpenedDemand]:
    """What has come to the officer, due first first. Shows no word of anybody: nothing is appended. Raises
    NoLongerOfficerError."""
    check_officer(parts, actor)
    rows = parts.data.demands_open(kinds=[FORGET.value], limit=MOST_SHOWN)
    asked = (one for one in opened_demands(parts, rows) if for_officer(parts, one))
    return [one for one in asked if one.waits or _recourse(one)]


def _recourse(demand: OpenedDemand) -> bool:
    """She turned to him about an answer, and he has not said more."""
    turned, answer = demand.step(DemandMove.ESCALATE), demand.answer
    not_done = demand.state in (DemandState.REFUSED, DemandState.PARTIAL)
    return not_done and turned is not None and answer is not None and answer.no < turned.no


def opened_demands(parts: Parts, rows: Sequence[DemandRow]) -> list[OpenedDemand]:
    """Those that are what somebody asked, in the order of the rows."""
    journals = parts.journal_keys.load(now=parts.now(), carnets={row.carnet_id for row in rows})
    found = []
    for row in rows:
        journal = journals.journal(row.carnet_id)
        steps = parts.data.demand_steps(row.carnet_id, row.demand_id) if journal is not None else ()
        opened = open_demand(row, steps, journal) if journal is not None else None
        if opened is not None:
            found.append(opened)
    return found
