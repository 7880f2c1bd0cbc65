"""Reading what was shared: decide, append (which decides again), open. In that order, for many at once.

``read_shared_fields`` serves a list of reads that happen to wait together, with the statements and the
commit of one; a single read is a list of one. A read that fails never touches its neighbours.

1. look at a snapshot: grants, carnet, caller, which records stand (clear columns only);
2. decide, and prepare the entry: fields = granted ∩ asked ∩ holding a value;
3. append: durable, and decided again under the log's lock;
4. only then load S_p, Q_g and the caller's own seed, and the sealed rows;
5. open.

What a refused asker learns: nothing (``NotShared``), or that its access ended (``AccessEnded``) if it once
held a grant on this carnet for this purpose. The work done is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from consent.decisions import AccessQuestion, Allowed, RefusalReason, Refused, decide
from consent.grants import Grantee
from schemas.ids import CarnetId, CompartmentId, GrantId, PurposeId, StructureId
from schemas.names import EntryState, Outcome, Right, StructureKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import Entry, EntryBrokenError
from vault.crypto import CryptoError, HeldTags, JournalSecret
from vault.errors import BrokenError, LogUnavailableError
from vault.services.entries import open_fields
from vault.services.journal import Actor, draft
from vault.services.key_sources import CallerKeys, Journals, ReaderSecrets, agent_name
from vault.services.parts import Parts
from vault.services.ports import (
    Appended,
    Draft,
    GrantKeyRow,
    GrantRow,
    ReadAsk,
    ReadFacts,
    ReadTicket,
    Recheck,
    RecordHead,
    RecordRow,
)
from vault.services.referents import assignment_needed, open_to
from vault.services.rule_changes import rules_for

LOOKS = 5  # at rows that change while we look

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Reader:
    """A grantee at the door: the session or the token says for which grantees it may speak."""

    actor: Actor
    structure_id: StructureId
    structure_kind: StructureKind
    grantees: tuple[Grantee, ...]
    emergency_id: str | None = None  # reads only while this emergency is open (``break_glass``)


@dataclass(frozen=True, slots=True)
class SharedRead:
    """One read asked for. Compartments are known to the catalogue, the purpose to the frame."""

    reader: Reader
    carnet_id: CarnetId
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]


@dataclass(frozen=True, slots=True)
class FieldsView:
    """What the asker gets: entries by compartment, and the entry of the log that says so."""

    carnet_id: CarnetId
    purpose_id: PurposeId
    access_no: int
    at: datetime
    grant: GrantRow
    fields: Mapping[CompartmentId, Sequence[Entry]]
    by: tuple[Appended, Allowed] | None = field(default=None, compare=False)  # for whoever answers to it


@dataclass(frozen=True, slots=True)
class NotShared:
    """Refused, never asked, unknown carnet, other purpose: one answer for all."""


@dataclass(frozen=True, slots=True)
class AccessEnded:
    """The asker once held a grant on this carnet for this purpose. Never why it ended."""


Answer = FieldsView | NotShared | AccessEnded


@dataclass(frozen=True, slots=True)
class _Decided:
    read: SharedRead
    facts: ReadFacts
    decision: Allowed | Refused
    held: tuple[RecordHead, ...]  # what will be opened if the entry is granted
    entry: Draft
    journals: Journals


def read_shared_fields(parts: Parts, reads: Sequence[SharedRead]) -> list[Answer | Exception]:
    """One answer a read, in order; an exception in its place when that read alone is broken.

    Raises LogUnavailableError when no entry could be made durable: then nothing was opened for anybody.
    """
    decided = _each_apart(lambda some: _look_and_decide(parts, some), reads)
    sound = [one for one in decided if isinstance(one, _Decided)]
    receipts = parts.data.append_reads([_ticket(parts, one) for one in sound])
    pairs = list(zip(sound, receipts, strict=True))
    answers = iter(_each_apart(lambda some: _answer(parts, some), pairs))
    return [next(answers) if isinstance(one, _Decided) else one for one in decided]


def _each_apart(work: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> list[R | Exception]:
    """``work`` on all together; when something stored is broken, on each apart, so that an altered row
    costs nobody else an answer."""
    try:
        return [*work(items)]
    except BrokenError as error:
        if len(items) == 1:
            return [error]
        return [answer for item in items for answer in _each_apart(work, [item])]


def _look_and_decide(parts: Parts, reads: Sequence[SharedRead]) -> list["_Decided"]:
    now = parts.now()
    facts = parts.data.read_facts([ask_of(read) for read in reads])
    journals = parts.journal_keys.load(
        now=now,
        carnets={read.carnet_id for read in reads},
        agents={agent_name(read.reader.actor.kind, read.reader.actor.id) for read in reads},
    )
    return [_decide(parts, read, fact, journals, now) for read, fact in zip(reads, facts, strict=True)]


# --- 1 and 2: the snapshot, the decision, the entry ------------------------------------------------------


def ask_of(read: SharedRead) -> ReadAsk:
    actor = read.reader.actor
    return ReadAsk(
        read.carnet_id,
        read.reader.grantees,
        read.purpose_id,
        actor.client_id,
        actor.professional_id,
        frozenset(read.compartments),
    )


def _decide(parts: Parts, read: SharedRead, facts: ReadFacts, journals: Journals, now: datetime) -> _Decided:
    decision = decision_on(parts, read, facts, now)
    held: tuple[RecordHead, ...] = ()
    journal = journals.journal(read.carnet_id)
    if isinstance(decision, Allowed) and journal is not None:
        held = held_heads(facts.heads, decision, journal)
    entry = _entry(parts, read, decision, held, journals)
    return _Decided(read, facts, decision, held, entry, journals)


def decision_on(
    parts: Parts, read: SharedRead, facts: ReadFacts, now: datetime, right: Right = Right.READ
) -> Allowed | Refused:
    """What a read or a proposal comes to, by what a look found. She who looks as he does asks it too."""
    functions, grants = open_to(parts, read.carnet_id, facts, read.reader.grantees)
    question = AccessQuestion(
        carnet_id=read.carnet_id,
        grantees=read.reader.grantees,
        role=read.reader.actor.role,
        purpose_id=read.purpose_id,
        compartments=read.compartments,
        caller_live=facts.caller_live,
        carnet_open=facts.carnet_open,
        rules=rules_for(parts, read.purpose_id, read.reader.structure_kind),
        functions=functions,
        right=right,
    )
    return decide(question, grants, now=now)


def held_heads(
    heads: Sequence[RecordHead], allowed: Allowed, journal: JournalSecret
) -> tuple[RecordHead, ...]:
    """The records that hold an answered value, told without opening them."""
    tags = HeldTags(journal)
    return tuple(
        head
        for head in heads
        if head.compartment in allowed.compartments
        and head.state is EntryState.CURRENT
        and head.held == tags.of(f"{head.entry_id} {head.compartment}", head.version)
    )


def _entry(
    parts: Parts,
    read: SharedRead,
    decision: Allowed | Refused,
    held: Sequence[RecordHead],
    journals: Journals,
) -> Draft:
    allowed = decision if isinstance(decision, Allowed) else None
    fields = sorted({head.compartment for head in held}) if allowed else sorted(read.compartments)
    about = AboutContent(
        carnet_id=read.carnet_id if journals.journal(read.carnet_id) else None,
        structure_id=read.reader.structure_id,
        role=read.reader.actor.role,
        purpose_id=read.purpose_id,
        legal_basis=allowed.legal_basis if allowed else None,
        grant_id=allowed.grant_id if allowed else None,
        fields=tuple(fields),
        reason=str(decision.reason) if isinstance(decision, Refused) else None,
    )
    return draft(
        Op.READ,
        Outcome.GRANTED if allowed else Outcome.DENIED,
        journals=journals,
        actor=read.reader.actor,
        carnet_id=read.carnet_id,
        about=about,
        random=parts.random,
        field_count=len(fields),
    )


def _ticket(parts: Parts, one: _Decided) -> ReadTicket:
    def denied() -> Draft:
        return _entry(parts, one.read, Refused(RefusalReason.NO_GRANT), (), one.journals)

    if not isinstance(one.decision, Allowed):
        return ReadTicket(one.entry, None, denied)
    actor = one.read.reader.actor
    recheck = Recheck(
        one.read.carnet_id,
        one.decision.grant_id,
        actor.client_id,
        actor.professional_id,
        assignment_needed(one.facts, one.decision.grant_id),
        one.read.reader.emergency_id,
    )
    return ReadTicket(one.entry, recheck, denied)


# --- 4 and 5: after the entry ----------------------------------------------------------------------------


def _answer(parts: Parts, appended: Sequence[tuple[_Decided, Appended]]) -> list[Answer | Exception]:
    granted = [
        (one, receipt, one.decision)
        for one, receipt in appended
        if receipt.out is Outcome.GRANTED and isinstance(one.decision, Allowed)
    ]
    secrets = parts.reader_keys.load([(receipt, _caller(one), allowed) for one, receipt, allowed in granted])
    sealed = parts.data.sealed_fields(
        [(allowed.carnet_id, allowed.grant_id, allowed.compartments) for _, _, allowed in granted]
    )
    opened = {
        id(one): _open(parts, one, receipt, allowed, keys, rows)
        for (one, receipt, allowed), keys, rows in zip(granted, secrets, sealed, strict=True)
    }
    return [opened.get(id(one)) or _refusal(one) for one, _ in appended]


def _caller(one: _Decided) -> CallerKeys:
    return CallerKeys(frozenset(one.read.reader.grantees))


def _refusal(one: _Decided) -> Answer:
    ended = one.facts.once_held or isinstance(one.decision, Allowed)
    stands = [row.grant.terms for row in one.facts.grants]
    if stands and all(Right.READ not in terms.rights for terms in stands):
        return NotShared()  # he may propose, and never read: nothing has ended
    return AccessEnded() if ended else NotShared()


def _open(
    parts: Parts,
    one: _Decided,
    receipt: Appended,
    allowed: Allowed,
    keys: ReaderSecrets,
    sealed: tuple[list[RecordRow], list[GrantKeyRow]],
) -> Answer | Exception:
    grant = next((row for row in one.facts.grants if row.grant.id == allowed.grant_id), None)
    if grant is None:
        return PermissionError("no grant of this caller answers")
    logged = {head.compartment for head in one.held}
    narrowed = replace(allowed, compartments=allowed.compartments & logged)
    look = _Look(grant, keys, *sealed)
    for left in reversed(range(LOOKS)):
        if look.keys.grant is None or look.keys.shred is None:
            return _ended_meanwhile(parts, one)
        fields = _open_look(parts, receipt, narrowed, look)
        if not isinstance(fields, Exception) and not look.torn(narrowed):
            return _view(one, receipt, look, fields)
        again = _look_again(parts, one, receipt, allowed, look)
        if not left or again == look:  # nothing moved meanwhile: it is what is stored that is broken
            return fields if isinstance(fields, Exception) else _view(one, receipt, look, fields)
        look = again
    raise AssertionError("the last look answers")


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at both stores found. They are several statements: a key that changes between two of them
    is seen half old, half new, and the look is done again."""

    grant: GrantRow
    keys: ReaderSecrets
    records: list[RecordRow]
    wraps: list[GrantKeyRow]

    def torn(self, allowed: Allowed) -> bool:
        """Whether a record stands under a field key that this grant has not."""
        known = {(wrap.compartment, wrap.epoch) for wrap in self.wraps}
        return any(
            (row.head.compartment, row.head.epoch) not in known
            for row in self.records
            if row.head.compartment in allowed.compartments
        )


def _open_look(
    parts: Parts, receipt: Appended, allowed: Allowed, look: _Look
) -> Mapping[CompartmentId, Sequence[Entry]] | Exception:
    try:
        return open_fields(
            receipt,
            look.keys,
            allowed,
            grant=look.grant,
            records=look.records,
            wraps=look.wraps,
            instance=parts.instance,
            open_key=parts.reader_keys.open_grant_key,
        )
    except (CryptoError, EntryBrokenError, PermissionError) as error:
        return error


def _look_again(parts: Parts, one: _Decided, receipt: Appended, allowed: Allowed, look: _Look) -> _Look:
    """The same read, as things stand now. Only the key of a grant ever changes: other terms are not hers."""
    known = look.grant.grant.terms
    grant = next(
        (
            row
            for row in parts.data.grants_of(allowed.carnet_id)
            if replace(row.grant.terms, key_id=known.key_id) == known
        ),
        look.grant,
    )
    (keys,) = parts.reader_keys.load([(receipt, _caller(one), allowed)])
    ((records, wraps),) = parts.data.sealed_fields(
        [(allowed.carnet_id, allowed.grant_id, allowed.compartments)]
    )
    return _Look(grant, keys, records, wraps)


def _view(
    one: _Decided, receipt: Appended, look: _Look, fields: Mapping[CompartmentId, Sequence[Entry]]
) -> FieldsView:
    read = one.read
    by = (receipt, one.decision) if isinstance(one.decision, Allowed) else None
    return FieldsView(read.carnet_id, read.purpose_id, receipt.no, receipt.at, look.grant, fields, by)


def _ended_meanwhile(parts: Parts, one: _Decided) -> Answer | Exception:
    """Q_g went between the entry and the opening: say so in the log, and to the asker only that it ended."""
    about = AboutContent(
        carnet_id=one.read.carnet_id,
        structure_id=one.read.reader.structure_id,
        purpose_id=one.read.purpose_id,
        grant_id=one.decision.grant_id if isinstance(one.decision, Allowed) else GrantId(""),
        reason="key_gone",
    )
    entry = draft(
        Op.READ,
        Outcome.ERROR,
        journals=one.journals,
        actor=one.read.reader.actor,
        carnet_id=one.read.carnet_id,
        about=about,
        random=parts.random,
    )
    try:
        parts.data.append_reads([ReadTicket(entry, None, lambda: entry)])
    except LogUnavailableError as error:
        return error
    return AccessEnded()
