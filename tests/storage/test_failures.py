"""When the log or a store cannot be written: an error that says so, nothing half-written, then on again."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from schemas.ids import CarnetId, GrantId, new_id
from schemas.names import Outcome
from tests.conftest import StoreUrls
from tests.storage.conftest import ON_POSTGRESQL, ON_SQLITE, Stores, founded, raw
from tests.storage.makers import Clock, a_carnet, a_draft, a_ticket
from tests.storage.test_appending import check_whole
from vault.errors import CarnetError, LogUnavailableError, StoreUnavailableError
from vault.services.rows import ReadTicket, Recheck, SecretRow
from vault.storage import ConflictError, SqlDataStore, log_source
from vault.storage.appender import UnderTheLock
from vault.storage.database import Database

SHORT = timedelta(milliseconds=200)


@pytest.fixture
def hurried(stores: Stores) -> Iterator[SqlDataStore]:
    """A second store on the same D, with little patience for locks."""
    data = SqlDataStore(Database(stores.urls.data, part="data", busy=SHORT), stores.clock)
    yield data
    data.close()


@contextmanager
def held_by_another(urls: StoreUrls) -> Iterator[None]:
    """Somebody else holds the head lock, and does not let go."""
    with contextlib.ExitStack() as closing:
        if urls.data.startswith("sqlite"):
            other = sqlite3.connect(urls.data.removeprefix("sqlite:///"), isolation_level=None)
            closing.callback(other.close)
            other.execute("BEGIN IMMEDIATE")
        else:
            session = closing.enter_context(psycopg.connect(raw(urls.data)))
            session.execute("SELECT size FROM log_head FOR UPDATE")
        yield


# --- nothing half-written --------------------------------------------------------------------------------


def test_a_work_left_without_commit_changes_nothing(data: SqlDataStore) -> None:
    kept, left, failed = a_carnet(), a_carnet(), a_carnet()
    with data.change() as work:
        work.add_carnet(kept)
        work.append(a_draft("open_carnet"))
        work.commit()
    with data.change() as work:
        work.add_carnet(left)
        work.append(a_draft("open_carnet"))
    with contextlib.suppress(ZeroDivisionError), data.change() as work:
        work.add_carnet(failed)
        work.append(a_draft("open_carnet"))
        _ = 1 / 0
    assert [row.carnet_id for row in data.carnets_after(None, limit=9)] == [kept.carnet_id]
    check_whole(data, 1)


def test_a_work_that_is_over_does_nothing_more(data: SqlDataStore) -> None:
    with data.change() as work:
        work.append(a_draft())
        work.commit()
        with pytest.raises(RuntimeError):
            work.append(a_draft())
    with pytest.raises(RuntimeError):
        work.add_carnet(a_carnet())
    check_whole(data, 1)


def test_readers_physically_cannot_write(data: SqlDataStore) -> None:
    data.append_reads([a_ticket()])
    looks: list[Callable[[], AbstractContextManager[Connection]]] = [
        data.database.read,
        data.database.snapshot,
    ]
    for look in looks:
        with pytest.raises(CarnetError), look() as connection:
            connection.execute(text("DELETE FROM openings"))
    check_whole(data, 1)


def test_errors_carry_no_value_of_a_row_or_a_parameter(data: SqlDataStore) -> None:
    carnet = a_carnet()
    with data.change() as work:
        work.add_carnet(carnet)
        work.commit()
    with pytest.raises(ConflictError) as caught, data.change() as work:
        work.add_carnet(carnet)
    shown = f"{caught.value!r} {caught.value}"
    assert carnet.carnet_id not in shown
    assert carnet.reference not in shown
    assert caught.value.__suppress_context__


# --- locks -----------------------------------------------------------------------------------------------


def test_a_head_held_elsewhere_makes_the_log_unavailable_and_nothing_is_written(
    stores: Stores, hurried: SqlDataStore
) -> None:
    with held_by_another(stores.urls):
        with pytest.raises(LogUnavailableError):
            hurried.append_reads([a_ticket()])
        with pytest.raises(LogUnavailableError), hurried.change():
            pytest.fail("the head was given twice")
        assert hurried.log_size() == 0
    hurried.append_reads([a_ticket()])
    check_whole(hurried, 1)


def test_all_reads_that_wait_fail_together_and_none_alone(stores: Stores, hurried: SqlDataStore) -> None:
    with held_by_another(stores.urls):
        answers = [hurried.submit_reads([a_ticket()]) for _ in range(5)]
        assert all(isinstance(answer.exception(10), LogUnavailableError) for answer in answers)
    assert [answer.no for answer in hurried.append_reads([a_ticket(), a_ticket()])] == [0, 1]
    check_whole(hurried, 2)


def test_a_thread_that_keeps_the_writer_does_not_block_others_for_ever(hurried: SqlDataStore) -> None:
    with hurried.change() as work:
        with pytest.raises(LogUnavailableError, match="busy"):
            hurried.append_reads([a_ticket()])
        work.append(a_draft())
        work.commit()
    check_whole(hurried, 1)


@ON_SQLITE
def test_a_locked_key_store_is_unavailable(stores: Stores) -> None:
    keys = type(stores.keys)(Database(stores.urls.keys, part="keys", busy=SHORT), stores.clock)
    other = sqlite3.connect(keys.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError) as caught:
        keys.add_secrets([SecretRow("own", "a", 1, b"x")])
    assert caught.value.part == "keys"
    assert keys.secrets([("own", "a")]) == {}
    other.close()
    keys.close()


# --- disks and connections -------------------------------------------------------------------------------


def test_a_full_disk_makes_the_log_unavailable_and_leaves_it_whole(tmp_path: object) -> None:
    stores = founded(StoreUrls(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite"), Clock())
    data = SqlDataStore(Database(stores.urls.data, part="data"), stores.clock)
    pages = [0]

    @event.listens_for(data.database._writer, "connect")
    def bound(dbapi_connection: sqlite3.Connection, _: object) -> None:
        (now,) = dbapi_connection.execute("PRAGMA page_count").fetchone()
        pages[0] = pages[0] or now + 40
        dbapi_connection.execute(f"PRAGMA max_page_count={pages[0]}")

    written: list[int] = []

    def read_on() -> None:
        while True:
            written.extend(answer.no for answer in data.append_reads([a_ticket() for _ in range(10)]))

    def write_much() -> None:
        with data.change() as work:
            for _ in range(1000):
                work.append(a_draft())
            work.commit()

    for fill in (read_on, write_much):
        with pytest.raises(LogUnavailableError, match="SQLITE_FULL"):
            fill()
        assert written
        check_whole(data, len(written))
    pages[0] += 10_000  # somebody made room
    data.append_reads([a_ticket()])
    check_whole(data, len(written) + 1)
    for store in (data, stores.data, stores.keys):
        store.close()


@ON_POSTGRESQL
@pytest.mark.parametrize("hot", [True, False])
def test_a_restarted_server_costs_one_failed_call_and_then_all_goes_on(stores: Stores, hot: bool) -> None:
    data = stores.data
    data.append_reads([a_ticket()])
    with contextlib.ExitStack() as several:
        for _ in range(3):
            several.enter_context(data.database.read()).execute(text("SELECT 1"))
    with psycopg.connect(raw(stores.urls.data), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(LogUnavailableError):
        data.append_reads([a_ticket()])
    with pytest.raises(StoreUnavailableError):
        _ = data.sealed_fields([(CarnetId("x"), GrantId("x"), ())]) if hot else data.log_size()
    for _ in range(3):
        assert data.sealed_fields([(CarnetId("x"), GrantId("x"), ())]) == [([], [])]
        assert data.log_size() == 1
    data.append_reads([a_ticket()])
    check_whole(data, 2)


def test_a_snapshot_sees_one_state_and_leaves_its_connection_clean(stores: Stores) -> None:
    """Whatever ended it: the connection goes back to reading what is committed."""
    data = SqlDataStore(Database(stores.urls.data, part="data", readers=1), stores.clock)
    for ending in (None, ZeroDivisionError, StoreUnavailableError("data")):
        before = data.log_size()
        with (
            contextlib.suppress(ZeroDivisionError, StoreUnavailableError),
            log_source(data.database) as source,
        ):
            assert source.size() == before
            stores.data.append_reads([a_ticket()])
            assert source.size() == before
            if ending is not None:
                raise ending
        assert data.log_size() == before + 1
        with pytest.raises(CarnetError), data.database.read() as connection:
            connection.execute(text("DELETE FROM openings"))
    data.close()


# --- the appender itself ---------------------------------------------------------------------------------


class Counting(UnderTheLock):
    """The right decider; counts transactions, and can end its thread."""

    def __init__(self) -> None:
        self.transactions = 0
        self.last_breath = False

    def before_lock(self) -> None:
        self.transactions += 1
        if self.last_breath:
            self.last_breath = False
            raise SystemExit


@pytest.fixture
def counted(stores: Stores) -> Iterator[tuple[SqlDataStore, Counting]]:
    decider = Counting()
    data = SqlDataStore(Database(stores.urls.data, part="data"), stores.clock, decider=decider)
    yield data, decider
    data.close()


def test_reads_that_wait_together_are_committed_together(counted: tuple[SqlDataStore, Counting]) -> None:
    data, decider = counted
    with data.change():
        answers = [data.submit_reads([a_ticket()]) for _ in range(100)]
    assert sorted(answer.result(10)[0].no for answer in answers) == list(range(100))
    assert decider.transactions <= 3
    check_whole(data, 100)


def test_a_read_that_fails_by_its_own_fault_fails_alone(counted: tuple[SqlDataStore, Counting]) -> None:
    data, _ = counted
    refused = Recheck(CarnetId(new_id()), None)

    def broken() -> object:
        raise KeyError("no key")

    bad = ReadTicket(a_draft(), refused, broken)  # type: ignore[arg-type]
    unknown = ReadTicket(a_draft("no such operation"), None, a_draft)
    good = ReadTicket(a_draft(), refused, lambda: a_draft("read", Outcome.DENIED))
    with data.change():
        answers = [data.submit_reads([ticket]) for ticket in (a_ticket(), good, bad, unknown, a_ticket())]
    outcomes = [answer.exception(10) or answer.result()[0].out for answer in answers]
    assert outcomes[0] is outcomes[4] is Outcome.GRANTED
    assert outcomes[1] is Outcome.DENIED
    assert isinstance(outcomes[2], LogUnavailableError)
    assert isinstance(outcomes[3], LogUnavailableError)
    check_whole(data, 3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_appender_whose_thread_died_fails_those_that_wait_and_starts_again(
    counted: tuple[SqlDataStore, Counting],
) -> None:
    data, decider = counted
    decider.last_breath = True
    with pytest.raises(LogUnavailableError):
        data.append_reads([a_ticket()])
    assert [answer.no for answer in data.append_reads([a_ticket()])] == [0]
    check_whole(data, 1)


def test_closing_serves_those_that_wait_and_nobody_after(counted: tuple[SqlDataStore, Counting]) -> None:
    data, _ = counted
    with data.change():
        waiting = data.submit_reads([a_ticket()])
        closing = threading.Thread(target=data._appender.close)
        closing.start()
    closing.join()
    assert waiting.result(0)[0].no == 0
    with pytest.raises(LogUnavailableError, match="closed"):
        data.append_reads([a_ticket()])


def test_a_denied_entry_takes_the_place_of_the_one_prepared(data: SqlDataStore) -> None:
    denied = a_draft("read", Outcome.DENIED)
    ticket = ReadTicket(a_draft(), Recheck(CarnetId(new_id()), None), lambda: denied)
    (answer,) = data.append_reads([ticket])
    assert answer.out is Outcome.DENIED
    assert data.log_rows([0])[0].about_sealed == denied.about_sealed


class ReadsCommitted(UnderTheLock):
    """The right decider; checks what its transaction sees (PostgreSQL)."""

    def still_hold(
        self, connection: Connection, rechecks: Collection[Recheck], now: datetime
    ) -> Collection[Recheck]:
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
        return super().still_hold(connection, rechecks, now)


@ON_POSTGRESQL
def test_the_writer_reads_what_is_committed_whatever_the_server_s_default(stores: Stores) -> None:
    with psycopg.connect(raw(stores.urls.data), autocommit=True) as admin:
        admin.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = "
            "''repeatable read''', current_database()); END $$"
        )
    data = SqlDataStore(Database(stores.urls.data, part="data"), stores.clock, decider=ReadsCommitted())
    assert data.append_reads([a_ticket()])[0].out is Outcome.GRANTED
    data.close()
