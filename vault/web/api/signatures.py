"""Signed texts of programs (JWS compact, RFC 7515): read, and checked against public keys we already hold.

A key is never taken because a header says so. The rule is that of the key's type (ES256 for EC P-256, EdDSA
for Ed25519), and each check costs the same number of signatures whatever is known about whoever asks: who
measures the time learns nothing of which systems exist, or of how many keys they have.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from schemas.canonical import CanonicalError, parse_strict
from vault.errors import RefusedError

LONGEST = 8 * 1024
TRIED = 3  # signatures checked for each text, always
FORBIDDEN_HEADERS = frozenset({"jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
ALGORITHMS = ("ES256", "EdDSA")  # what we tell programs to use

_KIND_OF = {"ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_ED25519 = jws.JWSRegistry.algorithms["Ed25519"]


class _Edwards(jws.JWSRegistry):
    """Ed25519 under both its names: RFC 8037's, which systems send, and RFC 9864's, which replaces it."""

    algorithms = {"EdDSA": _ED25519, "Ed25519": _ED25519}  # noqa: RUF012 - as the library declares it


# By type of the key: what it may have signed with.
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
class PublicKey:
    """A key that signatures are checked with. ``kid`` is how its owner names it, if he does."""

    kid: str | None
    kind: str
    key: ECKey | OKPKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unproven:
    """What a text says, before anything is believed."""

    text: str = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def kid(self) -> str | None:
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None


def unproven(text: str, *, told: str = "the assertion is not valid") -> Unproven:
    """The header and claims of a compact text. Raises UnprovenError(told)."""
    pieces = text.split(".")
    if len(text) > LONGEST or not text.isascii() or len(pieces) != 3:
        raise UnprovenError(told)
    header, claims = _part(pieces[0]), _part(pieces[1])
    if header is None or claims is None:
        raise UnprovenError(told)
    return Unproven(text, header, claims)


def _part(piece: str) -> dict[str, Any] | None:
    try:
        value = parse_strict(urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    except (Base64Error, CanonicalError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def signed_by_one_of(told: Unproven, keys: Sequence[PublicKey]) -> bool:
    """Whether one of these keys signed it. ``TRIED`` signatures are checked, whatever was found."""
    algorithm = told.header.get("alg")
    kind = _KIND_OF.get(algorithm) if isinstance(algorithm, str) else None
    if kind is None or FORBIDDEN_HEADERS & told.header.keys():
        return False
    chosen = [one.key for one in _chosen(keys, kind, told.header.get("kid"))]
    held = [_holds(told.text, key, kind) for key in (*chosen, *[_decoy(kind)] * TRIED)[:TRIED]]
    return any(held[: len(chosen)])


def _chosen(keys: Sequence[PublicKey], kind: str, kid: object) -> Sequence[PublicKey]:
    """The key of that name; without a name, or when none bears one, those there are if they are few."""
    mine = [one for one in keys if one.kind == kind]
    if kid is not None:
        named = [one for one in mine if one.kid is not None and one.kid == kid]
        mine = named or [one for one in mine if one.kid is None]
    return mine if len(mine) <= TRIED else []


def _holds(text: str, key: ECKey | OKPKey, kind: str) -> bool:
    try:
        jws.deserialize_compact(text, key, registry=_REGISTRIES[kind])
    except (JoseError, ValueError, TypeError):
        return False
    return True


@cache
def _decoy(kind: str) -> ECKey | OKPKey:
    """A key of nobody's: what it signed is checked in place of a key there is not."""
    return ECKey.generate_key("P-256") if kind == "EC" else OKPKey.generate_key("Ed25519")


@lru_cache(maxsize=1024)
def registered_keys(public_jwks: str) -> tuple[PublicKey, ...]:
    """Those of a registered list; one that is no key is left out."""
    listed = json.loads(public_jwks).get("keys", [])
    return tuple(key for key in map(public_key, listed) if key is not None)


def public_key(jwk: object) -> PublicKey | None:
    """The public key a JWK says, if it is for signatures and of a kind we check; None for anything else, one
    with a private part too."""
    if not isinstance(jwk, dict) or {"d", "k"} & jwk.keys():
        return None
    kind, kid = jwk.get("kty"), jwk.get("kid")
    if not isinstance(kind, str) or _CURVES.get(kind) != jwk.get("crv") or jwk.get("use", "sig") != "sig":
        return None
    if "alg" in jwk and (not isinstance(jwk["alg"], str) or _KIND_OF.get(jwk["alg"]) != kind):
        return None
    try:
        told = {name: jwk[name] for name in _MEMBERS[kind]}
        key = ECKey.import_key(told) if kind == "EC" else OKPKey.import_key(told)
    except (JoseError, KeyError, ValueError, TypeError, AttributeError):
        return None
    return PublicKey(kid if isinstance(kid, str) and kid else None, kind, key)


def thumbprint(key: PublicKey) -> str:
    """Of the public key alone (RFC 7638), 43 characters of base64url."""
    told = key.key.as_dict(private=False)
    text = json.dumps(
        {name: told[name] for name in _MEMBERS[key.kind]}, sort_keys=True, separators=(",", ":")
    )
    return base64url(sha256(text.encode()).digest())


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def instant_of(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate (RFC 7519); None when absent. Raises UnprovenError."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**33:
        raise UnprovenError(f"{name} is not a date")
    return datetime.fromtimestamp(value, tz=UTC)
