"""D: ``SqlDataStore`` implements ``services.ports.DataStore``, and ``SqlWork`` one transaction on it.

Here the topics are put together; what each says in SQL is in its own module. ``change`` takes the log's head
lock before anything else, and what it cannot do for lack of the engine is LogUnavailableError: no entry, no
change.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from vault.services.ports import Clock
from vault.services.rows import Appended, Draft, ReadTicket
from vault.storage.appender import Decider, GroupAppender
from vault.storage.audit_log import HeldLog, LogIdentity, found_log
from vault.storage.carnets import CarnetChanges, CarnetLooks
from vault.storage.clients import ClientChanges, ClientLooks
from vault.storage.consented_reads import ConsentedReads
from vault.storage.contacts import ContactChanges, ContactLooks
from vault.storage.counts import CountLooks
from vault.storage.database import Database
from vault.storage.demands import DemandChanges, DemandLooks
from vault.storage.emergencies import EmergencyChanges, EmergencyLooks
from vault.storage.failures import LOG, ConflictError
from vault.storage.grant_requests import RequestChanges, RequestLooks
from vault.storage.grants import GrantChanges, GrantLooks
from vault.storage.habilitation_ends import HabilitationEnds
from vault.storage.leases import take_lease
from vault.storage.log_index import LogLooks
from vault.storage.mandates import MandateChanges, MandateLooks
from vault.storage.notices import NoticeChanges, NoticeLooks
from vault.storage.outbox import OutboxChanges, OutboxLooks
from vault.storage.path_dates import PathDateChanges, PathDateLooks
from vault.storage.pauses import PauseChanges, PauseLooks
from vault.storage.people import PeopleChanges, PeopleLooks
from vault.storage.proposals import ProposalChanges, ProposalLooks
from vault.storage.receipts import ReceiptChanges, ReceiptLooks
from vault.storage.recipients import RecipientChanges, RecipientLooks
from vault.storage.referents import ReferentChanges, ReferentLooks
from vault.storage.relinkings import RelinkingChanges, RelinkingLooks
from vault.storage.rotations import RotationChanges, RotationLooks
from vault.storage.rules import RuleChanges, RuleLooks
from vault.storage.tables import log_head, once_held
from vault.storage.validations import ValidationChanges, ValidationLooks


class SqlWork(
    CarnetChanges,
    GrantChanges,
    PeopleChanges,
    ClientChanges,
    HabilitationEnds,
    OutboxChanges,
    RelinkingChanges,
    RotationChanges,
    RequestChanges,
    PauseChanges,
    ReferentChanges,
    MandateChanges,
    ReceiptChanges,
    NoticeChanges,
    EmergencyChanges,
    RuleChanges,
    ProposalChanges,
    ValidationChanges,
    PathDateChanges,
    DemandChanges,
    RecipientChanges,
    ContactChanges,
):
    """One transaction that holds the head lock. Nothing of it stands unless ``commit`` returns."""

    def append(self, draft: Draft) -> Appended:
        """Number and stamp an entry; it becomes durable with the rest of this work."""
        _ = self._connection
        return self._log.append([draft])[0]

    def log_size(self) -> int:
        return self._log.size

    def commit(self) -> None:
        """With fsync; nothing can be asked of this work afterwards."""
        self._connection.commit()
        self._over()


class SqlDataStore(
    CarnetLooks,
    GrantLooks,
    PeopleLooks,
    ClientLooks,
    OutboxLooks,
    RelinkingLooks,
    RotationLooks,
    RequestLooks,
    PauseLooks,
    ReferentLooks,
    MandateLooks,
    ReceiptLooks,
    NoticeLooks,
    EmergencyLooks,
    RuleLooks,
    ProposalLooks,
    ValidationLooks,
    PathDateLooks,
    DemandLooks,
    RecipientLooks,
    ContactLooks,
    CountLooks,
    LogLooks,
    ConsentedReads,
):
    """``clock`` gives aware datetimes. ``decider`` is for tests of the order argument only."""

    def __init__(self, database: Database, clock: Clock, *, decider: Decider | None = None) -> None:
        super().__init__(database, clock)
        self.database = database
        self._appender = GroupAppender(database, clock, decider=decider)

    @contextmanager
    def change(self) -> Iterator[SqlWork]:
        with self.database.write(part=LOG) as connection:
            work = SqlWork(connection, HeldLog(connection, self._clock))
            try:
                yield work
            finally:
                work._over()

    def append_reads(self, tickets: Sequence[ReadTicket]) -> list[Appended]:
        """Durable entries, in order, together with those of other threads that wait. Blocks."""
        return self._appender.append(tickets)

    def submit_reads(self, tickets: Sequence[ReadTicket]) -> "Future[list[Appended]]":
        """The same without holding the thread."""
        return self._appender.submit(tickets)

    def found(self, instance: str, origin: str) -> bool:
        """Make the head of the log, once, for a new instance. False when there is one."""
        with self.database.transaction() as connection:
            return found_log(connection, LogIdentity(instance, origin))

    def log_identity(self) -> LogIdentity | None:
        """Whose log this is; None before it is founded."""
        with self.database.read() as connection:
            row = connection.execute(select(log_head.c.instance, log_head.c.origin)).one_or_none()
        return LogIdentity(*row) if row else None

    def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Whether ``holder`` has the lease now, for as long as ``until``."""
        try:
            with self.database.transaction() as connection:
                return take_lease(connection, name, holder, now=now, until=until)
        except ConflictError:  # another process took it in the same instant
            return False

    def drop_once_held(self, now: datetime) -> int:
        with self.database.transaction() as connection:
            return connection.execute(delete(once_held).where(once_held.c.until <= now)).rowcount

    def close(self) -> None:
        """Serve the reads that wait, then close every connection."""
        self._appender.close()
        self.database.close()


def open_data_store(url: str, clock: Clock, **options: Any) -> SqlDataStore:
    """The store at a SQLAlchemy URL; ``options`` as for ``Database``. Nothing is checked (start_check.py)."""
    return SqlDataStore(Database(url, part="data", **options), clock)
