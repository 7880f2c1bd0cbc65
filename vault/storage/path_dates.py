"""Dates remembered beside values, sealed under the journal's secret of their carnet."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select

from schemas.ids import CarnetId, EntryId, PurposeId
from schemas.names import GrantState
from vault.services.path_rows import PathDateRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import path_dates
from vault.storage.tables import grants

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

    def carnets_dated(
        self, kind: str, purposes: Collection[PurposeId], *, after: CarnetId | None, limit: int
    ) -> Sequence[CarnetId]:
        """Carnets with a date of this kind, and a share that did not end for one of these purposes; in order,
        from ``after``."""
        standing = (GrantState.GRANTED, GrantState.SUSPENDED)
        statement = (
            select(path_dates.c.carnet_id)
            .join(grants, grants.c.carnet_id == path_dates.c.carnet_id)
            .where(
                path_dates.c.kind == kind,
                path_dates.c.carnet_id > (after or ""),
                grants.c.purpose_id.in_(sorted(purposes)),
                grants.c.state.in_([state.value for state in standing]),
            )
        )
        with self._database.read() as connection:
            rows = connection.execute(statement.distinct().order_by(path_dates.c.carnet_id).limit(limit))
            return [CarnetId(row[0]) for row in rows]
