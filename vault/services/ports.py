"""What the services need from the outside, and the plain rows they exchange with it.

Two stores (docs/architecture.md): ``DataStore`` (D: records, wraps, grants, log; long backups) and
``KeyStore`` (K: small wrapped secrets, sessions, one-time things; short backups). storage/ implements
both on SQLite and PostgreSQL. Nothing here decides, unwraps or opens.

Rules every implementation keeps:
- ``DataStore.change()`` takes the log's head lock before its first look at any row, and is the only way to
  change D. Leaving it without ``commit()`` undoes everything.
- ``DataStore.append_reads`` commits with fsync before it returns; what it returns as granted was checked
  again after the head lock was taken.
- every method may raise ``LogUnavailableError`` or ``StoreUnavailableError``; then nothing was written.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consent.grants import Grant, Grantee
from schemas.ids import (
    AccountId,
    CarnetId,
    ClientId,
    CompartmentId,
    EntryId,
    GrantId,
    InvitationId,
    ProfessionalId,
    PurposeId,
    SessionId,
    StructureId,
)
from schemas.names import EntryState, Outcome, Role, StructureKind

Clock = Callable[[], datetime]


# --- the log ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """One log entry, ready but for its number, its instant and (for a read) its confirmed outcome."""

    op: str
    out: Outcome
    month: str  # yyyymm, whose keys sealed the openings
    n: bytes
    tag: bytes
    about: bytes  # commitment
    actor: bytes
    about_sealed: bytes
    actor_sealed: bytes
    carnet_tag: bytes
    structure_tag: bytes
    agent_tag: bytes


@dataclass(frozen=True, slots=True)
class Recheck:
    """What must still hold, under the head lock, for a read to be granted."""

    carnet_id: CarnetId | None  # must be open; None: about nobody
    grant_id: GrantId | None  # None: the owner, or a reader of the log
    client_id: ClientId | None = None
    professional_id: ProfessionalId | None = None


@dataclass(frozen=True, slots=True)
class ReadTicket:
    """A read that waits for its entry. ``denied`` gives the entry to append should the recheck fail."""

    draft: Draft
    recheck: Recheck | None
    denied: Callable[[], Draft]


@dataclass(frozen=True, slots=True)
class Appended:
    """Made by the log alone: the entry is durable. Nothing is opened without one."""

    no: int
    at: datetime
    out: Outcome


@dataclass(frozen=True, slots=True)
class LogRow:
    """One indexed entry with the openings that still exist (sealed)."""

    no: int
    leaf: bytes
    carnet_tag: bytes
    agent_tag: bytes
    about_sealed: bytes | None
    actor_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    size: int
    at: datetime
    note: str


# --- rows of D -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CarnetRow:
    carnet_id: CarnetId
    reference: str
    state: str  # "open", "erased"
    opened_at: datetime
    next_slot: int
    notice_version: str

    @property
    def open(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class RecordHead:
    """The clear columns of a sealed record."""

    carnet_id: CarnetId
    entry_id: EntryId
    compartment: CompartmentId
    version: int
    slot: int
    epoch: int
    schema_version: int
    state: EntryState
    held: bytes  # tells a holder of J_p whether the record holds an answered value (docs/formats/keys.md)


@dataclass(frozen=True, slots=True)
class RecordRow:
    head: RecordHead
    record: bytes


@dataclass(frozen=True, slots=True)
class FieldKeyRow:
    carnet_id: CarnetId
    compartment: CompartmentId
    epoch: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class GrantKeyRow:
    grant_id: GrantId
    compartment: CompartmentId
    epoch: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class GrantRow:
    grant: Grant
    terms: bytes  # the exact bytes
    sealed_key: bytes  # G_g under HPKE for the grantee
    owner_wrap: bytes  # G_g for the owner


@dataclass(frozen=True, slots=True)
class StructureRow:
    structure_id: StructureId
    name: str
    kind: StructureKind
    siret: str | None


@dataclass(frozen=True, slots=True)
class HabilitationRow:
    professional_id: ProfessionalId
    account_id: AccountId
    structure_id: StructureId
    role: Role
    starts_at: datetime
    ends_at: datetime | None

    def live(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class ClientRow:
    client_id: ClientId
    structure_id: StructureId
    name: str
    public_jwk: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One (issuer, subject). ``sealed`` holds them and the identity told by the provider."""

    account_id: AccountId
    carnet_id: CarnetId | None  # None for professionals
    sealed: bytes
    refreshed_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    invitation_id: InvitationId
    structure_id: StructureId
    role: Role
    sealed_email: bytes
    expires_at: datetime
    used_by: ProfessionalId | None


@dataclass(frozen=True, slots=True)
class ReadAsk:
    """One read to look up on a snapshot."""

    carnet_id: CarnetId
    grantees: tuple[Grantee, ...]
    purpose_id: PurposeId
    client_id: ClientId | None
    professional_id: ProfessionalId | None


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """What the snapshot says. For an unknown carnet everything is empty, after the same statements."""

    carnet_open: bool
    caller_live: bool
    grants: Sequence[GrantRow]
    heads: Sequence[RecordHead]
    once_held: bool


# --- D ---------------------------------------------------------------------------------------------------


class Work(Protocol):
    """One transaction on D that holds the head lock. ``now`` never goes back in log order."""

    now: datetime

    def append(self, draft: Draft) -> Appended: ...
    def log_size(self) -> int: ...
    def commit(self) -> None: ...

    # carnets and records
    def add_carnet(self, carnet: CarnetRow) -> None: ...
    def carnet(self, carnet_id: CarnetId) -> CarnetRow | None: ...
    def take_slot(self, carnet_id: CarnetId) -> int: ...
    def set_reference(self, carnet_id: CarnetId, reference: str) -> None: ...
    def heads(self, carnet_id: CarnetId) -> Sequence[RecordHead]: ...
    def add_record(self, row: RecordRow) -> None: ...
    def set_entry_state(
        self, carnet_id: CarnetId, entry_id: EntryId, state: EntryState, *, version: int | None = None
    ) -> None: ...
    def delete_records(self, carnet_id: CarnetId, entry_id: EntryId) -> int: ...
    def close_carnet(self, carnet_id: CarnetId) -> None: ...  # state "erased": refused from now on
    def erase_carnet(self, carnet_id: CarnetId) -> Mapping[str, int]: ...  # its rows, counted by table

    # keys kept in D
    def add_field_key(self, row: FieldKeyRow) -> None: ...
    def add_grant_keys(self, carnet_id: CarnetId, rows: Sequence[GrantKeyRow]) -> None: ...
    def delete_grant_keys(self, grant_id: GrantId) -> int: ...

    # grants
    def add_grant(self, row: GrantRow, *, once_held_until: datetime) -> None: ...
    def grants_of(self, carnet_id: CarnetId) -> Sequence[GrantRow]: ...
    def end_grant(self, grant: Grant, *, once_held_until: datetime) -> None: ...
    def keep_once_held(self, grant: Grant, *, until: datetime) -> None: ...

    # people and structures
    def add_structure(self, row: StructureRow) -> None: ...
    def add_client(self, row: ClientRow) -> None: ...
    def add_account(self, row: AccountRow) -> None: ...
    def refresh_account(self, account_id: AccountId, sealed: bytes) -> None: ...
    def add_habilitation(self, row: HabilitationRow) -> None: ...
    def add_invitation(self, row: InvitationRow) -> None: ...
    def use_invitation(self, invitation_id: InvitationId, professional_id: ProfessionalId) -> bool: ...


class DataStore(Protocol):
    def change(self) -> AbstractContextManager[Work]: ...
    def append_reads(self, tickets: Sequence[ReadTicket]) -> list[Appended]: ...

    # consented reads
    def read_facts(self, asks: Sequence[ReadAsk]) -> list[ReadFacts]: ...
    def sealed_fields(
        self, wanted: Sequence[tuple[CarnetId, GrantId, Collection[CompartmentId]]]
    ) -> list[tuple[list[RecordRow], list[GrantKeyRow]]]: ...

    # the owner
    def carnet(self, carnet_id: CarnetId) -> CarnetRow | None: ...
    def own_records(self, carnet_id: CarnetId, *, history: bool = False) -> Sequence[RecordRow]: ...
    def heads(self, carnet_id: CarnetId) -> Sequence[RecordHead]: ...
    def field_keys(self, carnet_id: CarnetId) -> Sequence[FieldKeyRow]: ...
    def grant_keys(self, grant_id: GrantId) -> Sequence[GrantKeyRow]: ...
    def grants_of(self, carnet_id: CarnetId) -> Sequence[GrantRow]: ...

    # grantees, structures, people
    def grants_to(
        self, grantees: Collection[Grantee], *, now: datetime, after: GrantId | None, limit: int
    ) -> Sequence[GrantRow]: ...
    def references(self, carnet_ids: Collection[CarnetId]) -> Mapping[CarnetId, str]: ...
    def structure(self, structure_id: StructureId) -> StructureRow | None: ...
    def structures(self, ids: Collection[StructureId]) -> Mapping[StructureId, StructureRow]: ...
    def search_structures(
        self, words: str, *, after: StructureId | None, limit: int
    ) -> Sequence[StructureRow]: ...
    def client(self, client_id: ClientId) -> ClientRow | None: ...
    def account(self, account_id: AccountId) -> AccountRow | None: ...
    def habilitation(self, professional_id: ProfessionalId) -> HabilitationRow | None: ...
    def habilitations_of(self, account_id: AccountId) -> Sequence[HabilitationRow]: ...
    def invitation(self, invitation_id: InvitationId) -> InvitationRow | None: ...

    # the log, for those who may look
    def log_by_carnet(
        self, carnet_tag: bytes, *, ops: Collection[str] | None, before: int | None, limit: int
    ) -> Sequence[LogRow]: ...
    def log_latest(
        self, *, ops: Collection[str] | None, before: int | None, limit: int
    ) -> Sequence[LogRow]: ...
    def log_rows(self, numbers: Collection[int]) -> Sequence[LogRow]: ...
    def log_size(self) -> int: ...
    def last_checkpoint(self) -> StoredCheckpoint | None: ...
    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None: ...
    def log_root(self) -> tuple[int, bytes]: ...

    # upkeep
    def carnets_after(self, after: CarnetId | None, *, limit: int) -> Sequence[CarnetRow]: ...
    def ended_with_keys(self, *, limit: int) -> Sequence[GrantRow]: ...
    def expired_grants(self, now: datetime, *, limit: int) -> Sequence[GrantRow]: ...
    def forgotten_heads(self, *, limit: int) -> Sequence[RecordHead]: ...
    def erased_carnets(self, *, limit: int) -> Sequence[CarnetRow]: ...
    def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool: ...
    def drop_once_held(self, now: datetime) -> int: ...
    def grants_named(self, grant_ids: Collection[GrantId]) -> Collection[GrantId]: ...  # those D knows


# --- K ---------------------------------------------------------------------------------------------------

SecretName = tuple[str, str]  # (kind, id): kind among own, shred, journal, grant, seed, agent, month, index…


@dataclass(frozen=True, slots=True)
class SecretRow:
    kind: str
    id: str
    version: int
    wrapped: bytes
    public: bytes | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser's session. ``session_id``: digest of the cookie; ``sealed``: opened with the cookie."""

    session_id: SessionId
    kind: str  # person, professional, dpo
    subject: str  # carnet id, or professional id ("" until a structure is chosen)
    account_id: str
    csrf: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True)
class TokenRow:
    token_id: str  # digest of the bearer token
    client_id: ClientId
    structure_id: StructureId
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A sign-in or sign-out under way. The two ids are digests: of the state, of the browser's cookie."""

    state_id: str
    browser_id: str
    created_at: datetime
    sealed: bytes


class KeyStore(Protocol):
    def instance(self) -> str | None: ...
    def secrets(self, names: Collection[SecretName]) -> Mapping[SecretName, SecretRow]: ...
    def add_secrets(self, rows: Sequence[SecretRow], *, if_absent: bool = False) -> None: ...
    def replace_secret(self, row: SecretRow) -> bool:
        """Store ``row`` in place of version ``row.version - 1``, erasing that one. False, and nothing done,
        when another version stands (a lost race must never lose a puncture)."""
        ...

    def delete_secrets(self, names: Collection[SecretName]) -> int: ...
    def secret_ids(
        self, kind: str, *, after: str | None, limit: int, made_before: datetime | None = None
    ) -> Sequence[str]: ...

    def add_tag(self, column: str, tag: bytes, target: str) -> None: ...
    def targets(self, column: str, tags: Collection[bytes]) -> Mapping[bytes, Sequence[str]]: ...
    def delete_tags(self, target: str) -> int: ...

    def add_session(self, row: SessionRow) -> None: ...
    def session(self, session_id: str) -> SessionRow | None: ...
    def set_session_subject(self, session_id: str, kind: str, subject: str) -> None: ...
    def touch_session(self, session_id: str, seen_at: datetime) -> None: ...
    def end_sessions(self, *, session_id: str | None = None, subject: str | None = None) -> int: ...

    def add_token(self, row: TokenRow) -> None: ...
    def token(self, token_id: str) -> TokenRow | None: ...
    def use_jti(self, client_id: ClientId, jti_id: str, ends_at: datetime) -> bool: ...

    def add_pending(self, row: PendingRow, *, most: int) -> None: ...
    def take_pending(self, state_id: str) -> PendingRow | None: ...

    def add_link(self, link_id: str, kind: str, target: str, ends_at: datetime) -> None: ...
    def link(self, link_id: str) -> tuple[str, str, datetime] | None: ...
    def take_link(self, link_id: str) -> tuple[str, str, datetime] | None: ...

    def last_checkpoint(self) -> StoredCheckpoint | None: ...
    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None: ...
    def sweep(self, now: datetime) -> int: ...
    def compact(self) -> None: ...
