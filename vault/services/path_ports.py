"""What the services need from D about what is written together: one pair of protocols a topic.

``Work`` and ``DataStore`` (``ports``) hold them all. Rows: ``path_rows``.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from schemas.ids import (
    CarnetId,
    DemandId,
    EntryId,
    GrantId,
    ProfessionalId,
    ProposalId,
    PurposeId,
    StructureId,
)
from vault.services.path_rows import (
    ContactRow,
    CountsRow,
    DemandRow,
    DemandStepRow,
    PathDateRow,
    ProposalRow,
    RecipientNoticeRow,
    TombstoneRow,
    ValidationRow,
)

# --- what somebody proposes to write ---


class ProposalWork(Protocol):
    """Inside one locked transaction."""

    def add_proposal(self, row: ProposalRow) -> None: ...
    def proposals_of(self, carnet_id: CarnetId) -> Sequence[ProposalRow]: ...
    def renew_proposal(self, row: ProposalRow) -> bool: ...  # in place of the version before, if it waits
    def answer_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId, *, version: int) -> bool: ...
    def rewrap_proposal(self, row: ProposalRow) -> bool: ...
    def drop_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId) -> bool: ...  # row and all
    def end_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId) -> bool: ...  # empties it


class ProposalStore(Protocol):
    """Beside it."""

    def proposals_of(self, carnet_id: CarnetId) -> Sequence[ProposalRow]: ...
    def proposals_by(self, carnet_id: CarnetId, grant_id: GrantId) -> Sequence[ProposalRow]: ...
    def proposals_answering(self, *, limit: int) -> Sequence[ProposalRow]: ...
    def drop_answered_proposals(self, before: datetime) -> int: ...


# --- what the référent validated ---


class ValidationWork(Protocol):
    """Inside one locked transaction."""

    def add_validation(self, row: ValidationRow) -> None: ...


class ValidationStore(Protocol):
    """Beside it."""

    def validations_of(self, carnet_id: CarnetId) -> Sequence[ValidationRow]: ...  # the latest first


# --- dates remembered beside values ---


class PathDateWork(Protocol):
    """Inside one locked transaction."""

    def set_path_dates(
        self, carnet_id: CarnetId, entry_id: EntryId, rows: Sequence[PathDateRow]
    ) -> None: ...  # in place of those the entry had


class PathDateStore(Protocol):
    """Beside it."""

    def path_dates(self, carnet_id: CarnetId) -> Sequence[PathDateRow]: ...
    def carnets_dated(
        self, kind: str, purposes: Collection[PurposeId], *, after: CarnetId | None, limit: int
    ) -> Sequence[CarnetId]: ...  # with such a date, and a share that stands for one of these


# --- she exercises a right ---


class DemandWork(Protocol):
    """Inside one locked transaction."""

    def add_demand(self, row: DemandRow) -> None: ...
    def renew_demand(self, row: DemandRow, *, before: str) -> bool: ...  # if it is in that state
    def readdress_demand(
        self,
        carnet_id: CarnetId,
        demand_id: DemandId,
        structure_id: StructureId | None,
        professional_id: ProfessionalId | None,
    ) -> bool: ...
    def add_demand_step(self, row: DemandStepRow) -> None: ...
    def demand(self, demand_id: DemandId) -> DemandRow | None: ...
    def demands_of(self, carnet_id: CarnetId) -> Sequence[DemandRow]: ...
    def demand_steps(self, carnet_id: CarnetId, demand_id: DemandId) -> Sequence[DemandStepRow]: ...


class DemandStore(Protocol):
    """Beside it."""

    def demand(self, demand_id: DemandId) -> DemandRow | None: ...
    def demands_of(self, carnet_id: CarnetId) -> Sequence[DemandRow]: ...  # newest first
    def demand_steps(self, carnet_id: CarnetId, demand_id: DemandId) -> Sequence[DemandStepRow]: ...
    def demands_open(
        self,
        *,
        kinds: Collection[str],
        received_before: datetime | None = None,
        after: tuple[datetime, DemandId] | None = None,
        limit: int,
    ) -> Sequence[DemandRow]: ...  # not closed, those due first first
    def demands_to(
        self, structure_id: StructureId, *, limit: int, closed: bool = False
    ) -> Sequence[DemandRow]: ...  # those due first first
    def demands_in_state(self, state: str, *, limit: int) -> Sequence[DemandRow]: ...


# --- who is told of it, and what does not come back ---


class RecipientWork(Protocol):
    """Inside one locked transaction."""

    def add_recipient_notice(self, row: RecipientNoticeRow) -> None: ...
    def acknowledge_notice(
        self, carnet_id: CarnetId, notice_id: str, *, at: datetime, sealed: bytes
    ) -> bool: ...  # once
    def add_tombstone(self, row: TombstoneRow) -> None: ...


class RecipientStore(Protocol):
    """Beside it."""

    def recipient_notice(self, notice_id: str) -> RecipientNoticeRow | None: ...
    def recipient_notices_of(self, carnet_id: CarnetId) -> Sequence[RecipientNoticeRow]: ...
    def recipient_notices_to(
        self, structure_id: StructureId, *, limit: int
    ) -> Sequence[RecipientNoticeRow]: ...  # newest first, those not acknowledged before the others
    def recipient_notices_waiting(
        self, made_before: datetime, *, limit: int
    ) -> Sequence[RecipientNoticeRow]: ...  # oldest first
    def tombstones_of(self, carnet_id: CarnetId) -> Sequence[TombstoneRow]: ...


# --- how long it is kept ---


class ContactWork(Protocol):
    """Inside one locked transaction."""

    def contact(self, carnet_id: CarnetId) -> ContactRow | None: ...
    def set_contact(self, row: ContactRow) -> None: ...
    def drop_old(self, before: Mapping[str, datetime], *, limit: int) -> Mapping[str, int]: ...


class ContactStore(Protocol):
    """Beside it."""

    def quiet_carnets(
        self, before: datetime, *, after: CarnetId | None, limit: int
    ) -> Sequence[ContactRow]: ...  # open ones, by id; last known contact, or opening
    def old_rows(self, before: Mapping[str, datetime]) -> Mapping[str, int]: ...  # counted by kind
    def old_ids(self, kind: str, before: datetime, *, limit: int) -> Sequence[str]: ...


# --- counts that name nobody ---


class CountStore(Protocol):
    """Each method is a transaction of its own: no decision depends on them."""

    def last_counts(self, structure_id: StructureId) -> CountsRow | None: ...
    def keep_counts(self, row: CountsRow) -> None: ...  # in place of those of the same day
