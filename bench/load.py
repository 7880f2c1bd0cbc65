"""A small HTTP/1.1 load generator: N connections kept alive, one request under way on each.

Written for this bench because a general client costs more than the server it measures. Answers are checked:
anything but the expected status stops the run.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One round: requests per second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


class WrongAnswerError(Exception):
    """The server answered something else than what is measured."""


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as an answer is whole."""

    def __init__(self, requests: Sequence[bytes], start: int, until: float, taken: list[float]) -> None:
        self._requests, self._next, self._until, self._taken = requests, start, until, taken
        self._buffer, self._sent_at = b"", 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        now = time.perf_counter()
        if not head.startswith(b"http/1.1 200"):
            self._finish(WrongAnswerError(self._buffer[:300].decode("latin-1")))
            return
        self._taken.append(now - self._sent_at)
        self._buffer = self._buffer[end + 4 + length :]
        if now < self._until:
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or ConnectionResetError("the server closed the connection"))

    def _finish(self, error: Exception | None) -> None:
        if not self.done.done():
            if error:
                self.done.set_exception(error)
            else:
                self.done.set_result(None)
        if self._transport:
            self._transport.close()


async def _run(port: int, requests: Sequence[bytes], callers: int, seconds: float) -> Sample:
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    started = time.perf_counter()
    stride = max(1, len(requests) // callers)
    connections = []
    for number in range(callers):
        _, connection = await loop.create_connection(
            lambda number=number: _Connection(requests, number * stride, started + seconds, taken),  # type: ignore[misc] # a default argument binds the number
            "127.0.0.1",
            port,
        )
        connections.append(connection)
    await asyncio.gather(*(connection.done for connection in connections))
    elapsed = time.perf_counter() - started
    taken.sort()
    return Sample(
        rate=len(taken) / elapsed,
        p50=taken[len(taken) // 2] * 1000,
        p99=taken[min(len(taken) - 1, int(len(taken) * 0.99))] * 1000,
    )


def measure(port: int, requests: Sequence[bytes], *, callers: int, seconds: float) -> Sample:
    """One round against a server on loopback."""
    return asyncio.run(_run(port, requests, callers, seconds))


def request(path: str, token: str) -> bytes:
    """The bytes of a GET with a bearer token."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json\r\n\r\n"
    ).encode()
