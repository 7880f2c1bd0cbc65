"""Secrets planted on purpose, and the search for them wherever they must not be.

A test plants words nothing else holds, lets everybody live, then asks ``found_in`` of what was written: files
and tables of both stores, everything logged, every error, every answer. A word is looked for in any case, in
hexadecimal and in base64.
"""

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from tests.world import World
from vault.errors import CarnetError


@dataclass
class Planted:
    """What was planted, by what it is; and everything given back, raised or logged."""

    words: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    given: list[Any] = field(default_factory=list)
    raised: list[BaseException] = field(default_factory=list)
    logged: list[logging.LogRecord] = field(default_factory=list)

    def word(self, what: str) -> str:
        """A word nothing else holds."""
        self.words[what] = f"canari{len(self.words):03d}{what.lower()}"
        return self.words[what]

    def keep(self, what: str, secret: str) -> str:
        self.words[what] = secret
        return secret

    def tries(self, work: Callable[..., Any], *told: Any, **more: Any) -> Any:
        """What ``work`` gives or raises, kept."""
        try:
            answer = work(*told, **more)
        except CarnetError as error:
            self.raised.append(error)
            return None
        self.given.append(answer)
        return answer


class _Everything(logging.Handler):
    def __init__(self, planted: Planted) -> None:
        super().__init__(logging.DEBUG)
        self._planted = planted

    def emit(self, record: logging.LogRecord) -> None:
        self._planted.logged.append(record)


@contextmanager
def listening(planted: Planted) -> Iterator[None]:
    """Every logger there is says all it can, and it is kept."""
    root, handler = logging.getLogger(), _Everything(planted)
    names = {"sqlalchemy", "psycopg", "carnet", "alembic", "uvicorn", *logging.Logger.manager.loggerDict}
    loggers = [root, *(logging.getLogger(name) for name in names)]
    levels = [(logger, logger.level) for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for logger, level in levels:
            logger.setLevel(level)


def said(record: logging.LogRecord) -> bytes:
    """All that a handler could print of it."""
    trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    told = f"{record.getMessage()} {record.args!r} {record.exc_text} {trace}"
    return told.encode("utf-8", "replace")


def spellings(secret: bytes) -> list[bytes]:
    return [
        secret,
        secret.hex().encode(),
        base64.b64encode(secret).rstrip(b"="),
        base64.urlsafe_b64encode(secret).rstrip(b"="),
    ]


def found_in(told: Planted, haystack: bytes) -> list[str]:
    """What is there of all that was planted."""
    low = haystack.lower()
    words = [what for what, word in told.words.items() if word.lower().encode() in low]
    coded = [
        what
        for what, word in told.words.items()
        if any(spelling in haystack for spelling in spellings(word.encode())[1:])
    ]
    secrets = [
        what
        for what, secret in told.secrets.items()
        if any(spelling in haystack for spelling in spellings(secret[:32]))
    ]
    return words + coded + secrets


def dump(world: World, part: str) -> bytes:
    """The raw files of a store (SQLite), or every column of every table (PostgreSQL)."""
    database = {"data": world.app.data.database, "keys": world.app.keystore.database}[part]
    if database.sqlite:
        files = [Path(f"{database.path}{end}") for end in ("", "-wal", "-shm", "-journal")]
        return b"".join(file.read_bytes() for file in files if file.exists())
    pieces: list[bytes] = []
    with database.read() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                pieces += [one if isinstance(one, bytes) else str(one).encode() for one in row]
    return b"\n".join(pieces)
