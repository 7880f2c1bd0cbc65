"""What the topics of D share: ``Changes`` work inside one locked transaction, ``Looks`` read beside it."""

from sqlalchemy import Connection

from vault.storage.audit_log import HeldLog
from vault.storage.database import Database


class Changes:
    """One transaction on D. After ``commit`` nothing can be asked of it any more."""

    def __init__(self, connection: Connection, log: HeldLog) -> None:
        self._open_connection: Connection | None = connection
        self._log = log
        self.now = log.now

    @property
    def _connection(self) -> Connection:
        if self._open_connection is None:
            raise RuntimeError("this work is over: it was committed or left")
        return self._open_connection

    def _over(self) -> None:
        self._open_connection = None


class Looks:
    """Reads of D, on connections that cannot write."""

    def __init__(self, database: Database) -> None:
        self._database = database
