"""Reads wait here for their entry: one thread a process commits all that wait in one transaction.

For each batch (at most 256 entries): take the head lock, decide again by one statement begun after it,
append (what no longer holds is appended ``denied``), commit with fsync, answer. Nothing is answered before
the commit; a failure answers LogUnavailableError to every read of the batch, and nothing of it was written.
A process has one appender; several processes take turns at the head.
"""

import threading
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswerError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BigInteger, Connection, bindparam, or_, select, union_all

from schemas.names import GrantState
from vault.errors import LogUnavailableError, UnavailableError
from vault.services.ports import Clock
from vault.services.rows import Appended, ReadTicket, Recheck
from vault.storage.audit_log import HeldLog
from vault.storage.columns import fixed, to_ms
from vault.storage.database import Database
from vault.storage.failures import LOG
from vault.storage.prepared import Prepared, identifiers, one_of
from vault.storage.sharing_tables import emergencies, referents
from vault.storage.tables import carnets, clients, grants, habilitations

MOST = 256  # entries in one transaction
PATIENCE = timedelta(seconds=30)  # after which a waiting read stops believing in its answer


class Decider(Protocol):
    """Decides waiting reads again. Tests have wrong ones, to see the order argument fail on purpose."""

    def before_lock(self) -> None:
        """Called before the head lock is asked for."""

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        """Those that still hold at ``now``; called while ``connection`` holds the head lock."""


class UnderTheLock:
    """The one that is right: one statement for all, begun after the lock, on the connection that holds it."""

    def before_lock(self) -> None:
        """Nothing is looked at before the lock."""

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        if not rechecks:
            return ()
        live = set(_LIVE.rows(connection, **_asked(rechecks, now)))
        emergencies_read = [recheck.emergency_id for recheck in rechecks if recheck.emergency_id]
        if emergencies_read:  # hardly ever: a statement of its own costs the others nothing
            live |= set(_OPEN.rows(connection, now=to_ms(now), emergencies=identifiers(emergencies_read)))
        return {recheck for recheck in rechecks if _needs(recheck) <= live}


_NOW = bindparam("now", type_=BigInteger())
# What is in force now, as (kind, id, carnet): one statement, however many reads wait.
_LIVE = Prepared(
    union_all(
        select(fixed("carnet"), carnets.c.carnet_id, carnets.c.carnet_id).where(
            one_of(carnets.c.carnet_id, "carnets"), carnets.c.state == fixed("open")
        ),
        select(fixed("grant"), grants.c.grant_id, grants.c.carnet_id).where(
            one_of(grants.c.grant_id, "grants"),
            grants.c.state == fixed(GrantState.GRANTED),
            grants.c.starts_at <= _NOW,
            grants.c.ends_at > _NOW,
        ),
        select(fixed("client"), clients.c.client_id, fixed("")).where(
            one_of(clients.c.client_id, "clients"),
            or_(clients.c.ends_at.is_(None), clients.c.ends_at > _NOW),
        ),
        select(fixed("professional"), habilitations.c.professional_id, fixed("")).where(
            one_of(habilitations.c.professional_id, "professionals"),
            habilitations.c.starts_at <= _NOW,
            or_(habilitations.c.ends_at.is_(None), habilitations.c.ends_at > _NOW),
        ),
        select(fixed("referent"), referents.c.assignment_id, referents.c.carnet_id).where(
            one_of(referents.c.carnet_id, "followed"),
            referents.c.state == fixed("active"),
            referents.c.starts_at <= _NOW,
        ),
    )
)


# The emergencies that two professionals opened, and whose minutes are not over.
_OPEN = Prepared(
    select(fixed("emergency"), emergencies.c.emergency_id, emergencies.c.carnet_id).where(
        one_of(emergencies.c.emergency_id, "emergencies"),
        emergencies.c.state == fixed("open"),
        emergencies.c.ends_at > _NOW,
    )
)


def _asked(rechecks: Collection[Recheck], now: datetime) -> dict[str, Any]:
    return {
        "now": to_ms(now),
        "carnets": identifiers(recheck.carnet_id for recheck in rechecks),
        "grants": identifiers(recheck.grant_id for recheck in rechecks),
        "clients": identifiers(recheck.client_id for recheck in rechecks),
        "professionals": identifiers(recheck.professional_id for recheck in rechecks),
        "followed": identifiers(recheck.carnet_id for recheck in rechecks if recheck.assignment_id),
    }


def _needs(recheck: Recheck) -> set[tuple[str | None, ...]]:
    """The rows of ``_LIVE`` without which this read is refused."""
    needs: set[tuple[str | None, ...]] = set()
    if recheck.carnet_id is not None:
        needs.add(("carnet", recheck.carnet_id, recheck.carnet_id))
    if recheck.grant_id is not None:
        needs.add(("grant", recheck.grant_id, recheck.carnet_id))
    if recheck.client_id is not None:
        needs.add(("client", recheck.client_id, ""))
    if recheck.professional_id is not None:
        needs.add(("professional", recheck.professional_id, ""))
    if recheck.assignment_id is not None:
        needs.add(("referent", recheck.assignment_id, recheck.carnet_id))
    if recheck.emergency_id is not None:
        needs.add(("emergency", recheck.emergency_id, recheck.carnet_id))
    return needs


@dataclass(frozen=True, slots=True)
class _Waiting:
    tickets: Sequence[ReadTicket]
    answer: "Future[list[Appended]]" = field(default_factory=Future)


class GroupAppender:
    """Give it tickets from any number of threads; ``close`` serves those that wait, then stops."""

    def __init__(self, database: Database, clock: Clock, *, decider: Decider | None = None) -> None:
        self._database, self._clock = database, clock
        self._decider: Decider = decider or UnderTheLock()
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, tickets: Sequence[ReadTicket]) -> "Future[list[Appended]]":
        """Wait without holding a thread: the future is set by the appender, or given LogUnavailableError."""
        one = _Waiting(tickets)
        if not tickets:
            one.answer.set_result([])
            return one.answer
        with self._changed:
            if self._closed:
                raise LogUnavailableError("closed")
            self._waiting.append(one)
            self._have_a_thread()
            self._changed.notify()
        return one.answer

    def append(self, tickets: Sequence[ReadTicket]) -> list[Appended]:
        """``submit``, and wait. Raises LogUnavailableError."""
        answer = self.submit(tickets)
        try:
            return answer.result(PATIENCE.total_seconds())
        except NoAnswerError:
            answer.cancel()
            raise LogUnavailableError("no answer") from None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join(PATIENCE.total_seconds())

    def _have_a_thread(self) -> None:
        """Called with the condition held."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="carnet-appender", daemon=True)
            self._thread.start()

    def _retire(self) -> None:
        """This thread is ending, and has not ended: whoever waits, or comes now, gets another."""
        with self._changed:
            self._thread = None
            if self._waiting:
                self._have_a_thread()

    def _run(self) -> None:
        while batch := self._next():
            self._serve(batch)

    def _next(self) -> list[_Waiting]:
        """All that wait, up to MOST entries (a larger demand goes alone). Empty: closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            batch: list[_Waiting] = []
            count = 0
            while self._waiting and (not batch or count + len(self._waiting[0].tickets) <= MOST):
                one = self._waiting.popleft()
                count += len(one.tickets)
                batch.append(one)
            return batch

    def _serve(self, batch: Sequence[_Waiting]) -> None:
        """Commit and answer. What fails by a fault of its own is tried apart from its neighbours."""
        try:
            appended = self._commit([ticket for one in batch for ticket in one.tickets])
        except UnavailableError as error:
            _fail(batch, error.reason)
        except Exception as error:
            if len(batch) == 1:
                _fail(batch, type(error).__name__)
            else:
                for one in batch:
                    self._serve([one])
        except BaseException:
            self._retire()
            _fail(batch, "interrupted")
            raise
        else:
            _answer(batch, appended)

    def _commit(self, tickets: Sequence[ReadTicket]) -> list[Appended]:
        rechecks = {ticket.recheck for ticket in tickets if ticket.recheck is not None}
        self._decider.before_lock()
        with self._database.write(part=LOG) as connection:
            log = HeldLog(connection, self._clock)
            hold = self._decider.still_hold(connection, rechecks, log.now)
            drafts = [
                ticket.draft if ticket.recheck is None or ticket.recheck in hold else ticket.denied()
                for ticket in tickets
            ]
            appended = log.append(drafts)
            connection.commit()
        return appended


def _answer(batch: Sequence[_Waiting], appended: Sequence[Appended]) -> None:
    at = 0
    for one in batch:
        mine = list(appended[at : at + len(one.tickets)])
        at += len(one.tickets)
        with suppress(Exception):  # whoever waited has given up; the entry stands without an answer
            one.answer.set_result(mine)


def _fail(batch: Sequence[_Waiting], reason: str) -> None:
    for one in batch:
        with suppress(Exception):
            one.answer.set_exception(LogUnavailableError(reason))
