"""K: ``SqlKeyStore`` implements ``services.ports.KeyStore`` on its own database.

Secrets are wrapped bytes; what they are is not known here. A row that is deleted, or replaced by a new
version, is gone: the engine overwrites it (SQLite, ``secure_delete``) and ``compact`` truncates what still
held it. Each method is one transaction, durable when it returns.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, select, text, update

from vault.services.ports import Clock
from vault.services.rows import SecretName, SecretRow, StoredCheckpoint
from vault.storage.client_tokens import TokenEnds
from vault.storage.columns import insert_if_absent, is_identifier, padded
from vault.storage.database import Database
from vault.storage.failures import ConflictError
from vault.storage.key_tables import checkpoint as checkpoint_table
from vault.storage.key_tables import meta, secrets
from vault.storage.key_tables import tags as tag_table
from vault.storage.prepared import Prepared, one_of
from vault.storage.sessions import SignInRows

_SECRET = (secrets.c.kind, secrets.c.id, secrets.c.version, secrets.c.wrapped, secrets.c.public)
_DELETE = Prepared(
    delete(secrets).where(secrets.c.kind == bindparam("the_kind"), secrets.c.id == bindparam("the_id"))
)
_SECRETS = Prepared(select(*_SECRET).where(one_of(secrets.c.kind, "kinds"), one_of(secrets.c.id, "ids")))
_CHECKPOINT = select(checkpoint_table.c.size, checkpoint_table.c.at, checkpoint_table.c.note)


class SqlKeyStore(SignInRows, TokenEnds):
    """``clock`` gives aware datetimes: when a secret was made."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self.database = database
        self._clock = clock

    # --- the instance ------------------------------------------------------------------------------------

    def instance(self) -> str | None:
        """The random name of this installation; None before ``found``."""
        with self.database.read() as connection:
            return connection.execute(select(meta.c.instance)).scalar_one_or_none()

    def found(self, instance: str) -> bool:
        """Name the installation, once. False, and nothing done, when it has a name."""
        with self.database.transaction() as connection:
            return insert_if_absent(connection, meta, [{"id": 1, "instance": instance}]) == 1

    # --- secrets -----------------------------------------------------------------------------------------

    def secrets(self, names: Collection[SecretName]) -> Mapping[SecretName, SecretRow]:
        """Rows by name; those that do not exist are absent."""
        asked = {name for name in names if _is_name(name)}
        if not asked:
            return {}
        kinds, ids = sorted({kind for kind, _ in asked}), list({id_ for _, id_ in asked})
        with self.database.read() as connection:
            rows = _SECRETS.rows(connection, kinds=kinds, ids=ids)
        return {(row[0], row[1]): SecretRow(*row) for row in rows if (row[0], row[1]) in asked}

    def add_secrets(self, rows: Sequence[SecretRow], *, if_absent: bool = False) -> None:
        """All or none. A row that exists raises ConflictError, or with ``if_absent`` is left alone."""
        now = self._clock()
        values = [
            {
                "kind": row.kind,
                "id": row.id,
                "version": row.version,
                "wrapped": row.wrapped,
                "public": row.public,
                "created_at": now,
            }
            for row in rows
        ]
        with self.database.transaction() as connection:
            if insert_if_absent(connection, secrets, values) != len(values) and not if_absent:
                raise ConflictError("keys: a secret of this name exists")

    def replace_secret(self, row: SecretRow) -> bool:
        """Put ``row`` in place of version ``row.version - 1``. False, and nothing done, if that does not
        stand: a lost race must never lose a puncture."""
        same = and_(secrets.c.kind == row.kind, secrets.c.id == row.id, secrets.c.version == row.version - 1)
        new = {"version": row.version, "wrapped": row.wrapped, "public": row.public}
        with self.database.transaction() as connection:
            return connection.execute(update(secrets).where(same).values(new)).rowcount == 1

    def delete_secrets(self, names: Collection[SecretName]) -> int:
        """How many there were."""
        asked = [name for name in dict.fromkeys(names) if _is_name(name)]
        if not asked:
            return 0
        with self.database.transaction() as connection:
            return sum(_DELETE.change(connection, the_kind=kind, the_id=id_) for kind, id_ in asked)

    def secret_ids(
        self, kind: str, *, after: str | None, limit: int, made_before: datetime | None = None
    ) -> Sequence[str]:
        """Ids of one kind, in order, exclusive."""
        statement = select(secrets.c.id).where(secrets.c.kind == kind, secrets.c.id > (after or ""))
        if made_before is not None:
            statement = statement.where(secrets.c.created_at < made_before)
        with self.database.read() as connection:
            return connection.execute(statement.order_by(secrets.c.id).limit(limit)).scalars().all()

    # --- blind tags --------------------------------------------------------------------------------------

    def add_tag(self, column: str, tag: bytes, target: str) -> None:
        """Repeatable. Tags are short: several targets may share one, and who looks must check."""
        with self.database.transaction() as connection:
            insert_if_absent(connection, tag_table, [{"column_name": column, "tag": tag, "target": target}])

    def targets(self, column: str, tags: Collection[bytes]) -> Mapping[bytes, Sequence[str]]:
        """By tag; tags that lead nowhere are absent."""
        statement = select(tag_table.c.tag, tag_table.c.target).where(
            tag_table.c.column_name == column, tag_table.c.tag.in_(padded(tags))
        )
        found: dict[bytes, list[str]] = {}
        with self.database.read() as connection:
            for tag, target in connection.execute(statement.order_by(tag_table.c.target)):
                found.setdefault(tag, []).append(target)
        return found

    def settle_tags(self, target: str, wanted: Mapping[str, bytes | None]) -> bool:
        """Of each column named, let this tag and no other lead to ``target``; with None, none at all. False,
        and nothing written, when it was so already."""
        mine = select(tag_table.c.column_name, tag_table.c.tag).where(
            tag_table.c.target == target, tag_table.c.column_name.in_(sorted(wanted))
        )
        with self.database.read() as connection:
            found = {(column, bytes(tag)) for column, tag in connection.execute(mine)}
        asked = {(column, tag) for column, tag in wanted.items() if tag is not None}
        if found == asked:
            return False
        with self.database.transaction() as connection:
            for column, tag in sorted(found - asked):
                this = and_(tag_table.c.column_name == column, tag_table.c.tag == tag)
                connection.execute(delete(tag_table).where(this, tag_table.c.target == target))
            rows = [{"column_name": column, "tag": tag, "target": target} for column, tag in asked - found]
            insert_if_absent(connection, tag_table, rows)
        return True

    def delete_tags(self, target: str) -> int:
        with self.database.transaction() as connection:
            return connection.execute(delete(tag_table).where(tag_table.c.target == target)).rowcount

    # --- the last checkpoint -----------------------------------------------------------------------------

    def last_checkpoint(self) -> StoredCheckpoint | None:
        with self.database.read() as connection:
            row = connection.execute(_CHECKPOINT).one_or_none()
        return StoredCheckpoint(*row) if row else None

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Kept only if it is larger than the one kept: what K remembers of the log never goes back."""
        row = {"size": checkpoint.size, "at": checkpoint.at, "note": checkpoint.note}
        larger = update(checkpoint_table).where(checkpoint_table.c.size < checkpoint.size)
        with self.database.transaction() as connection:
            if connection.execute(larger.values(row)).rowcount == 0:
                insert_if_absent(connection, checkpoint_table, [{"id": 1, **row}])

    # --- upkeep ------------------------------------------------------------------------------------------

    def compact(self, *, whole: bool = True) -> bool:
        """After a destruction: nothing of what was deleted stays in the files; ``secure_delete`` saw to the
        pages, this to the journal and, with ``whole``, to the file's free space. PostgreSQL keeps dead rows
        until it vacuums, and rotation of the root answers for them. False: somebody still reads an older
        state, the journal could not be emptied, and what was deleted may stand in it."""
        if not self.database.sqlite:
            return True
        truncate = "PRAGMA wal_checkpoint(TRUNCATE)"
        with self.database.maintenance() as connection:
            if connection.execute(text(truncate)).one()[0]:  # "busy", which the engine does not raise
                return False
            if not whole:
                return True
            connection.execute(text("VACUUM")).close()
            return not connection.execute(text(truncate)).one()[0]

    def close(self) -> None:
        self.database.close()


def _is_name(name: SecretName) -> bool:
    """Whether a row may bear this name: a hostile id finds nothing, on both engines."""
    kind, id_ = name
    return is_identifier(kind, 32) and is_identifier(id_, 128)


def open_keystore(url: str, clock: Clock, **options: object) -> SqlKeyStore:
    """K at a SQLAlchemy URL. Nothing is checked (start_check.py)."""
    return SqlKeyStore(Database(url, part="keys", secure_delete=True, **options), clock)  # type: ignore[arg-type]
