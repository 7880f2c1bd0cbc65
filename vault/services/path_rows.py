"""The plain rows of what is written together and of the rights she exercises.

As in ``rows``: no behaviour, no secret in the clear.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.ids import CarnetId, DemandId, EntryId, FieldId, GrantId, ProfessionalId, ProposalId, StructureId


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A value somebody proposes to write. ``record`` is sealed under a key of its own; ``box_key`` wraps that
    key for the person, ``author_key`` for who proposed; all three are empty once it was answered. ``state``:
    proposed; answering, while what opens it is still to be destroyed; answered. Never which answer."""

    carnet_id: CarnetId
    proposal_id: ProposalId
    field_id: FieldId
    on_entry: EntryId | None
    slot: int
    version: int
    grant_id: GrantId
    professional_id: ProfessionalId | None
    structure_id: StructureId
    state: str
    proposed_at: datetime
    answered_at: datetime | None
    record: bytes = field(repr=False)
    box_key: bytes = field(repr=False)
    author_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """A volet somebody vouched for. ``kind``: understood (by the person, then nobody is named), validated (by
    the référent of that moment). ``sealed``: which entries and versions, where, and by whom in words."""

    carnet_id: CarnetId
    validation_id: str
    volet: str
    kind: str
    validated_at: datetime
    assignment_id: str | None
    professional_id: ProfessionalId | None
    structure_id: StructureId | None
    version_hash: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PathDateRow:
    """A date remembered beside an entry, sealed under the journal's secret of the carnet."""

    carnet_id: CarnetId
    entry_id: EntryId
    kind: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemandRow:
    """She exercises a right. ``kind``: forget (to the référent), access, rectification, erasure, restriction,
    portability, objection (to the controller). ``structure_id`` None: to whoever runs the instance.
    ``due_at``: the first instant at which an answer is late. ``alerts``: how many of the three were sent.

    No column is believed by itself: ``sealed`` says the same again, under J_p (``services.demand_seals``)."""

    carnet_id: CarnetId
    demand_id: DemandId
    kind: str
    state: str
    entry_id: EntryId | None
    grant_id: GrantId | None
    structure_id: StructureId | None
    professional_id: ProfessionalId | None
    received_at: datetime
    due_at: datetime
    extended_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    alerts: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemandStepRow:
    """One step of a demand, in order. ``sealed``: by whom, and the words of the step."""

    carnet_id: CarnetId
    demand_id: DemandId
    no: int
    step: str
    at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecipientNoticeRow:
    """A structure that had read something is told what became of it (GDPR art. 19)."""

    carnet_id: CarnetId
    notice_id: str
    demand_id: DemandId | None
    structure_id: StructureId
    made_at: datetime
    acknowledged_at: datetime | None
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TombstoneRow:
    """An entry was forgotten here. Nothing tells what it said."""

    carnet_id: CarnetId
    entry_id: EntryId
    field_id: FieldId
    forgotten_at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """When the person or whoever follows her was last here."""

    carnet_id: CarnetId
    last_at: datetime
    warned_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class CountsRow:
    """Counts of one day for one structure; no cell of them tells of fewer people than may be told."""

    made_on: str
    structure_id: StructureId
    document: str
