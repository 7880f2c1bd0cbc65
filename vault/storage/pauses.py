"""When nobody may ask a person to share."""

from sqlalchemy import delete, insert, select

from schemas.ids import CarnetId
from vault.services.sharing_rows import PauseRow
from vault.storage.doors import Changes, Looks
from vault.storage.sharing_tables import pauses

_COLUMNS = (pauses.c.carnet_id, pauses.c.set_at, pauses.c.until, pauses.c.sealed)


class PauseChanges(Changes):
    def set_pause(self, row: PauseRow) -> None:
        """In place of any other."""
        self.end_pause(row.carnet_id)
        self._connection.execute(
            insert(pauses),
            {"carnet_id": row.carnet_id, "set_at": row.set_at, "until": row.until, "sealed": row.sealed},
        )

    def end_pause(self, carnet_id: CarnetId) -> int:
        return self._connection.execute(delete(pauses).where(pauses.c.carnet_id == carnet_id)).rowcount


class PauseLooks(Looks):
    def pause(self, carnet_id: CarnetId) -> PauseRow | None:
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(pauses.c.carnet_id == carnet_id)).one_or_none()
        return PauseRow(*row) if row else None
