"""A process that dies in the middle: before the n-th of the changes it makes to the stores, or of the
statements it sends them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from vault.storage.database import Database

Change = tuple[object, str]  # a store, or the class of its transactions, and the name of what changes it


class KilledError(BaseException):
    """As if the process had died here."""


@contextmanager
def killed_before(
    number: int, changes: Sequence[Change], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """The process dies instead of its ``number``-th change (from 0). Gives the names of the changes begun,
    and ``killed`` last when it died."""
    seen: list[str] = []

    def deadly(owner: object, name: str) -> None:
        honest: Callable[..., Any] = getattr(owner, name)

        def method(*args: Any, **told: Any) -> Any:
            seen.append(name)
            if len(seen) > number:
                raise KilledError(name)
            return honest(*args, **told)

        patch.setattr(owner, name, method)

    with monkeypatch.context() as patch:
        for owner, name in changes:
            deadly(owner, name)
        try:
            yield seen
        except KilledError:
            seen.append("killed")


@contextmanager
def killed_at_statement(number: int, *stores: Database) -> Iterator[list[str]]:
    """The process dies instead of the ``number``-th statement (from 0) that changes or locks one of
    ``stores``, commits among them. Gives the first words of those begun, and ``killed`` last when it died."""
    seen: list[str] = []

    def before(what: str) -> None:
        seen.append(what)
        if len(seen) > number:
            raise KilledError(what)

    def statement(_connection: Any, _cursor: Any, sql: str, *_told: Any) -> None:
        before(sql.split(None, 1)[0])

    def commit(_connection: Any) -> None:
        before("COMMIT")

    engines = [store._writer for store in stores]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", statement)
        event.listen(engine, "commit", commit)
    try:
        yield seen
    except KilledError:
        seen.append("killed")
        for engine in engines:
            engine.dispose()  # with a process its connections go, and what they had begun
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", statement)
            event.remove(engine, "commit", commit)
