"""Pages of what two professionals may open together, to protect a life: hers, theirs, the officer's."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.office import CarnetView
from vault.web.pages.views.pieces import AccessLine, Body

__all__ = [
    "AllowView",
    "AllowedField",
    "DpoEmergenciesView",
    "DpoEmergencyView",
    "EmergenciesView",
    "EmergencyLine",
    "EmergencyNothingView",
    "EmergencyReadView",
    "SpecialAllowView",
    "UrgentConfirmView",
    "UrgentLine",
    "UrgentView",
]


@dataclass(frozen=True)
class AllowedField:
    """One information the frame lists. `href`: a sensitive one, which has a page of its own."""

    value: str
    label: str
    chosen: bool = False
    href: str | None = None


@dataclass(frozen=True)
class AllowView:
    """`/mes-partages/urgence`: what may be read in an emergency, who could, and how to stop it."""

    template: ClassVar[str] = "person/emergency.html"

    kinds: tuple[str, ...]
    minutes: int
    fields: tuple[AllowedField, ...]
    specials: tuple[AllowedField, ...] = ()
    until: datetime | None = None  # of what she allowed; None: nothing
    new_until: datetime | None = None
    stop_action: str | None = None
    fault: str = ""


@dataclass(frozen=True)
class SpecialAllowView:
    """`/mes-partages/urgence/{information}`: one sensitive information, by an act of its own."""

    template: ClassVar[str] = "person/emergency_special.html"

    label: str
    action: str
    until: datetime


@dataclass(frozen=True)
class EmergencyLine:
    """One emergency. `state` and `verdict` are whole sentences; `reads` what was read under it."""

    body: Body
    asked_at: datetime
    state: str
    reason: str = field(default="", repr=False)
    reads: tuple[AccessLine, ...] = ()
    verdict: str = ""
    words: str = field(default="", repr=False)
    carnet: str = ""
    href: str | None = None


@dataclass(frozen=True)
class EmergenciesView:
    """`/mes-urgences`: each time somebody asked to open her carnet in an emergency. ``unexplained``: what was
    read in one, and nothing sound says who opened it."""

    template: ClassVar[str] = "person/emergencies.html"

    lines: tuple[EmergencyLine, ...]
    allow_href: str | None = None
    unexplained: tuple[AccessLine, ...] = ()


@dataclass(frozen=True)
class UrgentLine:
    """An emergency of this structure: to confirm, or open to this professional."""

    asked_at: datetime
    until: datetime
    href: str
    mine: bool
    is_open: bool


@dataclass(frozen=True)
class UrgentView:
    """`/urgence`: ask, or answer a colleague."""

    template: ClassVar[str] = "office/urgent.html"

    minutes: int
    lines: tuple[UrgentLine, ...] = ()
    typed: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UrgentConfirmView:
    """`/urgence/{id}`: the reason, before the second says yes."""

    template: ClassVar[str] = "office/urgent_confirm.html"

    reference: str = field(repr=False)
    reason: str = field(repr=False)
    asked_at: datetime
    until: datetime
    minutes: int
    action: str


@dataclass(frozen=True)
class EmergencyReadView:
    """`/urgence/{id}/carnet`: the carnet as she let it be read in an emergency, until `until`."""

    template: ClassVar[str] = "office/urgent_carnet.html"

    screen: CarnetView
    until: datetime


@dataclass(frozen=True)
class EmergencyNothingView:
    """Nothing opens: there was nothing to read, or it is over. One page for both."""

    template: ClassVar[str] = "office/urgent_nothing.html"


@dataclass(frozen=True)
class DpoEmergenciesView:
    """`/dpo/urgences`: those to judge, then those judged."""

    template: ClassVar[str] = "office/dpo_emergencies.html"

    waiting: tuple[EmergencyLine, ...]
    judged: tuple[EmergencyLine, ...] = ()


@dataclass(frozen=True)
class DpoEmergencyView:
    """`/dpo/urgences/{id}`: one emergency with its reason; `action` while it waits for a verdict."""

    template: ClassVar[str] = "office/dpo_emergency.html"

    line: EmergencyLine
    people: tuple[str, ...]  # professional ids, as the log names them
    action: str | None = None
    altered: bool = False
    fault: str = ""
