"""Dates remembered beside values, sealed under the journal's secret of their carnet."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from schemas.ids import CarnetId, EntryId
from vault.services.path_rows import PathDateRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import path_dates

_COLUMNS = (path_dates.c.carnet_id, path_dates.c.entry_id, path_dates.c.kind, path_dates.c.sealed)


class PathDateChanges(Changes):
    def set_path_dates(self, carnet_id: CarnetId, entry_id: EntryId, rows: Sequence[PathDateRow]) -> None:
        """In place of those the entry had."""
        mine = (path_dates.c.carnet_id == carnet_id, path_dates.c.entry_id == entry_id)
        self._connection.execute(delete(path_dates).where(*mine))
        for row in rows:
            self._connection.execute(
                insert(path_dates),
                {"carnet_id": carnet_id, "entry_id": entry_id, "kind": row.kind, "sealed": row.sealed},
            )


class PathDateLooks(Looks):
    def path_dates(self, carnet_id: CarnetId) -> Sequence[PathDateRow]:
        statement = select(*_COLUMNS).where(path_dates.c.carnet_id == carnet_id)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(path_dates.c.entry_id, path_dates.c.kind))
            return [PathDateRow(*row) for row in rows]
