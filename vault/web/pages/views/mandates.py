"""Pages of those who act for somebody: what she gives, what they hold, what rulings say."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from schemas.names import MandateKind, MandateScope
from vault.web.pages.views.pieces import Body

__all__ = [
    "ActLine",
    "ActsView",
    "DpoMandateRow",
    "DpoMandatesView",
    "FindHelperView",
    "GiveMandateView",
    "HeldRow",
    "HeldView",
    "MandateCard",
    "MandatesView",
]


@dataclass(frozen=True)
class MandateCard:
    """One mandate as its person sees it. `end_action`: None once over, or when only a ruling ends it."""

    kind: MandateKind
    holder: str
    scopes: tuple[MandateScope, ...]
    starts_at: datetime
    ends_at: datetime
    acts_href: str
    body: Body | None = None
    ended_at: datetime | None = None
    standing: bool = True
    end_action: str | None = None


@dataclass(frozen=True)
class MandatesView:
    """`/mes-mandats`."""

    template: ClassVar[str] = "person/mandates.html"

    live: tuple[MandateCard, ...]
    over: tuple[MandateCard, ...]


@dataclass(frozen=True)
class FindHelperView:
    """`/mes-mandats/nouveau`: the code that the helper tells her."""

    template: ClassVar[str] = "person/mandate_who.html"

    typed: str = ""
    fault: str = ""


@dataclass(frozen=True)
class GiveMandateView:
    """What she lets the helper do, and until when. `faults`: by the name of the input."""

    template: ClassVar[str] = "person/mandate_give.html"

    holder: str
    body: Body
    code: str
    scopes: tuple[MandateScope, ...]  # that may be chosen
    days: tuple[tuple[int, str], ...]
    chosen: tuple[str, ...] = ()
    chosen_days: str = ""
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ActLine:
    """One thing that was done for her: `what` in words, on which informations."""

    at: datetime
    what: str
    fields: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class ActsView:
    """`/mes-mandats/{id}/actes`: all that was done for her under one mandate."""

    template: ClassVar[str] = "person/mandate_acts.html"

    by: str
    lines: tuple[ActLine, ...]
    older_href: str | None = None


@dataclass(frozen=True)
class HeldRow:
    """Somebody one may act for: her carnet's number, no name before he chooses."""

    reference: str
    kind: MandateKind
    scopes: tuple[MandateScope, ...]
    ends_at: datetime
    act_action: str
    stop_action: str | None = None


@dataclass(frozen=True)
class HeldView:
    """`/agir`. `helper`: an aidant, who may make a code; `code`: just made, shown once."""

    template: ClassVar[str] = "office/held.html"

    rows: tuple[HeldRow, ...]
    helper: bool
    code: str = ""
    code_ends_at: datetime | None = None


@dataclass(frozen=True)
class DpoMandateRow:
    """A ruling that is recorded: no name."""

    reference: str
    kind: MandateKind
    scopes: tuple[MandateScope, ...]
    starts_at: datetime
    ends_at: datetime
    relative: bool
    end_action: str


@dataclass(frozen=True)
class DpoMandatesView:
    """`/dpo/mandats`: what rulings say, and the form to record one. `typed`: what was sent."""

    template: ClassVar[str] = "office/dpo_mandates.html"

    rows: tuple[DpoMandateRow, ...]
    typed: dict[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def day(self) -> tuple[str, str, str]:
        return (self.typed.get("jour", ""), self.typed.get("mois", ""), self.typed.get("annee", ""))
