"""Whether a system's signed assertion (RFC 7523, private_key_jwt) may be believed: the checks, in order.

1. three parts, bounded, ASCII; 2. ``iss`` = ``sub`` = the ``client_id`` given beside, if any; 3. a system in
force has that id; 4. no header that holds a key, an address or a rule we do not know; 5. ``alg`` is the one
of a key of that system, chosen by ``kid``, whatever the header says; 6. signature; 7. ``aud`` is one of our
addresses; 8. ``exp`` is ahead, by five minutes at most; 9. ``iat`` and ``nbf``, if given, are not; 10.
``jti`` is a text.

An unknown system costs what a known one does: the row of K is looked for, and signatures are checked with
keys of nobody's. That the ``jti`` was never used is asked of the key store afterwards, under its own lock.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vault.services.parts import Parts
from vault.services.ports import ClientRow
from vault.services.tokens import client_of
from vault.web.api.client_keys import ClientKeys
from vault.web.api.params import well_formed
from vault.web.api.signatures import UnprovenError, instant_of, signed_by_one_of, unproven

FARTHEST = timedelta(minutes=5)
LEEWAY = timedelta(seconds=30)  # for clocks, on iat and nbf; never on exp


@dataclass(frozen=True, slots=True)
class Assertion:
    client: ClientRow
    jti: str
    ends_at: datetime


def open_assertion(
    parts: Parts,
    text: str,
    *,
    keys: ClientKeys,
    client_id: str | None,
    audiences: Collection[str],
    now: datetime,
) -> Assertion:
    """The system and the single use this assertion stands for. Raises UnprovenError."""
    told = unproven(text)
    subject = told.claims.get("sub")
    if not isinstance(subject, str) or told.claims.get("iss") != subject or client_id not in (None, subject):
        raise UnprovenError
    client = client_of(parts, well_formed(subject))
    held = () if client is None else keys.keys_of(client, told.kid)
    if "jwk" in told.header or not signed_by_one_of(told, held) or client is None:
        raise UnprovenError
    return _checked(client, told.claims, audiences, now)


def _checked(
    client: ClientRow, claims: Mapping[str, Any], audiences: Collection[str], now: datetime
) -> Assertion:
    aud = claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if not any(isinstance(one, str) and one in audiences for one in named):
        raise UnprovenError("aud is neither the token endpoint nor the public address")
    ends_at = instant_of(claims, "exp")
    if ends_at is None or not now < ends_at <= now + FARTHEST:
        raise UnprovenError("exp must be ahead, by five minutes at most")
    for name in ("iat", "nbf"):
        at = instant_of(claims, name)
        if at is not None and at > now + LEEWAY:
            raise UnprovenError(f"{name} is in the future")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255:
        raise UnprovenError("jti must be a text of 1 to 255 characters")
    return Assertion(client, jti, ends_at)
