"""HTTP towards the sign-in provider: a pool of its own, short, bounded, and deaf to redirects.

- 5 seconds for each step, 10 for a whole exchange: a provider that drips one byte at a time, headers
  included, is cut off like a silent one (a timeout per read alone would let it hold a thread for hours).
- 64 KiB an answer; compressed answers are refused, because a small one can hide a large one.
- No retry, no redirect, no proxy and no password from the environment.
"""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

STEP_SECONDS = 5.0
WHOLE_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 1024


class _Deadline(threading.local):
    """When the exchange of this thread must be over, on the monotonic clock."""

    at = float("inf")

    def left(self, timeout: float | None) -> float:
        """The time a step may take. Raises ReadTimeout when there is none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the exchange takes too long")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._sockets = httpcore2.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        stream = self._sockets.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Answer(httpx2.SyncByteStream):
    """A body of bounded size."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        with _our_errors():
            for chunk in self._inner:
                total += len(chunk)
                if total > MAX_ANSWER_BYTES:
                    raise httpx2.ReadError("the provider's answer is too large")
                yield chunk

    def close(self) -> None:
        self._inner.close()


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise httpx2.ReadTimeout("the provider does not answer in time") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise httpx2.ReadError("the provider cannot be reached") from error


class BoundedTransport(httpx2.BaseTransport):
    """The connection pool of one provider, shared by its short-lived clients. Each client closes its
    transport when it ends, so closing is left to the owner: ``shut``."""

    def __init__(self, whole_seconds: float) -> None:
        self._whole_seconds = whole_seconds
        self._deadline = _Deadline()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=20,
            max_keepalive_connections=4,
            keepalive_expiry=2,
            network_backend=_Backend(self._deadline),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._deadline.at = time.monotonic() + self._whole_seconds
        request.headers["Accept-Encoding"] = "identity"
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        with _our_errors():
            got = self._pool.handle_request(asked)
        response = httpx2.Response(got.status, headers=got.headers, stream=_Answer(got.stream))
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx2.DecodingError("the provider's answer is compressed")
        return response

    def close(self) -> None:
        """Nothing: see the class."""

    def shut(self) -> None:
        """Close the pool's connections."""
        self._pool.close()


def client_options(transport: BoundedTransport, step_seconds: float) -> dict[str, Any]:
    """The options every client towards a provider is made with."""
    return {"transport": transport, "timeout": step_seconds, "follow_redirects": False, "trust_env": False}


def media_type(response: httpx2.Response) -> str:
    """``application/json`` of ``application/json; charset=utf-8``; empty when absent."""
    return str(response.headers.get("content-type", "")).split(";", 1)[0].strip().lower()
