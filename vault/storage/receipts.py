"""The signed proofs a person was given."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, exists, insert, select

from schemas.ids import CarnetId, GrantId, ReceiptId, RequestId
from vault.services.sharing_rows import ReceiptRow
from vault.storage.doors import Changes, Looks
from vault.storage.sharing_tables import receipts
from vault.storage.tables import carnets

_COLUMNS = (
    receipts.c.carnet_id,
    receipts.c.receipt_id,
    receipts.c.grant_id,
    receipts.c.request_id,
    receipts.c.leaf,
    receipts.c.made_at,
    receipts.c.digest,
    receipts.c.sealed,
)
_OF_CARNET = select(*_COLUMNS).where(receipts.c.carnet_id == bindparam("carnet"))
_NEWEST = (receipts.c.leaf.desc(), receipts.c.receipt_id)
_OF_GRANT = _OF_CARNET.where(receipts.c.grant_id == bindparam("grant")).order_by(*_NEWEST)
_OF_REQUEST = _OF_CARNET.where(receipts.c.request_id == bindparam("request")).order_by(*_NEWEST)
_ONE = _OF_CARNET.where(receipts.c.receipt_id == bindparam("receipt"))
_WITH_DIGEST = select(*_COLUMNS).where(receipts.c.digest == bindparam("digest"))
_STRAY = (receipts.c.made_at < bindparam("before")) & ~exists(
    select(carnets.c.carnet_id).where(carnets.c.carnet_id == receipts.c.carnet_id)
)


class ReceiptChanges(Changes):
    """Inside one locked transaction."""

    def add_receipt(self, row: ReceiptRow) -> None:
        self._connection.execute(
            insert(receipts),
            {
                "carnet_id": row.carnet_id,
                "receipt_id": row.receipt_id,
                "grant_id": row.grant_id,
                "request_id": row.request_id,
                "leaf": row.leaf,
                "made_at": row.made_at,
                "digest": row.digest,
                "sealed": row.sealed,
            },
        )

    def last_receipt(
        self, carnet_id: CarnetId, grant_id: GrantId | None, request_id: RequestId | None
    ) -> ReceiptRow | None:
        """Of the grant, or else of what was asked before it."""
        found = None
        if grant_id is not None:
            found = self._first(_OF_GRANT, {"carnet": carnet_id, "grant": grant_id})
        if found is None and request_id is not None:
            found = self._first(_OF_REQUEST, {"carnet": carnet_id, "request": request_id})
        return found

    def drop_stray_receipts(self, made_before: datetime) -> int:
        """Of carnets that do not exist: made when somebody asked about nobody."""
        return self._connection.execute(delete(receipts).where(_STRAY), {"before": made_before}).rowcount

    def _first(self, statement: Select[Any], told: dict[str, Any]) -> ReceiptRow | None:
        row = self._connection.execute(statement.limit(1), told).one_or_none()
        return _row(row) if row else None


class ReceiptLooks(Looks):
    """Beside it."""

    def receipts_of(
        self, carnet_id: CarnetId, *, grant_id: GrantId | None, before: int | None, limit: int
    ) -> Sequence[ReceiptRow]:
        """Newest first; ``before``: an index of the log, exclusive."""
        wanted = _OF_GRANT if grant_id is not None else _OF_CARNET.order_by(*_NEWEST)
        if before is not None:
            wanted = wanted.where(receipts.c.leaf < bindparam("before"))
        told = {"carnet": carnet_id, "grant": grant_id, "before": before}
        used = {name: value for name, value in told.items() if value is not None}
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(wanted.limit(limit), used)]

    def receipt(self, carnet_id: CarnetId, receipt_id: ReceiptId) -> ReceiptRow | None:
        return self._one(_ONE, {"carnet": carnet_id, "receipt": receipt_id})

    def receipt_with_digest(self, digest: bytes) -> ReceiptRow | None:
        return self._one(_WITH_DIGEST, {"digest": digest})

    def stray_receipts(self, made_before: datetime) -> bool:
        return self._one(select(*_COLUMNS).where(_STRAY).limit(1), {"before": made_before}) is not None

    def _one(self, statement: Select[Any], told: dict[str, Any]) -> ReceiptRow | None:
        with self._database.read() as connection:
            row = connection.execute(statement, told).one_or_none()
        return _row(row) if row else None


def _row(row: Any) -> ReceiptRow:
    return ReceiptRow(
        CarnetId(row.carnet_id),
        ReceiptId(row.receipt_id),
        GrantId(row.grant_id) if row.grant_id else None,
        RequestId(row.request_id) if row.request_id else None,
        row.leaf,
        row.made_at,
        bytes(row.digest),
        bytes(row.sealed),
    )
