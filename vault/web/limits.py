"""How often one may ask: counted in windows that open with the first call, kept in this process alone.

- Sign-ins started: 30 a minute and 300 an hour for each address. A loopback address that no trusted proxy
  told us is not counted: behind a proxy we were not told of, everybody would have it.
- Tokens: 60 a minute for each system. Reads: 12 000 a minute for each caller.
- Proposals: 600 an hour for each caller, which is ten whole interviews.
- By account, wherever it comes from: 120 sign-ins in ten minutes, 600 changes a minute, 60 papers in ten
  minutes.
- Proofs that failed (a system's assertion, a signature): 30 a minute for each address, then its next ones are
  refused before any signature is looked at. Invitations: 30 an hour for each account that invites. Codes of
  papers that stop a share: 30 an hour for each address.
- Denied reads: beyond 120 a minute a caller is refused before the log is asked, and the log gets one
  ``throttled`` entry for that window.

With several workers each counts for itself. ``CARNET_LIMITS=off`` counts nothing (load tests).
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

from schemas.framing import lp
from vault.errors import RefusedError

MOST_KEYS = 50_000  # windows remembered at once, for each rule


class TooManyError(RefusedError):
    """More calls than a limit allows; ``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many calls")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Rule:
    """At most ``most`` calls in ``seconds``."""

    most: int
    seconds: float


SIGN_IN_STARTS = (Rule(30, 60), Rule(300, 3600))
TOKENS = Rule(60, 60)
ACCOUNT_SIGN_INS = Rule(120, 600)
ACTS = Rule(600, 60)
PAPERS = Rule(60, 600)
FAILED_PROOFS = Rule(30, 60)
INVITATIONS = Rule(30, 3600)
SLIPS = Rule(30, 3600)
REQUESTS = Rule(120, 3600)
PROPOSALS = Rule(600, 3600)
READS = Rule(12_000, 60)
DENIED = Rule(120, 60)


class Windows:
    """Counts of one rule. ``clock`` gives seconds that never go back."""

    def __init__(self, rule: Rule, clock: Callable[[], float]) -> None:
        self.rule, self._clock = rule, clock
        self._lock = threading.Lock()
        self._open: dict[str, list[float]] = {}  # key → [start, count], oldest first

    def count(self, key: str) -> int:
        """Count one call. How many there were in this window, this one included."""
        with self._lock:
            window = self._window(key)
            window[1] += 1
            return int(window[1])

    def take(self, key: str) -> None:
        """Count one call. Raises TooManyError when the window was full; refused calls do not count."""
        with self._lock:
            window = self._window(key)
            if window[1] >= self.rule.most:
                raise TooManyError(self._left(window))
            window[1] += 1

    def check(self, key: str) -> None:
        """Raises TooManyError when the window is full. Counts nothing."""
        with self._lock:
            window = self._open.get(key)
            if window is None or self._over(window):
                return
            if window[1] >= self.rule.most:
                raise TooManyError(self._left(window))

    def _window(self, key: str) -> list[float]:
        window = self._open.get(key)
        if window is None or self._over(window):
            self._open.pop(key, None)
            self._make_room()
            window = self._open[key] = [self._clock(), 0]
        return window

    def _make_room(self) -> None:
        """Forget what is over; beyond the bound, the oldest windows too."""
        while self._open:
            oldest = next(iter(self._open))
            if len(self._open) < MOST_KEYS and not self._over(self._open[oldest]):
                return
            del self._open[oldest]

    def _over(self, window: list[float]) -> bool:
        return self._clock() - window[0] >= self.rule.seconds

    def _left(self, window: list[float]) -> int:
        return max(1, math.ceil(window[0] + self.rule.seconds - self._clock()))


class Limits:
    """The limits of one process. ``on`` False: nothing is counted, nothing is refused."""

    def __init__(self, *, on: bool, clock: Callable[[], float]) -> None:
        self._on = on
        self._sign_ins = [Windows(rule, clock) for rule in SIGN_IN_STARTS]
        self._tokens, self._reads = Windows(TOKENS, clock), Windows(READS, clock)
        self._denied = Windows(DENIED, clock)
        self._account_sign_ins = Windows(ACCOUNT_SIGN_INS, clock)
        self._acts, self._papers = Windows(ACTS, clock), Windows(PAPERS, clock)
        self._failed_proofs, self._invitations = Windows(FAILED_PROOFS, clock), Windows(INVITATIONS, clock)
        self._slips, self._requests = Windows(SLIPS, clock), Windows(REQUESTS, clock)
        self._proposals = Windows(PROPOSALS, clock)
        self._throttled = Windows(Rule(1, DENIED.seconds), clock)

    def sign_in_start(self, connection: HTTPConnection) -> None:
        """Raises TooManyError."""
        address = counted_address(connection)
        if self._on and address is not None:
            for windows in self._sign_ins:
                windows.take(address)

    def account_sign_in(self, issuer: str, subject: str) -> None:
        """Count a proven sign-in. Raises TooManyError, whether the account exists here or not."""
        if self._on:
            self._account_sign_ins.take(sha256(lp(issuer, subject)).hexdigest())

    def act(self, account_id: str) -> None:
        """Count a change asked by this account. Raises TooManyError."""
        if self._on:
            self._acts.take(account_id)

    def paper(self, account_id: str) -> None:
        """Count a paper made for this account. Raises TooManyError."""
        if self._on:
            self._papers.take(account_id)

    def token(self, client_id: str) -> None:
        """Raises TooManyError."""
        if self._on:
            self._tokens.take(client_id)

    def before_proof(self, address: str | None) -> None:
        """Raises TooManyError when too many proofs from this address (``counted_address``) failed lately:
        asked before any signature is looked at."""
        if self._on and address is not None:
            self._failed_proofs.check(address)

    def failed_proof(self, address: str | None) -> None:
        """Count a proof that did not hold."""
        if self._on and address is not None:
            self._failed_proofs.count(address)

    def invite(self, account_id: str) -> None:
        """Count an invitation by this account. Raises TooManyError."""
        if self._on:
            self._invitations.take(account_id)

    def ask(self, structure_id: str) -> None:
        """Count a request to share by this structure. Raises TooManyError."""
        if self._on:
            self._requests.take(structure_id)

    def propose(self, caller: str) -> None:
        """Count what this caller proposes to write. Raises TooManyError."""
        if self._on:
            self._proposals.take(caller)

    def slip(self, connection: HTTPConnection) -> None:
        """Count a code typed from a paper. Raises TooManyError."""
        address = counted_address(connection)
        if self._on and address is not None:
            self._slips.take(address)

    def read(self, caller: str) -> None:
        """Raises TooManyError."""
        if self._on:
            self._reads.take(caller)

    def before_read(self, caller: str) -> None:
        """Raises TooManyError when this caller was denied too often in this minute."""
        if self._on:
            self._denied.check(caller)

    def denied(self, caller: str) -> None:
        """Count a denied read."""
        if self._on:
            self._denied.count(caller)

    def first_throttled(self, caller: str) -> bool:
        """Whether this refusal is the one the log hears of, for a minute."""
        return self._throttled.count(caller) == 1


def counted_address(connection: HTTPConnection) -> str | None:
    """The key an address is counted under; None for one that is not counted.

    The server rewrites the client from a trusted proxy's header alone, and then gives it port 0 or the one
    told; a direct loopback connection has its own port.
    """
    client = connection.client
    if client is None:
        return None
    address = _parsed(client.host)
    if address is None or (address.is_loopback and client.port != 0):
        return None
    if isinstance(address, IPv6Address):  # one subscriber has a whole /64
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
