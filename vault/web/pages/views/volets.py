"""Pages of the volets: hers, and that of her référent."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from vault.web.pages.views.pieces import Information

__all__ = ["OfficeVoletsView", "OwnVoletsView", "VoletCard", "VoletLine", "VoletStands"]


class VoletStands(StrEnum):
    """Where a volet stands. `REOPENED`: something it covers changed since it was validated."""

    EMPTY = "empty"
    OPEN = "open"
    VALIDATED = "validated"
    REOPENED = "reopened"


@dataclass(frozen=True)
class VoletLine:
    """One information of a volet, in a list: where it is read whole. `changed`: since the volet was
    validated."""

    label: str
    value: str
    href: str
    contested: bool = False
    changed: bool = False


@dataclass(frozen=True)
class VoletCard:
    """One volet. `by`, `at`: who validated last, and when; `changed_on`: since, None when something is merely
    there no more; `proof`: the version hash he vouched for. `asks`: it is hers to understand first;
    `understood_at`: when she said so, `understood`: about what stands now. `action`: where the button leads,
    empty without one; `seen`: what it vouches for."""

    volet_id: str
    label: str
    sentence: str
    stands: VoletStands
    informations: tuple[Information, ...] = ()
    lines: tuple[VoletLine, ...] = ()
    by: str = ""
    at: datetime | None = None
    changed_on: date | None = None
    proof: str = ""
    asks: bool = False
    understood: bool = False
    understood_at: datetime | None = None
    action: str = ""
    seen: str = ""


@dataclass(frozen=True)
class OwnVoletsView:
    """`/mon-carnet/volets`: what her référent validated, what changed since, what she understood."""

    template: ClassVar[str] = "person/volets.html"

    cards: tuple[VoletCard, ...]
    fault: str = ""


@dataclass(frozen=True)
class OfficeVoletsView:
    """`/carnets/{carnet_id}/volets`: each volet as he reads it."""

    template: ClassVar[str] = "office/volets.html"

    title: str
    read_at: datetime
    back_href: str
    cards: tuple[VoletCard, ...]
    fault: str = ""
