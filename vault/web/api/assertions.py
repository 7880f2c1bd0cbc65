"""Whether a system's signed assertion (RFC 7523, private_key_jwt) may be believed: the checks, in order.

1. three parts, bounded, ASCII; 2. ``iss`` = ``sub`` = the ``client_id`` given beside, if any; 3. a system in
force has that id; 4. no header that names a key, an address or a rule we do not know; 5. ``alg`` is the one
of the registered key's type, whatever the header says; 6. signature; 7. ``aud`` is one of our addresses;
8. ``exp`` is ahead, by five minutes at most; 9. ``iat`` and ``nbf``, if given, are not; 10. ``jti``.

That the ``jti`` was never used is asked of the key store afterwards, under its own lock.
"""

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from schemas.canonical import CanonicalError, parse_strict
from vault.errors import RefusedError
from vault.services.parts import Parts
from vault.services.ports import ClientRow
from vault.services.tokens import client_of
from vault.web.api.params import well_formed

LONGEST = 8 * 1024
FARTHEST = timedelta(minutes=5)
LEEWAY = timedelta(seconds=30)  # for clocks, on iat and nbf; never on exp
FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})

_ED25519 = jws.JWSRegistry.algorithms["Ed25519"]


class _Edwards(jws.JWSRegistry):
    """Ed25519 under both its names: RFC 8037's, which systems send, and RFC 9864's, which replaces it."""

    algorithms = {"EdDSA": _ED25519, "Ed25519": _ED25519}  # noqa: RUF012 - as the library declares it


# By type of the registered key: what it may have signed with.
_REGISTRIES: Mapping[str, jws.JWSRegistry] = {
    "EC": jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False),
    "OKP": _Edwards(algorithms=["EdDSA", "Ed25519"], strict_check_header=False),
}


class UnprovenError(RefusedError):
    """Not believed. ``told`` is what the caller may hear: before the signature holds, always the same."""

    def __init__(self, told: str = "the assertion is not valid") -> None:
        super().__init__(told)
        self.told = told


@dataclass(frozen=True, slots=True)
class Assertion:
    client: ClientRow
    jti: str
    ends_at: datetime


def open_assertion(
    parts: Parts, text: str, *, client_id: str | None, audiences: Collection[str], now: datetime
) -> Assertion:
    """The system and the single use this assertion stands for. Raises UnprovenError."""
    header, claims = _unproven(text)
    subject = claims.get("sub")
    if not isinstance(subject, str) or claims.get("iss") != subject or client_id not in (None, subject):
        raise UnprovenError
    client = client_of(parts, well_formed(subject))
    if client is None:
        raise UnprovenError
    _check_signature(text, header, client)
    return _checked(client, claims, audiences, now)


def _unproven(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    pieces = text.split(".")
    if len(text) > LONGEST or not text.isascii() or len(pieces) != 3:
        raise UnprovenError
    return _part(pieces[0]), _part(pieces[1])


def _part(piece: str) -> dict[str, Any]:
    try:
        value = parse_strict(urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    except (Base64Error, CanonicalError, ValueError):
        raise UnprovenError from None
    if not isinstance(value, dict):
        raise UnprovenError
    return value


def _check_signature(text: str, header: Mapping[str, Any], client: ClientRow) -> None:
    jwk = json.loads(client.public_jwks)["keys"][0]
    if FORBIDDEN_HEADERS & header.keys():
        raise UnprovenError
    try:
        key = ECKey.import_key(jwk) if jwk["kty"] == "EC" else OKPKey.import_key(jwk)
        jws.deserialize_compact(text, key, registry=_REGISTRIES[jwk["kty"]])
    except (JoseError, ValueError, TypeError):
        raise UnprovenError from None


def _checked(
    client: ClientRow, claims: Mapping[str, Any], audiences: Collection[str], now: datetime
) -> Assertion:
    aud = claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if not any(isinstance(one, str) and one in audiences for one in named):
        raise UnprovenError("aud is neither the token endpoint nor the public address")
    ends_at = _instant(claims, "exp")
    if ends_at is None or not now < ends_at <= now + FARTHEST:
        raise UnprovenError("exp must be ahead, by five minutes at most")
    for name in ("iat", "nbf"):
        at = _instant(claims, name)
        if at is not None and at > now + LEEWAY:
            raise UnprovenError(f"{name} is in the future")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255:
        raise UnprovenError("jti must be a text of 1 to 255 characters")
    return Assertion(client, jti, ends_at)


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate (RFC 7519); None when absent. Raises UnprovenError."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**33:
        raise UnprovenError(f"{name} is not a date")
    return datetime.fromtimestamp(value, tz=UTC)
