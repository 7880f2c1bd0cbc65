"""What the services need from D about what is written together: one pair of protocols a topic.

``Work`` and ``DataStore`` (``ports``) hold them all. Rows: ``path_rows``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from schemas.ids import CarnetId, EntryId, GrantId, ProposalId
from vault.services.path_rows import PathDateRow, ProposalRow

# --- what somebody proposes to write ---


class ProposalWork(Protocol):
    """Inside one locked transaction."""

    def add_proposal(self, row: ProposalRow) -> None: ...
    def proposals_of(self, carnet_id: CarnetId) -> Sequence[ProposalRow]: ...
    def renew_proposal(self, row: ProposalRow) -> bool: ...  # in place of the version before, if it waits
    def answer_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId, *, version: int) -> bool: ...
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


class ValidationStore(Protocol):
    """Beside it."""


# --- dates remembered beside values ---


class PathDateWork(Protocol):
    """Inside one locked transaction."""

    def set_path_dates(
        self, carnet_id: CarnetId, entry_id: EntryId, rows: Sequence[PathDateRow]
    ) -> None: ...  # in place of those the entry had


class PathDateStore(Protocol):
    """Beside it."""

    def path_dates(self, carnet_id: CarnetId) -> Sequence[PathDateRow]: ...


# --- she exercises a right ---


class DemandWork(Protocol):
    """Inside one locked transaction."""


class DemandStore(Protocol):
    """Beside it."""


# --- who is told of it, and what does not come back ---


class RecipientWork(Protocol):
    """Inside one locked transaction."""


class RecipientStore(Protocol):
    """Beside it."""


# --- how long it is kept ---


class ContactWork(Protocol):
    """Inside one locked transaction."""


class ContactStore(Protocol):
    """Beside it."""


# --- counts that name nobody ---


class CountStore(Protocol):
    """Each method is a transaction of its own: no decision depends on them."""
