"""Counts that name nobody."""

from sqlalchemy import delete, insert, select

from schemas.ids import StructureId
from vault.services.path_rows import CountsRow
from vault.storage.doors import Looks
from vault.storage.path_tables import counts

_COLUMNS = (counts.c.made_on, counts.c.structure_id, counts.c.document)


class CountLooks(Looks):
    """Each method is a transaction of its own: no decision depends on them."""

    def last_counts(self, structure_id: StructureId) -> CountsRow | None:
        """The newest of them."""
        newest = select(*_COLUMNS).where(counts.c.structure_id == structure_id)
        with self._database.read() as connection:
            row = connection.execute(newest.order_by(counts.c.made_on.desc()).limit(1)).one_or_none()
        return CountsRow(*row) if row else None

    def keep_counts(self, row: CountsRow) -> None:
        """In place of those of the same day."""
        same = (counts.c.made_on == row.made_on, counts.c.structure_id == row.structure_id)
        told = {"made_on": row.made_on, "structure_id": row.structure_id, "document": row.document}
        with self._database.transaction() as connection:
            connection.execute(delete(counts).where(*same))
            connection.execute(insert(counts), told)
