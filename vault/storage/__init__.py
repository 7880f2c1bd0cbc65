"""D and K on SQLite and PostgreSQL, behind ``services.ports``. SQLAlchemy Core stays inside.

- ``open_data_store``, ``open_keystore``: the two stores at their URLs.
- ``upgrade``, ``downgrade``, ``at_head`` with ``DATA`` or ``KEYS``: their tables.
- ``check_start``: the refusals to start. ``log_source``: the log, for the verifier.
"""

from vault.storage.data_store import SqlDataStore, open_data_store
from vault.storage.database import Database
from vault.storage.failures import ConflictError
from vault.storage.keystore import SqlKeyStore, open_keystore
from vault.storage.log_source import SealedOpening, log_source
from vault.storage.schema import DATA, KEYS, Schema, at_head, differences, downgrade, upgrade
from vault.storage.start_check import Started, StartRefusedError, check_start

__all__ = [
    "DATA",
    "KEYS",
    "ConflictError",
    "Database",
    "Schema",
    "SealedOpening",
    "SqlDataStore",
    "SqlKeyStore",
    "StartRefusedError",
    "Started",
    "at_head",
    "check_start",
    "differences",
    "downgrade",
    "log_source",
    "open_data_store",
    "open_keystore",
    "upgrade",
]
