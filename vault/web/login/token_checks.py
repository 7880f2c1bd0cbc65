"""Whether a signed answer of a provider may be believed: the checks of an id_token, in order.

1. three parts, bounded; 2. ``alg`` is the one registered algorithm; no header that names a key or an
extension; 3. key by ``kid`` from that provider's JWKS; 4. signature; 5. ``iss``; 6. ``aud`` is us alone; 7.
``azp`` absent or us; 8. ``exp`` and ``iat`` with at most 30 seconds of leeway; 9. ``nonce`` in constant
time; 10. ``at_hash`` when present; 11. ``acr`` in the list that was asked; 12. ``sub``. When the person was
asked to prove again who she is, 13. ``auth_time`` not before she was asked. (OpenID Connect Core 1.0,
section 3.1.3.7; RFC 8725.)
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from schemas.canonical import CanonicalError, parse_strict
from vault.web.login.refusals import Refusal, SignInRefused

ALGORITHM = "ES256"
LEEWAY_SECONDS = 30
MAX_TOKEN_LENGTH = 16 * 1024
MAX_SUBJECT_LENGTH = 255
# Headers that hand us a key, an address to fetch one from, or a rule we do not know: never followed.
FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})

FindKey = Callable[[str], ECKey | None]
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)


@dataclass(frozen=True)
class ExpectedToken:
    """What a token of this provider must say, and the reason given when it does not."""

    issuer: str
    client_id: str
    now: datetime
    reason: Refusal


@dataclass(frozen=True)
class IdToken:
    """What we keep of a checked id_token."""

    subject: str = field(repr=False)
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime | None  # None when absent or not a number of seconds


def open_signed(token: object, *, find_key: FindKey, reason: Refusal) -> dict[str, Any]:
    """The claims of a compact JWS whose signature holds (checks 1 to 4). Raises SignInRefused(reason)."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        raise SignInRefused(reason, "form")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise SignInRefused(reason, "form")
    header = _part(parts[0], reason)
    if header.get("alg") != ALGORITHM:
        raise SignInRefused(reason, "alg")
    if FORBIDDEN_HEADERS & header.keys():
        raise SignInRefused(reason, "header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 255:
        raise SignInRefused(reason, "kid")
    key = find_key(kid)
    if key is None:
        raise SignInRefused(reason, "kid")
    try:
        jws.deserialize_compact(token, key, algorithms=[ALGORITHM], registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise SignInRefused(reason, "signature") from error
    return _part(parts[1], reason)


def check_claims(claims: Mapping[str, Any], expected: ExpectedToken, *, needs_iat: bool) -> None:
    """Checks 5 to 8. Raises SignInRefused."""
    if claims.get("iss") != expected.issuer:
        raise SignInRefused(expected.reason, "iss")
    if claims.get("aud") != expected.client_id:
        raise SignInRefused(expected.reason, "aud")
    if "azp" in claims and claims["azp"] != expected.client_id:
        raise SignInRefused(expected.reason, "azp")
    now = expected.now.timestamp()
    expires_at = _instant(claims.get("exp"), expected.reason, "exp")
    if expires_at <= now - LEEWAY_SECONDS:
        raise SignInRefused(expected.reason, "exp")
    if needs_iat or "iat" in claims:
        issued_at = _instant(claims.get("iat"), expected.reason, "iat")
        if issued_at > now + LEEWAY_SECONDS:
            raise SignInRefused(expected.reason, "iat")


def check_id_token(
    token: object,
    expected: ExpectedToken,
    *,
    nonce: str,
    levels: tuple[str, ...],
    access_token: str,
    find_key: FindKey,
) -> IdToken:
    """All twelve checks. Raises SignInRefused: LEVEL when only the level is wrong, else
    ``expected.reason``."""
    claims = open_signed(token, find_key=find_key, reason=expected.reason)
    check_claims(claims, expected, needs_iat=True)
    if not same(claims.get("nonce"), nonce):
        raise SignInRefused(expected.reason, "nonce")
    if "at_hash" in claims and not same(claims["at_hash"], half_hash(access_token)):
        raise SignInRefused(expected.reason, "at_hash")
    acr = claims.get("acr")
    if not isinstance(acr, str) or acr not in levels:
        raise SignInRefused(Refusal.LEVEL, "acr")
    subject = check_subject(claims, expected.reason)
    methods = _methods(claims, expected.reason)
    return IdToken(subject=subject, acr=acr, amr=methods, auth_time=_seconds(claims.get("auth_time")))


def check_fresh(id_token: IdToken, *, since: datetime, now: datetime) -> None:
    """Check 13: asking for a fresh sign-in is not obtaining it. Raises SignInRefused(NOT_FRESH)."""
    leeway, proved_at = timedelta(seconds=LEEWAY_SECONDS), id_token.auth_time
    if proved_at is None or not since - leeway <= proved_at <= now + leeway:
        raise SignInRefused(Refusal.NOT_FRESH, "auth_time")


def check_subject(claims: Mapping[str, Any], reason: Refusal) -> str:
    """``sub``: a non-empty string of at most 255 ASCII characters (OpenID Connect Core, section 2)."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH or not subject.isascii():
        raise SignInRefused(reason, "sub")
    return subject


def same(received: object, expected: str) -> bool:
    """Compare in constant time; anything but a string differs."""
    return isinstance(received, str) and hmac.compare_digest(received.encode(), expected.encode())


def half_hash(access_token: str) -> str:
    """``at_hash`` under ES256: the left half of SHA-256, base64url (OpenID Connect Core, section 3.1.3.6)."""
    return urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).decode().rstrip("=")


def _part(encoded: str, reason: Refusal) -> dict[str, Any]:
    try:
        if not all(char.isalnum() or char in "-_" for char in encoded):
            raise Base64Error
        value = parse_strict(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (Base64Error, ValueError, CanonicalError) as error:
        raise SignInRefused(reason, "form") from error
    if not isinstance(value, dict):
        raise SignInRefused(reason, "form")
    return value


def _instant(value: object, reason: Refusal, check: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**53:
        raise SignInRefused(reason, check)
    return float(value)


def _seconds(value: object) -> datetime | None:
    """An integer of seconds since 1970, up to the year 9999."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 253_402_300_800:
        return None
    return datetime.fromtimestamp(value, UTC)


def _methods(claims: Mapping[str, Any], reason: Refusal) -> tuple[str, ...]:
    amr = claims.get("amr", [])
    if not isinstance(amr, list) or len(amr) > 20:
        raise SignInRefused(reason, "amr")
    if not all(isinstance(word, str) and len(word) <= 64 and word.isprintable() for word in amr):
        raise SignInRefused(reason, "amr")
    return tuple(amr)
