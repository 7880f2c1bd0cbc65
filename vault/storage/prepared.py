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
    Dialect,
    Select,
    Table,
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

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | Update | Delete) -> None:
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


class PreparedInsert:
    """Many rows into one table, in one call of the driver: columns in the table's order."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._texts: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"PreparedInsert({self._table.name})"

    def rows(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """PostgreSQL takes them as one statement over arrays, SQLite as one statement run for each."""
        dialect = connection.dialect
        text = self._texts.get(dialect.name) or self._texts.setdefault(dialect.name, self._text(dialect))
        cursor = connection.connection.cursor()
        try:
            if dialect.name == "postgresql":
                cursor.execute(text, [list(column) for column in zip(*rows, strict=True)])
            else:
                cursor.executemany(text, rows)
        finally:
            cursor.close()

    def _text(self, dialect: Dialect) -> str:
        quote = dialect.identifier_preparer.quote
        names = ", ".join(quote(column.name) for column in self._table.columns)
        into = f"INSERT INTO {quote(self._table.name)} ({names})"
        if dialect.name != "postgresql":
            return f"{into} VALUES ({', '.join('?' * len(self._table.columns))})"
        types = [column.type.compile(dialect=dialect) for column in self._table.columns]
        arrays = ", ".join(f"%b::{type_}[]" for type_ in types)  # %b: in binary, three times cheaper
        return f"{into} SELECT * FROM unnest({arrays})"  # noqa: S608  our own tables' names and types
