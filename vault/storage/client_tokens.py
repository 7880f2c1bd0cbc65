"""Access tokens end before their time: one that is given back, or all of a system that ends."""

from sqlalchemy import delete

from schemas.ids import ClientId
from vault.storage.database import Database
from vault.storage.key_tables import tokens


class TokenEnds:
    """The part of ``SqlKeyStore`` that ends tokens."""

    _database: Database

    def end_tokens(self, client_id: ClientId, *, token_id: str | None = None) -> int:
        """Those of this system, or the one named; how many there were. Another system's is left alone."""
        wanted = [tokens.c.client_id == client_id]
        if token_id is not None:
            wanted.append(tokens.c.token_id == token_id)
        with self._database.transaction() as connection:
            return connection.execute(delete(tokens).where(*wanted)).rowcount
