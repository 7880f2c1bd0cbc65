"""Whether this process can serve: both stores answer, and the log's lock can be taken for an entry.

Looked at once a second at most, whoever asks: a public address must not wear the log's lock out.
"""

import threading
import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from vault.errors import UnavailableError
from vault.services.parts import Parts
from vault.web.api.answers import answered
from vault.web.api.operations import Callers, document, operation
from vault.web.api.shapes import ref
from vault.web.guard import anyone
from vault.web.state import state_of

router = APIRouter()

REMEMBERED = 1.0  # seconds


class Pulse:
    """The last look at the parts, kept ``REMEMBERED`` seconds. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: tuple[float, str | None] | None = None

    def failing(self, parts: Parts) -> str | None:
        """The part that does not answer, or None."""
        with self._lock:
            if self._taken is None or self._clock() - self._taken[0] >= REMEMBERED:
                self._taken = (self._clock(), failing_part(parts))
            return self._taken[1]


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
def read_health(request: Request, _: Annotated[None, Depends(anyone)]) -> JSONResponse:
    part = request.app.state.pulse.failing(state_of(request).parts)
    if part is None:
        return answered({"status": "ok"})
    return answered({"status": "failing", "part": part}, 503)
