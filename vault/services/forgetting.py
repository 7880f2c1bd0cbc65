"""The person asks that an information be forgotten; her référent answers; it is forgotten for good.

- What nobody but herself ever read, and that she wrote herself, is forgotten at once: there is nobody to ask.
  (A volet is validated by a référent who read what is in it.) She is told why.
- Else her référent in office answers, with a reason when he does not simply accept; when nobody follows her,
  whoever oversees the instance does, and she is told so. The month is that of ``consent.clocks``.
- Executing is one transaction: the ``forget`` leaf, the tombstone, a notice to each structure that read it
  (article 19), the steps. Then S_p is punctured, then the rows go (``leaving``). What was said beside the
  entry between the answer and the execution goes with it.
- Why she asks, and what is answered, is sealed under J_p: whoever answers and whoever oversees read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from consent.demands import DemandBy, DemandKind, DemandMove, DemandState
from schemas.ids import CarnetId, DemandId, EntryId, FieldId, StructureId, new_id
from schemas.names import Outcome, RecordKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import Entry, field_of
from vault.crypto import JournalSecret
from vault.errors import CallerError
from vault.services.demand_seals import OpenedDemand, StaleDemandError, add_step, new_demand, open_demand
from vault.services.journal import OPERATOR, Actor, agents_of, draft
from vault.services.key_sources import Journals, OwnerAccess
from vault.services.leaving import Gone, finish_forgetting, mark_forgotten
from vault.services.office_mail import tell
from vault.services.own_carnet import append_own, read_own_carnet
from vault.services.parts import Parts
from vault.services.path_rows import DemandRow
from vault.services.ports import Appended, RecordHead, Work
from vault.services.recipients import first_written, inform, readings
from vault.services.referents import current_referent
from vault.services.remarks import forms_of
from vault.services.standing import check_acts
from vault.services.writing import BY_PERSON, CarnetClosedError, NoSuchEntryError

LONGEST_REASON = 1000  # characters: a page of handwriting
FORGET = DemandKind.FORGET
BATCH = 200
_LOOKS = 5


class AlreadyAskedError(CallerError):
    """She asked already, and waits."""

    def __init__(self, demand_id: DemandId) -> None:
        super().__init__("this was asked already")
        self.demand_id = demand_id


class ReasonRefusedError(CallerError):
    """These words cannot be kept; ``sentence`` says why, in French."""

    def __init__(self, sentence: str) -> None:
        super().__init__("a reason was refused")
        self.sentence = sentence


class NoSuchDemandError(CallerError):
    """There is no such demand, or it is not this caller's."""


class Read(NamedTuple):
    """Who had read an entry when the log had this size."""

    structures: frozenset[StructureId]
    upto: int


class _RacedError(Exception):
    """Somebody read it between the look and the lock: look again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that may be asked about. ``readers``: the structures that read it; ``named_by``: how many
    entries of each field name it; ``hers``: she wrote it."""

    entry: Entry = field(repr=False)
    versions: int
    since: int
    readers: frozenset[StructureId]
    named_by: Mapping[FieldId, int]
    upto: int  # size of the log when it was looked at

    @property
    def hers(self) -> bool:
        return self.entry.body.author == BY_PERSON

    @property
    def at_once(self) -> bool:
        """Nobody else ever read it, and nobody else wrote it."""
        return self.hers and not self.readers


def checked_reason(text: str, *, needed: bool = False) -> str:
    """As it is kept: lines as they were written, nothing around. Raises ReasonRefusedError."""
    words = "\n".join(line.rstrip() for line in text.splitlines()).strip()
    if needed and not words:
        raise ReasonRefusedError("Dites pourquoi, en quelques mots.")
    if len(words) > LONGEST_REASON:
        raise ReasonRefusedError(f"Ce texte est trop long\u202f: {LONGEST_REASON} caractères au plus.")
    if any(not (sign.isprintable() or sign == "\n") for sign in words):
        raise ReasonRefusedError("Ce texte contient un signe qui ne s’affiche pas.")
    return words


# --- asking ----------------------------------------------------------------------------------------------


def look_at_entry(parts: Parts, owner: OwnerAccess, entry_id: EntryId, *, actor: Actor) -> Standing:
    """Her entry, and who read it: after one ``read_own`` entry. Raises NoSuchEntryError,
    CarnetClosedError."""
    forms = forms_of(parts.data.heads(owner.carnet_id), entry_id)
    if not forms:
        raise NoSuchEntryError("no such entry in this carnet")
    field_id = field_of(next(iter(forms)))
    referring = [one for one in parts.catalogue.fields if any(part.refers == field_id for part in one.parts)]
    carnet = read_own_carnet(parts, owner, actor=actor, fields={field_id, *(one.id for one in referring)})
    entry = next((one for one in carnet.entries if one.entry_id == entry_id), None)
    if entry is None:
        raise NoSuchEntryError("no such entry in this carnet")
    named: dict[FieldId, int] = {}
    for one in carnet.entries:
        if one.entry_id != entry_id and _names(one.body.value, entry_id):
            named[one.field_id] = named.get(one.field_id, 0) + 1
    every = parts.data.own_records(owner.carnet_id, history=True)
    records = [row for row in every if row.head.entry_id == entry_id]
    journal = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id]).journals[owner.carnet_id]
    upto = parts.data.log_size()
    # Of the first version alone: where keys that changed hide it, a later one would hide who read before.
    first = [sha256(row.record).hexdigest() for row in records if row.head.version == 1]
    since = first_written(parts, owner.carnet_id, first, journal)
    found = readings(parts, owner.carnet_id, list(forms), journal, since=since)
    return Standing(entry, len({row.head.version for row in records}), since, frozenset(found), named, upto)


def ask_to_forget(
    parts: Parts, owner: OwnerAccess, entry_id: EntryId, reason: str, *, actor: Actor
) -> OpenedDemand:
    """The demand, as it then stands: received, or executed already when there was nobody to ask. Raises
    NoSuchEntryError, AlreadyAskedError, ReasonRefusedError, CarnetClosedError."""
    words = checked_reason(reason)
    for _ in range(_LOOKS):
        seen = look_at_entry(parts, owner, entry_id, actor=actor)
        try:
            return _ask(parts, owner, seen, words, actor)
        except _RacedError:
            continue
    raise StaleDemandError("it moved meanwhile")


def _ask(parts: Parts, owner: OwnerAccess, seen: Standing, words: str, actor: Actor) -> OpenedDemand:
    carnet_id, entry_id = owner.carnet_id, seen.entry.entry_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    journal = journals.journals[carnet_id]
    referent = current_referent(parts, carnet_id)
    gone: Gone | None = None
    with parts.data.change() as work:
        stands = work.carnet(carnet_id)
        if stands is None or not stands.open:
            raise CarnetClosedError("this carnet is closed")
        check_acts(parts, actor)
        _check_not_asked(work, carnet_id, entry_id, journal)
        if seen.at_once and _read_since(parts, carnet_id, seen, journal):
            raise _RacedError
        if not forms_of(work.heads(carnet_id), entry_id):
            raise NoSuchEntryError("no such entry in this carnet")
        more: dict[str, Any] = {"field": seen.entry.field_id, "named_by": dict(seen.named_by)}
        more |= {"since": seen.since, "versions": seen.versions}
        row, step = new_demand(
            carnet_id,
            DemandId(new_id()),
            FORGET,
            journal=journal,
            received_at=work.now,
            reason=words,
            entry_id=entry_id,
            structure_id=referent.structure_id if referent and not seen.at_once else None,
            professional_id=referent.professional_id if referent and not seen.at_once else None,
            more=more,
        )
        work.add_demand(row)
        work.add_demand_step(step)
        note(work, parts, Op.FORGET_REQUEST, row.carnet_id, entry_id, journals, actor, reason=row.demand_id)
        demand = open_demand(row, [step], journal)
        assert demand is not None  # noqa: S101 - sealed just above
        if seen.at_once:
            demand = add_step(
                work, demand, DemandMove.ACCEPT, DemandBy.SERVICE, journal=journal, words=NOBODY_READ
            )
            gone, demand = execute_under_lock(
                work, parts, demand, journals, actor, Read(seen.readers, seen.upto)
            )
        else:
            demand = add_step(work, demand, DemandMove.ACKNOWLEDGE, DemandBy.SERVICE, journal=journal)
            if referent is not None:
                tell(work, parts, "forget_new", referent.professional_id)
        work.commit()
    if gone is not None:
        finish_forgetting(parts, gone.heads, gone.slots)
    return demand


NOBODY_READ = "Personne d’autre que vous n’a lu cette information : il n’y avait personne à qui demander."


def _check_not_asked(work: Work, carnet_id: CarnetId, entry_id: EntryId, journal: JournalSecret) -> None:
    for row in work.demands_of(carnet_id):
        if row.kind != FORGET or row.entry_id != entry_id or row.closed_at is not None:
            continue
        opened = open_demand(row, work.demand_steps(carnet_id, row.demand_id), journal)
        if opened is not None and opened.state is not DemandState.REFUSED:
            raise AlreadyAskedError(row.demand_id)


def _read_since(parts: Parts, carnet_id: CarnetId, seen: Standing, journal: JournalSecret) -> bool:
    """Under the head lock: whether somebody read it after she was shown that nobody did."""
    forms = forms_of(parts.data.heads(carnet_id), seen.entry.entry_id)
    return bool(readings(parts, carnet_id, list(forms), journal, since=seen.upto))


def _names(value: object, entry_id: EntryId) -> bool:
    """Whether a value names this entry, as its own part or among several."""
    if isinstance(value, Mapping):
        return any(_names(one, entry_id) for one in value.values())
    if isinstance(value, list):
        return any(_names(one, entry_id) for one in value)
    return value == entry_id


# --- executing -------------------------------------------------------------------------------------------


def execute(parts: Parts, demand_id: DemandId, *, actor: Actor = OPERATOR) -> None:
    """Forget what was accepted, if it is not done: repeatable, by whoever answered or by the next pass."""
    row = parts.data.demand(demand_id)
    if row is None:
        return
    journals = parts.journal_keys.load(now=parts.now(), carnets=[row.carnet_id], agents=agents_of(actor))
    if journals.journal(row.carnet_id) is None:
        return
    read = who_read(parts, row, journals.journals[row.carnet_id])
    with parts.data.change() as work:
        demand = opened_under_lock(work, demand_id, journals.journals[row.carnet_id])
        if demand is None or demand.state is not DemandState.ACCEPTED or demand.kind is not FORGET:
            return
        gone, _ = execute_under_lock(work, parts, demand, journals, actor, read)
        work.commit()
    if gone is not None:
        finish_forgetting(parts, gone.heads, gone.slots)


def who_read(parts: Parts, row: DemandRow, journal: JournalSecret) -> Read:
    """Before the lock: most of the log is looked through while others may write in it."""
    steps = parts.data.demand_steps(row.carnet_id, row.demand_id)
    demand = open_demand(row, steps, journal)
    upto = parts.data.log_size()
    if demand is None:
        return Read(frozenset(), upto)
    compartments = _compartments(parts.data.heads(row.carnet_id), row.entry_id)
    found = readings(parts, row.carnet_id, compartments, journal, since=int(demand.more["since"]))
    return Read(frozenset(found), upto)


def _compartments(heads: Sequence[RecordHead], entry_id: EntryId | None) -> set[str]:
    return {head.compartment for head in heads if head.entry_id == entry_id}


def execute_under_lock(
    work: Work, parts: Parts, demand: OpenedDemand, journals: Journals, actor: Actor, read: Read
) -> tuple[Gone | None, OpenedDemand]:
    """Under the head lock: the leaf and all that becomes true with it. ``read``: who had before the lock."""
    carnet_id, entry_id = demand.row.carnet_id, demand.row.entry_id
    journal = journals.journals[carnet_id]
    assert entry_id is not None  # noqa: S101 - a demand to forget names an entry
    compartments = _compartments(work.heads(carnet_id), entry_id)
    try:
        gone = mark_forgotten(work, parts, carnet_id, entry_id, journals=journals, actor=actor)
    except NoSuchEntryError:  # it was forgotten another way meanwhile
        return None, add_step(work, demand, DemandMove.EXECUTE, DemandBy.SERVICE, journal=journal)
    more = executed_facts(gone)
    demand = add_step(work, demand, DemandMove.EXECUTE, DemandBy.SERVICE, journal=journal, more=more)
    found = read.structures | set(readings(parts, carnet_id, compartments, journal, since=read.upto))
    field_id = FieldId(demand.more["field"])
    made = inform(
        work,
        parts,
        carnet_id,
        to=found,
        field_id=field_id,
        entry_id=entry_id,
        demand_id=demand.demand_id,
        journal=journal,
    )
    if made:
        note(work, parts, Op.INFORM, carnet_id, entry_id, journals, actor, reason=f"{made} notices")
    demand = add_step(
        work, demand, DemandMove.INFORM, DemandBy.SERVICE, journal=journal, more={"notices": made}
    )
    return gone, demand


def executed_facts(gone: Gone) -> dict[str, Any]:
    """What the certificate tells, kept with the step."""
    observations = {head.entry_id for head in gone.beside if head.kind is RecordKind.OBSERVATION}
    replies = {head.entry_id for head in gone.beside if head.kind is RecordKind.REPLY}
    return {
        "compartments": sorted({head.compartment for head in gone.own}),
        "index": gone.entry.no,
        "observations": len(observations),
        "proposals": len(gone.slots),
        "replies": len(replies),
        "versions": gone.versions,
    }


def finish_accepted(parts: Parts) -> int:
    """Demands whose answer stands and whose execution does not: for the finishing pass."""
    done = 0
    for row in parts.data.demands_in_state(DemandState.ACCEPTED, limit=BATCH):
        if row.kind == FORGET:
            execute(parts, row.demand_id)
            done += 1
    return done


# --- looking ---------------------------------------------------------------------------------------------


def own_demands(
    parts: Parts, owner: OwnerAccess, *, actor: Actor, kind: DemandKind = FORGET
) -> list[OpenedDemand]:
    """All she asked, newest first, after one entry: they hold her words. Raises CarnetClosedError."""
    _, journals = append_own(parts, owner, Op.READ_OWN, actor=actor)
    return asked_by(parts, owner.carnet_id, journals.journals[owner.carnet_id], kind)


def own_demand(parts: Parts, owner: OwnerAccess, demand_id: DemandId, *, actor: Actor) -> OpenedDemand:
    """One of hers, after one entry. Raises NoSuchDemandError."""
    for one in own_demands(parts, owner, actor=actor):
        if one.demand_id == demand_id:
            return one
    raise NoSuchDemandError("no such demand in this carnet")


def asked_by(
    parts: Parts, carnet_id: CarnetId, journal: JournalSecret, kind: DemandKind = FORGET
) -> list[OpenedDemand]:
    """The same without an entry, for a page that has its own. What was altered is left out."""
    found = []
    for row in parts.data.demands_of(carnet_id):
        if row.kind == kind:
            opened = open_demand(row, parts.data.demand_steps(carnet_id, row.demand_id), journal)
            if opened is not None:
                found.append(opened)
    return found


def opened_under_lock(work: Work, demand_id: DemandId, journal: JournalSecret) -> OpenedDemand | None:
    row = work.demand(demand_id)
    return open_demand(row, work.demand_steps(row.carnet_id, demand_id), journal) if row else None


def note(
    work: Work,
    parts: Parts,
    op: Op,
    carnet_id: CarnetId,
    entry_id: EntryId,
    journals: Journals,
    actor: Actor,
    *,
    reason: str,
) -> Appended:
    about = AboutContent(
        carnet_id=carnet_id,
        structure_id=actor.structure_id,
        role=actor.role,
        entry_id=entry_id,
        reason=reason,
    )
    return work.append(
        draft(
            op,
            Outcome.GRANTED,
            journals=journals,
            actor=actor,
            carnet_id=carnet_id,
            about=about,
            random=parts.random,
        )
    )
