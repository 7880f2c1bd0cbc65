"""Access tokens of systems: opaque, ten minutes, looked up at each request by their digest.

A token ends with a seal of what its row says, so that a row written by another hand opens nothing. Whoever
asks proves itself with a signed assertion (RFC 7523); the signature is checked at the door, which
then asks here that the assertion's ``jti`` was never used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schemas.ids import ClientId
from vault.crypto import digest, equal, new_secret
from vault.services.bindings import CLIENT, doors_secret, holds, seal_of, to_the_millisecond
from vault.services.parts import Parts
from vault.services.ports import ClientRow, TokenRow

TOKEN_LIFE = timedelta(seconds=600)


@dataclass(frozen=True, slots=True)
class NewToken:
    token: str = field(repr=False)  # shown once
    ends_at: datetime


def client_of(parts: Parts, client_id: str) -> ClientRow | None:
    """The system, while it is in force and is what was registered."""
    row = parts.data.client(ClientId(client_id))
    if row is None or (row.ends_at is not None and row.ends_at <= parts.now()):
        return None
    return row if holds(parts, CLIENT, row.client_id, client_facts(row)) else None


def client_facts(row: ClientRow) -> tuple[str, ...]:
    """What the root vouches for about a system."""
    return row.structure_id, row.public_jwks, row.jwks_uri or "", "dpop" if row.dpop else ""


def give_token(parts: Parts, client: ClientRow, *, jti: str, assertion_ends_at: datetime) -> NewToken | None:
    """A fresh token, or None when this assertion was used before."""
    if not parts.keystore.use_jti(client.client_id, digest(jti), assertion_ends_at):
        return None
    ends_at = to_the_millisecond(parts.now() + TOKEN_LIFE)
    row = TokenRow("", client.client_id, client.structure_id, ends_at)
    secret = new_secret()
    token = f"{secret}.{_seal(doors_secret(parts), secret, row)}"
    parts.keystore.add_token(replace(row, token_id=digest(token)))
    return NewToken(token, ends_at)


def tokens_of(parts: Parts, tokens: Sequence[str]) -> list[TokenRow | None]:
    """The live token of each secret, in order: one look for all that wait."""
    rows, now = parts.keystore.tokens({digest(token) for token in tokens}), parts.now()
    doors = doors_secret(parts)
    return [_live(token, rows.get(digest(token)), doors, now) for token in tokens]


def _live(token: str, row: TokenRow | None, doors: bytes, now: datetime) -> TokenRow | None:
    """The row, if it is not over and its columns are those the token was given for."""
    if row is None or now >= row.ends_at:
        return None
    secret, _, seal = token.partition(".")
    return row if equal(seal, _seal(doors, secret, row)) else None


def _seal(doors: bytes, secret: str, row: TokenRow) -> str:
    return seal_of(doors, "token", secret, row.client_id, row.structure_id, row.ends_at.isoformat())
