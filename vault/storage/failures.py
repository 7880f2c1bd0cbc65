"""Past this door a database error is ours, and carries no value: neither of a row nor of a parameter.

What the engine reports (locked, disk full, connection lost, read-only) is unavailability: nothing was
written, the same call may work later. A row that must be unique and is not, or a file that is no database,
is breakage.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from vault.errors import BrokenError, CarnetError, LogUnavailableError, StoreUnavailableError

LOG: Final = "log"
# Wrapped, or from a driver's own cursor. What is a fault of our own code passes as it is.
ENGINE_ERRORS = (DBAPIError, PoolTimeoutError, sqlite3.Error, psycopg.Error)
_CONFLICTS = (sqlite3.IntegrityError, psycopg.IntegrityError)
_FAULTS = (
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    psycopg.DataError,
    psycopg.ProgrammingError,
    psycopg.NotSupportedError,
)
_BROKEN = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"})


class ConflictError(BrokenError):
    """A row that may exist once exists already, or names a row that does not exist."""


@contextmanager
def ours(part: str) -> Iterator[None]:
    """Turn every database error raised inside into one of ours; ``part`` is ``log``, ``data`` or ``keys``."""
    try:
        yield
    except ENGINE_ERRORS as error:
        raise _translated(part, error) from None  # the cause would print parameters and rows


def _translated(part: str, error: Exception) -> CarnetError:
    cause = (error.orig if isinstance(error, DBAPIError) else None) or error
    code = _code(cause)
    if isinstance(cause, _CONFLICTS):
        return ConflictError(f"{part}: {code}")
    if isinstance(cause, _FAULTS) or code in _BROKEN:
        return BrokenError(f"{part}: {code}")
    return unavailable(part, code)


def unavailable(part: str, reason: str) -> CarnetError:
    return LogUnavailableError(reason) if part == LOG else StoreUnavailableError(part, reason)


def _code(cause: BaseException) -> str:
    """The engine's own short name of what went wrong: SQLITE_FULL, 55P03, or the error's class."""
    for name in ("sqlite_errorname", "sqlstate"):
        code = getattr(cause, name, None)
        if isinstance(code, str):
            return code
    return type(cause).__name__
