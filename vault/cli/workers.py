"""Several processes behind one listening socket, looked after by the one that made them.

They are forked before anything is opened: no thread, no connection and no key is shared. The first one must
serve before the others are made, so that a refusal to start is said once. One that dies is replaced; when
the process above dies, each stops by itself (``stopping.stop_with_parent``).
"""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from vault.cli.commands import CONFIGURATION, DONE, FAILED
from vault.cli.stopping import Stopping

GRACE = 15.0  # seconds before a process that does not stop is killed
TOO_OFTEN = (5, 10.0)  # so many deaths within so many seconds: stop trying
_LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Worker:
    """What ``supervise`` returns in a process it made: go and serve, then exit."""

    parent: int
    ready_pipe: int

    def ready(self) -> None:
        """Tell the process above that this one serves."""
        with suppress(OSError):  # it listens to the first one only
            os.write(self.ready_pipe, b".")
        os.close(self.ready_pipe)


@dataclass(slots=True)
class _Group:
    """The processes made so far; ``deaths``: when one had to be replaced."""

    wanted: int
    pids: set[int] = field(default_factory=set)
    deaths: list[float] = field(default_factory=list)


def supervise(count: int, *, started: Callable[[], None]) -> Worker | int:
    """Make ``count`` processes and keep them until stopped. In each of them returns a ``Worker``; here, the
    exit code. ``started`` is called once, when the first one serves."""
    group = _Group(count)
    with Stopping() as stopping:
        first = _make(group)
        if isinstance(first, Worker):
            return first
        if not _serves(first, stopping):
            return _stop(group)
        started()
        while not stopping.asked:
            if len(group.pids) < count:
                made = _make(group)
                if isinstance(made, Worker):
                    return made
                os.close(made)
                continue
            code = _bury(group)
            if code is not None:
                _stop(group)
                return code
            stopping.wait(_LOOK_EVERY)
        return _stop(group)


def _make(group: _Group) -> Worker | int:
    """Fork. In the new process a ``Worker``; here, the pipe it says "ready" on."""
    parent = os.getpid()
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        return Worker(parent, writes)
    os.close(writes)
    group.pids.add(pid)
    return reads


def _serves(pipe: int, stopping: Stopping) -> bool:
    """Whether the first process came to serve, before it died or we were stopped."""
    try:
        while not stopping.asked:
            if select.select([pipe], [], [], _LOOK_EVERY)[0]:
                return os.read(pipe, 1) == b"."
        return False
    finally:
        os.close(pipe)


def _bury(group: _Group) -> int | None:
    """Forget the processes that died. An exit code when there is no point in replacing them."""
    for pid in list(group.pids):
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            continue
        group.pids.discard(pid)
        if os.waitstatus_to_exitcode(status) == CONFIGURATION:
            return CONFIGURATION
        most, within = TOO_OFTEN
        group.deaths = [*group.deaths[-most:], time.monotonic()]
        if len(group.deaths) > most and group.deaths[-1] - group.deaths[0] < within:
            return FAILED
    return None


def _stop(group: _Group) -> int:
    """Ask all to stop, wait, insist. The worst of their exit codes."""
    codes = [DONE]
    for pid in group.pids:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while group.pids:
        for pid in list(group.pids):
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                group.pids.discard(pid)
                codes.append(os.waitstatus_to_exitcode(status))
        time.sleep(0.02)
    if CONFIGURATION in codes:
        return CONFIGURATION
    return FAILED if set(codes) - {DONE, -signal.SIGTERM} else DONE  # one stopped before it could listen


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
