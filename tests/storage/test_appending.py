"""The log grows densely, in time order, into one tree, whoever appends; and it can only grow."""

import multiprocessing
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from schemas.names import Outcome
from tests.conftest import StoreUrls
from tests.storage.conftest import ORIGIN, Stores
from tests.storage.makers import NOW, Clock, a_draft, a_ticket
from vault.audit import CompactRange, Leaf, Tiles, VerificationReport, leaf_hash, verify
from vault.errors import CarnetError, LogUnavailableError
from vault.services.rows import Appended, StoredCheckpoint
from vault.storage import SqlDataStore, log_source, open_data_store


def verified(data: SqlDataStore) -> VerificationReport:
    with log_source(data.database) as source:
        return verify(source, origin=ORIGIN, verifiers=[])


def leaves_of(data: SqlDataStore) -> list[Leaf]:
    with log_source(data.database) as source:
        return [Leaf.parse(row.data or b"") for row in source.leaves()]


def check_whole(data: SqlDataStore, size: int) -> None:
    """Dense numbers, times that never decrease, a tree that verifies, the head's root."""
    report = verified(data)
    assert report.ok, report.sentences
    assert (report.size, data.log_size()) == (size, size)
    assert data.log_root() == (size, report.root)
    times = [leaf.t for leaf in leaves_of(data)]
    assert times == sorted(times)


def test_an_entry_is_stored_as_it_was_drafted(data: SqlDataStore, clock: Clock) -> None:
    drafts = [a_draft("init"), a_draft("write", carnet_tag=b"t" * 16), a_draft("read", Outcome.DENIED)]
    with data.change() as work:
        appended = [work.append(draft) for draft in drafts]
        assert work.log_size() == 3
        work.commit()
    assert appended == [Appended(no, NOW, draft.out) for no, draft in enumerate(drafts)]
    rows = data.log_rows(range(5))
    assert [row.no for row in rows] == [2, 1, 0]
    for row, draft in zip(reversed(rows), drafts, strict=True):
        leaf = Leaf.parse(row.leaf)
        assert (leaf.op, leaf.out, leaf.m, leaf.n) == (draft.op, draft.out, draft.month, draft.n)
        assert (leaf.tag, leaf.about, leaf.actor) == (draft.tag, draft.about, draft.actor)
        assert (row.carnet_tag, row.agent_tag) == (draft.carnet_tag, draft.agent_tag)
        assert (row.about_sealed, row.actor_sealed) == (draft.about_sealed, draft.actor_sealed)
    check_whole(data, 3)


def test_an_empty_log_has_the_root_of_nothing(data: SqlDataStore) -> None:
    assert data.log_size() == 0
    assert data.log_root() == (0, CompactRange().root())
    assert data.append_reads([]) == []
    assert verified(data).ok


def test_entries_are_found_newest_first_by_carnet_and_by_operation(data: SqlDataStore) -> None:
    with data.change() as work:
        for number in range(12):
            work.append(a_draft(("read", "write", "grant")[number % 3], carnet_tag=bytes([number % 2]) * 16))
        work.commit()

    def numbers(rows: Sequence[object]) -> list[int]:
        return [row.no for row in rows]  # type: ignore[attr-defined]

    mine = bytes(16)
    assert numbers(data.log_by_carnet(mine, ops=None, before=None, limit=3)) == [10, 8, 6]
    assert numbers(data.log_by_carnet(mine, ops=None, before=6, limit=9)) == [4, 2, 0]
    assert numbers(data.log_by_carnet(mine, ops={"read"}, before=None, limit=9)) == [6, 0]
    assert numbers(data.log_by_carnet(b"?" * 16, ops=None, before=None, limit=9)) == []
    assert numbers(data.log_latest(ops=None, before=None, limit=3)) == [11, 10, 9]
    assert numbers(data.log_latest(ops={"read", "grant"}, before=10, limit=4)) == [9, 8, 6, 5]
    assert numbers(data.log_latest(ops=set(), before=None, limit=4)) == []
    assert numbers(data.log_latest(ops=None, before=-1, limit=4)) == []
    assert numbers(data.log_rows([1, 1, 10**30, -4])) == [1]


def test_eight_threads_append_densely_in_time_order(stores: Stores) -> None:
    data = stores.data
    threads, each = 8, 200
    answers: list[Appended] = []

    def append() -> None:
        for number in range(each):
            if number % 20 == 0:
                with data.change() as work:
                    answers.append(work.append(a_draft("write")))
                    work.commit()
            else:
                answers.extend(data.append_reads([a_ticket()]))

    running = [threading.Thread(target=append) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert sorted(answer.no for answer in answers) == list(range(threads * each))
    check_whole(data, threads * each)


def _append_many(url: str, count: int) -> None:
    data = open_data_store(url, lambda: datetime.now(UTC))
    for number in range(count):
        if number % 10 == 0:
            with data.change() as work:
                work.append(a_draft("write"))
                work.commit()
        else:
            data.append_reads([a_ticket(), a_ticket()])
    data.close()


def test_two_processes_append_at_once(stores: Stores) -> None:
    """Each reads the head in each batch; neither keeps it."""
    stores.clock.now = datetime.now(UTC)
    spawning = multiprocessing.get_context("spawn")
    processes = [spawning.Process(target=_append_many, args=(stores.urls.data, 100)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    check_whole(stores.data, 2 * (10 + 2 * 90))


@pytest.mark.parametrize("sizes", [(255, 1, 1), (256,), (100, 600, 3), (1,) * 3 + (511, 257, 1)])
def test_tiles_are_those_of_the_tree_however_it_grew(data: SqlDataStore, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        data.append_reads([a_ticket() for _ in range(size)])
    check_whole(data, sum(sizes))
    growing = Tiles()
    with log_source(data.database) as source:
        hashes = [leaf_hash(row.data or b"") for row in source.leaves()]
        for tile in (*growing.extend(hashes), *growing.partial()):
            assert source.tile(tile.level, tile.no) == tile.hashes
        assert source.tile(5, 0) == b""


def test_a_hundred_thousand_leaves_keep_their_higher_tiles(data: SqlDataStore) -> None:
    """Past 65 536 leaves a tile of level 1 is full; grown here by moving the head, not leaf by leaf."""
    size, hashes = 65_536 - 300, [bytes([number % 251]) * 32 for number in range(65_536 - 300)]
    growing, compact = Tiles(), CompactRange()
    compact.extend(hashes)
    with data.database.transaction() as connection:
        kept = [
            tile for tile in (*growing.extend(hashes), *growing.partial()) if tile.level or tile.width == 256
        ]
        connection.execute(
            text("INSERT INTO tiles (level, no, hashes) VALUES (:level, :no, :hashes)"),
            [tile._asdict() for tile in kept],
        )
        connection.execute(
            text("INSERT INTO leaves (no, bytes, hash) VALUES (:no, :bytes, :hash)"),
            [{"no": no, "bytes": b"x", "hash": hashes[no]} for no in range(size - size % 256, size)],
        )
        connection.execute(
            text("UPDATE log_head SET size = :size, range = :range"),
            {"size": size, "range": compact.to_bytes()},
        )
    for _ in range(3):
        data.append_reads([a_ticket() for _ in range(200)])
    with log_source(data.database) as source:
        hashes += [leaf_hash(row.data or b"") for row in source.leaves(size)]
        whole = Tiles()
        for tile in (*whole.extend(hashes), *whole.partial()):
            assert source.tile(tile.level, tile.no) == tile.hashes
    compact.extend(hashes[size:])
    assert data.log_root() == (len(hashes), compact.root())


# --- time ------------------------------------------------------------------------------------------------


def test_time_never_goes_back_in_log_order(data: SqlDataStore, clock: Clock) -> None:
    (first,) = data.append_reads([a_ticket()])
    clock.advance(seconds=-5)
    (second,) = data.append_reads([a_ticket()])
    with data.change() as work:
        assert work.now == first.at
        assert work.append(a_draft()).at == first.at
        work.commit()
    assert first.at == second.at == NOW
    clock.advance(seconds=6)
    (third,) = data.append_reads([a_ticket()])
    assert third.at == NOW + timedelta(seconds=1)
    check_whole(data, 4)


def test_a_clock_that_went_back_further_stops_the_log_until_it_has_caught_up(
    data: SqlDataStore, clock: Clock
) -> None:
    data.append_reads([a_ticket()])
    clock.advance(seconds=-5, milliseconds=-1)
    with pytest.raises(LogUnavailableError, match="clock"):
        data.append_reads([a_ticket()])
    with pytest.raises(LogUnavailableError, match="clock"), data.change():
        pytest.fail("the head was given under a clock that went back")
    clock.advance(milliseconds=1)
    data.append_reads([a_ticket()])
    check_whole(data, 2)


# --- what cannot be done ---------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["UPDATE leaves SET bytes = bytes", "DELETE FROM leaves WHERE no = 1"])
def test_leaves_refuse_to_be_changed_or_deleted(data: SqlDataStore, statement: str) -> None:
    data.append_reads([a_ticket(), a_ticket()])
    with pytest.raises(CarnetError), data.database.write() as connection:
        connection.execute(text(statement))
    check_whole(data, 2)


def test_a_number_is_never_given_twice(data: SqlDataStore) -> None:
    """Whatever moved the head back, the unique number turns the race into an error."""
    data.append_reads([a_ticket(), a_ticket()])
    with data.database.transaction() as connection:
        head = connection.execute(text("SELECT size, range FROM log_head")).one()
        connection.execute(
            text("UPDATE log_head SET size = 0, range = :range"), {"range": CompactRange().to_bytes()}
        )
    with pytest.raises(LogUnavailableError):
        data.append_reads([a_ticket()])
    with data.database.transaction() as connection:
        connection.execute(text("UPDATE log_head SET size = :size, range = :range"), head._asdict())
    check_whole(data, 2)


def test_a_head_that_is_not_one_stops_the_log(data: SqlDataStore) -> None:
    data.append_reads([a_ticket()])
    with data.database.transaction() as connection:
        connection.execute(text("UPDATE log_head SET range = :range"), {"range": b"?"})
    with pytest.raises(LogUnavailableError):
        data.append_reads([a_ticket()])


def test_a_log_is_founded_once(data: SqlDataStore) -> None:
    assert not data.found("another", "elsewhere")
    identity = data.log_identity()
    assert identity is not None
    assert identity.origin == ORIGIN


def test_before_it_is_founded_a_log_takes_nothing(store_urls: StoreUrls) -> None:
    from vault.storage import DATA, upgrade

    data = open_data_store(store_urls.data, Clock())
    upgrade(data.database, DATA)
    assert data.log_identity() is None
    assert data.log_size() == 0
    with pytest.raises(LogUnavailableError, match="not founded"):
        data.append_reads([a_ticket()])
    data.close()


def test_checkpoints_are_kept_and_the_last_one_told(data: SqlDataStore) -> None:
    assert data.last_checkpoint() is None
    for size in (3, 7, 7, 5):
        data.keep_checkpoint(StoredCheckpoint(size, NOW, f"note {size}"))
    assert data.last_checkpoint() == StoredCheckpoint(7, NOW, "note 7")
    with log_source(data.database) as source:
        assert list(source.checkpoints()) == ["note 3", "note 5", "note 7"]


def test_a_lease_is_held_by_one_until_it_is_over(data: SqlDataStore) -> None:
    until = NOW + timedelta(seconds=90)
    assert data.take_lease("jobs", "a", now=NOW, until=until)
    assert not data.take_lease("jobs", "b", now=NOW, until=until)
    assert data.take_lease("jobs", "a", now=NOW, until=until)
    assert data.take_lease("other", "b", now=NOW, until=until)
    assert data.take_lease("jobs", "b", now=until, until=until + timedelta(seconds=90))
    assert not data.take_lease("jobs", "a", now=until, until=until)
