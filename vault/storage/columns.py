"""The kinds of columns all tables share, and the few shapes statements need on both engines.

- ``Id``: an identifier, at most 64 (or ``length``) printable ASCII characters. What is not one is bound as
  the empty string, which no row may bear: a look-up by hostile text finds nothing, on both engines, and an
  insertion fails.
- ``Instant``: an aware datetime kept as milliseconds since 1970 UTC; what is finer is cut off.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    String,
    Table,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

LONGEST_ID = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# An integer primary key that SQLite keeps as its row number: appending writes at the end of the table.
Number = BigInteger().with_variant(Integer(), "sqlite")


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 UTC, cut off below. ``instant`` must be aware."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def is_identifier(value: str, length: int = LONGEST_ID) -> bool:
    """Whether a row may bear it."""
    return 0 < len(value) <= length and value.isascii() and value.isprintable()


class Id(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def __init__(self, length: int = LONGEST_ID) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, _: Dialect) -> str | None:
        return value if value is None or is_identifier(value, self.length) else ""


class Instant(TypeDecorator[datetime]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> int | None:
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, _: Dialect) -> datetime | None:
        return None if value is None else from_ms(value)


def named(column: str) -> CheckConstraint:
    """Refuses the empty string that ``Id`` binds for what is no identifier."""
    return CheckConstraint(f"{column} <> ''", name=f"{column}_is_one")


def fixed(constant: str) -> ColumnElement[str]:
    """A constant of the program in the statement's own text: only so does an engine use a partial index."""
    if not constant.isidentifier() and constant:
        raise ValueError("not a constant")
    return literal_column(f"'{constant}'", String())


def padded(values: Iterable[Any]) -> list[Any]:
    """Each value once, the last repeated up to a power of two: few lengths, hence few statement texts, each
    of which the engines prepare once."""
    unique = list(dict.fromkeys(values))
    size = 1 << (len(unique) - 1).bit_length() if unique else 0
    return unique + unique[-1:] * (size - len(unique))


def insert_if_absent(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]] | Collection[Mapping[str, Any]]
) -> int:
    """Insert the rows whose key is not there yet; how many were inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sum(connection.execute(statement, row).rowcount for row in rows)
