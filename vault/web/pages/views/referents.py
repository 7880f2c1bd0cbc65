"""Pages about who follows a person: hers, and that of whoever designates."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from schemas.names import Role
from vault.web.pages.views.pieces import Body

__all__ = ["DesignateView", "FollowerCard", "ReferentView", "TeamChoice", "WaitingShare"]


@dataclass(frozen=True)
class FollowerCard:
    """Somebody who follows her, did, or is proposed. `yes_action` and `no_action`: where she answers."""

    name: str
    body: Body
    since: datetime
    until: datetime | None = None
    yes_action: str = ""
    no_action: str = ""


@dataclass(frozen=True)
class WaitingShare:
    """A share with the former one. `fits` False: the frame does not let the new one have it."""

    grant_id: str
    purpose: str
    fields: tuple[str, ...]
    special: tuple[str, ...]
    ends_at: datetime
    fits: bool = True
    replaces: bool = False


@dataclass(frozen=True)
class ReferentView:
    """`/mon-referent`. `together`: given by one button; `apart`: each by its own. `left`: who followed her
    last and works there no more."""

    template: ClassVar[str] = "person/referent.html"

    current: FollowerCard | None
    left: FollowerCard | None = None
    proposals: tuple[FollowerCard, ...] = ()
    former: tuple[FollowerCard, ...] = ()
    together: tuple[WaitingShare, ...] = ()
    apart: tuple[WaitingShare, ...] = ()
    stuck: tuple[WaitingShare, ...] = ()
    until: datetime | None = None
    assignment_id: str = ""
    wish: str = ""
    fault: str = ""

    @property
    def waits(self) -> int:
        return len(self.together) + len(self.apart) + len(self.stuck)


@dataclass(frozen=True)
class TeamChoice:
    professional_id: str
    name: str
    role: Role


@dataclass(frozen=True)
class DesignateView:
    """`/equipe/referent`: whom of the team follows the person whose number is typed."""

    template: ClassVar[str] = "office/referent.html"

    structure: str
    team: tuple[TeamChoice, ...]
    typed: str = ""
    chosen: str = ""
    faults: tuple[tuple[str, str], ...] = ()
    done: bool = False

    def fault(self, name: str) -> str:
        return dict(self.faults).get(name, "")
