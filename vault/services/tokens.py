"""Access tokens of systems: opaque, ten minutes, looked up at each request by their digest.

Whoever asks proves itself with a signed assertion (RFC 7523); the signature is checked at the door, which
then asks here that the assertion's ``jti`` was never used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.ids import ClientId
from vault.crypto import digest, new_secret
from vault.services.parts import Parts
from vault.services.ports import ClientRow, TokenRow

TOKEN_LIFE = timedelta(seconds=600)


@dataclass(frozen=True, slots=True)
class NewToken:
    token: str = field(repr=False)  # shown once
    ends_at: datetime


def client_of(parts: Parts, client_id: str) -> ClientRow | None:
    """The system, while it is in force."""
    row = parts.data.client(ClientId(client_id))
    if row is None or (row.ends_at is not None and row.ends_at <= parts.now()):
        return None
    return row


def give_token(parts: Parts, client: ClientRow, *, jti: str, assertion_ends_at: datetime) -> NewToken | None:
    """A fresh token, or None when this assertion was used before."""
    if not parts.keystore.use_jti(client.client_id, digest(jti), assertion_ends_at):
        return None
    token, ends_at = new_secret(), parts.now() + TOKEN_LIFE
    parts.keystore.add_token(TokenRow(digest(token), client.client_id, client.structure_id, ends_at))
    return NewToken(token, ends_at)


def tokens_of(parts: Parts, tokens: Sequence[str]) -> list[TokenRow | None]:
    """The live token of each secret, in order: one look for all that wait."""
    ids = [digest(token) for token in tokens]
    rows, now = parts.keystore.tokens(set(ids)), parts.now()
    return [row if (row := rows.get(id_)) is not None and now < row.ends_at else None for id_ in ids]
