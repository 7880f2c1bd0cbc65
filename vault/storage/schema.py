"""Making and changing the tables of a store, by numbered migrations that need no key.

``upgrade`` brings a store to the newest schema in one transaction, or leaves it as it was. Two processes
upgrading at once wait for one another. On PostgreSQL it may run under an administrator's URL; the
application's own role then gets what it needs, which for ``leaves`` and ``tiles`` is not to change them.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from vault.storage import key_tables, tables
from vault.storage.database import Database

_HERE = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x6361726E6574  # "carnet": one migration at a time in a PostgreSQL database
_APPEND_ONLY = frozenset({"leaves"})


@dataclass(frozen=True, slots=True)
class Schema:
    """The migrations of one kind of store."""

    folder: str
    metadata: MetaData

    def config(self, connection: Connection | None = None) -> Config:
        config = Config()
        config.set_main_option("script_location", str(_HERE / self.folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes.update(connection=connection, metadata=self.metadata)
        return config

    @property
    def head(self) -> str | None:
        return ScriptDirectory.from_config(self.config()).get_current_head()


DATA = Schema("data", tables.metadata)
KEYS = Schema("keys", key_tables.metadata)


def upgrade(database: Database, schema: Schema, *, application_role: str | None = None) -> None:
    """Bring the store to the newest schema; nothing to do is fine. ``application_role``: a PostgreSQL role
    other than the one connected, that the program will run under."""
    if database.sqlite:
        _make_private(database.path)
    with database.transaction() as connection:
        _one_at_a_time(connection)
        command.upgrade(schema.config(connection), "head")
        if application_role and connection.dialect.name == "postgresql":
            _grant(connection, schema, application_role)


def downgrade(database: Database, schema: Schema, to: str = "base") -> None:
    """Undo migrations, and what their tables hold, down to revision ``to``."""
    with database.transaction() as connection:
        _one_at_a_time(connection)
        command.downgrade(schema.config(connection), to)


def at_head(database: Database, schema: Schema) -> bool:
    """Whether the store has exactly the schema this program was written for."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() == schema.head


def differences(database: Database, schema: Schema) -> list[str]:
    """What separates the store's tables from the declared ones, for tests and ``database check``."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [repr(difference) for difference in compare_metadata(context, schema.metadata)]


def _one_at_a_time(connection: Connection) -> None:
    """SQLite's transaction is exclusive already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})


def _make_private(path: Path) -> None:
    """A new store is its owner's alone (0600); SQLite gives the same mode to the files beside it."""
    if not path.exists():
        path.touch(mode=0o600)


def _grant(connection: Connection, schema: Schema, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for table in schema.metadata.sorted_tables:
        rights = "SELECT, INSERT" + ("" if table.name in _APPEND_ONLY else ", UPDATE, DELETE")
        connection.execute(text(f"REVOKE ALL ON {table.name} FROM {quoted}"))
        connection.execute(text(f"GRANT {rights} ON {table.name} TO {quoted}"))
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {quoted}"))
