"""The plain rows that services exchange with the stores: no behaviour, no secret in the clear.

Records, wraps and openings are sealed bytes here; opening them is the services' business.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

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
from schemas.names import EntryState, Outcome, RecordKind, Role, StructureKind

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
    assignment_id: str | None = None  # as whom the caller reads: still her référent
    emergency_id: str | None = None  # in which emergency: still open


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


class RecordHead(NamedTuple):
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
    kind: RecordKind = RecordKind.ENTRY  # its sealed body says it again, and only that is believed
    on_entry: EntryId | None = None  # beside what it stands: an observation an entry, a reply an observation


class RecordRow(NamedTuple):
    head: RecordHead
    record: bytes


class FieldKeyRow(NamedTuple):
    carnet_id: CarnetId
    compartment: CompartmentId
    epoch: int
    wrapped: bytes


class GrantKeyRow(NamedTuple):
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
    sensitive: bool = False  # its very name says something of whoever is helped there


@dataclass(frozen=True, slots=True)
class HabilitationRow:
    professional_id: ProfessionalId
    account_id: AccountId
    structure_id: StructureId
    role: Role
    starts_at: datetime
    ends_at: datetime | None
    invitation_id: InvitationId | None = None

    def live(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class ClientRow:
    client_id: ClientId
    structure_id: StructureId
    name: str
    public_jwks: str  # {"keys": [...]}: what its assertions may be signed with (RFC 7517)
    ends_at: datetime | None
    jwks_uri: str | None = None  # where its keys are fetched from instead
    dpop: bool = False  # each call must prove that it holds the key of its token (RFC 9449)


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
    invited_by: ProfessionalId | None = None  # None: the operator
    habilitation_ends_at: datetime | None = None
    cancelled_at: datetime | None = None

    def open(self, now: datetime) -> bool:
        """Neither used, nor cancelled, nor over."""
        return self.used_by is None and self.cancelled_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class RelinkingRow:
    """A new account at the provider, of somebody whose identity is known here: for a human to decide."""

    request_id: str
    reference: str  # what the person says, at a desk or on the telephone
    account_id: AccountId  # the known one
    state: str  # "open", "accepted", "refused", "done"
    opened_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail that waits. ``sealed``: addressee and words, under a secret of the instance."""

    mail_id: str
    state: str  # "waiting", "failed"
    created_at: datetime
    next_try_at: datetime
    tries: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadAsk:
    """One read to look up on a snapshot."""

    carnet_id: CarnetId
    grantees: tuple[Grantee, ...]
    purpose_id: PurposeId
    client_id: ClientId | None
    professional_id: ProfessionalId | None
    compartments: Collection[CompartmentId] | None = None  # whose records are looked up; None: all


class StandingReferent(NamedTuple):
    """Who follows a person now, as the rows say."""

    assignment_id: str
    professional_id: ProfessionalId
    structure_id: StructureId
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """What the snapshot says. For an unknown carnet everything is empty, after the same statements."""

    carnet_open: bool
    caller_live: bool
    grants: Sequence[GrantRow]
    heads: Sequence[RecordHead]
    once_held: bool
    referent: StandingReferent | None = None


# --- rows of K -------------------------------------------------------------------------------------------

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
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    sealed: bytes
    proved_at: datetime  # when the provider last said who this is
    device: bytes  # how its owner may recognise it, sealed under a secret of the instance


@dataclass(frozen=True, slots=True)
class TokenRow:
    token_id: str  # digest of the bearer token
    client_id: ClientId
    structure_id: StructureId
    ends_at: datetime
    jkt: str = ""  # thumbprint of the key it is bound to (RFC 9449); empty: a bearer token


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A sign-in or sign-out under way. The two ids are digests: of the state, of the browser's cookie."""

    state_id: str
    browser_id: str
    created_at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A form that arrived when its session was over. ``typed_id``: digest of the browser's cookie."""

    typed_id: str
    ends_at: datetime
    sealed: bytes = field(repr=False)
