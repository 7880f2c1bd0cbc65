"""Somebody proposes to write in a person's carnet: she decides, and until she does only he and she read it.

- The value is checked first, alike for every carnet. Then the refusals are those of a read: one answer for
  what was never shared, one for what ended, each always the same bytes, and one denied entry.
- It takes the right ``propose`` on the exact form of the field. That right opens no field (``key_sources``).
- Sealed first, then one transaction under the head lock that decides again, with its ``propose`` entry.
- Proposing again in a field that holds one answer replaces what the same author proposed there and waits; so
  does naming one's own proposal. It keeps its slot: nobody can use up the slots of a carnet.
- What became of it is told to its author as « answered », and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from consent.decisions import Allowed, RefusalReason, Refused
from schemas.fields import Field
from schemas.ids import CarnetId, CompartmentId, EntryId, FieldId, ProposalId, PurposeId, new_id
from schemas.names import Agreement, AnswerKind, EntryState, Outcome, Right
from schemas.purposes import UnknownPurposeError
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import JSON, Body
from vault.crypto import CryptoError
from vault.services.authors import said_by
from vault.services.bindings import to_the_millisecond
from vault.services.journal import agents_of, draft
from vault.services.key_sources import CallerKeys, Journals
from vault.services.parts import Parts
from vault.services.path_rows import ProposalRow
from vault.services.ports import CarnetRow, Draft, GrantRow, ReadFacts, ReadTicket, Work
from vault.services.proposal_seals import seal_proposal
from vault.services.reading import AccessEnded, NotShared, Reader, SharedRead, ask_of, decision_on
from vault.services.sharing import GrantRefusedError
from vault.services.writing import ATTEMPTS, Answer, RacedError, ReadOnlyFieldError, check_value

PROPOSED = "proposed"
MOST_WAITING = 200  # of one author under one grant: nobody is worn down, and slots are counted
LONGEST_SOURCE = 200  # characters
_NEITHER = "Cette information ne peut pas être proposée ainsi."
_TOO_MANY = "Trop de propositions attendent déjà la réponse de la personne."
_UNREADABLE = f"Dites d’où vient l’information, en {LONGEST_SOURCE} caractères au plus."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What somebody would write: a value, or why there is none. ``on_entry``: a new version of that entry;
    ``again``: in place of what he proposed before, under that id. ``source``: how he knows it."""

    field_id: FieldId
    value: JSON = field(default=None, repr=False)
    kind: AnswerKind = field(default=AnswerKind.ANSWERED, repr=False)
    source: str = field(default="", repr=False)
    on_entry: EntryId | None = None
    again: ProposalId | None = None


@dataclass(frozen=True, slots=True)
class May:
    """He may propose, now: by which grant, in which compartments, and what of his stands there already."""

    carnet: CarnetRow
    grant: GrantRow
    allowed: Allowed
    facts: ReadFacts
    own: Sequence[ProposalRow]


Refusal = NotShared | AccessEnded


def propose(
    parts: Parts,
    reader: Reader,
    carnet_id: CarnetId,
    suggestion: Suggestion,
    *,
    purpose_id: PurposeId | None = None,
) -> ProposalId | Refusal:
    """The id of what was proposed. Raises InvalidValueError, ReadOnlyFieldError, UnknownFieldError,
    GrantRefusedError for what concerns the suggestion alone; nothing is half-written."""
    suggestion = _checked(parts, suggestion)
    exact = parts.catalogue.field(suggestion.field_id).compartments()[-1].id
    purpose = purpose_id or purpose_between(parts, reader, carnet_id)
    read = SharedRead(reader, carnet_id, purpose, (exact,))
    for _ in range(ATTEMPTS):
        may = _may(parts, read)
        if not isinstance(may, May):
            return _denied(parts, read, may)
        try:
            done = _propose_once(parts, read, suggestion, may)
        except RacedError:
            continue
        return done if done is not None else _denied(parts, read, AccessEnded())
    raise RuntimeError("this carnet keeps changing")


def may_propose(
    parts: Parts, reader: Reader, carnet_id: CarnetId, purpose_id: PurposeId | None = None
) -> May | Refusal:
    """Where he may propose, for a page that opens nothing: no entry, but for a refusal."""
    purpose = purpose_id or purpose_between(parts, reader, carnet_id)
    try:
        every = parts.frame.purpose(purpose).compartments
    except UnknownPurposeError:
        every = ()
    read = SharedRead(reader, carnet_id, purpose, tuple(every))
    may = _may(parts, read)
    return may if isinstance(may, May) else _denied(parts, read, may)


def purpose_between(parts: Parts, reader: Reader, carnet_id: CarnetId) -> PurposeId:
    """For what he may propose here, or could; any purpose otherwise, as for a carnet that does not exist."""
    now, grants = parts.now(), [row.grant for row in parts.data.grants_of(carnet_id)]
    own = [one for one in grants if one.terms.grantee in reader.grantees]
    own.sort(key=lambda one: (one.live(now), Right.PROPOSE in one.terms.rights, one.terms.starts_at))
    return own[-1].terms.purpose_id if own else parts.frame.purposes[0].purpose_id


def _checked(parts: Parts, told: Suggestion) -> Suggestion:
    """What concerns the suggestion alone, alike for every carnet."""
    asked = parts.catalogue.field(told.field_id)
    if asked.read_only:
        raise ReadOnlyFieldError(asked.id)
    if not asked.collection and told.on_entry is not None:
        raise GrantRefusedError("/on_entry", _NEITHER)
    if asked.collection and told.kind is not AnswerKind.ANSWERED:
        raise GrantRefusedError("/answer", _NEITHER)
    if told.kind is AnswerKind.NOT_DISCUSSED:
        raise GrantRefusedError("/answer", _NEITHER)
    source = " ".join(told.source.split())
    if len(source) > LONGEST_SOURCE or not (source.isprintable() or not source):
        raise GrantRefusedError("/source", _UNREADABLE)
    check_value(parts, Answer(asked.id, told.value, told.kind))
    value = told.value if told.kind is AnswerKind.ANSWERED else None
    return replace(told, field_id=asked.id, source=source, value=value)


# --- deciding --------------------------------------------------------------------------------------------


def _may(parts: Parts, read: SharedRead) -> May | Refusal:
    """The decision, on what stands now: once on a snapshot, once more under the lock."""
    now = parts.now()
    (facts,) = parts.data.read_facts([ask_of(read)])
    carnet = parts.data.carnet(read.carnet_id)
    decision = decision_on(parts, read, facts, now, Right.PROPOSE)
    if isinstance(decision, Allowed) and decision.compartments and carnet is not None:
        grant = next(row for row in facts.grants if row.grant.id == decision.grant_id)
        own = own_rows(parts, read.reader, grant)
        return May(carnet, grant, decision, facts, own)
    stands = isinstance(decision, Allowed) or isinstance(decision_on(parts, read, facts, now), Allowed)
    return AccessEnded() if facts.once_held and not stands else NotShared()


def own_rows(parts: Parts, reader: Reader, grant: GrantRow) -> list[ProposalRow]:
    """What he himself proposed by this grant, oldest first; a structure's programs are one author."""
    rows = parts.data.proposals_by(grant.grant.terms.carnet_id, grant.grant.id)
    return [row for row in rows if row.professional_id == reader.actor.professional_id]


def _denied(parts: Parts, read: SharedRead, refusal: Refusal) -> Refusal:
    """One denied entry, in her journal when the carnet is one."""
    journals = _journals(parts, read)
    reason = Refused(RefusalReason.NO_GRANT).reason
    entry = _entry(parts, read, journals, Outcome.DENIED, read.compartments, reason=str(reason))
    parts.data.append_reads([ReadTicket(entry, None, lambda: entry)])
    return refusal


def _journals(parts: Parts, read: SharedRead) -> Journals:
    return parts.journal_keys.load(
        now=parts.now(), carnets=[read.carnet_id], agents=agents_of(read.reader.actor)
    )


def _entry(
    parts: Parts,
    read: SharedRead,
    journals: Journals,
    out: Outcome,
    fields: Sequence[CompartmentId],
    *,
    allowed: Allowed | None = None,
    row: ProposalRow | None = None,
    reason: str | None = None,
) -> Draft:
    about = AboutContent(
        carnet_id=read.carnet_id if journals.journal(read.carnet_id) else None,
        structure_id=read.reader.structure_id,
        role=read.reader.actor.role,
        purpose_id=read.purpose_id,
        legal_basis=allowed.legal_basis if allowed else None,
        grant_id=allowed.grant_id if allowed else None,
        entry_id=EntryId(row.proposal_id) if row else None,
        fields=tuple(sorted(fields)),
        digests=(sha256(row.record).hexdigest(),) if row else (),
        reason=reason,
    )
    return draft(
        Op.PROPOSE,
        out,
        journals=journals,
        actor=read.reader.actor,
        carnet_id=read.carnet_id,
        about=about,
        random=parts.random,
        field_count=len(fields),
    )


# --- sealing, storing ------------------------------------------------------------------------------------


def _propose_once(parts: Parts, read: SharedRead, told: Suggestion, may: May) -> ProposalId | None:
    """None when what opens the grant or the carnet is gone. Raises RacedError."""
    former = _former(parts.catalogue.field(told.field_id), told, may)
    row = _sealed(parts, read, told, may, former)
    if row is None:
        return None
    journals = _journals(parts, read)
    fields = (read.compartments[0],)
    entry = _entry(parts, read, journals, Outcome.GRANTED, fields, allowed=may.allowed, row=row)
    with parts.data.change() as work:
        _check_still(parts, work, read, told, may)
        if former is None:
            work.take_slot(read.carnet_id)
            work.add_proposal(row)
        elif not work.renew_proposal(row):
            raise RacedError
        work.append(entry)
        work.commit()
    return row.proposal_id


def _former(asked: Field, told: Suggestion, may: May) -> ProposalRow | None:
    """What of his it takes the place of. Raises GrantRefusedError when that waits no more, or too many do."""
    waiting = [row for row in may.own if row.state == PROPOSED]
    for row in waiting:
        same = row.proposal_id == told.again if told.again else not asked.collection
        if row.field_id == asked.id and same:
            return row
    if told.again is not None:
        raise GrantRefusedError("/again", "Cette proposition n’attend plus de réponse.")
    if len(waiting) >= MOST_WAITING:
        raise GrantRefusedError("/field_id", _TOO_MANY)
    return None


def _sealed(
    parts: Parts, read: SharedRead, told: Suggestion, may: May, former: ProposalRow | None
) -> ProposalRow | None:
    now = to_the_millisecond(parts.now())
    box = parts.rows.rows([("box", read.carnet_id)]).get(("box", read.carnet_id))
    slot = former.slot if former else may.carnet.next_slot
    caller = CallerKeys(frozenset(read.reader.grantees))
    try:
        keys = parts.reader_keys.proposing(caller, may.allowed, may.grant, slot)
    except CryptoError:
        return None  # terms that do not match: it stands for nobody
    if keys is None or box is None or box.public is None:
        return None
    bare = _bare(read, told, may, former, slot, now)
    author = read.reader.actor.id
    said = said_by(parts, read.reader.actor)
    body = Body(
        value=told.value,
        answer=told.kind,
        source=f"{said}, {told.source}" if told.source else said,
        author=author,
        collected_at=now,
        agreement=Agreement.NOT_COLLECTED,
    )
    record, for_her, for_author = seal_proposal(
        bare,
        body,
        key=parts.random(32),
        salt=keys.salt,
        box=box.public,
        under=keys.under,
        instance=parts.instance,
    )
    return replace(bare, record=record, box_key=for_her, author_key=for_author)


def _bare(
    read: SharedRead, told: Suggestion, may: May, former: ProposalRow | None, slot: int, now: datetime
) -> ProposalRow:
    """Its row, not sealed yet."""
    return ProposalRow(
        carnet_id=read.carnet_id,
        proposal_id=former.proposal_id if former else ProposalId(new_id()),
        field_id=told.field_id,
        on_entry=told.on_entry,
        slot=slot,
        version=former.version + 1 if former else 1,
        grant_id=may.grant.grant.id,
        professional_id=read.reader.actor.professional_id,
        structure_id=read.reader.structure_id,
        state=PROPOSED,
        proposed_at=now,
        answered_at=None,
        record=b"",
        box_key=b"",
        author_key=b"",
    )


def _check_still(parts: Parts, work: Work, read: SharedRead, told: Suggestion, may: May) -> None:
    """Under the lock: he still may, by the same grant, and nothing it was sealed for moved. Raises
    RacedError: then the next look refuses, or seals again."""
    carnet = work.carnet(read.carnet_id)
    again = _may(parts, read)
    if carnet != may.carnet or not isinstance(again, May):
        raise RacedError
    if again.allowed != may.allowed or again.grant != may.grant or list(again.own) != list(may.own):
        raise RacedError
    if told.on_entry is not None and not any(
        head.entry_id == told.on_entry and head.state is EntryState.CURRENT for head in again.facts.heads
    ):
        raise GrantRefusedError("/on_entry", "Cette information n’est plus là.")
