"""When the data store cannot make an entry durable, nothing is opened for anybody and nothing is half done;
when it can again, everything goes on."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from sqlalchemy import event

from schemas.names import Outcome
from tests.world import SIAE_FIELDS, MovingClock, Someone, System, World
from vault.audit import verify
from vault.errors import LogUnavailableError, UnavailableError
from vault.services import leaving, overseeing, own_carnet
from vault.services.journal import OPERATOR
from vault.services.key_sources import KeyRows
from vault.services.reading import FieldsView, SharedRead, read_shared_fields
from vault.services.upkeep import run_upkeep
from vault.storage.database import Database
from vault.storage.log_source import log_source

CONTENT = {"own", "shred", "grant", "seed"}
QUICK = timedelta(milliseconds=100)


@dataclass
class Spy:
    """What was opened of K, and how often sealed rows were fetched."""

    kinds: list[str] = field(default_factory=list)
    sealed: int = 0


@dataclass
class Scene:
    world: World
    eva: Someone
    system: System
    spy: Spy
    clock: MovingClock

    def read(self) -> Any:
        return self.world.read(self.system, self.eva.carnet_id)

    def read_many(self) -> Any:
        from schemas.ids import CompartmentId, PurposeId

        fields = tuple(CompartmentId(one) for one in SIAE_FIELDS)
        asked = SharedRead(self.system.reader, self.eva.carnet_id, PurposeId("proposer_poste"), fields)
        return read_shared_fields(self.world.parts, [asked] * 5)

    def stored(self) -> Any:
        data, who = self.world.parts.data, self.eva.carnet_id
        rows = list(data.grants_of(who))
        wraps = [key for row in rows for key in data.grant_keys(row.grant.id)]
        return (
            data.log_size(),
            data.carnet(who),
            data.own_records(who, history=True),
            data.field_keys(who),
            rows,
            wraps,
        )


@pytest.fixture
def scene(village: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    world, clock = village, village.parts.clock
    assert isinstance(clock, MovingClock)
    eva, system, spy = world.newcomer("eva"), world.system(), Spy()
    world.fill(eva)
    world.share(eva, system.structure_id)
    honest_load, honest_sealed = KeyRows.load, world.parts.data.sealed_fields

    def load(self: KeyRows, names: Any) -> Any:
        spy.kinds += [kind for kind, _ in names]
        return honest_load(self, names)

    def sealed_fields(wanted: Any) -> Any:
        spy.sealed += len([*wanted])
        return honest_sealed(wanted)

    monkeypatch.setattr(KeyRows, "load", load)
    monkeypatch.setattr(world.parts.data, "sealed_fields", sealed_fields)
    yield Scene(world, eva, system, spy, clock)
    clock.go_on()


# --- ways for D to fail ----------------------------------------------------------------------------------


@contextmanager
def each_new_writer(database: Database, *statements: str) -> Iterator[None]:
    """Every connection of the writer begins with these."""

    def begin(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        if not database.sqlite:
            connection.commit()

    database._writer.dispose()
    event.listen(database._writer, "connect", begin)
    try:
        yield
    finally:
        event.remove(database._writer, "connect", begin)
        database._writer.dispose()


def server(database: Database) -> psycopg.Connection[Any]:
    """A connection of somebody else to the same PostgreSQL database."""
    query = parse_qs(urlsplit(database.url.render_as_string(hide_password=False)).query)
    return psycopg.connect(
        host=query["host"][0], user="postgres", dbname=database.url.database, autocommit=True
    )


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another process holds the lock and does not let go."""
    wait = int(QUICK.total_seconds() * 1000)
    if database.sqlite:
        other = sqlite3.connect(database.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with each_new_writer(database, f"PRAGMA busy_timeout={wait}"):
                yield
        finally:
            other.close()
        return
    with server(database) as other_one, each_new_writer(database, f"SET lock_timeout={wait}"):
        other_one.execute("BEGIN")
        other_one.execute("SELECT * FROM log_head FOR UPDATE")
        yield
        other_one.execute("ROLLBACK")


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    statement = "PRAGMA query_only=ON" if database.sqlite else "SET default_transaction_read_only=on"
    with each_new_writer(database, statement):
        yield


@contextmanager
def full(database: Database) -> Iterator[None]:
    """Not one page more. (PostgreSQL: the error it would give, at the first leaf.)"""
    if database.sqlite:
        with sqlite3.connect(database.path) as other:
            (pages,) = other.execute("PRAGMA page_count").fetchone()
        with each_new_writer(database, f"PRAGMA max_page_count={pages}"):
            yield
        return
    with server(database) as other_one:
        other_one.execute(
            "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$"
        )
        other_one.execute(
            "CREATE TRIGGER no_space BEFORE INSERT ON leaves FOR EACH STATEMENT EXECUTE FUNCTION no_space()"
        )
        try:
            yield
        finally:
            other_one.execute("DROP TRIGGER no_space ON leaves")
            other_one.execute("DROP FUNCTION no_space")


@contextmanager
def stopped(database: Database) -> Iterator[None]:
    """The server is gone; or the file's place is."""
    if database.sqlite:
        away = database.path.with_suffix(".away")
        database._writer.dispose()
        database._reader.dispose()
        database.path.rename(away)
        database.path.mkdir()
        try:
            yield
        finally:
            database.path.rmdir()
            away.rename(database.path)
        return
    name = database.url.database
    with server(database) as here:
        admin = psycopg.connect(here.info.dsn, dbname="postgres", autocommit=True)
    try:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
    finally:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        admin.close()


WAYS = {"locked": locked, "read-only": read_only, "full": full, "stopped": stopped}


# --- what everybody tries --------------------------------------------------------------------------------


def acts(scene: Scene) -> dict[str, Callable[[], Any]]:
    world, eva = scene.world, scene.eva
    (row,) = world.parts.data.grants_of(eva.carnet_id)
    entry_id = world.parts.data.heads(eva.carnet_id)[0].entry_id
    return {
        "read": scene.read,
        "read many": scene.read_many,
        "read own": partial(own_carnet.read_own_carnet, world.parts, eva.owner, actor=eva.actor),
        "who looked": partial(own_carnet.list_accesses, world.parts, eva.owner, actor=eva.actor),
        "oversee": partial(overseeing.list_entries, world.parts, actor=OPERATOR),
        "withdraw": partial(world.withdraw, eva, row.grant),
        "write": partial(world.write, eva, "enfants_nombre", 1),
        "share": partial(world.share, eva, scene.system.structure_id, SIAE_FIELDS[:1]),
        "forget": partial(leaving.forget_entry, world.parts, eva.carnet_id, entry_id, actor=eva.actor),
        "erase": partial(leaving.erase_carnet, world.parts, eva.carnet_id, for_real=True, actor=OPERATOR),
        "sign in": world.newcomer,
    }


SEALING = {"write", "share", "sign in"}  # these take the owner's keys to seal with; they open nothing


@pytest.mark.parametrize("way", WAYS)
def test_while_the_store_fails_nothing_opens_and_nothing_is_half_done(scene: Scene, way: str) -> None:
    with WAYS[way](scene.world.app.data.database):
        until_it_fails(scene)
    before, tried = scene.stored(), acts(scene)
    with WAYS[way](scene.world.app.data.database):
        for name, act in tried.items():
            scene.spy.kinds.clear()
            with pytest.raises(UnavailableError) as told:
                act()
            if way != "stopped":
                assert isinstance(told.value, LogUnavailableError), name
            if name not in SEALING:
                assert CONTENT.isdisjoint(scene.spy.kinds), name
            assert scene.spy.sealed == 0, name
        with suppress(UnavailableError):  # it may find nothing to do
            run_upkeep(scene.world.parts)
    assert scene.stored() == before
    check_all_goes_on(scene)


def until_it_fails(scene: Scene) -> None:
    """A full disk still has room on its last pages: use it."""
    for _ in range(500):
        try:
            scene.read()
        except UnavailableError:
            scene.spy.sealed = 0
            return
    raise AssertionError("it does not fail")


def until_it_answers(scene: Scene) -> None:
    """A connection that died is told once to whoever gets it, then replaced."""
    for _ in range(5):
        with suppress(UnavailableError):
            scene.read()
            run_upkeep(scene.world.parts)
            return
    raise AssertionError("it does not come back")


def check_all_goes_on(scene: Scene) -> None:
    """Without a restart, and with a sound log."""
    until_it_answers(scene)
    answer = scene.read()
    assert isinstance(answer, FieldsView)
    assert set(answer.fields) == set(SIAE_FIELDS)
    for act in acts(scene).values():
        act()
    run_upkeep(scene.world.parts)
    with log_source(scene.world.app.data.database) as source:
        report = verify(
            source, origin=scene.world.app.settings.log_origin, verifiers=[scene.world.app.verifier]
        )
    assert report.ok, report.findings


def test_while_the_key_store_fails_nothing_opens_and_no_read_is_said_to_have_been(scene: Scene) -> None:
    before = scene.stored()
    with stopped(scene.world.app.keystore.database):
        for name, act in acts(scene).items():
            with pytest.raises(UnavailableError) as told:
                act()
            assert told.value.part == "keys", name
    assert scene.stored() == before
    check_all_goes_on(scene)


def test_a_key_store_that_goes_after_the_entry_leaves_an_entry_and_no_answer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that never lies: an entry without an answer may be, an answer without an entry never."""
    size = scene.world.parts.data.log_size()
    with monkeypatch.context() as patch:
        patch.setattr(type(scene.world.parts.reader_keys), "load", lambda *_: unreachable())
        with pytest.raises(UnavailableError) as told:
            scene.read()
    assert told.value.part == "keys"
    assert scene.world.parts.data.log_size() == size + 1
    accesses, _ = own_carnet.list_accesses(scene.world.parts, scene.eva.owner, actor=scene.eva.actor)
    assert [access.outcome for access in accesses] == [Outcome.GRANTED]


def unreachable() -> Any:
    from vault.errors import StoreUnavailableError

    raise StoreUnavailableError("keys", "gone")


def test_readers_that_wait_for_a_lock_are_all_told_and_none_is_served(scene: Scene) -> None:
    answers: list[Any] = []

    def read() -> None:
        try:
            answers.append(scene.read())
        except UnavailableError as error:
            answers.append(error)

    with locked(scene.world.app.data.database):
        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(answers) == 8
        assert all(isinstance(answer, LogUnavailableError) for answer in answers)
    assert CONTENT.isdisjoint(scene.spy.kinds)
    check_all_goes_on(scene)


# --- the clock -------------------------------------------------------------------------------------------


def test_a_clock_that_stepped_back_a_little_is_held_and_much_stops_everything_until_it_passes(
    scene: Scene,
) -> None:
    clock = scene.clock
    clock.forward(minutes=1)
    clock.stop_at(start := clock())
    answer = scene.read()
    assert isinstance(answer, FieldsView)
    clock.stop_at(start - timedelta(seconds=4, milliseconds=900))
    again = scene.read()
    assert isinstance(again, FieldsView)
    assert again.at >= answer.at, "log time never goes back"
    before = scene.stored()
    clock.stop_at(start - timedelta(seconds=6))
    for name, act in acts(scene).items():
        scene.spy.kinds.clear()
        scene.spy.sealed = 0
        with pytest.raises(LogUnavailableError):
            act()
        assert name in SEALING or CONTENT.isdisjoint(scene.spy.kinds), name
        assert scene.spy.sealed == 0
    assert scene.stored() == before
    clock.go_on_from(start + timedelta(milliseconds=1))
    check_all_goes_on(scene)


def test_a_clock_behind_does_not_reopen_what_ended(scene: Scene) -> None:
    """Its end is judged by the log's time, which does not go back with the clock."""
    (row,) = scene.world.parts.data.grants_of(scene.eva.carnet_id)
    ends_at = row.grant.terms.ends_at
    scene.clock.stop_at(ends_at)
    assert not isinstance(scene.read(), FieldsView)
    scene.clock.stop_at(ends_at - timedelta(seconds=3))
    assert not isinstance(scene.read(), FieldsView)


def test_a_clock_that_goes_months_ahead_and_on_gives_each_month_its_own_secret(scene: Scene) -> None:
    parts, start = scene.world.parts, scene.world.parts.data.log_size()
    known = parts.keystore.secret_ids("month", after=None, limit=100)
    for _ in range(4):
        scene.clock.forward(days=31)
        scene.world.share(scene.eva, scene.system.structure_id)
        assert isinstance(scene.read(), FieldsView)
    entries, _ = overseeing.list_entries(parts, actor=OPERATOR, limit=parts.data.log_size() - start)
    assert len(entries) >= 8
    assert all(entry.about and entry.actor for entry in entries if entry.no >= start)
    assert len(parts.keystore.secret_ids("month", after=None, limit=100)) >= len(known) + 4
