"""Her référent changed: what she shared with the former one stands still until she says yes for the new one.

- Nothing moves by itself. The former one reads nothing from the instant of the change, by the decision alone
  (``referents``): no row of a grant needs to change for that, so none can be forgotten.
- Within fifteen days she gives each of these shares to the new one, with the same informations and the same
  end; the old one is ``replaced`` in the same transaction. A share with special informations is never among
  those given together: it has an act of its own.
- What she did not give lapses then (``lapse_unconfirmed``), and its keys are cut.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consent.grants import Grant, Grantee, end_of_day_after, ended
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState
from schemas.purposes import UnknownPurposeError
from vault.audit.events import Op
from vault.errors import CallerError
from vault.services.grant_moves import ONCE_HELD, note_move
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import OwnerAccess
from vault.services.parts import Parts
from vault.services.ports import GrantRow, Work
from vault.services.referents import REFERENT, current_referent, for_this_one
from vault.services.sharing import GrantRefusedError, Wish, check_wish, give_grant
from vault.services.sharing_rows import ReferentRow
from vault.services.stopping import cut
from vault.services.structures import structure_behind

CONFIRMED_BY = "page de changement de référent, bouton « Donner à mon nouveau référent »"
BATCH = 200


class ReferentChangedError(CallerError):
    """Her référent is not the one she was shown."""


class NotWaitingError(CallerError):
    """This share does not wait to be given to her référent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A share that stands still. ``fields``: what the new one would get of it, by the frame as it stands;
    none: it cannot go to him. ``special``: it has an act of its own."""

    grant: Grant
    wish: Wish
    special: bool
    fits: bool


def waiting(parts: Parts, owner: OwnerAccess, row: ReferentRow | None) -> list[Waiting]:
    """What she shared with a former référent and may give to ``row``, oldest first. Only what she agreed to,
    by the word of K: a row of D adds nothing to her page."""
    now = parts.now()
    still = _standing_still([one.grant for one in parts.data.grants_of(owner.carnet_id)], row, now)
    agreed = parts.owner_keys.agreed(owner, [grant.terms for grant in still])
    return [_waiting(parts, grant, row) for grant in still if grant.id in agreed]


def standing_still(parts: Parts, carnet_id: CarnetId) -> frozenset[GrantId]:
    """Grants to the référent that nobody reads: whom they name is not it any more."""
    row, now = current_referent(parts, carnet_id), parts.now()
    return frozenset(
        grant.id
        for grant in _standing_still([one.grant for one in parts.data.grants_of(carnet_id)], row, now)
    )


def confirm(
    parts: Parts,
    owner: OwnerAccess,
    assignment_id: str,
    grant_ids: Collection[GrantId] | None = None,
    *,
    actor: Actor,
) -> list[Grant]:
    """Give to her référent what waits: those named, or (None) all that hold nothing special. Each in a
    transaction of its own; what could not be given still waits. Raises ReferentChangedError, NotWaitingError,
    GrantRefusedError, CarnetClosedError."""
    row = current_referent(parts, owner.carnet_id)
    if row is None or row.assignment_id != assignment_id:
        raise ReferentChangedError("not the référent she was shown")
    found = {one.grant.id: one for one in waiting(parts, owner, row)}
    wanted = [one.grant.id for one in found.values() if one.fits and not one.special]
    if grant_ids is not None:
        wanted = list(dict.fromkeys(grant_ids))
    if not set(wanted) <= set(found):
        raise NotWaitingError("does not wait")
    return [_hand_over(parts, owner, found[grant_id], actor) for grant_id in wanted]


def _hand_over(parts: Parts, owner: OwnerAccess, one: Waiting, actor: Actor) -> Grant:
    if not one.fits:
        check_wish(parts, one.wish)
        raise GrantRefusedError("/grants", "Ce partage ne peut pas être donné à cet organisme.")
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])

    def replace_former(work: Work, given: Grant) -> None:
        former = _find(work.grants_of(owner.carnet_id), one.grant.id)
        if former.state is GrantState.REPLACED and former.ended_at == work.now:
            return  # by the new one itself, given to the same professional
        if former.state is not GrantState.GRANTED or former.terms != one.grant.terms:
            raise NotWaitingError("it ended meanwhile")
        moved = ended(former, GrantState.REPLACED, now=work.now)
        work.end_grant(moved, once_held_until=work.now + ONCE_HELD)
        structure_id = structure_behind(parts, former.terms.grantee)
        note_move(work, parts, Op.REPLACE, moved, structure_id, journals, actor, reason=given.id)

    given = give_grant(parts, owner, one.wish, actor=actor, also=replace_former)
    cut(parts, [one.grant.id])
    return given


def lapse_unconfirmed(parts: Parts, now: datetime) -> int:
    """End what was not given in time; how many shares. Repeatable."""
    done = 0
    while rows := parts.data.referents_unconfirmed(now, limit=BATCH):
        for row in rows:
            done += _lapse(parts, row)
    return done


def _lapse(parts: Parts, row: ReferentRow) -> int:
    journals = parts.journal_keys.load(now=parts.now(), carnets=[row.carnet_id])
    with parts.data.change() as work:
        standing = [one for one in work.referents_of(row.carnet_id) if one == row]
        still: list[Grant] = []
        if standing and journals.journal(row.carnet_id) is not None:
            grants = [one.grant for one in work.grants_of(row.carnet_id)]
            still = _standing_still(grants, row, work.now)
        for grant in still:
            over = ended(grant, GrantState.LAPSED, now=work.now)
            work.end_grant(over, once_held_until=work.now + ONCE_HELD)
            structure_id = structure_behind(parts, grant.terms.grantee)
            note_move(work, parts, Op.LAPSE, over, structure_id, journals, OPERATOR, reason="unconfirmed")
        for one in standing:
            work.set_referent(replace(one, confirm_until=None))
        work.commit()
    cut(parts, [grant.id for grant in still])
    return len(still)


def _standing_still(grants: Sequence[Grant], row: ReferentRow | None, now: datetime) -> list[Grant]:
    return [
        grant
        for grant in grants
        if grant.live(now) and grant.terms.function == REFERENT and not for_this_one(grant.terms, row)
    ]


def _waiting(parts: Parts, grant: Grant, row: ReferentRow | None) -> Waiting:
    """The same informations, the same end; less where the frame allows less by now, never more."""
    terms = grant.terms
    wish = Wish(
        grantee=Grantee.professional(row.professional_id) if row else terms.grantee,
        purpose_id=terms.purpose_id,
        compartments=terms.compartments,
        days=0,
        rights=terms.rights,
        consent_record=f"notice {parts.notice_version}; {CONFIRMED_BY}",
        function=REFERENT,
        ends_at=terms.ends_at,
    )
    try:
        purpose = parts.frame.purpose(terms.purpose_id)
        latest = end_of_day_after(parts.now(), purpose.max_days).astimezone(terms.ends_at.tzinfo)
        wish = replace(
            wish,
            compartments=tuple(one for one in terms.compartments if one in purpose.compartments),
            ends_at=min(terms.ends_at, latest),
        )
        if row is not None:
            check_wish(parts, wish)
    except (GrantRefusedError, UnknownPurposeError):
        return Waiting(grant, wish, special=False, fits=False)
    special = bool(set(wish.compartments) & set(purpose.special))
    return Waiting(grant, wish, special, fits=row is not None)


def _find(rows: Sequence[GrantRow], grant_id: GrantId) -> Grant:
    for row in rows:
        if row.grant.id == grant_id:
            return row.grant
    raise NotWaitingError("no such grant")
