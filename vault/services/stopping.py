"""A grant ends: the person stops it, or its time is over.

Entry and state (D), then Q_g (K), then the wraps (D). Killed between two steps, the finishing pass of
``upkeep`` ends what was begun; a reader without Q_g opens nothing meanwhile.
"""

from collections.abc import Sequence

from consent.grants import Grant, ended
from consent.lifecycle import TERMINAL
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState, LegalBasis
from vault.audit.events import Op
from vault.errors import CallerError
from vault.services.grant_moves import ONCE_HELD, note_move
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess, grant_name, hold_name
from vault.services.parts import Parts
from vault.services.ports import GrantRow
from vault.services.structures import structure_behind

OBJECTION = "objection"  # what stopping means where the law permits a share: GDPR, article 21


class NoSuchGrantError(CallerError):
    """This carnet has no such grant."""


def withdraw_grant(parts: Parts, owner: OwnerAccess, grant_id: GrantId, *, actor: Actor) -> Grant:
    """Stop a share, at once. Withdrawing what already ended changes nothing and is no error. Raises
    NoSuchGrantError."""
    return stop_grant(parts, owner.carnet_id, grant_id, actor=actor)


def stop_grant(
    parts: Parts, carnet_id: CarnetId, grant_id: GrantId, *, actor: Actor, how: str | None = None
) -> Grant:
    """The same, for whoever proved otherwise that it is hers to stop; ``how`` goes into the entry. Raises
    NoSuchGrantError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    with parts.data.change() as work:
        grant = find_grant(work.grants_of(carnet_id), grant_id)
        if grant.state in TERMINAL:
            return grant
        stopped = ended(grant, GrantState.WITHDRAWN, now=work.now)
        work.end_grant(stopped, once_held_until=work.now + ONCE_HELD)
        structure_id = structure_behind(parts, grant.terms.grantee)
        objects = grant.terms.legal_basis is LegalBasis.PUBLIC_TASK
        reason = " ".join(word for word in (OBJECTION if objects else None, how) if word) or None
        note_move(work, parts, Op.WITHDRAW, stopped, structure_id, journals, actor, reason=reason)
        work.commit()
    cut(parts, [grant_id])
    return stopped


def expire_grant(parts: Parts, row: GrantRow, *, actor: Actor) -> bool:
    """Note that a grant ended by itself, and cut its keys. Its readers were refused since ``ends_at``."""
    carnet_id = row.grant.terms.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    structure_id = structure_behind(parts, row.grant.terms.grantee)
    with parts.data.change() as work:
        try:
            grant = find_grant(work.grants_of(carnet_id), row.grant.id)
        except NoSuchGrantError:  # a row that says it is another grant: nobody reads through it
            return False
        if grant.state in TERMINAL or work.now < grant.terms.ends_at:
            return False
        over = ended(grant, GrantState.EXPIRED, now=work.now)
        work.end_grant(over, once_held_until=grant.terms.ends_at + ONCE_HELD)
        note_move(work, parts, Op.EXPIRE, over, structure_id, journals, actor)
        work.commit()
    cut(parts, [grant.id])
    return True


def cut(parts: Parts, grant_ids: Sequence[GrantId]) -> None:
    """Destroy the keys of ended grants: Q_g, then the wraps. Repeatable."""
    if not grant_ids:
        return
    names = [name(grant_id) for grant_id in grant_ids for name in (grant_name, hold_name)]
    parts.keystore.delete_secrets(names)
    if not parts.keystore.compact(whole=False):
        return  # the wraps that stay behind bring the finishing pass back; without Q_g they open nothing
    with parts.data.change() as work:
        for grant_id in grant_ids:
            work.delete_grant_keys(grant_id)
        work.commit()


def find_grant(rows: Sequence[GrantRow], grant_id: GrantId) -> Grant:
    for row in rows:
        if row.grant.id == grant_id:
            return row.grant
    raise NoSuchGrantError("no such grant in this carnet")
