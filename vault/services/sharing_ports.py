"""What the services need from D about what the person decides: one pair of protocols a topic.

``Work`` and ``DataStore`` (``ports``) hold them all. Rows: ``sharing_rows``.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from schemas.ids import (
    AccountId,
    CarnetId,
    GrantId,
    MandateId,
    ProfessionalId,
    ReceiptId,
    RequestId,
    StructureId,
)
from schemas.names import GrantState, MandateKind
from vault.services.rows import GrantRow, LogRow
from vault.services.sharing_rows import (
    EmergencyRow,
    MandateRow,
    NoticeClockRow,
    PauseRow,
    ReceiptRow,
    ReferentRow,
    RequestRow,
    RuleVersionRow,
)

# --- what somebody asked a person to share, and when nobody may ask ---


class RequestWork(Protocol):
    """Inside one locked transaction."""

    def add_request(self, row: RequestRow) -> None: ...
    def requests_of(self, carnet_id: CarnetId) -> Sequence[RequestRow]: ...
    def answer_request(
        self,
        carnet_id: CarnetId,
        request_id: RequestId,
        state: GrantState,
        grant_id: GrantId | None = None,
    ) -> bool: ...


class RequestStore(Protocol):
    """Beside it."""

    def requests_of(self, carnet_id: CarnetId) -> Sequence[RequestRow]: ...
    def requests_over(self, now: datetime, *, limit: int) -> Sequence[RequestRow]: ...
    def drop_unseen_requests(self, now: datetime) -> int: ...


# --- when nobody may ask ---


class PauseWork(Protocol):
    """Inside one locked transaction."""

    def set_pause(self, row: PauseRow) -> None: ...
    def end_pause(self, carnet_id: CarnetId) -> int: ...


class PauseStore(Protocol):
    """Beside it."""

    def pause(self, carnet_id: CarnetId) -> PauseRow | None: ...


# --- who follows a person, with dates; one at a time ---


class ReferentWork(Protocol):
    """Inside one locked transaction."""

    def add_referent(self, row: ReferentRow) -> None: ...
    def referents_of(self, carnet_id: CarnetId) -> Sequence[ReferentRow]: ...
    def set_referent(self, row: ReferentRow) -> None: ...
    def drop_referent(self, row: ReferentRow) -> None: ...
    def set_referent_wish(self, carnet_id: CarnetId, sealed: bytes | None) -> None: ...


class ReferentStore(Protocol):
    """Beside it."""

    def referents_of(self, carnet_id: CarnetId) -> Sequence[ReferentRow]: ...
    def referents_standing(self, carnet_ids: Collection[CarnetId]) -> Sequence[ReferentRow]: ...
    def referents_in(self, state: str, *, limit: int) -> Sequence[ReferentRow]: ...
    def referents_over(self, state: str, now: datetime, *, limit: int) -> Sequence[ReferentRow]: ...
    def referents_unconfirmed(self, before: datetime, *, limit: int) -> Sequence[ReferentRow]: ...
    def referent_wish(self, carnet_id: CarnetId) -> tuple[datetime, bytes] | None: ...


# --- who acts for a person ---


class MandateWork(Protocol):
    """Inside one locked transaction."""

    def add_mandate(self, row: MandateRow) -> None: ...
    def mandates_of(self, carnet_id: CarnetId) -> Sequence[MandateRow]: ...
    def move_mandate(
        self, mandate_id: MandateId, state: str, *, ended_at: datetime | None = None
    ) -> None: ...


class MandateStore(Protocol):
    """Beside it."""

    def mandate(self, mandate_id: MandateId) -> MandateRow | None: ...
    def mandates_of(self, carnet_id: CarnetId) -> Sequence[MandateRow]: ...
    def mandates_held(
        self, *, professional_id: ProfessionalId | None = None, account_id: AccountId | None = None
    ) -> Sequence[MandateRow]: ...
    def mandates_in(
        self,
        state: str,
        *,
        limit: int,
        over_at: datetime | None = None,
        kinds: Collection[MandateKind] = (),
    ) -> Sequence[MandateRow]: ...
    def carnet_numbered(self, reference: str) -> CarnetId | None: ...


# --- the signed proofs a person was given ---


class ReceiptWork(Protocol):
    """Inside one locked transaction."""

    def add_receipt(self, row: ReceiptRow) -> None: ...
    def last_receipt(
        self, carnet_id: CarnetId, grant_id: GrantId | None, request_id: RequestId | None
    ) -> ReceiptRow | None: ...  # of the grant, or else of what was asked before it
    def drop_stray_receipts(self, made_before: datetime) -> int: ...  # of carnets that do not exist


class ReceiptStore(Protocol):
    """Beside it. Newest first."""

    def receipts_of(
        self, carnet_id: CarnetId, *, grant_id: GrantId | None, before: int | None, limit: int
    ) -> Sequence[ReceiptRow]: ...
    def receipt(self, carnet_id: CarnetId, receipt_id: ReceiptId) -> ReceiptRow | None: ...
    def receipt_with_digest(self, digest: bytes) -> ReceiptRow | None: ...
    def stray_receipts(self, made_before: datetime) -> bool: ...


# --- what a person wants to be told of ---


class NoticeWork(Protocol):
    """Inside one locked transaction."""

    def mark(self, name: str) -> int | None: ...
    def set_mark(self, name: str, leaf: int) -> None: ...
    def notice_clock(self, carnet_id: CarnetId, grant_id: GrantId) -> NoticeClockRow | None: ...
    def notices_due(self, now: datetime, *, limit: int) -> Sequence[NoticeClockRow]: ...
    def set_notice_clock(self, row: NoticeClockRow) -> None: ...


class NoticeStore(Protocol):
    """Beside it."""

    def mark(self, name: str) -> int | None: ...  # what comes before this leaf is done
    def log_between(
        self, first: int, end: int, *, ops: Collection[str], limit: int
    ) -> Sequence[LogRow]: ...  # oldest first, ``end`` excluded
    def notices_due(self, now: datetime, *, limit: int) -> Sequence[NoticeClockRow]: ...


# --- accesses that two professionals open together ---


class EmergencyWork(Protocol):
    """Inside one locked transaction."""

    def add_emergency(self, row: EmergencyRow) -> None: ...
    def emergency(self, emergency_id: str) -> EmergencyRow | None: ...
    def set_emergency(self, row: EmergencyRow) -> None: ...


class EmergencyStore(Protocol):
    """Beside it."""

    def emergency(self, emergency_id: str) -> EmergencyRow | None: ...
    def emergencies_of(self, carnet_id: CarnetId) -> Sequence[EmergencyRow]: ...
    def emergencies_in(self, structure_id: StructureId, *, since: datetime) -> Sequence[EmergencyRow]: ...
    def emergencies(self, states: Collection[str], *, limit: int) -> Sequence[EmergencyRow]: ...
    def emergencies_over(
        self, states: Collection[str], now: datetime, *, limit: int
    ) -> Sequence[EmergencyRow]: ...


# --- the catalogues and frames that grants were given under ---


class RuleWork(Protocol):
    """Inside one locked transaction."""

    def set_rule_version(self, row: RuleVersionRow) -> None: ...


class RuleStore(Protocol):
    """Beside it."""

    def rule_versions(self, kind: str) -> Sequence[RuleVersionRow]: ...
    def standing_after(
        self, after: GrantId | None, *, limit: int
    ) -> tuple[Sequence[GrantRow], GrantId | None]: ...  # of open carnets, by id; and where to go on
