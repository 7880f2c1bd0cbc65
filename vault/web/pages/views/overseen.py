"""The officer's desk for the shares of one carnet: no name and no value."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.pieces import Body

__all__ = ["DpoShare", "DpoSharesView"]


@dataclass(frozen=True)
class DpoShare:
    """One share. `acts`: the buttons it has, each a value and its words; none once it ended."""

    body: Body
    purpose: str
    fields: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    state: str  # in words
    basis: str  # in words
    action: str
    why: str = ""
    pending: bool = False
    acts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DpoSharesView:
    """`/dpo/partages`: the number to type, then the shares of that carnet and the pause of its requests.
    `reasons`: values and words of the closed list; `typed`: what was sent."""

    template: ClassVar[str] = "office/dpo_shares.html"

    number: str = ""
    found: bool = False
    shares: tuple[DpoShare, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    paused_until: datetime | None = None
    pause_words: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    spoiled: int = 0  # shares whose terms do not match any more

    @property
    def day(self) -> tuple[str, str, str]:
        return (self.typed.get("jour", ""), self.typed.get("mois", ""), self.typed.get("annee", ""))
