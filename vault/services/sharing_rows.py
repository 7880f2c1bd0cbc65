"""The plain rows of what the person decides: who asks, who follows her, who helps her, what is proven.

As in ``rows``: no behaviour, no secret in the clear.
"""

from dataclasses import dataclass, field
from datetime import datetime

from consent.grants import Grantee
from schemas.ids import (
    AccountId,
    CarnetId,
    GrantId,
    MandateId,
    ProfessionalId,
    PurposeId,
    ReceiptId,
    RequestId,
    StructureId,
)
from schemas.names import GrantState, MandateKind, MandateScope


@dataclass(frozen=True, slots=True)
class RequestRow:
    """Somebody asks. ``terms``: the exact bytes of what is asked; ``sealed``: why, to the carnet's box, bound
    to them. ``state``: requested, deferred, granted, refused, lapsed; or draft, for what nobody will see."""

    carnet_id: CarnetId
    request_id: RequestId
    grantee: Grantee
    purpose_id: PurposeId
    state: GrantState
    asked_at: datetime
    ends_at: datetime
    answered_at: datetime | None
    grant_id: GrantId | None
    terms: bytes
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PauseRow:
    """Nobody may ask before ``until``. ``sealed``: why."""

    carnet_id: CarnetId
    set_at: datetime
    until: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReferentRow:
    """Who follows a person. ``state``: proposed, active, ended. ``confirm_until``: by when she says whether
    what she shares with her référent goes to this one; None when it is said, or nothing is to say."""

    carnet_id: CarnetId
    assignment_id: str
    professional_id: ProfessionalId
    structure_id: StructureId
    state: str
    starts_at: datetime
    ends_at: datetime | None = None
    confirm_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MandateRow:
    """Who acts for a person: a professional in a structure, or (``account_id``) a relative. ``state``:
    active, ending (over, its keys not all gone), ended. ``sealed``: under J_p, his name and the ruling."""

    carnet_id: CarnetId
    mandate_id: MandateId
    kind: MandateKind
    state: str
    account_id: AccountId | None
    professional_id: ProfessionalId | None
    structure_id: StructureId | None
    scopes: tuple[MandateScope, ...]
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    sealed: bytes = field(repr=False)

    def live(self, now: datetime) -> bool:
        return self.state == "active" and self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """The proof of one move of a grant, or (without ``grant_id``) of what somebody asked. ``digest``: SHA-256
    of the bytes that ``sealed`` holds; ``leaf``: where the log says the same."""

    carnet_id: CarnetId
    receipt_id: ReceiptId
    grant_id: GrantId | None
    request_id: RequestId | None
    leaf: int
    made_at: datetime
    digest: bytes
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoticeClockRow:
    """When she is told of what was done under one grant. ``due_at``: None when nothing was; ``quiet_until``:
    nothing is told before."""

    carnet_id: CarnetId
    grant_id: GrantId
    due_at: datetime | None
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """Two professionals of a structure open, for minutes, what she let be read to protect her life.
    ``carnet_id`` may be nobody's: asking tells nothing. ``state``: asked, open, over, reviewed. ``ends_at``:
    until when it may be confirmed, then until when it may be read. ``sealed``: the reason, the verdict."""

    carnet_id: CarnetId
    emergency_id: str
    state: str
    structure_id: StructureId
    asked_by: ProfessionalId
    approved_by: ProfessionalId | None
    grant_id: GrantId | None
    asked_at: datetime
    opened_at: datetime | None
    ends_at: datetime
    reviewed_at: datetime | None
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RuleVersionRow:
    """What is remembered of one version of the rules, or of how far a look at shares went. Canonical JSON."""

    kind: str  # catalogue, walk
    version: str
    told: str
