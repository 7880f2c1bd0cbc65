"""HTTP towards the sign-in provider: a pool of its own, short, bounded, and deaf to redirects.

An answer is cut off at 64 KiB and at 10 seconds in all, however slowly it drips; compressed answers are
refused (a small one can hide a large one); no proxy or password is taken from the environment.
"""

import time
from collections.abc import Iterator

import httpx2

STEP_TIMEOUT_SECONDS = 5.0
WHOLE_TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 1024


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        for chunk in self._inner:
            total += len(chunk)
            if total > MAX_ANSWER_BYTES:
                raise httpx2.ReadError("the provider's answer is too large")
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the provider's answer takes too long")
            yield chunk

    def close(self) -> None:
        self._inner.close()


class BoundedTransport(httpx2.BaseTransport):
    """A connection pool shared by the short-lived clients of one provider. ``close`` is left to the owner
    (``shut``), because each client closes its transport when it ends."""

    def __init__(self) -> None:
        limits = httpx2.Limits(max_connections=20, max_keepalive_connections=4, keepalive_expiry=2)
        self._pool = httpx2.HTTPTransport(trust_env=False, retries=0, limits=limits)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = time.monotonic() + WHOLE_TIMEOUT_SECONDS
        request.headers["Accept-Encoding"] = "identity"
        response = self._pool.handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx2.DecodingError("the provider's answer is compressed")
        if not isinstance(
            response.stream, httpx2.SyncByteStream
        ):  # pragma: no cover - the sync pool's promise
            raise TypeError("a sync pool answers with a sync stream")
        response.stream = _BoundedStream(response.stream, deadline)
        return response

    def close(self) -> None:
        """Nothing: see the class."""

    def shut(self) -> None:
        """Close the pool's connections."""
        self._pool.close()


def client_options(transport: BoundedTransport) -> dict[str, object]:
    """The options every client towards a provider is made with."""
    return {
        "transport": transport,
        "timeout": STEP_TIMEOUT_SECONDS,
        "follow_redirects": False,
        "trust_env": False,
    }


def media_type(response: httpx2.Response) -> str:
    """``application/json`` of ``application/json; charset=utf-8``; empty when absent."""
    return str(response.headers.get("content-type", "")).split(";", 1)[0].strip().lower()
