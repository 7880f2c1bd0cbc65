"""The hot path: statements written once in Core, compiled once an engine, run on the driver's cursor.

Executing Core costs several times what the engine itself needs for a read of twenty rows. Here nothing is
compiled, expanded or converted a second time: the text is constant (lists travel as one parameter), so the
engines keep it prepared, and rows come back as plain tuples. In exchange values must be given as they are
stored: instants in milliseconds (``to_ms``), ids through ``identifiers``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Delete,
    Insert,
    Select,
    Update,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Boolean

from vault.storage.columns import is_identifier


class _OneOf(ColumnElement[bool]):
    inherit_cache = False
    type = Boolean()
    _is_implicitly_boolean = True  # else "= 1" is appended where the engine has no booleans

    def __init__(self, column: ColumnElement[Any], parameter: BindParameter[Any]) -> None:
        self.column, self.parameter = column, parameter


@compiles(_OneOf, "sqlite")
def _sqlite_one_of(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.parameter, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  a column and a placeholder


@compiles(_OneOf, "postgresql")
def _postgresql_one_of(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.parameter, **kw)
    return f"{column} = ANY({values})"


def one_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The column's value is in the list given as parameter ``name``."""
    return _OneOf(column, bindparam(name))


def identifiers(values: Iterable[str | None]) -> list[str]:
    """Each identifier once, for ``one_of``. What no row may bear is left out, and so is None."""
    return [value for value in dict.fromkeys(values) if value is not None and is_identifier(value)]


class Prepared:
    """One statement. Thread-safe: what is remembered is its text."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None]] = {}

    def __repr__(self) -> str:
        return f"Prepared({self._statement})"

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """Every row, as a tuple."""
        cursor = self._cursor(connection)
        try:
            cursor.execute(*self._call(connection, values))
            found: list[Any] = cursor.fetchall()
        finally:
            cursor.close()
        return found

    def change(self, connection: Connection, **values: Any) -> int:
        """How many rows it touched."""
        cursor = self._cursor(connection)
        try:
            cursor.execute(*self._call(connection, values))
            count: int = cursor.rowcount
        finally:
            cursor.close()
        return count

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each row."""
        text, names = self._text(connection)
        cursor = self._cursor(connection)
        try:
            cursor.executemany(
                text, rows if names is None else [[row[name] for name in names] for row in rows]
            )
        finally:
            cursor.close()

    @staticmethod
    def _cursor(connection: Connection) -> Any:
        return connection.connection.cursor()

    def _call(self, connection: Connection, values: Mapping[str, Any]) -> tuple[str, Any]:
        text, names = self._text(connection)
        if names is None:
            return text, values
        listed = (values[name] for name in names)
        return text, [json.dumps(value) if isinstance(value, list) else value for value in listed]

    def _text(self, connection: Connection) -> tuple[str, Sequence[str] | None]:
        """The text for this engine, and the order of its parameters where they have no names."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(dialect=dialect)
            constants = [name for name, value in compiled.params.items() if value is not None]
            if constants:
                raise TypeError(f"write constants with fixed(): {constants}")
            self._compiled[dialect.name] = (compiled.string, compiled.positiontup)
        return self._compiled[dialect.name]
