"""The parts every service is handed: assembled once by ``vault.bootstrap``, replaced one by one in tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consent.receipts import Keeper
from schemas.fields import Catalogue
from schemas.ids import CompartmentId
from schemas.purposes import Frame
from vault.services.key_sources import JournalKeys, KeyRows, OwnerKeys, Random, ReaderKeys
from vault.services.ports import Clock, DataStore, KeyStore

SCHEMA_VERSION = 1  # of the body of a record


@dataclass(frozen=True, slots=True)
class Parts:
    instance: str  # random name of this installation: bound into every context and place
    catalogue: Catalogue
    frame: Frame
    data: DataStore
    keystore: KeyStore
    rows: KeyRows
    journal_keys: JournalKeys
    owner_keys: OwnerKeys
    reader_keys: ReaderKeys
    clock: Clock
    random: Random
    notice_version: str
    keeper: Keeper = field(default_factory=Keeper)  # as receipts name whoever keeps the carnets
    key_copies: timedelta = timedelta(days=14)  # how long a copy of K may be kept, at most
    # What was special under each version of the catalogue that is remembered for sure (``rule_changes``).
    special_under: Mapping[str, frozenset[CompartmentId]] = field(default_factory=dict)

    def now(self) -> datetime:
        """Aware, UTC."""
        return self.clock()
