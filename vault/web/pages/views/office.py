"""Pages of the professional and of the DPO."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from schemas.names import LegalBasis, Outcome, StructureKind
from vault.web.pages.views.pieces import Link, Theme

__all__ = [
    "AccessEndedView",
    "AccessRow",
    "CarnetRow",
    "CarnetView",
    "CarnetsView",
    "DpoAccessesView",
    "DpoHomeView",
    "DpoLogView",
    "DpoRequestsView",
    "LinkRequest",
    "LogHealth",
]


@dataclass(frozen=True)
class CarnetRow:
    """One live grant: who shares (`name` when granted, else the `reference`), what for, until when."""

    href: str
    reference: str
    purpose: str
    starts_at: datetime
    ends_at: datetime
    fields: int
    name: str = ""


@dataclass(frozen=True)
class CarnetsView:
    """`/carnets`: the people who share with this structure, by keyset."""

    template: ClassVar[str] = "office/carnets.html"

    rows: tuple[CarnetRow, ...]
    next_href: str | None = None
    urgent_href: str | None = None  # None when the frame opens nothing in an emergency
    forgets: int = 0  # demands to forget that wait for an answer


@dataclass(frozen=True)
class CarnetView:
    """`/carnets/{id}`: the carnet as granted for one purpose. What is not granted is simply absent.

    Opening it was written in the journal of the person at `read_at`. `others`: other live purposes on it.
    """

    template: ClassVar[str] = "office/carnet.html"

    reference: str
    purpose: str
    starts_at: datetime
    ends_at: datetime
    read_at: datetime
    themes: tuple[Theme, ...]
    name: str = ""
    others: tuple[Link, ...] = ()
    propose_href: str = ""  # where he may propose what to write
    volets_href: str = ""  # where her référent validates


@dataclass(frozen=True)
class AccessEndedView:
    """403: this access has ended. The same page whatever ended it."""

    template: ClassVar[str] = "office/access_ended.html"


@dataclass(frozen=True)
class LogHealth:
    """The log in figures. `tree_size` counts entries; a None instant means "not yet".

    `verified_ok` is None until a verification ran; `problem` is one sentence when something is wrong.
    """

    tree_size: int
    checkpoint_at: datetime | None = None
    checkpoint_size: int = 0
    verified_at: datetime | None = None
    verified_ok: bool | None = None
    cosigned_at: datetime | None = None
    origin: str = ""
    problem: str = ""


@dataclass(frozen=True)
class AccessRow:
    """One line of the log in the DPO's table: who did what, on which carnet, for what, on which fields, with
    which result. `basis` is None for what rests on none (a sign-in)."""

    log_index: int
    at: datetime
    who: str
    carnet: str
    purpose: str
    fields: tuple[str, ...]
    basis: LegalBasis | None
    outcome: Outcome
    kind: StructureKind | None = None
    role: str = ""
    what: str = "consultation"


@dataclass(frozen=True)
class DpoHomeView:
    """`/dpo`: the health of the log, the last accesses, and where to go."""

    template: ClassVar[str] = "office/dpo.html"

    health: LogHealth
    latest: tuple[AccessRow, ...] = ()


@dataclass(frozen=True)
class DpoAccessesView:
    """`/dpo/acces`: the table of accesses, newest first, by keyset."""

    template: ClassVar[str] = "office/dpo_accesses.html"

    rows: tuple[AccessRow, ...]
    older_href: str | None = None
    newest_href: str | None = None


@dataclass(frozen=True)
class DpoLogView:
    """`/dpo/journal`: the log's health in words; `checkpoint` is the signed note that anyone can check."""

    template: ClassVar[str] = "office/dpo_log.html"

    health: LogHealth
    checkpoint: str = ""


@dataclass(frozen=True)
class LinkRequest:
    """Somebody whose identifier changed asks for a carnet: numbers and dates, never a name.

    `action` is where to post yes or no while it is open; `outcome` says in words what was decided.
    """

    reference: str
    carnet: str
    asked_at: datetime
    ends_at: datetime
    action: str | None = None
    outcome: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True)
class DpoRequestsView:
    """`/dpo/demandes`: carnets to link to a new identifier. Requests about rights do not pass through the
    service yet; the page says so. `fault`: one sentence, when the last answer could not be taken."""

    template: ClassVar[str] = "office/dpo_requests.html"

    waiting: tuple[LinkRequest, ...] = ()
    decided: tuple[LinkRequest, ...] = ()
    fault: str = ""
