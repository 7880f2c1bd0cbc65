"""Each refusal to start, and that a sound instance is not refused, on both engines."""

import shutil
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event, text

from tests.conftest import StoreUrls
from tests.storage.conftest import INSTANCE, ON_SQLITE, ORIGIN, Stores, raw
from tests.storage.makers import NOW, a_ticket
from vault.audit import Checkpoint, CompactRange, Signer, Verifier, leaf_hash, sign_checkpoint
from vault.errors import ConfigError, StoreUnavailableError
from vault.services.rows import StoredCheckpoint
from vault.storage import (
    DATA,
    StartRefusedError,
    check_start,
    downgrade,
    log_source,
    open_data_store,
    open_keystore,
)
from vault.storage.database import Database
from vault.storage.start_check import _check_two_stores, durability_faults

PUBLIC = bytes(32)
VERIFIERS = [Verifier(ORIGIN, PUBLIC, lambda _public, message, signature: signature == _mac(message))]


def _mac(message: bytes) -> bytes:
    """Stands for Ed25519, which storage never meets: what is signed is checked, by 64 bytes."""
    return (leaf_hash(message) * 2)[:64]


def sign(stores: Stores, *, keep: tuple[bool, bool] = (True, True)) -> StoredCheckpoint:
    """A checkpoint over the log as it stands, kept in (D, K)."""
    size, root = stores.data.log_root()
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), Signer(ORIGIN, PUBLIC, _mac))
    checkpoint = StoredCheckpoint(size, NOW, note)
    if keep[0]:
        stores.data.keep_checkpoint(checkpoint)
    if keep[1]:
        stores.keys.keep_checkpoint(checkpoint)
    return checkpoint


def start(stores: Stores) -> tuple[int, int]:
    started = check_start(stores.data, stores.keys, verifiers=VERIFIERS)
    assert (started.instance, started.origin) == (INSTANCE, ORIGIN)
    return started.size, started.verified_from


def append(stores: Stores, count: int) -> None:
    stores.data.append_reads([a_ticket() for _ in range(count)])


def tamper(stores: Stores, *statements: str) -> None:
    """By somebody who owns the database, and takes its guards away first."""
    with stores.data.database.transaction() as connection:
        if stores.data.database.sqlite:
            connection.execute(text("DROP TRIGGER leaves_keep"))
            connection.execute(text("DROP TRIGGER leaves_stay"))
        else:
            connection.execute(text("ALTER TABLE leaves DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))


# --- what starts -----------------------------------------------------------------------------------------


def test_a_sound_instance_starts_and_recomputes_only_what_no_checkpoint_covers(stores: Stores) -> None:
    assert start(stores) == (0, 0)
    append(stores, 300)
    assert start(stores) == (300, 0)
    sign(stores)
    append(stores, 400)
    assert start(stores) == (700, 300)
    tamper(stores, "UPDATE leaves SET bytes = hash WHERE no = 5")  # for `carnet audit verify` to find
    assert start(stores) == (700, 300)


def test_an_interrupted_signing_starts(stores: Stores) -> None:
    append(stores, 3)
    sign(stores)
    append(stores, 3)
    sign(stores, keep=(True, False))
    append(stores, 1)
    assert start(stores) == (7, 3)


# --- the log ---------------------------------------------------------------------------------------------


def test_d_rolled_back_alone_is_found_from_k(stores: Stores) -> None:
    append(stores, 10)
    checkpoint = sign(stores, keep=(False, False))
    append(stores, 5)
    stores.keys.keep_checkpoint(replace(checkpoint, size=16))
    with pytest.raises(StartRefusedError, match="15 leaves, and the key store remembers 16"):
        start(stores)


@ON_SQLITE
def test_a_file_of_d_put_back_is_found_from_k(stores: Stores, tmp_path: Path) -> None:
    path, old = stores.data.database.path, tmp_path / "old.sqlite"
    append(stores, 10)
    sign(stores)
    with stores.data.database.maintenance() as connection:
        connection.execute(text("VACUUM INTO :path"), {"path": str(old)})
    append(stores, 10)
    sign(stores)
    stores.data.close()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copy(old, path)
    put_back = open_data_store(stores.urls.data, stores.clock)
    with pytest.raises(StartRefusedError, match="leaves were lost"):
        check_start(put_back, stores.keys, verifiers=VERIFIERS)
    put_back.close()


def test_a_log_cut_below_its_own_checkpoint_is_refused(stores: Stores) -> None:
    append(stores, 4)
    sign(stores, keep=(True, False))
    compact = CompactRange()
    with log_source(stores.data.database) as source:
        compact.extend([leaf_hash(row.data or b"") for row in source.leaves()][:3])
    tamper(stores, "DELETE FROM leaves WHERE no = 3")
    with stores.data.database.transaction() as connection:
        connection.execute(
            text("UPDATE log_head SET size = 3, range = :range"), {"range": compact.to_bytes()}
        )
    with pytest.raises(StartRefusedError, match="the data store remembers 4"):
        start(stores)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaves SET bytes = hash WHERE no = 7",
        "DELETE FROM leaves WHERE no = 7",
        "DELETE FROM leaves WHERE no = 9",
        "UPDATE leaves SET hash = (SELECT o.hash FROM leaves AS o WHERE o.no = 1) WHERE no = 7",
        "INSERT INTO leaves (no, bytes, hash) SELECT 10, bytes, hash FROM leaves WHERE no = 9",
        "UPDATE log_head SET size = 9",
        "UPDATE log_head SET t = t - 1",
    ],
)
def test_what_was_changed_after_the_last_checkpoint_is_found(stores: Stores, statement: str) -> None:
    append(stores, 5)
    sign(stores)
    stores.clock.advance(seconds=1)
    append(stores, 5)
    tamper(stores, statement)
    with pytest.raises(StartRefusedError, match="does not hold"):
        start(stores)


def test_a_rewritten_history_is_found_from_the_checkpoint_of_k(stores: Stores) -> None:
    """Leaves, hashes and head all agree with one another, and not with what was signed."""
    append(stores, 4)
    other = stores.data.log_root()[1]
    stores.keys.keep_checkpoint(sign(stores, keep=(False, False)))
    append(stores, 1)
    hashes = []
    with log_source(stores.data.database) as source:
        rows = list(source.leaves())
    tamper(stores)
    with stores.data.database.transaction() as connection:
        for row, taken in zip(rows, [rows[1], rows[0], *rows[2:]], strict=True):
            hashes.append(leaf_hash(taken.data or b""))
            connection.execute(
                text("UPDATE leaves SET bytes = :bytes, hash = :hash WHERE no = :no"),
                {"bytes": taken.data, "hash": hashes[-1], "no": row.no},
            )
        compact = CompactRange()
        compact.extend(hashes)
        connection.execute(text("UPDATE log_head SET range = :range"), {"range": compact.to_bytes()})
    assert compact.root() != other
    with pytest.raises(StartRefusedError, match="does not hold"):
        start(stores)


def test_a_checkpoint_nobody_signed_is_refused(stores: Stores) -> None:
    append(stores, 2)
    note = sign(stores, keep=(False, False)).note
    forged = f"{note.rsplit(' ', 1)[0]} {b64encode(bytes(68)).decode()}\n"
    stores.keys.keep_checkpoint(StoredCheckpoint(2, NOW, forged))
    with pytest.raises(StartRefusedError, match="does not hold"):
        start(stores)


# --- the stores ------------------------------------------------------------------------------------------


def test_a_store_not_upgraded_is_refused(stores: Stores) -> None:
    downgrade(stores.data.database, DATA, "d2")
    with pytest.raises(StartRefusedError, match="schema") as caught:
        start(stores)
    assert isinstance(caught.value, ConfigError)
    assert caught.value.setting == "CARNET_DATABASE_URL"
    assert caught.value.hint is not None
    assert "database upgrade" in caught.value.hint


def test_an_instance_not_founded_is_refused(store_urls: StoreUrls, stores: Stores) -> None:
    with stores.data.database.transaction() as connection:
        connection.execute(text("DELETE FROM log_head"))
    with pytest.raises(StartRefusedError, match="not founded"):
        start(stores)


def test_keys_of_another_instance_are_refused(stores: Stores) -> None:
    with stores.keys.database.transaction() as connection:
        connection.execute(text("UPDATE meta SET instance = 'another'"))
    with pytest.raises(StartRefusedError, match="two instances"):
        start(stores)


@pytest.mark.parametrize("how", ["same", "symlink", "hard link"])
def test_one_store_under_two_names_is_refused(stores: Stores, tmp_path: Path, how: str) -> None:
    database = stores.data.database
    url = stores.urls.data
    if database.sqlite and how != "same":
        other = tmp_path / "other.sqlite"
        (other.symlink_to if how == "symlink" else other.hardlink_to)(database.path)
        url = f"sqlite:///{other}"
    elif how != "same":
        url = url.replace("/run", "//run") + f"&application_name={how.split(maxsplit=1)[0]}"
    keys = Database(url, part="keys")
    with pytest.raises(StartRefusedError, match="same store"):
        _check_two_stores(database, keys)
    _check_two_stores(database, stores.keys.database)
    keys.close()


def test_a_store_that_would_lose_answered_entries_is_refused(stores: Stores) -> None:
    if stores.data.database.sqlite:
        for store in (stores.data, stores.keys):
            weak = type(store)(Database(str(store.database.url), part=store.database.part), stores.clock)

            @event.listens_for(weak.database._writer, "connect")
            def weaken(dbapi_connection: object, _: object) -> None:
                dbapi_connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[attr-defined]

            pair = stores._replace(**{store.database.part: weak})
            with pytest.raises(StartRefusedError, match="synchronous=NORMAL"):
                start(pair)
            weak.close()
        return
    with psycopg.connect(raw(stores.urls.keys), autocommit=True) as admin:
        database = admin.info.dbname
        admin.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(database))
        )
    keys = open_keystore(stores.urls.keys, stores.clock)
    with pytest.raises(StartRefusedError, match="synchronous_commit=off") as caught:
        start(stores._replace(keys=keys))
    assert caught.value.setting == "CARNET_KEYSTORE_URL"
    keys.close()


@pytest.mark.parametrize(
    ("dialect", "told", "faults"),
    [
        ("sqlite", {"journal_mode": "wal", "synchronous": "2"}, []),
        ("sqlite", {"journal_mode": "wal", "synchronous": "3"}, []),
        ("sqlite", {"journal_mode": "delete", "synchronous": "2"}, ["journal_mode=delete"]),
        ("sqlite", {"journal_mode": "wal", "synchronous": "1"}, ["synchronous=NORMAL"]),
        (
            "sqlite",
            {"journal_mode": "memory", "synchronous": "0"},
            ["journal_mode=memory", "synchronous=OFF"],
        ),
        ("postgresql", {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}, []),
        ("postgresql", {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "remote_apply"}, []),
        ("postgresql", {"fsync": "off", "full_page_writes": "on", "synchronous_commit": "on"}, ["fsync=off"]),
        (
            "postgresql",
            {"fsync": "on", "full_page_writes": "off", "synchronous_commit": "local"},
            ["full_page_writes=off", "synchronous_commit=local"],
        ),
    ],
)
def test_what_an_engine_says_of_its_safety_is_understood(
    dialect: str, told: dict[str, str], faults: list[str]
) -> None:
    assert durability_faults(dialect, told) == faults


def test_a_store_that_does_not_answer_is_unavailable_rather_than_refused(stores: Stores) -> None:
    if stores.data.database.sqlite:
        missing = open_data_store("sqlite:////nowhere/at/all.sqlite", stores.clock)
    else:
        missing = open_data_store(stores.urls.data.replace("host=", "host=/nowhere"), stores.clock)
    with pytest.raises(StoreUnavailableError):
        check_start(missing, stores.keys, verifiers=VERIFIERS)
    missing.close()
