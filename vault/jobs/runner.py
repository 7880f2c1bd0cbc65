"""The jobs beside the server: a checkpoint within two seconds of an append, the upkeep pass each minute, what
is done once a day, and in a thread of its own the mail that waits.

One process does the upkeep at a time, whoever holds the lease; any of them signs. A pass that fails is noted
by its kind alone and tried again; the server goes on. Any process may be killed: the next one finds what
remains.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from vault.errors import CarnetError, UnavailableError
from vault.jobs.mail import Mail, MailThread
from vault.services.daily import run_daily
from vault.services.parts import Parts
from vault.services.upkeep import (
    SignNote,
    UpkeepReport,
    VerifiedHead,
    hold_lease,
    run_upkeep,
    sign_checkpoint,
)

TICK = 1.0  # seconds between two looks at the log
UPKEEP_EVERY = 60.0

log = logging.getLogger("carnet.jobs")


@dataclass(frozen=True, slots=True)
class Jobs:
    """What to do and with what; ``holder`` names this process in the lease."""

    parts: Parts
    origin: str
    sign: SignNote
    look: VerifiedHead
    holder: str
    retention: bool = False  # whether what is kept no longer ends by itself

    def run_once(self) -> UpkeepReport:
        """One whole pass, lease or not: for the command line, and at start."""
        try:
            done = run_upkeep(self.parts)
            run_daily(self.parts, retention=self.retention)
            return done
        finally:
            sign_checkpoint(self.parts, self.origin, self.sign, self.look)

    def tick(self, *, with_upkeep: bool) -> bool:
        """A checkpoint if the log grew, the upkeep when due. False when it was due and another process holds
        the lease. Signing waits for no lease: a process killed just now may still hold it, and two signatures
        of one size say the same. Nor for a pass that breaks: what was appended is signed."""
        mine = not with_upkeep or hold_lease(self.parts, self.holder)
        try:
            if with_upkeep and mine:
                run_upkeep(self.parts)
                run_daily(self.parts, retention=self.retention)
        finally:
            sign_checkpoint(self.parts, self.origin, self.sign, self.look)
        return mine


class JobThread:
    """Runs ``Jobs`` until ``close``, which signs a last checkpoint."""

    def __init__(self, jobs: Jobs, mail: Mail, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._jobs, self._clock = jobs, clock
        self._mail = MailThread(mail)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._mail.start()

    def close(self) -> None:
        """Stop after the pass under way; what was appended since is signed."""
        self._over.set()
        self._mail.close()
        self._thread.join(timeout=30)
        self._try(with_upkeep=False)

    def _run(self) -> None:
        due = 0.0
        while not self._over.is_set():
            with_upkeep = self._clock() >= due
            if self._try(with_upkeep=with_upkeep) and with_upkeep:
                due = self._clock() + UPKEEP_EVERY
            self._over.wait(TICK)

    def _try(self, *, with_upkeep: bool) -> bool:
        """Whether there is nothing to try again at once. What is broken is looked at again in its time."""
        try:
            return self._jobs.tick(with_upkeep=with_upkeep)
        except UnavailableError as error:
            log.warning("a pass failed and will be tried again: %s", type(error).__name__)
            return False
        except CarnetError as error:
            log.warning("a pass failed and will be tried again: %s", type(error).__name__)
        except BaseException as error:
            log.error("a pass failed unexpectedly and will be tried again: %s", type(error).__name__)
        return True
