"""The data protection officer ends a share that the person did not end herself.

- *Revoke*: it must stop. *Annul* (``invalidate``): it should never have been: faulty notice, pressure, wrong
  identity. Both need a reason, cut the keys like a withdrawal, and are told to the person with everything
  that was read meanwhile. Neither opens anything.
"""

from consent.grants import Grant, ended
from consent.lifecycle import TERMINAL, By, Facts, Move
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState
from vault.audit.events import Op
from vault.services.grant_moves import ONCE_HELD, note_move
from vault.services.journal import Actor, agents_of
from vault.services.parts import Parts
from vault.services.standing import check_officer
from vault.services.stopping import cut, find_grant
from vault.services.structures import structure_behind
from vault.services.suspending import Why, allowed, checked_words, told

REASONS = (
    Why.CHECK,
    Why.PRESSURE,
    Why.NOTICE,
    Why.IDENTITY,
    Why.MISUSE,
    Why.NO_LONGER_NEEDED,
)  # an officer's
_ENDS = {
    Move.REVOKE: (GrantState.REVOKED, Op.REVOKE),
    Move.INVALIDATE: (GrantState.INVALIDATED, Op.INVALIDATE),
}


def override_grant(
    parts: Parts,
    carnet_id: CarnetId,
    grant_id: GrantId,
    move: Move,
    *,
    why: Why,
    actor: Actor,
    words: str = "",
) -> Grant:
    """Revoke or annul. A share that ended stays as it ended. Raises NoSuchGrantError, CannotMoveError,
    NoLongerOfficerError."""
    state, op = _ENDS[move]
    words = checked_words(words)
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    with parts.data.change() as work:
        check_officer(parts, actor)
        grant = find_grant(work.grants_of(carnet_id), grant_id)
        if grant.state in TERMINAL:
            return grant
        allowed(grant, move, By.DPO, work.now, Facts(reason=True))
        over = ended(grant, state, now=work.now)
        work.end_grant(over, once_held_until=work.now + ONCE_HELD)
        structure_id = structure_behind(parts, grant.terms.grantee)
        note_move(work, parts, op, over, structure_id, journals, actor, reason=told(why, words))
        work.commit()
    cut(parts, [grant_id])
    return over
