"""Callers that wait together are served together.

``Gatherer.ask`` waits without holding a thread. A few worker threads take all that waits, up to a limit, and
hand it to one call of ``work``: one commit, one statement of each kind, for many callers. Nobody waits for a
batch to fill: an idle worker starts with what is there.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from vault.errors import BrokenError

T = TypeVar("T")
R = TypeVar("R")

_Waiting = tuple[T, asyncio.AbstractEventLoop, asyncio.Future[R]]


class Gatherer(Generic[T, R]):
    """``work`` gets items and returns as many answers, in order; an Exception in an answer's place is raised
    to that caller alone. An exception raised by ``work`` itself reaches every caller of that batch."""

    def __init__(
        self, work: Callable[[Sequence[T]], Sequence[R | Exception]], *, threads: int = 2, most: int = 64
    ) -> None:
        self._work, self._most = work, most
        self._queue: deque[_Waiting[T, R]] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"gather-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    async def ask(self, item: T) -> R:
        """The answer to ``item``. Raises what ``work`` raised or returned for it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        with self._ready:
            if self._closed:
                raise RuntimeError("closed")
            self._queue.append((item, loop, future))
            self._ready.notify()
        return await future

    def close(self) -> None:
        """Finish what waits, then stop the threads."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self) -> None:
        while batch := self._take():
            self._hand_out(batch, self._answers([item for item, _, _ in batch]))

    def _answers(self, items: Sequence[T]) -> Sequence[R | Exception]:
        """One each, whatever happens: a thread that ended here would leave its callers, and all who come
        later, waiting for ever."""
        try:
            answers = self._work(items)
            if len(answers) != len(items):
                raise ValueError("another number of answers than of items")
        except Exception as error:  # every caller must hear of it, whatever it is
            return [error] * len(items)
        except BaseException as error:  # such as a panic of native code, which is no Exception
            return [BrokenError(f"interrupted: {type(error).__name__}")] * len(items)
        return answers

    def _take(self) -> list[_Waiting[T, R]]:
        """What waits, at most ``most``; empty only once closed."""
        with self._ready:
            while not self._queue and not self._closed:
                self._ready.wait()
            return [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]

    @staticmethod
    def _hand_out(batch: Sequence[_Waiting[T, R]], answers: Sequence[R | Exception]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[R], R | Exception]]] = {}
        for (_, loop, future), answer in zip(batch, answers, strict=True):
            by_loop.setdefault(loop, []).append((future, answer))
        for loop, pairs in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple["asyncio.Future[R]", "R | Exception"]]) -> None:
    for future, answer in pairs:
        if future.done():  # the caller went away
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
