"""A demand and its steps, as they are sealed and as they are believed.

Words are sealed under J_p, so that the desk and the jobs may read them, a dump may not, and they die with the
carnet. The seal also says again what the columns say (kind, what it is about, when it was received, of whom
it was asked): a row of D that somebody altered, moved or invented does not open, and is left out. A demand
stands where its last step says, never where its column says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from consent.clocks import Clock
from consent.demands import (
    ANSWERS,
    WAITING,
    DemandBy,
    DemandKind,
    DemandMove,
    DemandState,
    demand_after,
)
from schemas.canonical import canonical
from schemas.framing import lp
from schemas.ids import CarnetId, DemandId, EntryId, GrantId, ProfessionalId, StructureId
from vault.crypto import CryptoError, JournalSecret, open_small, seal_small
from vault.errors import CallerError
from vault.services.bindings import instant, to_the_millisecond
from vault.services.path_rows import DemandRow, DemandStepRow
from vault.services.ports import Work

_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class DemandStep:
    """One step, opened. ``words``: a reason, a certificate; ``more``: what else the step keeps."""

    no: int
    move: DemandMove
    by: DemandBy
    at: datetime
    state: DemandState  # it led to
    words: str = field(default="", repr=False)
    more: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class OpenedDemand:
    """A demand that is what somebody asked, with its steps. ``reason``: hers; ``more``: what else was kept
    when it was made."""

    row: DemandRow
    steps: tuple[DemandStep, ...]
    reason: str = field(default="", repr=False)
    more: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def demand_id(self) -> DemandId:
        return self.row.demand_id

    @property
    def kind(self) -> DemandKind:
        return DemandKind(self.row.kind)

    @property
    def state(self) -> DemandState:
        return self.steps[-1].state

    @property
    def clock(self) -> Clock:
        """Its time, by its steps: a column that gives more of it is not believed."""
        return Clock(self.row.received_at, extended=self.step(DemandMove.EXTEND) is not None)

    @property
    def waits(self) -> bool:
        return self.state in WAITING

    @property
    def answer(self) -> DemandStep | None:
        """The last answer that was given."""
        return next((step for step in reversed(self.steps) if step.move in ANSWERS), None)

    def step(self, move: DemandMove) -> DemandStep | None:
        """The last step of this kind."""
        return next((step for step in reversed(self.steps) if step.move is move), None)


def new_demand(
    carnet_id: CarnetId,
    demand_id: DemandId,
    kind: DemandKind,
    *,
    journal: JournalSecret,
    received_at: datetime,
    reason: str = "",
    entry_id: EntryId | None = None,
    grant_id: GrantId | None = None,
    structure_id: StructureId | None = None,
    professional_id: ProfessionalId | None = None,
    more: dict[str, Any] | None = None,
) -> tuple[DemandRow, DemandStepRow]:
    """A demand that was just received, and its first step; not stored."""
    received_at = to_the_millisecond(received_at)
    row = DemandRow(
        carnet_id=carnet_id,
        demand_id=demand_id,
        kind=kind.value,
        state=DemandState.RECEIVED.value,
        entry_id=entry_id,
        grant_id=grant_id,
        structure_id=structure_id,
        professional_id=professional_id,
        received_at=received_at,
        due_at=Clock(received_at).due,
        extended_at=None,
        answered_at=None,
        closed_at=None,
        alerts=0,
        sealed=b"",
    )
    told = {"reason": reason, "more": more or {}}
    sealed = seal_small(canonical(told), secret=journal, place=_demand_place(row))
    step = _step_row(
        row, 0, DemandMove.RECEIVE, DemandBy.PERSON, DemandState.RECEIVED, received_at, "", {}, journal
    )
    return replace(row, sealed=sealed), step


def open_demand(
    row: DemandRow, steps: Sequence[DemandStepRow], journal: JournalSecret
) -> OpenedDemand | None:
    """None for what nobody asked: altered, moved, invented, or with a step that does not follow."""
    try:
        told = json.loads(open_small(row.sealed, secret=journal, place=_demand_place(row)))
        opened = tuple(_opened_step(row, step, journal) for step in steps)
        if not opened or [step.no for step in opened] != list(range(len(opened))):
            return None
        return OpenedDemand(row, opened, told["reason"], told["more"])
    except (CryptoError, KeyError, ValueError, TypeError):
        return None


def add_step(
    work: Work,
    demand: OpenedDemand,
    move: DemandMove,
    by: DemandBy,
    *,
    journal: JournalSecret,
    words: str = "",
    more: dict[str, Any] | None = None,
    to: tuple[StructureId | None, ProfessionalId | None] | None = None,
    alerts: int | None = None,
) -> OpenedDemand:
    """Under the head lock: the demand with one step more, stored. ``to``: whose it becomes. Raises
    DemandError when the rules refuse it; StaleDemandError when something moved since it was looked at."""
    stands = work.demand(demand.demand_id)
    now = to_the_millisecond(work.now)
    if stands is None or len(work.demand_steps(demand.row.carnet_id, demand.demand_id)) != len(demand.steps):
        raise StaleDemandError("it moved meanwhile")
    state = demand_after(demand.state, move, by, clock=demand.clock, now=now, reason=bool(words.strip()))
    no = len(demand.steps)
    work.add_demand_step(_step_row(stands, no, move, by, state, now, words, more or {}, journal))
    step = DemandStep(no, move, by, now, state, words, more or {})
    opened = replace(demand, steps=(*demand.steps, step))
    row = replace(
        stands,
        state=state.value,
        due_at=opened.clock.due,
        extended_at=now if move is DemandMove.EXTEND else stands.extended_at,
        answered_at=now if move in ANSWERS else stands.answered_at,
        closed_at=now if state is DemandState.CLOSED else stands.closed_at,
        alerts=stands.alerts if alerts is None else alerts,
    )
    if to is not None:
        structure_id, professional_id = to
        row = replace(row, structure_id=structure_id, professional_id=professional_id)
    if not work.renew_demand(row, before=stands.state):
        raise StaleDemandError("it moved meanwhile")
    return replace(opened, row=row)


class StaleDemandError(CallerError):
    """Something happened to this demand since it was looked at: look again."""


def _step_row(
    row: DemandRow,
    no: int,
    move: DemandMove,
    by: DemandBy,
    state: DemandState,
    at: datetime,
    words: str,
    more: dict[str, Any],
    journal: JournalSecret,
) -> DemandStepRow:
    told = {"by": by.value, "more": more, "state": state.value, "words": words}
    place = _step_place(row, no, move.value, at)
    sealed = seal_small(canonical(told), secret=journal, place=place)
    return DemandStepRow(row.carnet_id, row.demand_id, no, move.value, at, sealed)


def _opened_step(row: DemandRow, step: DemandStepRow, journal: JournalSecret) -> DemandStep:
    place = _step_place(row, step.no, step.step, step.at)
    told = json.loads(open_small(step.sealed, secret=journal, place=place))
    by, state = DemandBy(told["by"]), DemandState(told["state"])
    return DemandStep(step.no, DemandMove(step.step), by, step.at, state, told["words"], told["more"])


def _demand_place(row: DemandRow) -> bytes:
    """What never changes of it. Whose it is may change: a step says to whom it went."""
    about = (row.kind, row.entry_id or "", row.grant_id or "", instant(row.received_at))
    return lp("carnet/demand/1", row.carnet_id, row.demand_id, *about)


def _step_place(row: DemandRow, no: int, move: str, at: datetime) -> bytes:
    milliseconds = int(at.astimezone(UTC).timestamp() * _MILLISECONDS)
    return lp("carnet/demand-step/1", row.carnet_id, row.demand_id, str(no), move, str(milliseconds))
