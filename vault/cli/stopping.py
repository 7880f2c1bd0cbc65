"""Being stopped in good order: SIGINT, SIGTERM, or the end of the process above."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY = 0.5  # seconds between two looks at the process above


class Stopping:
    """While inside, the two signals do not kill: they are remembered. Main thread only."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Stopping":
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def asked(self) -> bool:
        return self._asked

    def wait(self, seconds: float | None = None) -> bool:
        """Until asked to stop, for so long at most. Whether it was asked."""
        waited = threading.Event()
        left = seconds
        while not self._asked and (left is None or left > 0):
            step = _LOOK_EVERY if left is None else min(_LOOK_EVERY, left)
            waited.wait(step)
            left = None if left is None else left - step
        return self._asked

    def _ask(self, _: int, __: FrameType | None) -> None:
        self._asked = True


def stop_with_parent(parent: int) -> None:
    """Be stopped like by SIGTERM when the process ``parent``, above this one, is gone."""

    def gone() -> None:
        waiting = threading.Event()
        while os.getppid() == parent:
            waiting.wait(_LOOK_EVERY)

    _then_stop(gone)


def stop_with_input() -> None:
    """Be stopped like by SIGTERM when standard input closes: whoever started us is gone."""

    def closed() -> None:
        while os.read(0, 4096):  # not through sys.stdin, whose lock would outlive us
            pass

    _then_stop(closed)


def _then_stop(until: Callable[[], object]) -> None:
    def watch() -> None:
        until()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="watch", daemon=True).start()
