"""May this instance start? Every reason why not is a StartRefusedError that says which.

1. both stores survive a power cut: SQLite in WAL with synchronous=FULL; PostgreSQL with fsync,
   full_page_writes and synchronous_commit on or stronger;
2. they are two stores, not one under two names;
3. both have exactly the schema of this program, and belong to the same instance;
4. the log: what D holds reaches as far as the last checkpoint K remembers (else D was rolled back), and
   what came after that checkpoint gives the head. The rest is for ``carnet audit verify``.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text

from vault.audit import LogSource, VerificationReport, Verifier, verify, verify_since
from vault.errors import ConfigError
from vault.services.rows import StoredCheckpoint
from vault.storage.data_store import SqlDataStore
from vault.storage.database import Database
from vault.storage.keystore import SqlKeyStore
from vault.storage.log_source import log_source
from vault.storage.schema import DATA, KEYS, Schema, at_head

SETTINGS = {"data": "CARNET_DATABASE_URL", "keys": "CARNET_KEYSTORE_URL"}
_SYNCHRONOUS = {"0": "OFF", "1": "NORMAL"}
_DURABILITY = {
    "sqlite": ("PRAGMA", ("journal_mode", "synchronous")),
    "postgresql": ("SHOW", ("fsync", "full_page_writes", "synchronous_commit")),
}
_STRONG = frozenset({"on", "remote_apply"})


class StartRefusedError(ConfigError):
    """The stores are not ready, or not safe, to serve."""


class Started(NamedTuple):
    """What the check found, for the first lines of the service's own log."""

    instance: str
    origin: str
    size: int
    verified_from: int


def check_start(data: SqlDataStore, keys: SqlKeyStore, *, verifiers: Sequence[Verifier]) -> Started:
    """Raises StartRefusedError, or UnavailableError when a store does not answer. ``verifiers``: the keys
    the log's checkpoints are signed with."""
    for database, schema in ((data.database, DATA), (keys.database, KEYS)):
        _check_durable(database)
        _check_schema(database, schema)
    _check_two_stores(data.database, keys.database)
    instance, origin = _check_same_instance(data, keys)
    size, verified_from = _check_log(data, keys, origin, verifiers)
    return Started(instance, origin, size, verified_from)


def verified_head(
    data: SqlDataStore, keys: SqlKeyStore, *, verifiers: Sequence[Verifier]
) -> tuple[int, bytes]:
    """Size and root of the log, once what K last signed is found to be its beginning. Raises
    StartRefusedError when the log was rewritten or cut: it must not be signed."""
    identity = data.log_identity()
    remembered = keys.last_checkpoint()
    with log_source(data.database) as source:
        size = source.size()
        _check_not_rolled_back("the key store", remembered, size)
        report = _check_tail(source, remembered, identity.origin if identity else "", verifiers)
    if report.root is None:
        raise StartRefusedError("the log has no root", setting=SETTINGS["data"])
    return report.size, report.root


def durability_faults(dialect: str, told: dict[str, str]) -> list[str]:
    """What in the engine's own settings would lose an answered entry in a power cut."""
    if dialect == "sqlite":
        faults = [] if told["journal_mode"] == "wal" else [f"journal_mode={told['journal_mode']}"]
        weak = _SYNCHRONOUS.get(told["synchronous"])
        return faults + ([f"synchronous={weak}"] if weak else [])
    faults = [f"{name}={told[name]}" for name in ("fsync", "full_page_writes") if told[name] != "on"]
    commit = told["synchronous_commit"]
    return faults + ([] if commit in _STRONG else [f"synchronous_commit={commit}"])


def _check_durable(database: Database) -> None:
    with database.write() as connection:
        dialect = connection.dialect.name
        ask, names = _DURABILITY[dialect]
        told = {name: str(connection.execute(text(f"{ask} {name}")).scalar_one()) for name in names}
    faults = durability_faults(dialect, told)
    if faults:
        raise StartRefusedError(
            f"an answered entry could be lost: {', '.join(faults)}",
            setting=SETTINGS[database.part],
            hint="SQLite needs WAL and FULL, PostgreSQL fsync, full_page_writes and synchronous_commit on",
        )


def _check_schema(database: Database, schema: Schema) -> None:
    if not at_head(database, schema):
        raise StartRefusedError(
            "the store does not have this program's schema",
            setting=SETTINGS[database.part],
            hint="run `carnet keys init`, then `carnet database upgrade`",
        )


def _check_two_stores(data: Database, keys: Database) -> None:
    if data.sqlite != keys.sqlite:
        return
    same = data.path.samefile(keys.path) if data.sqlite else _place(data) == _place(keys)
    if same:
        raise StartRefusedError(
            "is the same store as CARNET_DATABASE_URL",
            setting=SETTINGS["keys"],
            hint="data and keys must be apart: other files, other backups",
        )


def _place(database: Database) -> tuple[str, str]:
    """The cluster and the database in it, whatever address led there."""
    statement = "SELECT system_identifier::text, current_database() FROM pg_control_system()"
    with database.read() as connection:
        cluster, name = connection.execute(text(statement)).one()
    return cluster, name


def _check_same_instance(data: SqlDataStore, keys: SqlKeyStore) -> tuple[str, str]:
    identity, instance = data.log_identity(), keys.instance()
    if identity is None or instance is None:
        raise StartRefusedError(
            "the instance is not founded",
            hint="run `carnet keys init`, then `carnet database upgrade`",
        )
    if identity.instance != instance:
        raise StartRefusedError(
            "data and keys belong to two instances",
            setting=SETTINGS["keys"],
            hint="each store knows its instance; restore the one that belongs here",
        )
    return identity.instance, identity.origin


def _check_log(
    data: SqlDataStore, keys: SqlKeyStore, origin: str, verifiers: Sequence[Verifier]
) -> tuple[int, int]:
    """(size, from where it was recomputed). K is read first: D only grows meanwhile."""
    remembered = keys.last_checkpoint()
    kept = data.last_checkpoint()
    with log_source(data.database) as source:
        size = source.size()
        for where, checkpoint in (("the key store", remembered), ("the data store", kept)):
            _check_not_rolled_back(where, checkpoint, size)
        last = remembered or kept
        _check_tail(source, last, origin, verifiers)
    return size, last.size if last else 0


def _check_not_rolled_back(where: str, checkpoint: StoredCheckpoint | None, size: int) -> None:
    if checkpoint is not None and checkpoint.size > size:
        raise StartRefusedError(
            f"the log has {size} leaves, and {where} remembers {checkpoint.size}: leaves were lost",
            setting=SETTINGS["data"],
            hint="the data store is older than it should be; restore the leaves from the archive",
        )


def _check_tail(
    source: LogSource, last: StoredCheckpoint | None, origin: str, verifiers: Sequence[Verifier]
) -> VerificationReport:
    if last is None:
        report = verify(source, origin=origin, verifiers=verifiers)
    else:
        report = verify_since(source, last.note, origin=origin, verifiers=verifiers)
    if not report.ok:
        raise StartRefusedError(
            f"the log does not hold: {report.sentences[0]}",
            setting=SETTINGS["data"],
            hint="run `carnet audit verify` for all that was found",
        )
    return report
