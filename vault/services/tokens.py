"""Access tokens of systems: opaque, ten minutes, looked up at each request by their digest.

A token ends with a seal of what its row says, so that a row written by another hand opens nothing. Whoever
asks proves itself with a signed assertion (RFC 7523); the signature is checked at the door, which
then asks here that the assertion's ``jti`` was never used.

A token may be bound to a key (``jkt``, RFC 9449): each call then comes with a proof, used once like an
assertion. Tokens end with their system, and when one of its keys is removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schemas.ids import ClientId
from vault.crypto import digest, equal, new_secret
from vault.services.bindings import (
    CLIENT,
    binding_name,
    digest_of,
    doors_secret,
    seal_of,
    to_the_millisecond,
)
from vault.services.parts import Parts
from vault.services.ports import ClientRow, SecretName, TokenRow

TOKEN_LIFE = timedelta(seconds=600)
_NOBODY = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class NewToken:
    token: str = field(repr=False)  # shown once
    ends_at: datetime


def client_of(parts: Parts, client_id: str) -> ClientRow | None:
    """The system, while it is in force and is what was registered."""
    client_id = client_id if client_id.isascii() else ""  # any text may stand in an assertion; no id is such
    row = parts.data.client(ClientId(client_id))
    vouched = _vouched(parts, client_id, _NOBODY if row is None else client_facts(row))
    if row is None or (row.ends_at is not None and row.ends_at <= parts.now()):
        return None
    return row if vouched else None


def _vouched(parts: Parts, client_id: str, facts: tuple[str, ...]) -> bool:
    """Whether the root vouches for these facts; the same look whoever is asked about."""
    wanted = digest_of(CLIENT, client_id, facts)
    kept = parts.rows.load([binding_name(CLIENT, client_id), next_name(client_id)])
    return any(equal(one, wanted) for one in kept.values())


def client_facts(row: ClientRow) -> tuple[str, ...]:
    """What the root vouches for about a system."""
    return row.structure_id, row.public_jwks, row.jwks_uri or "", "dpop" if row.dpop else ""


def use_once(parts: Parts, client_id: ClientId, jti: str, ends_at: datetime) -> bool:
    """Use an assertion or a proof of this system up. False when it was used before."""
    return parts.keystore.use_jti(client_id, digest(jti), ends_at)


def next_name(client_id: str) -> SecretName:
    """The row of K that vouches for a system's new facts while they change."""
    return ("client-next", client_id)


def give_token(
    parts: Parts, client: ClientRow, *, jti: str, assertion_ends_at: datetime, jkt: str = ""
) -> NewToken | None:
    """A fresh token, bound to the key ``jkt`` names if any; None when this assertion was used before, or when
    the system is no longer what it was."""
    if not use_once(parts, client.client_id, jti, assertion_ends_at):
        return None
    ends_at = to_the_millisecond(parts.now() + TOKEN_LIFE)
    row = TokenRow("", client.client_id, client.structure_id, ends_at, jkt)
    secret = new_secret()
    token = f"{secret}.{_seal(doors_secret(parts), secret, row)}"
    parts.keystore.add_token(replace(row, token_id=digest(token)))
    if client_of(parts, client.client_id) != client:  # it changed meanwhile, and this one was not ended
        end_token(parts, client.client_id, token)
        return None
    return NewToken(token, ends_at)


def end_token(parts: Parts, client_id: ClientId, token: str) -> None:
    """What this token opened is closed, if it is one of that system's. Unknown or another's: nothing."""
    parts.keystore.end_tokens(client_id, token_id=digest(token))


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
    return seal_of(doors, "token", secret, row.client_id, row.structure_id, row.ends_at.isoformat(), row.jkt)
