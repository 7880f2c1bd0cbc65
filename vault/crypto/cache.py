"""Remembers for a minute what wrapped bytes unwrap to.

The key is the digest of bytes *just read from the store*, with the place they were read from: a row that is
deleted, changed or moved therefore has nothing to look up. Only unwrapped secrets are kept here: never a
decision, a grant's row or a plaintext.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

from schemas.framing import lp

MAX_AGE = timedelta(seconds=60)
MAX_ENTRIES = 20_000


class UnwrapCache:
    """Safe to share between threads. Two threads may unwrap the same row at once; both get the same."""

    def __init__(
        self,
        max_age: timedelta = MAX_AGE,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        """``clock``: seconds that never step back. ``max_age`` is at most a minute (ValueError)."""
        if not timedelta(0) <= max_age <= MAX_AGE:
            raise ValueError("unwrapped secrets are kept a minute at most")
        self._max_age, self._max_entries, self._clock = max_age.total_seconds(), max_entries, clock
        self._kept: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()  # oldest first
        self._lock = threading.Lock()

    def get_or(self, wrapped: bytes, unwrap: Callable[[], bytes], *, place: bytes) -> bytes:
        """What ``wrapped`` unwraps to. ``place`` holds everything else ``unwrap`` depends on: where the
        bytes were read from, the seed and the terms for a grant key. Failures are not remembered."""
        name = hashlib.sha256(lp(place, wrapped)).digest()
        with self._lock:
            self._drop_expired()
            found = self._kept.get(name)
        if found is not None:
            return found[1]
        secret = unwrap()
        with self._lock:
            self._kept[name] = (self._clock() + self._max_age, secret)
            self._kept.move_to_end(name)
            while len(self._kept) > self._max_entries:
                self._kept.popitem(last=False)
        return secret

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def _drop_expired(self) -> None:
        now = self._clock()
        while self._kept:
            name, (ends_at, _) = next(iter(self._kept.items()))
            if now < ends_at:
                return
            del self._kept[name]

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<UnwrapCache of {len(self._kept)}>"
