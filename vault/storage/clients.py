"""Structures' systems: what is registered about one changes, one ends."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from schemas.ids import ClientId
from vault.services.rows import ClientRow
from vault.storage.doors import Changes, Looks
from vault.storage.tables import clients


class ClientChanges(Changes):
    def change_client(self, row: ClientRow) -> None:
        """Its keys, as they now are. Whose it is never changes."""
        this = update(clients).where(clients.c.client_id == row.client_id)
        self._connection.execute(
            this.values(public_jwks=row.public_jwks, jwks_uri=row.jwks_uri, dpop=int(row.dpop))
        )

    def end_client(self, client_id: ClientId, ends_at: datetime) -> None:
        self._connection.execute(
            update(clients).where(clients.c.client_id == client_id).values(ends_at=ends_at)
        )


class ClientLooks(Looks):
    def ended_clients(self, *, since: datetime, now: datetime) -> Sequence[ClientId]:
        """Those that ended between the two instants."""
        ended = select(clients.c.client_id).where(clients.c.ends_at > since, clients.c.ends_at <= now)
        with self._database.read() as connection:
            return [
                ClientId(id_) for id_ in connection.execute(ended.order_by(clients.c.client_id)).scalars()
            ]
