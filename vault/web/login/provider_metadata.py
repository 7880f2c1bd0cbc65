"""A provider as it describes itself: endpoints from discovery, keys from its JWKS, both cached.

- The document must name the issuer that was configured (OpenID Connect Discovery 1.0, section 4.3), and every
  endpoint must be on the issuer's own origin: a foreign address in it never receives our secret or a code.
- Keys change without notice: an unknown ``kid`` causes one refetch, at most every 10 seconds.
- A provider that does not answer is not asked again for 5 seconds, so that its silence is waited for once
  and not by everybody in turn.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from schemas.canonical import CanonicalError, parse_strict
from vault.web.login.provider_http import (
    STEP_SECONDS,
    WHOLE_SECONDS,
    BoundedTransport,
    client_options,
    media_type,
)
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.settings import ProviderSettings, acceptable_address

METADATA_LIFETIME = timedelta(hours=1)
KEYS_LIFETIME = timedelta(hours=1)
KEYS_REFETCH_INTERVAL = timedelta(seconds=10)
PAUSE_AFTER_FAILURE = timedelta(seconds=5)
SIGNATURE_ALGORITHM = "ES256"

Keys = dict[str, ECKey]
Fetched = TypeVar("Fetched")


@dataclass(frozen=True)
class Metadata:
    """The endpoints of one provider, all checked."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str


class _Cached(Generic[Fetched]):
    """One fetched thing: kept for a while, fetched by one thread at a time, not retried at once on
    failure."""

    def __init__(self, fetch: Callable[[], Fetched], lifetime: timedelta) -> None:
        self._fetch = fetch
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._value: Fetched | None = None
        self._fetched_at: datetime | None = None
        self._failure: tuple[datetime, SignInRefused] | None = None

    def get(self, now: datetime, *, older_than: timedelta | None = None) -> Fetched:
        """The value, fetched again when older than its lifetime (or than ``older_than``)."""
        with self._lock:
            oldest = now - (self._lifetime if older_than is None else older_than)
            if self._value is not None and self._fetched_at is not None and self._fetched_at > oldest:
                return self._value
            if self._failure is not None and now - self._failure[0] < PAUSE_AFTER_FAILURE:
                raise SignInRefused(self._failure[1].reason, self._failure[1].check)
            begun = time.monotonic()
            try:
                self._value = self._fetch()
            except SignInRefused as refusal:  # the pause begins when the wait is over
                self._failure = (now + timedelta(seconds=time.monotonic() - begun), refusal)
                raise
            self._fetched_at, self._failure = now, None
            return self._value


class Provider:
    """One configured provider: its settings, its pool, its cached description. Safe to share by threads.
    A step of an exchange may take ``step_seconds``, the whole of it ``whole_seconds``."""

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        step_seconds: float = STEP_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self.settings = settings
        self._transport = BoundedTransport(whole_seconds)
        self._options = client_options(self._transport, step_seconds)
        self._metadata = _Cached(self._fetch_metadata, METADATA_LIFETIME)
        self._keys = _Cached(self._fetch_keys, KEYS_LIFETIME)
        self._jwks_uri = ""
        self._refetched_at: datetime | None = None
        self._refetching = threading.Lock()

    def metadata(self, now: datetime) -> Metadata:
        """The endpoints. Raises SignInRefused: PROVIDER_DOWN, or METADATA when the document is not
        acceptable."""
        return self._metadata.get(now)

    def key(self, kid: str, now: datetime) -> ECKey | None:
        """The provider's ES256 key of that id; None when it has no such key, even after a refetch."""
        self._jwks_uri = self.metadata(now).jwks_uri
        keys = self._keys.get(now)
        if kid not in keys:
            with self._refetching:  # whoever comes second finds what the first has fetched
                keys = self._keys.get(now)
                if kid not in keys and self._may_refetch(now):
                    self._refetched_at = now
                    keys = self._keys.get(now, older_than=timedelta(0))
        return keys.get(kid)

    def client(self) -> OAuth2Client:
        """A client for one sign-in: it holds that person's access token, so it is never shared. Leeway 0,
        or a 60-second token would count as expired before its first use."""
        return OAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            scope=" ".join(self.settings.scopes),
            redirect_uri=self.settings.redirect_uri,
            code_challenge_method="S256" if self.settings.pkce else None,
            leeway=0,
            **self._options,
        )

    def close(self) -> None:
        """Close the pool's connections. Also done on leaving the provider as a context manager."""
        self._transport.shut()

    def __enter__(self) -> "Provider":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _may_refetch(self, now: datetime) -> bool:
        return self._refetched_at is None or now - self._refetched_at >= KEYS_REFETCH_INTERVAL

    def _fetch_metadata(self) -> Metadata:
        document = self._fetch_json(f"{self.settings.issuer}/.well-known/openid-configuration")
        return read_metadata(document, self.settings.issuer)

    def _fetch_keys(self) -> Keys:
        return read_keys(self._fetch_json(self._jwks_uri))

    def _fetch_json(self, address: str) -> dict[str, Any]:
        try:
            with httpx2.Client(**self._options) as client:
                response = client.get(address, headers={"Accept": "application/json"})
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise SignInRefused(Refusal.PROVIDER_DOWN, "no answer") from error
        if response.status_code != 200:
            raise SignInRefused(Refusal.PROVIDER_DOWN, "status")
        if media_type(response) not in ("application/json", "application/jwk-set+json"):
            raise SignInRefused(Refusal.METADATA, "content type")
        try:
            document = parse_strict(response.content)
        except CanonicalError as error:
            raise SignInRefused(Refusal.METADATA, "not JSON") from error
        if not isinstance(document, dict):
            raise SignInRefused(Refusal.METADATA, "not an object")
        return document


def read_metadata(document: dict[str, Any], issuer: str) -> Metadata:
    """Check a discovery document against the configured issuer. Raises SignInRefused(METADATA)."""
    if document.get("issuer") != issuer:
        raise SignInRefused(Refusal.METADATA, "issuer")
    algorithms = document.get("id_token_signing_alg_values_supported")
    if not isinstance(algorithms, list) or SIGNATURE_ALGORITHM not in algorithms:
        raise SignInRefused(Refusal.METADATA, "algorithms")
    home = urlsplit(issuer)
    endpoints = {}
    for name in Metadata.__dataclass_fields__:
        parts = acceptable_address(document.get(name))
        if parts is None or (parts.scheme, parts.netloc) != (home.scheme, home.netloc) or parts.query:
            raise SignInRefused(Refusal.METADATA, name)
        endpoints[name] = str(document[name])
    return Metadata(**endpoints)


def read_keys(document: dict[str, Any]) -> Keys:
    """The ES256 keys of a JWKS by ``kid``. Other kinds are passed over; two keys under one name count as
    none. Raises SignInRefused(METADATA) when there is no list of keys."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > 50:
        raise SignInRefused(Refusal.METADATA, "keys")
    found: Keys = {}
    ambiguous: set[str] = set()
    for entry in listed:
        kid = entry.get("kid") if isinstance(entry, dict) else None
        key = _es256_key(entry) if isinstance(kid, str) and kid else None
        if key is None or not isinstance(kid, str):
            continue
        if kid in found:
            ambiguous.add(kid)
        found[kid] = key
    return {kid: key for kid, key in found.items() if kid not in ambiguous}


def _es256_key(entry: dict[str, Any]) -> ECKey | None:
    if entry.get("kty") != "EC" or entry.get("crv") != "P-256":
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", SIGNATURE_ALGORITHM) != SIGNATURE_ALGORITHM:
        return None
    try:
        return ECKey.import_key({member: entry[member] for member in ("kty", "crv", "x", "y")})
    except (JoseError, KeyError, ValueError, TypeError):
        return None
