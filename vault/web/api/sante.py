"""Whether this process can serve: both stores answer, and the log's lock can be taken for an entry.

Looked at once a second at most, whoever asks: a public address must not wear the log's lock out.
"""

import time
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from vault.errors import UnavailableError
from vault.services.parts import Parts
from vault.web.api.answers import answered
from vault.web.api.operations import Callers, document, operation
from vault.web.api.shapes import ref
from vault.web.gather import Gatherer
from vault.web.guard import anyone

router = APIRouter()

REMEMBERED = 1.0  # seconds
MOST_WAITING = 10_000  # served by one look


class Pulse:
    """The last look at the parts, kept ``REMEMBERED`` seconds. Whoever asks meanwhile waits without holding a
    thread, all for the same look: a stalled log must not take every thread for its own health. ``clock``
    gives seconds."""

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._clock = parts, clock
        self._taken: tuple[float, str | None] | None = None
        self._waiting: Gatherer[None, str | None] = Gatherer(self._look, threads=1, most=MOST_WAITING)

    async def failing(self) -> str | None:
        """The part that does not answer, or None."""
        return await self._waiting.ask(None)

    def close(self) -> None:
        self._waiting.close()

    def _look(self, asked: Sequence[None]) -> list[str | Exception | None]:
        if self._taken is None or self._clock() - self._taken[0] >= REMEMBERED:
            part = failing_part(self._parts)
            self._taken = (self._clock(), part)  # when it was known, however long it took
        return [self._taken[1]] * len(asked)


def failing_part(parts: Parts) -> str | None:
    """``data``, ``keys``, ``log``, or None when all answer."""
    try:
        parts.data.log_size()
        parts.keystore.instance()
        with parts.data.change():
            pass  # the head is read under its lock; nothing is written
    except UnavailableError as error:
        return error.part
    return None


@router.get(
    "/sante",
    openapi_extra=operation(
        "health",
        "Whether the service can serve",
        callers=Callers.ANYONE,
        answers={
            200: document(ref("Health"), "All parts answer"),
            503: document(ref("Health"), "The failing part is named"),
        },
    ),
)
async def read_health(request: Request, _: Annotated[None, Depends(anyone)]) -> JSONResponse:
    part = await request.app.state.pulse.failing()
    if part is None:
        return answered({"status": "ok"})
    return answered({"status": "failing", "part": part}, 503)
