"""Looking at an invitation before using it. Using it up is part of signing in (``signing_in``)."""

from schemas.ids import InvitationId
from vault.crypto import digest
from vault.services.parts import Parts
from vault.services.ports import InvitationRow
from vault.services.signing_in import INVITATION, as_invited


def invitation_of(parts: Parts, secret: str) -> InvitationRow | None:
    """What the one-time link of this secret invites to; None when it is unknown, used or over."""
    link = parts.keystore.link(digest(secret))
    if link is None or link[0] != INVITATION or link[2] <= parts.now():
        return None
    row = parts.data.invitation(InvitationId(link[1]))
    if row is None or row.used_by is not None or row.expires_at <= parts.now():
        return None
    return row if as_invited(parts, secret, row) else None
