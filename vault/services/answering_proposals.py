"""The person answers what others propose to write in her carnet.

- *I agree*: it becomes the value, with its author, its source and its day; agreement ``agreed``.
- *Keep it, though I disagree*: the same, ``disagreed``. Only where no answer stands: what she wrote is never
  replaced by what she disagrees with.
- *Do not keep it*: nothing is written. Its author is told « answered », as after any other answer.
- Not answering leaves it as it is, as long as the carnet: whoever proposed it may long have left.

One answer stands, whoever was faster on which device: it names the version she read, and is written under the
head lock with what it writes. Then what opened the proposal is destroyed, whatever the answer: entry (D), the
slot of S_p (K), the row (D). What was kept lives on in an entry of hers, in a slot of its own.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.ids import CarnetId, CompartmentId, EntryId, ProposalId
from schemas.names import Agreement, EntryState, Outcome, RecordKind
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import Entry, EntryBrokenError
from vault.crypto import CryptoError, box_seed
from vault.errors import CallerError, StoreUnavailableError
from vault.services.answering_requests import AlreadyAnsweredError
from vault.services.journal import Actor, draft
from vault.services.key_sources import OwnerAccess, OwnerSecrets
from vault.services.leaving import puncture
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.path_rows import ProposalRow
from vault.services.ports import RecordHead, Work
from vault.services.proposal_seals import Proposed, key_for_her, open_proposal
from vault.services.proposing import PROPOSED
from vault.services.standing import check_acts
from vault.services.writing import Act, Answer, CarnetClosedError, check_value, owner_secrets, write_answers

BATCH = 200
_STANDING = (EntryState.CURRENT, EntryState.FROZEN)


class NoSuchProposalError(CallerError):
    """Nobody proposes that to this person, or it was answered."""


class NotKeptSoError(CallerError):
    """What she disagrees with would take the place of an answer that stands."""


class Choice(StrEnum):
    """As the log says it, in her register alone."""

    AGREE = "agreed"
    DISAGREE = "disagreed"
    SET_ASIDE = "set_aside"


class Said(NamedTuple):
    """Her answer to one proposal: to the version she read of it, knowing what stood there (0: nothing; None:
    whatever it is). ``knowingly``: she was shown that she had an information forgotten there."""

    proposal_id: ProposalId
    version: int
    seen: int | None = None
    knowingly: bool = False


def list_proposals(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> Sequence[Proposed]:
    """What waits for her answer, oldest first, after one entry. Raises CarnetClosedError."""
    append_own(parts, owner, Op.READ_OWN, actor=actor)
    return proposed_to_her(parts, owner)


def proposed_to_her(parts: Parts, owner: OwnerAccess) -> Sequence[Proposed]:
    """The same without an entry: for a page or an answer that has its own. What does not open was written by
    nobody who might, and is left out."""
    rows = [row for row in parts.data.proposals_of(owner.carnet_id) if row.state == PROPOSED]
    if not rows:
        return []
    secrets = owner_secrets(parts, owner)
    opened = (_open(parts, row, secrets) for row in rows if not secrets.shred.is_punctured(row.slot))
    return [one for one in opened if one is not None]


def find_proposal(every: Sequence[Proposed], proposal_id: str) -> Proposed:
    """Raises NoSuchProposalError."""
    for one in every:
        if one.proposal_id == proposal_id:
            return one
    raise NoSuchProposalError("nobody proposes that")


def _open(parts: Parts, row: ProposalRow, secrets: OwnerSecrets) -> Proposed | None:
    try:
        return open_proposal(
            row,
            key=key_for_her(row, seed=box_seed(secrets.own), instance=parts.instance),
            salt=secrets.shred.salts([row.slot])[row.slot],
            instance=parts.instance,
        )
    except (CryptoError, EntryBrokenError):
        return None


# --- answering -------------------------------------------------------------------------------------------


def agree(parts: Parts, owner: OwnerAccess, said: Sequence[Said], *, actor: Actor) -> list[Entry]:
    """Write them all, or none. Raises NoSuchProposalError, AlreadyAnsweredError, RevisionConflictError,
    NoSuchEntryError, InvalidValueError (the catalogue changed since), ForgottenHereError when she was not
    shown that, CarnetClosedError."""
    return _write(parts, owner, said, Choice.AGREE, actor)


def keep_disagreeing(parts: Parts, owner: OwnerAccess, said: Said, *, actor: Actor) -> Entry:
    """Write it as what she disagrees with. Raises NotKeptSoError, and as ``agree``."""
    return _write(parts, owner, [said], Choice.DISAGREE, actor)[0]


def set_aside(parts: Parts, owner: OwnerAccess, said: Said, *, actor: Actor) -> None:
    """Write nothing. Raises NoSuchProposalError, AlreadyAnsweredError, CarnetClosedError."""
    carnet_id = owner.carnet_id
    row = _row(parts.data.proposals_of(carnet_id), said)
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    if journals.journal(carnet_id) is None:
        raise CarnetClosedError("this carnet is closed")
    about = AboutContent(
        carnet_id=carnet_id,
        structure_id=row.structure_id,
        grant_id=row.grant_id,
        entry_id=EntryId(row.proposal_id),
        fields=(CompartmentId(row.field_id),),
        reason=Choice.SET_ASIDE.value,
    )
    with parts.data.change() as work:
        check_acts(parts, actor)
        _mark(work, carnet_id, [said])
        work.append(
            draft(
                Op.ANSWER,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
                field_count=1,
            )
        )
        work.commit()
    _finish_soon(parts, [row])


def may_disagree(parts: Parts, one: Proposed, heads: Sequence[RecordHead]) -> bool:
    """Whether it can be kept beside what she says: it would take the place of nothing."""
    return one.on_entry is None and (
        parts.catalogue.field(one.field_id).collection or standing(one, heads) is None
    )


def standing(one: Proposed, heads: Sequence[RecordHead]) -> RecordHead | None:
    """What an agreement would make a new version of."""
    mine = (
        head
        for head in heads
        if head.compartment == CompartmentId(one.field_id)
        and head.state in _STANDING
        and head.kind is RecordKind.ENTRY
    )
    return next((head for head in mine if one.on_entry in (None, head.entry_id)), None)


def _write(
    parts: Parts, owner: OwnerAccess, said: Sequence[Said], choice: Choice, actor: Actor
) -> list[Entry]:
    carnet_id = owner.carnet_id
    rows = [_row(parts.data.proposals_of(carnet_id), one) for one in said]
    secrets, heads = owner_secrets(parts, owner), parts.data.heads(carnet_id)
    answers = []
    for row, one in zip(rows, said, strict=True):
        opened = _open(parts, row, secrets)
        if opened is None:
            raise NoSuchProposalError("it does not open")
        if choice is Choice.DISAGREE and not may_disagree(parts, opened, heads):
            raise NotKeptSoError("an answer stands there")
        answers.append(_answer(parts, opened, one, choice))
    _check_once(parts, answers)
    for answer in answers:
        check_value(parts, answer)
    told = " ".join([choice.value, *(row.proposal_id for row in rows)])
    act = Act(Op.ANSWER, told, lambda work: _mark(work, carnet_id, said))
    entries = write_answers(parts, owner, answers, actor=actor, act=act)
    _finish_soon(parts, rows)
    return entries


def _answer(parts: Parts, one: Proposed, said: Said, choice: Choice) -> Answer:
    several = parts.catalogue.field(one.field_id).collection
    alone = choice is Choice.DISAGREE and not several  # under the lock too, nothing may stand there
    agreed = Agreement.AGREED if choice is Choice.AGREE else Agreement.DISAGREED
    return Answer(
        one.field_id,
        one.body.value,
        one.body.answer,
        source=one.body.source,
        author=one.body.author,
        collected_at=one.body.collected_at,
        version=0 if alone else said.seen if one.on_entry or not several else None,
        entry_id=one.on_entry,
        agreement=agreed,
        knowingly=said.knowingly,
    )


def _check_once(parts: Parts, answers: Sequence[Answer]) -> None:
    """Two proposals for one answer are never both agreed to at once."""
    once = [
        (one.field_id, one.entry_id)
        for one in answers
        if one.entry_id is not None or not parts.catalogue.field(one.field_id).collection
    ]
    if len(set(once)) < len(once):
        raise NotKeptSoError("two proposals for one answer")


def _row(rows: Sequence[ProposalRow], said: Said) -> ProposalRow:
    row = next((one for one in rows if one.proposal_id == said.proposal_id), None)
    if row is None:
        raise NoSuchProposalError("nobody proposes that")
    if row.state != PROPOSED or row.version != said.version:
        raise AlreadyAnsweredError("it waits no more, or was changed")
    return row


def _mark(work: Work, carnet_id: CarnetId, said: Sequence[Said]) -> None:
    for one in said:
        if not work.answer_proposal(carnet_id, one.proposal_id, version=one.version):
            raise AlreadyAnsweredError("another answer was faster")


# --- destroying what opened it ---------------------------------------------------------------------------


def _finish_soon(parts: Parts, rows: Sequence[ProposalRow]) -> None:
    """What is left undone brings the finishing pass back."""
    try:
        finish_answers(parts, rows)
    except StoreUnavailableError:
        return


def finish_answers(parts: Parts, rows: Sequence[ProposalRow]) -> int:
    """K, then D, of proposals whose answer stands. Repeatable. Raises StoreUnavailableError while a file of K
    may still hold what was destroyed."""
    for carnet_id in {row.carnet_id for row in rows}:
        puncture(parts, carnet_id, {row.slot for row in rows if row.carnet_id == carnet_id})
    if rows and not parts.keystore.compact():
        raise StoreUnavailableError("keys", "somebody still reads an older state")
    with parts.data.change() as work:
        done = sum(work.end_proposal(row.carnet_id, row.proposal_id) for row in rows)
        work.commit()
    return done


def finish_all_answers(parts: Parts) -> int:
    """For the finishing pass: every answer that was interrupted."""
    done = 0
    while rows := parts.data.proposals_answering(limit=BATCH):
        ended = finish_answers(parts, rows)
        done += ended
        if not ended:
            break
    return done
