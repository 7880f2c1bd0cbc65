"""Invitations: a one-time link by which one professional joins one structure, once, within seven days.

- The secret of the link is in the mail and in the answer of ``invite``; K keeps its digest alone.
- The root vouches for what was decided (structure, role, ends): a row of either store that says something
  else invites nobody.
- Unknown, used, cancelled and over are one answer: None.
- The mail waits in the outbox from the same transaction as the invitation. Using an invitation up is part of
  signing in (``joining``).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.ids import InvitationId, StructureId, new_id
from schemas.names import Role
from vault.audit.events import AboutContent, Op
from vault.crypto import CryptoError, digest, new_secret, open_small, seal_small
from vault.errors import CallerError
from vault.services.bindings import binding_name, binding_row, holds, instant, to_the_millisecond
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import INSTANCE
from vault.services.mailing import check_address, sealed_mail
from vault.services.managing import check_manages
from vault.services.noting import about_nobody
from vault.services.parts import Parts
from vault.services.ports import InvitationRow, SecretName
from vault.services.structures import known_structure

INVITATION = "invitation"
INVITED = "invited"
INVITATION_LIFE = timedelta(days=7)


class NoSuchInvitationError(CallerError):
    """There is no such invitation in this structure, or it was used or cancelled."""


class PastEndError(CallerError):
    """The habilitation would be over before it begins."""


@dataclass(frozen=True, slots=True)
class Invitation:
    invitation_id: InvitationId
    secret: str = field(repr=False)  # of the one-time link; shown once, kept nowhere
    expires_at: datetime


def invite(
    parts: Parts,
    *,
    structure_id: StructureId,
    email: str,
    role: Role,
    ends_at: datetime | None = None,
    actor: Actor = OPERATOR,
) -> Invitation:
    """A one-time link, seven days, and its mail in the outbox. ``ends_at``: the end of what it will give, if
    one is planned. ``actor``: the operator, or a manager of that structure.

    Raises NoSuchStructureError, BadMailAddressError, PastEndError, NoLongerManagerError.
    """
    known_structure(parts, structure_id)
    return _invite(parts, structure_id, check_address(email), role, ends_at, actor, replaced=None)


def send_again(
    parts: Parts, invitation_id: InvitationId, *, structure_id: StructureId, actor: Actor
) -> Invitation:
    """Another link in place of this one, to the same address, for the same role and end.

    Raises NoSuchInvitationError, PastEndError, NoLongerManagerError.
    """
    row = _as_decided(parts, _unused(parts, invitation_id, structure_id))
    email = email_of(parts, row)
    if email is None:
        raise NoSuchInvitationError("no such invitation")
    return _invite(parts, structure_id, email, row.role, row.habilitation_ends_at, actor, replaced=row)


def cancel(parts: Parts, invitation_id: InvitationId, *, structure_id: StructureId, actor: Actor) -> None:
    """Its link leads nowhere from now on. Raises NoSuchInvitationError, NoLongerManagerError."""
    row = _unused(parts, invitation_id, structure_id)
    with parts.data.change() as work:
        check_manages(parts, actor, structure_id, gives=row.role)
        if not work.cancel_invitation(invitation_id):
            raise NoSuchInvitationError("no such invitation")
        work.drop_mail(invitation_id)
        about = AboutContent(structure_id=structure_id, role=row.role, reason="cancelled")
        work.append(about_nobody(parts, Op.INVITE, about, actor=actor))
        work.commit()
    parts.keystore.delete_secrets(no_longer_vouched(invitation_id))


def invitation_of(parts: Parts, secret: str) -> InvitationRow | None:
    """What the one-time link of this secret invites to; None when it is unknown, used, cancelled or over."""
    link = parts.keystore.link(digest(secret))
    if link is None or link[0] != INVITATION or link[2] <= parts.now():
        return None
    row = parts.data.invitation(InvitationId(link[1]))
    if row is None or not row.open(parts.now()):
        return None
    return row if as_invited(parts, secret, row) else None


def as_invited(parts: Parts, secret: str, row: InvitationRow) -> bool:
    """Whether the link of this secret was made for this structure, this role and these ends: else a writer of
    either store could have himself invited as whom he likes."""
    return holds(parts, INVITATION, row.invitation_id, invitation_facts(secret, row))


def invitation_facts(secret: str, row: InvitationRow) -> tuple[str, ...]:
    end = () if row.habilitation_ends_at is None else (instant(row.habilitation_ends_at),)
    return digest(secret), row.structure_id, row.role, row.expires_at.isoformat(), *end


def invited_facts(row: InvitationRow) -> tuple[str, ...]:
    """The same without the link, which nobody keeps, and with the address: what sending it again repeats."""
    end = "" if row.habilitation_ends_at is None else instant(row.habilitation_ends_at)
    return row.structure_id, row.role, instant(row.expires_at), end, digest(row.sealed_email.hex())


def no_longer_vouched(invitation_id: InvitationId) -> list[SecretName]:
    """The rows of K to delete once an invitation is used, cancelled or replaced."""
    return [binding_name(kind, invitation_id) for kind in (INVITATION, INVITED)]


def email_of(parts: Parts, row: InvitationRow) -> str | None:
    """To whom it was sent; None when it cannot be read any more."""
    try:
        return open_small(
            row.sealed_email, secret=_address_secret(parts), place=_place(row.invitation_id)
        ).decode()
    except (CryptoError, ValueError):
        return None


def _invite(
    parts: Parts,
    structure_id: StructureId,
    email: str,
    role: Role,
    ends_at: datetime | None,
    actor: Actor,
    *,
    replaced: InvitationRow | None,
) -> Invitation:
    """K first (what vouches, the link), then D with its entry and its mail."""
    invitation_id, secret = InvitationId(new_id()), new_secret()
    now = parts.now()
    ends_at = to_the_millisecond(ends_at) if ends_at else None
    if ends_at and ends_at <= now:
        raise PastEndError("this end has passed")
    week = to_the_millisecond(now + INVITATION_LIFE)
    expires_at = min(week, ends_at or week)
    sealed = seal_small(email.encode(), secret=_address_secret(parts), place=_place(invitation_id))
    row = InvitationRow(
        invitation_id, structure_id, role, sealed, expires_at, None, actor.professional_id, ends_at
    )
    parts.keystore.add_secrets(
        [
            binding_row(parts.rows, INVITATION, invitation_id, invitation_facts(secret, row)),
            binding_row(parts.rows, INVITED, invitation_id, invited_facts(row)),
        ]
    )
    parts.keystore.add_link(digest(secret), INVITATION, invitation_id, expires_at)
    mail = sealed_mail(parts, invitation_id, to=email, secret=secret, at=now)
    with parts.data.change() as work:
        check_manages(parts, actor, structure_id, gives=role)
        if replaced is not None:
            if not work.cancel_invitation(replaced.invitation_id):
                raise NoSuchInvitationError("no such invitation")
            work.drop_mail(replaced.invitation_id)
        work.add_invitation(row)
        work.add_mail(mail)
        about = AboutContent(structure_id=structure_id, role=role)
        work.append(about_nobody(parts, Op.INVITE, about, actor=actor))
        work.commit()
    if replaced is not None:
        parts.keystore.delete_secrets(no_longer_vouched(replaced.invitation_id))
    return Invitation(invitation_id, secret, expires_at)


def _unused(parts: Parts, invitation_id: InvitationId, structure_id: StructureId) -> InvitationRow:
    row = parts.data.invitation(invitation_id)
    gone = row is None or row.structure_id != structure_id or row.used_by or row.cancelled_at
    if row is None or gone:
        raise NoSuchInvitationError("no such invitation")
    return row


def _as_decided(parts: Parts, row: InvitationRow) -> InvitationRow:
    """The row, when the root vouches for what it says: whoever only writes in D has nobody invited, neither
    to another role nor again."""
    if not holds(parts, INVITED, row.invitation_id, invited_facts(row)):
        raise NoSuchInvitationError("not what was decided")
    return row


def _address_secret(parts: Parts) -> bytes:
    return parts.rows.load([("journal", INSTANCE)])["journal", INSTANCE]


def _place(invitation_id: InvitationId) -> bytes:
    return b"invitation" + invitation_id.encode()
