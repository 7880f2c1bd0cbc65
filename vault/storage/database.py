"""One store on SQLite or PostgreSQL: a single writer that takes its lock first, readers that cannot write.

- SQLite: ``BEGIN IMMEDIATE`` behind one lock a process; WAL, synchronous=FULL, foreign keys; between
  processes a writer waits ``busy`` and no longer. Readers have ``query_only=ON``.
- PostgreSQL: READ COMMITTED; locks are waited for ``busy`` and no longer. Readers have
  ``default_transaction_read_only=on``.
- Readers autocommit: each statement sees what was committed when it began. ``snapshot`` gives one view for
  several statements.

Leaving ``write`` without ``commit`` undoes everything. Errors are ours (failures.py); statements are logged
nowhere and no parameter appears in a message.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from vault.storage.failures import ENGINE_ERRORS, ours, unavailable

BUSY = timedelta(seconds=5)
READERS = 32
_SQLITE_WRITER = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY")
_SQLITE_READER = ("query_only=ON", "cache_size=-8192", "temp_store=MEMORY")


class Database:
    """``part``: the name under which it fails, ``data`` or ``keys``. ``secure_delete``: what is deleted is
    overwritten (SQLite)."""

    def __init__(
        self,
        url: str,
        *,
        part: str,
        busy: timedelta = BUSY,
        readers: int = READERS,
        secure_delete: bool = False,
    ) -> None:
        self.part = part
        self.url: URL = make_url(url)
        self.busy = busy
        self._lock = threading.Lock()
        if self.sqlite:
            pragmas = (*_SQLITE_WRITER, f"secure_delete={'ON' if secure_delete else 'OFF'}")
            self._writer = _sqlite(self.url, busy, pragmas, size=1)
            self._reader = _sqlite(self.url, busy, _SQLITE_READER, size=readers, autocommit=True)
            event.listen(self._writer, "begin", partial(_begin, "BEGIN IMMEDIATE"))
            event.listen(self._reader, "begin", partial(_begin, ""))
        else:
            self._writer = _postgresql(self.url, busy, size=1)
            self._reader = _postgresql(self.url, busy, size=readers, autocommit=True)

    @property
    def sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """The file of a SQLite store."""
        return Path(self.url.database or "")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that physically cannot write."""
        with ours(self.part), self._reader.connect() as connection, _dropped_when_broken(connection):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Like ``read``, but all statements see one state of the store, however long it takes."""
        options = {"carnet_begin": "BEGIN"} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with ours(self.part), self._reader.connect() as connection, _dropped_when_broken(connection):
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self, *, part: str | None = None) -> Iterator[Connection]:
        """A transaction that already holds the store's write lock (SQLite) or is its process's only one.

        ``part``: under which name it fails, where that is not the store's.
        """
        name = part or self.part
        if not self._lock.acquire(timeout=self.busy.total_seconds()):
            raise unavailable(name, "busy")
        try:
            with ours(name), self._writer.connect() as connection, _dropped_when_broken(connection):
                connection.begin()
                yield connection
        finally:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """``write`` that commits by itself when nothing is raised."""
        with self.write() as connection:
            yield connection
            connection.commit()

    @contextmanager
    def maintenance(self) -> Iterator[Connection]:
        """The writer outside any transaction, for what the engine refuses inside one."""
        with self._lock, ours(self.part), self._writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT", carnet_begin="")
            yield connection

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def _begin(usual: str, connection: Connection) -> None:
    """SQLite's driver would begin later and weaker than we want: it is told not to, and we begin."""
    statement = connection.get_execution_options().get("carnet_begin", usual)
    if statement:
        connection.exec_driver_sql(statement)


@contextmanager
def _dropped_when_broken(connection: Connection) -> Iterator[None]:
    """A connection on which something failed is closed for good. When the server hung up, so are its idle
    neighbours: one failed call tells of a restart, not as many as there are connections."""
    try:
        yield
    except ENGINE_ERRORS:
        if not connection.invalidated:
            hung_up = getattr(connection.connection.dbapi_connection, "closed", False)
            connection.invalidate()
            if hung_up:
                connection.engine.dispose()
        raise


def _sqlite(
    url: URL, busy: timedelta, pragmas: tuple[str, ...], *, size: int, autocommit: bool = False
) -> Engine:
    engine = create_engine(
        url,
        connect_args={
            "timeout": busy.total_seconds(),
            "isolation_level": None,
            "check_same_thread": False,
            "cached_statements": 256,
        },
        **_pool(busy, size, autocommit),
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(dbapi_connection: Any, _: Any) -> None:
        cursor = dbapi_connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _postgresql(url: URL, busy: timedelta, *, size: int, autocommit: bool = False) -> Engine:
    wait = int(busy.total_seconds() * 1000)
    options = f"-c lock_timeout={wait} -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
    if autocommit:
        options += " -c default_transaction_read_only=on"
    return create_engine(
        url,
        connect_args={
            "options": options,
            "connect_timeout": 5,
            "application_name": "carnet",
            # a machine that vanished is noticed in seconds, not when its silence ends
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
        **{"isolation_level": "READ COMMITTED"} | _pool(busy, size, autocommit),
    )


def _pool(busy: timedelta, size: int, autocommit: bool) -> dict[str, Any]:
    return {
        "hide_parameters": True,
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": busy.total_seconds(),
        "pool_reset_on_return": None if autocommit else "rollback",
    } | ({"isolation_level": "AUTOCOMMIT"} if autocommit else {})
