"""Who becomes the référent of a person: designated by those in charge of it, or proposed, and hers to accept.

- The operator, whoever manages a département, and whoever manages the structure of the référent she has (or
  had last): what they say is so. Any other structure's manager proposes; the person says yes or no. What she
  declined the same structure does not propose for 90 days, and nobody proposes during a pause.
- Whoever designates names a carnet by its number and learns nothing from the answer: neither that there is
  such a carnet, nor whether somebody was designated or proposed. The entries are as many, the work is alike.
- No change hands over anything she shared: that is ``handing_over``, and hers.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from consent.lifecycle import REST_AFTER_REFUSAL
from schemas.ids import CarnetId, ProfessionalId, StructureId, new_id
from schemas.names import GrantState, Outcome, Role, StructureKind
from vault.audit.events import AboutContent, ActorKind, Op
from vault.carnet.references import read_reference
from vault.errors import CallerError
from vault.services.bindings import binding_name, binding_row, to_the_millisecond
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, OwnerAccess
from vault.services.managing import check_manages
from vault.services.parts import Parts
from vault.services.pausing import is_paused
from vault.services.ports import Draft, HabilitationRow, SecretRow, Work
from vault.services.referents import (
    ACTIVE,
    DECLINED,
    DECLINING,
    DROPPING,
    ENDED,
    ENDING,
    PROPOSED,
    REFERENT,
    assignment_facts,
    believed,
    binding_id,
    reading_habilitation,
)
from vault.services.sharing_rows import ReferentRow
from vault.services.structures import NoSuchStructureError, known_structure
from vault.services.writing import CarnetClosedError

CONFIRM_WITHIN = timedelta(days=15)
PROPOSED_FOR = timedelta(days=30)
MOST_PROPOSED = 5  # at once, of whatever structures: nobody is to be worn down
BATCH = 200


class NoSuchProfessionalError(CallerError):
    """Nobody in force who may follow people has this id, or not in this team."""


class NoSuchProposalError(CallerError):
    """Nobody proposes this any more."""


# --- those in charge -------------------------------------------------------------------------------------


def designate(parts: Parts, typed: str, professional_id: ProfessionalId | None, *, actor: Actor) -> None:
    """Let ``professional_id`` follow the person whose carnet bears the number ``typed``, or propose it to
    her; None: nobody follows her any more, where the actor may say so. Says nothing of what came of it.
    Raises NoSuchProfessionalError, NoLongerManagerError."""
    check_manages(parts, actor, _structure(actor))
    now = to_the_millisecond(parts.now())
    who = _named(parts, professional_id, actor)
    reference = read_reference(typed)
    carnet_id = parts.data.carnet_numbered(reference) if reference else None
    name = actor.secret_name
    journals = parts.journal_keys.load(
        now=now, carnets=[carnet_id] if carnet_id else [], agents=[name] if name else []
    )
    with parts.data.change() as work:
        check_manages(parts, actor, _structure(actor))
        carnet = work.carnet(carnet_id) if carnet_id else None
        known = carnet_id if carnet is not None and carnet.open else None
        left = _change(work, parts, known, who, journals, actor)
        work.commit()
    settle(parts, left)


def _change(
    work: Work,
    parts: Parts,
    carnet_id: CarnetId | None,
    who: HabilitationRow | None,
    journals: Journals,
    actor: Actor,
) -> list[ReferentRow]:
    """Under the lock; the assignments that are over. Whatever the carnet, one row of K, one entry."""
    rows = work.referents_of(carnet_id) if carnet_id else []
    standing = next((row for row in rows if row.state == ACTIVE and believed(parts, row)), None)
    in_charge = _in_charge(parts, actor, standing)
    paused = is_paused(parts, carnet_id or CarnetId(new_id()), work.now)
    made = _row(carnet_id or CarnetId(new_id()), who, work.now, ACTIVE if in_charge else PROPOSED)
    parts.keystore.add_secrets([_vouching(parts, made)])
    left: list[ReferentRow] = []
    nobody = [replace(made, state=DROPPING)]  # vouched for in vain
    if carnet_id is None:
        done, left = None, nobody
    elif who is None:
        left = nobody + ([*_over(work, rows, (ACTIVE,))] if in_charge else [])
        done = "ended" if len(left) > 1 else None
    elif (
        standing
        and standing.professional_id == who.professional_id
        and standing.structure_id == (who.structure_id)
    ):
        done, left = "unchanged", nobody
    elif in_charge:
        left = _over(work, rows, (ACTIVE, PROPOSED))
        work.add_referent(_to_confirm(work, made))
        done = ACTIVE
    else:
        done, left = _propose(work, rows, made, paused=paused)
    work.append(_entry(parts, carnet_id, made, done, journals, actor))
    return left or [
        replace(made, assignment_id=new_id(), state=DROPPING)
    ]  # as much to settle, whatever the carnet


def _propose(
    work: Work, rows: Sequence[ReferentRow], made: ReferentRow, *, paused: bool
) -> tuple[str | None, list[ReferentRow]]:
    """In place of what the same structure proposed before; nothing while she is left in peace."""
    declined = [row for row in rows if row.state in (DECLINING, DECLINED)]
    if paused or any(row.structure_id == made.structure_id and _rests(row, work.now) for row in declined):
        return None, [replace(made, state=DROPPING)]
    before = [row for row in rows if row.state == PROPOSED and row.structure_id == made.structure_id]
    others = [row for row in rows if row.state == PROPOSED and row not in before]
    if len(others) >= MOST_PROPOSED:
        return None, [replace(made, state=DROPPING)]
    left = _over(work, before, (PROPOSED,))
    work.add_referent(replace(made, ends_at=made.starts_at + PROPOSED_FOR))
    return PROPOSED, left


def _rests(declined: ReferentRow, now: datetime) -> bool:
    return declined.ends_at is None or now < declined.ends_at + REST_AFTER_REFUSAL


def _named(parts: Parts, professional_id: ProfessionalId | None, actor: Actor) -> HabilitationRow | None:
    """Raises NoSuchProfessionalError; a manager names somebody of his team."""
    if professional_id is None:
        return None
    found = reading_habilitation(parts, professional_id)
    if found is None or (actor.kind is not ActorKind.OPERATOR and found.structure_id != actor.structure_id):
        raise NoSuchProfessionalError("nobody who may follow people")
    return found


def _structure(actor: Actor) -> StructureId:
    return actor.structure_id or StructureId("")


def _in_charge(parts: Parts, actor: Actor, standing: ReferentRow | None) -> bool:
    """Whether what the actor says is so, without asking her."""
    if actor.kind is ActorKind.OPERATOR:
        return True
    if standing is not None and standing.structure_id == actor.structure_id:
        return True
    try:
        return known_structure(parts, _structure(actor)).kind is StructureKind.DEPARTEMENT
    except NoSuchStructureError:
        return False


# --- the person ------------------------------------------------------------------------------------------


def accept(parts: Parts, owner: OwnerAccess, assignment_id: str, *, actor: Actor) -> None:
    """Whoever was proposed follows her from now on. Raises NoSuchProposalError, CarnetClosedError."""
    _decide(parts, owner, assignment_id, actor, yes=True)


def decline(parts: Parts, owner: OwnerAccess, assignment_id: str, *, actor: Actor) -> None:
    """She does not want whoever was proposed. Raises NoSuchProposalError, CarnetClosedError."""
    _decide(parts, owner, assignment_id, actor, yes=False)


def _decide(parts: Parts, owner: OwnerAccess, assignment_id: str, actor: Actor, *, yes: bool) -> None:
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    with parts.data.change() as work:
        carnet = work.carnet(owner.carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        rows = work.referents_of(owner.carnet_id)
        row = next((row for row in rows if row.assignment_id == assignment_id), None)
        if row is None or not proposed(parts, row, work.now):
            raise NoSuchProposalError("nobody proposes this")
        who = reading_habilitation(parts, row.professional_id)
        if yes and (who is None or who.structure_id != row.structure_id):
            raise NoSuchProposalError("whoever was proposed has left")
        left = _over(work, rows, (ACTIVE, PROPOSED)) if yes else _over(work, [row], (PROPOSED,), DECLINING)
        made = row
        if yes:
            made = _row(owner.carnet_id, who, work.now, ACTIVE)
            parts.keystore.add_secrets([_vouching(parts, made)])
            work.add_referent(_to_confirm(work, made))
        work.append(_entry(parts, owner.carnet_id, made, ACTIVE if yes else "declined", journals, actor))
        work.commit()
    settle(parts, left)


def proposed(parts: Parts, row: ReferentRow, now: datetime) -> bool:
    """Whether she may still say yes to this."""
    in_time = row.ends_at is None or now < row.ends_at
    return row.state == PROPOSED and in_time and believed(parts, row)


# --- the rows --------------------------------------------------------------------------------------------


def _row(carnet_id: CarnetId, who: HabilitationRow | None, now: datetime, state: str) -> ReferentRow:
    professional_id = who.professional_id if who else ProfessionalId(new_id())
    structure_id = who.structure_id if who else StructureId(new_id())
    at = to_the_millisecond(now)
    return ReferentRow(carnet_id, new_id(), professional_id, structure_id, state, at)


def _to_confirm(work: Work, made: ReferentRow) -> ReferentRow:
    """With the time she has to say whether what she shares with her référent goes to this one."""
    shared = any(
        row.grant.state is GrantState.GRANTED and row.grant.terms.function == REFERENT
        for row in work.grants_of(made.carnet_id)
    )
    return replace(made, confirm_until=made.starts_at + CONFIRM_WITHIN) if shared else made


def _over(
    work: Work, rows: Sequence[ReferentRow], states: Sequence[str], then: str = DROPPING
) -> list[ReferentRow]:
    """Those of ``rows`` in one of ``states``, over from now on. ``then``: what becomes of a proposal."""
    after = {ACTIVE: ENDING, PROPOSED: then}
    left = [
        replace(row, state=after[row.state], ends_at=to_the_millisecond(work.now), confirm_until=None)
        for row in rows
        if row.state in states
    ]
    for row in left:
        work.set_referent(row)
    return left


def settle(parts: Parts, left: Sequence[ReferentRow]) -> None:
    """What vouched for assignments that are over goes, and so does what nobody took. Repeatable."""
    if not left:
        return
    parts.keystore.delete_secrets([binding_name(REFERENT, binding_id(row)) for row in left])
    with parts.data.change() as work:
        for row in left:
            if row.state == DROPPING:
                work.drop_referent(row)
            else:
                work.set_referent(replace(row, state=DECLINED if row.state == DECLINING else ENDED))
        work.commit()


def finish_assignments(parts: Parts, now: datetime) -> int:
    """Go on with what was interrupted, and end what was proposed in vain; how many. Repeatable."""
    done = 0
    for state in (ENDING, DROPPING, DECLINING):
        while rows := parts.data.referents_in(state, limit=BATCH):
            settle(parts, rows)
            done += len(rows)
    while rows := parts.data.referents_over(DECLINED, now - REST_AFTER_REFUSAL, limit=BATCH):
        settle(parts, [replace(row, state=DROPPING) for row in rows])
        done += len(rows)
    while rows := parts.data.referents_over(PROPOSED, now, limit=BATCH):
        with parts.data.change() as work:
            left = _over(work, rows, (PROPOSED,))
            work.commit()
        settle(parts, left)
        done += len(left)
    return done


def _vouching(parts: Parts, row: ReferentRow) -> SecretRow:
    return binding_row(parts.rows, REFERENT, binding_id(row), assignment_facts(row))


def _entry(
    parts: Parts,
    carnet_id: CarnetId | None,
    row: ReferentRow,
    done: str | None,
    journals: Journals,
    actor: Actor,
) -> Draft:
    """About the person, when there is one; ``done`` None: nothing came of it."""
    about = AboutContent(
        carnet_id=carnet_id,
        structure_id=row.structure_id if done else actor.structure_id,
        role=Role.REFERENT,
        reason=f"{done or 'nothing'} {row.assignment_id}",
    )
    return draft(
        Op.ASSIGN,
        Outcome.GRANTED if done else Outcome.DENIED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=about,
        random=parts.random,
    )
