"""In log order, no granted read under a grant stands after its withdrawal (docs/formats/log.md, "Order").

Schedules place withdrawals, made by another process' store, exactly where they hurt: after a read was first
decided and before the head lock is had. The appender as it is keeps the order under all of them. Each of the
three ways to break the argument is committed on purpose, and is seen to break it:

- a snapshot older than the lock (REPEATABLE READ on PostgreSQL; on SQLite a transaction begun before);
- a decision whose statement began before the lock;
- a decision that is not repeated.
"""

import multiprocessing
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from consent.grants import Grant, ended, terms_of
from schemas.ids import CarnetId
from schemas.names import GrantState, Outcome
from tests.storage.conftest import Stores, raw
from tests.storage.makers import YEAR, a_carnet, a_draft, a_grant
from vault.services.rows import GrantRow, ReadTicket, Recheck
from vault.storage import SqlDataStore, open_data_store
from vault.storage.appender import Decider, UnderTheLock
from vault.storage.database import Database
from vault.storage.tables import log_index

GRANTS = 3
READ, WITHDRAW = "read", "withdraw"


class OutOfOrderError(AssertionError):
    """A granted read stands after the withdrawal of its grant."""


def check_order(data: SqlDataStore) -> int:
    """Walk the log; how many granted reads it has. Entries say their grant in the carnet's tag."""
    columns = (log_index.c.leaf, log_index.c.op, log_index.c.out, log_index.c.carnet_tag)
    with data.database.read() as connection:
        rows = connection.execute(select(*columns).order_by(log_index.c.leaf)).all()
    withdrawn: set[bytes] = set()
    granted = 0
    for leaf, op, out, tag in rows:
        if op == WITHDRAW:
            withdrawn.add(tag)
        elif out == Outcome.GRANTED:
            granted += 1
            if tag in withdrawn:
                raise OutOfOrderError(f"leaf {leaf} grants a read under a grant withdrawn before it")
    return granted


def tag_of(grant: GrantRow) -> bytes:
    return grant.grant.id.encode()[:16]


def ticket_for(grant: GrantRow) -> ReadTicket:
    """A read that was found allowed on a first look."""
    terms, tag = grant.grant.terms, tag_of(grant)
    recheck = Recheck(terms.carnet_id, terms.grant_id)
    return ReadTicket(
        a_draft(READ, carnet_tag=tag), recheck, lambda: a_draft(READ, Outcome.DENIED, carnet_tag=tag)
    )


def withdraw(data: SqlDataStore, grant: GrantRow) -> None:
    """Once; withdrawing again does nothing."""
    with data.change() as work:
        (now,) = [
            row.grant for row in work.grants_of(grant.grant.terms.carnet_id) if row.grant.id == grant.grant.id
        ]
        if now.state is not GrantState.GRANTED:
            return
        work.end_grant(ended(now, GrantState.WITHDRAWN, now=work.now), once_held_until=work.now + YEAR)
        work.append(a_draft(WITHDRAW, carnet_tag=tag_of(grant)))
        work.commit()


def some_grants(data: SqlDataStore, count: int = GRANTS) -> list[GrantRow]:
    carnet = a_carnet()
    grants = [a_grant(carnet.carnet_id) for _ in range(count)]
    with data.change() as work:
        work.add_carnet(carnet)
        for grant in grants:
            work.add_grant(grant, once_held_until=work.now + YEAR)
        work.append(a_draft("grant"))
        work.commit()
    return grants


# --- the appender as it is, and the three breakages ------------------------------------------------------


class Interrupted:
    """Any decider, with something that happens just before the lock is asked for."""

    def __init__(self, decider: Decider) -> None:
        self.decider = decider
        self.interruption: Callable[[], None] = lambda: None

    def before_lock(self) -> None:
        self.decider.before_lock()
        self.interruption()

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        return self.decider.still_hold(connection, rechecks, now)


class OlderSnapshot:
    """BROKEN: the statement begins after the lock, but looks at what stood before it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = ExitStack()

    def before_lock(self) -> None:
        self._connection = self._open.enter_context(self._database.snapshot())
        self._connection.execute(text("SELECT size FROM log_head")).all()  # fixes what it sees

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        with self._open:
            return UnderTheLock().still_hold(self._connection, rechecks, now)


class BegunBefore:
    """BROKEN: the statement itself began, and ended, before the lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rechecks: Sequence[Recheck] = ()
        self._held: Collection[Recheck] = ()

    def before_lock(self) -> None:
        with self._database.read() as connection:
            now = datetime(2026, 11, 22, 13, tzinfo=UTC)
            self._held = UnderTheLock().still_hold(connection, self.rechecks, now)

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        return self._held


class NotRepeated:
    """BROKEN: what was once found allowed is believed."""

    def before_lock(self) -> None: ...

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        return rechecks


# --- the property ----------------------------------------------------------------------------------------

numbers = st.integers(0, GRANTS - 1)
rounds = st.tuples(st.lists(numbers, min_size=1, max_size=4), st.sets(numbers, max_size=2))
schedules = st.lists(rounds, min_size=1, max_size=5)
each_example_has_its_own_grants = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def play(
    reader: SqlDataStore,
    decider: Interrupted,
    other: SqlDataStore,
    schedule: Sequence[tuple[list[int], set[int]]],
) -> None:
    """Each round: reads that were allowed at first; then, before the lock, the withdrawals of the round."""
    grants = some_grants(other)
    gone: set[int] = set()
    for reads, withdrawals in schedule:
        tickets = [ticket_for(grants[number]) for number in reads if number not in gone]
        if isinstance(decider.decider, BegunBefore):
            decider.decider.rechecks = [ticket.recheck for ticket in tickets if ticket.recheck]

        def interruption(withdrawals: Collection[int] = withdrawals) -> None:
            for number in withdrawals:
                withdraw(other, grants[number])

        decider.interruption = interruption
        answers = reader.append_reads(tickets)
        gone |= withdrawals if tickets else set()
        assert len(answers) == len(tickets)
    check_order(other)


@contextmanager
def reading(
    stores: Stores, make: Callable[[Database], Decider]
) -> Iterator[tuple[SqlDataStore, Interrupted]]:
    """Another process' store, reading with this decider."""
    database = Database(stores.urls.data, part="data")
    decider = Interrupted(make(database))
    reader = SqlDataStore(database, stores.clock, decider=decider)
    yield reader, decider
    reader.close()


def test_no_granted_read_stands_after_the_withdrawal_of_its_grant(stores: Stores) -> None:
    with reading(stores, lambda _: UnderTheLock()) as (reader, decider):

        @settings(max_examples=40, suppress_health_check=each_example_has_its_own_grants)
        @given(schedule=schedules)
        def holds(schedule: list[tuple[list[int], set[int]]]) -> None:
            play(reader, decider, stores.data, schedule)

        holds()
    assert check_order(stores.data) > 0


@pytest.mark.parametrize("broken", [OlderSnapshot, BegunBefore, lambda _: NotRepeated()])
def test_each_way_to_break_the_argument_is_seen_to_break_the_order(
    stores: Stores, broken: Callable[[Database], Decider]
) -> None:
    with reading(stores, broken) as (reader, decider):

        @settings(
            max_examples=60,
            phases=[Phase.generate],
            database=None,
            suppress_health_check=each_example_has_its_own_grants,
        )
        @given(schedule=schedules)
        def holds(schedule: list[tuple[list[int], set[int]]]) -> None:
            play(reader, decider, stores.data, schedule)

        with pytest.raises(OutOfOrderError):
            holds()


def test_the_first_read_after_a_withdrawal_is_denied(stores: Stores) -> None:
    (grant,) = some_grants(stores.data, 1)
    (before,) = stores.data.append_reads([ticket_for(grant)])
    withdraw(stores.data, grant)
    (after,) = stores.data.append_reads([ticket_for(grant)])
    assert (before.out, after.out) == (Outcome.GRANTED, Outcome.DENIED)


def test_what_a_decision_depends_on_is_looked_at_again_under_the_lock(stores: Stores) -> None:
    data, clock = stores.data, stores.clock
    (grant,) = some_grants(data, 1)
    terms = grant.grant.terms
    never = Recheck(CarnetId("another"), terms.grant_id)  # a grant of somebody else's carnet
    nobody = Recheck(None, None)

    def outcome(recheck: Recheck) -> Outcome:
        ticket = ticket_for(grant)
        return data.append_reads([ReadTicket(ticket.draft, recheck, ticket.denied)])[0].out

    live = Recheck(terms.carnet_id, terms.grant_id)
    assert [outcome(one) for one in (live, never, nobody)] == [
        Outcome.GRANTED,
        Outcome.DENIED,
        Outcome.GRANTED,
    ]
    clock.now = terms.starts_at - timedelta(milliseconds=1)
    assert outcome(live) is Outcome.GRANTED  # judged on the log's time, which does not go back
    clock.now = terms.ends_at
    assert outcome(live) is Outcome.DENIED


def test_a_closed_carnet_is_read_no_more(stores: Stores) -> None:
    (grant,) = some_grants(stores.data, 1)
    with stores.data.change() as work:
        work.close_carnet(grant.grant.terms.carnet_id)
        work.append(a_draft("erase"))
        work.commit()
    assert stores.data.append_reads([ticket_for(grant)])[0].out is Outcome.DENIED


def test_the_engines_themselves_refuse_the_head_to_a_transaction_older_than_it(stores: Stores) -> None:
    """Why the breakages above need a second connection: a second guard, not the one relied on."""
    look, take = "SELECT size FROM log_head", "UPDATE log_head SET size = size"
    if stores.data.database.sqlite:
        with closing(sqlite3.connect(stores.data.database.path, isolation_level=None)) as old:
            old.execute("BEGIN")
            old.execute(look).fetchall()
            stores.data.append_reads([ReadTicket(a_draft(), None, a_draft)])
            with pytest.raises(sqlite3.OperationalError) as refused:
                old.execute(take)
            assert refused.value.sqlite_errorname == "SQLITE_BUSY_SNAPSHOT"
        return
    with psycopg.connect(raw(stores.urls.data)) as older:
        older.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        older.execute(look)
        stores.data.append_reads([ReadTicket(a_draft(), None, a_draft)])
        with pytest.raises(psycopg.errors.SerializationFailure):
            older.execute(f"{look} FOR UPDATE")


# --- for real: threads and processes ---------------------------------------------------------------------


def race(
    data: SqlDataStore, grants: Sequence[GrantRow], *, readers: int, each: int, pause: float = 0.0
) -> None:
    """Readers read over and over while the grants are withdrawn one by one; ``pause`` in seconds, at most."""

    def read(seed: int) -> None:
        chosen = random.Random(seed)  # noqa: S311  a schedule, not a secret
        for _ in range(each):
            data.append_reads([ticket_for(grant) for grant in chosen.sample(grants, 3)])

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(readers)]
    for thread in threads:
        thread.start()
    for grant in grants:
        time.sleep(random.uniform(0, pause))  # noqa: S311
        withdraw(data, grant)
    for thread in threads:
        thread.join()


def test_readers_race_withdrawals_in_threads(stores: Stores) -> None:
    grants = some_grants(stores.data, 12)
    other = open_data_store(stores.urls.data, stores.clock)
    reading_threads = threading.Thread(target=race, args=(other, grants), kwargs={"readers": 4, "each": 15})
    reading_threads.start()
    race(stores.data, grants, readers=2, each=15)
    reading_threads.join()
    other.close()
    check_order(stores.data)


def _race_in_a_process(url: str, encoded: Sequence[tuple[bytes, bytes, bytes]]) -> None:
    data = open_data_store(url, lambda: datetime.now(UTC))
    grants = [GrantRow(Grant(terms_of(terms), GrantState.GRANTED), terms, a, b) for terms, a, b in encoded]
    race(data, grants, readers=4, each=100, pause=0.02)
    data.close()


@pytest.mark.soak
def test_processes_race_for_long(stores: Stores, soak_seconds: float) -> None:
    """Three processes, each with readers and a withdrawer, on the same grants."""
    spawning = multiprocessing.get_context("spawn")
    until = datetime.now(UTC) + timedelta(seconds=soak_seconds * 0.9)
    granted = 0
    while datetime.now(UTC) < until:
        stores.clock.now = datetime.now(UTC)
        grants = some_grants(stores.data, 150)
        encoded = [(grant.terms, grant.sealed_key, grant.owner_wrap) for grant in grants]
        processes = [
            spawning.Process(target=_race_in_a_process, args=(stores.urls.data, encoded)) for _ in range(3)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0, 0]
        granted = check_order(stores.data)
    assert granted > 0
