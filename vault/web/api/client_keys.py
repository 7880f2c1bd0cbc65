"""The public keys of a system: those registered, or those it publishes at the address that was registered.

An address is asked as little as can be, and never believed further than the keys it gives:

- https, at public addresses alone; or http on this very machine. The name is looked up first, every address
  it has is checked, and the connection goes to what was checked. No redirect, no proxy, 64 KiB, ten seconds.
- Kept ten minutes. An unknown ``kid`` has it asked once more, at most every ten seconds; after a failure not
  for half a minute. While it does not answer the last keys serve, for a day at most; then there are none.
- Few threads ever wait for such an address: the others take what is kept, or are refused.

What goes wrong is one line for the operator; the caller hears that its assertion is not valid.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx2

from schemas.canonical import CanonicalError, parse_strict
from vault.errors import RefusedError
from vault.services.ports import ClientRow
from vault.web.api.signatures import PublicKey, public_key, registered_keys
from vault.web.login.provider_http import (
    STEP_SECONDS,
    WHOLE_SECONDS,
    BoundedTransport,
    client_options,
    media_type,
)

log = logging.getLogger("carnet.security")

KEPT_SECONDS = 600.0
STALE_SECONDS = 24 * 3600.0
ASKED_AGAIN = 10.0  # seconds
PAUSE_AFTER_FAILURE = 30.0  # seconds
PLACES = 8  # threads that fetch or wait for a fetch, of all systems together
PATIENCE = 2.0  # seconds one waits for another's fetch
MOST_KEYS = 50
MOST_ADDRESSES = 2  # of one name, tried in turn
_MEDIA_TYPES = ("application/json", "application/jwk-set+json")
# Ways to write an IPv4 address inside an IPv6 one, which some routers follow.
_EMBEDDING = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class KeysUnavailableError(RefusedError):
    """The address gives no keys; ``why`` for the operator's line."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class _Kept:
    """What one address last gave, and when; seconds of the clock."""

    keys: tuple[PublicKey, ...] = ()
    fetched_at: float = float("-inf")
    asked_at: float = float("-inf")
    failed: bool = False
    asking: threading.Lock = field(default_factory=threading.Lock)


class ClientKeys:
    """One for a process. ``clock`` gives seconds that never go back."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        step_seconds: float = STEP_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self._clock, self._step, self._whole = clock, step_seconds, whole_seconds
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(PLACES)

    def keys_of(self, client: ClientRow, kid: str | None) -> tuple[PublicKey, ...]:
        """The system's keys now; none when its address gave none lately. Never raises."""
        if client.jwks_uri is None:
            return registered_keys(client.public_jwks)
        with self._lock:
            kept = self._kept.setdefault(client.jwks_uri, _Kept())
        if self._must_ask(kept, kid):
            with self._place(kept) as mine:
                if mine and self._must_ask(kept, kid):
                    self._ask(client, client.jwks_uri, kept)
        return kept.keys if self._clock() - kept.fetched_at < STALE_SECONDS else ()

    def _must_ask(self, kept: _Kept, kid: str | None) -> bool:
        now = self._clock()
        if now - kept.asked_at < (PAUSE_AFTER_FAILURE if kept.failed else ASKED_AGAIN):
            return False
        unknown = kid is not None and all(one.kid != kid for one in kept.keys)
        return unknown or now - kept.fetched_at >= KEPT_SECONDS

    @contextmanager
    def _place(self, kept: _Kept) -> Iterator[bool]:
        """Whether it is this thread's turn to ask: not when too many wait already, or for too long."""
        if not self._places.acquire(blocking=False):
            yield False
            return
        try:
            mine = kept.asking.acquire(timeout=PATIENCE)
            try:
                yield mine
            finally:
                if mine:
                    kept.asking.release()
        finally:
            self._places.release()

    def _ask(self, client: ClientRow, uri: str, kept: _Kept) -> None:
        try:
            kept.keys = fetch_keys(uri, step_seconds=self._step, whole_seconds=self._whole)
            kept.fetched_at, kept.failed = self._clock(), False
        except KeysUnavailableError as error:
            kept.failed = True
            log.warning("the keys of system %s cannot be fetched: %s", client.client_id, error.why)
        kept.asked_at = self._clock()  # the pause begins when the wait is over


def fetch_keys(
    uri: str, *, step_seconds: float = STEP_SECONDS, whole_seconds: float = WHOLE_SECONDS
) -> tuple[PublicKey, ...]:
    """The keys published at an address now. Raises KeysUnavailableError."""
    parts = urlsplit(uri)
    addresses = checked_addresses(parts)
    for place, address in enumerate(addresses):
        try:
            return _read(_get(pinned(parts, address), step_seconds, whole_seconds))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
            if place + 1 == len(addresses):
                break
    raise KeysUnavailableError("no answer")


def checked_addresses(parts: SplitResult) -> list[str]:
    """Where to connect for this name: at most two addresses, once all it has are found fit. Raises
    KeysUnavailableError."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = getaddrinfo(host, port, type=SOCK_STREAM)
    except (gaierror, UnicodeError, OSError):
        raise KeysUnavailableError("the name is not known") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not addresses or not _fit(parts.scheme, addresses):
        raise KeysUnavailableError("the address is not one we connect to")
    return addresses[:MOST_ADDRESSES]


def _fit(scheme: str, addresses: Iterable[str]) -> bool:
    parsed = [_parsed(address) for address in addresses]
    if scheme == "http":
        return all(address is not None and address.is_loopback for address in parsed)
    return scheme == "https" and all(address is not None and _public(address) for address in parsed)


def _public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and any(address in network for network in _EMBEDDING):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:  # with a zone: never public
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


@dataclass(frozen=True, slots=True)
class Pinned:
    """A request to one address, under the name that was asked: certificate and Host are the name's."""

    url: str
    host: str
    extensions: dict[str, Any]


def pinned(parts: SplitResult, address: str) -> Pinned:
    """The request for this address of the name."""
    where = f"[{address}]" if ":" in address else address
    port = f":{parts.port}" if parts.port else ""
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Pinned(f"{parts.scheme}://{where}{port}{target}", parts.netloc, {"sni_hostname": parts.hostname})


def _get(asked: Pinned, step_seconds: float, whole_seconds: float) -> httpx2.Response:
    transport = BoundedTransport(whole_seconds)
    try:
        with httpx2.Client(**client_options(transport, step_seconds)) as client:
            headers = {"Accept": "application/jwk-set+json, application/json", "Host": asked.host}
            return client.get(asked.url, headers=headers, extensions=asked.extensions)
    finally:
        transport.shut()


def _read(response: httpx2.Response) -> tuple[PublicKey, ...]:
    """The usable keys of the answer; two under one name count as none."""
    if response.status_code != 200 or media_type(response) not in _MEDIA_TYPES:
        raise KeysUnavailableError("not a list of keys")
    try:
        document = parse_strict(response.content)
    except CanonicalError:
        raise KeysUnavailableError("not a list of keys") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise KeysUnavailableError("not a list of keys")
    keys = [key for key in map(public_key, listed) if key is not None]
    names = [key.kid for key in keys if key.kid is not None]
    return tuple(key for key in keys if key.kid is None or names.count(key.kid) == 1)
