"""Whether a call proves that it holds a key (DPoP, RFC 9449): the checks, in order.

1. one ``DPoP`` header, three parts, bounded; 2. ``typ`` is ``dpop+jwt``; 3. ``jwk`` is a public key of a kind
we check, and no other header names a key, an address or a rule; 4. it signed this text; 5. ``htm`` and
``htu`` are this call's; 6. ``iat`` is within a minute of now; 7. with a token, ``ath`` is its digest; 8.
``jti`` is a text. That it was never used is asked of the key store afterwards, under its own lock.

The key proves nothing by itself: what it is compared with, the thumbprint a token is bound to, is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from starlette.requests import Request

from vault.web.api.signatures import (
    ALGORITHMS,
    UnprovenError,
    base64url,
    instant_of,
    public_key,
    signed_by_one_of,
    thumbprint,
    unproven,
)

HEADER = "DPoP"
SCHEME = "DPoP"
NEAR = timedelta(seconds=60)
CHALLENGE = f'DPoP error="%s", algs="{" ".join(ALGORITHMS)}"'  # RFC 9449, section 7.1

_TOLD = "the proof is not valid"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proof:
    """``jkt`` names the key; ``use`` this one proof, for as long as it would be believed."""

    jkt: str
    use: str
    ends_at: datetime


def has_proof(request: Request) -> bool:
    return HEADER.lower() in request.headers


def open_proof(request: Request, public_url: str, *, now: datetime, token: str | None = None) -> Proof:
    """The proof of this call; ``token`` is the access token it comes with. Raises UnprovenError."""
    headers = request.headers.getlist(HEADER)
    if len(headers) != 1:
        raise UnprovenError(_TOLD)
    told = unproven(headers[0], told=_TOLD)
    key = public_key(told.header.get("jwk"))
    if told.header.get("typ") != "dpop+jwt" or key is None or not signed_by_one_of(told, [key]):
        raise UnprovenError(_TOLD)
    claims = told.claims
    here = _is_here(claims.get("htu"), public_url, request.scope["path"])
    if claims.get("htm") != request.method or not here:
        raise UnprovenError("htm and htu must be this call's method and address")
    at = instant_of(claims, "iat")
    if at is None or abs(at - now) > NEAR:
        raise UnprovenError("iat must be within a minute of now")
    if token is not None and not _is_for(claims, token):
        raise UnprovenError("ath is not the digest of the access token")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255:
        raise UnprovenError("jti must be a text of 1 to 255 characters")
    jkt = thumbprint(key)
    return Proof(jkt, f"dpop {jkt} {jti}", at + NEAR + NEAR)


def _is_for(claims: Mapping[str, Any], token: str) -> bool:
    ath = claims.get("ath")
    wanted = base64url(sha256(token.encode("utf-8", "surrogatepass")).digest())
    return isinstance(ath, str) and compare_digest(ath.encode("utf-8", "surrogatepass"), wanted.encode())


def _is_here(htu: object, public_url: str, path: str) -> bool:
    """Whether ``htu`` is this path of the public address, its query left out. What proxies and programs write
    in two ways (case of the host, the scheme's own port, percent signs) is compared as one."""
    if not isinstance(htu, str) or len(htu) > 2048:
        return False
    try:
        asked, home = urlsplit(htu), urlsplit(public_url)
        return _origin(asked) == _origin(home) and unquote(asked.path) == home.path.rstrip("/") + path
    except ValueError:
        return False


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    if parts.username is not None or parts.password is not None:
        raise ValueError("nobody is named in an address")
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
