"""Pages of whoever is in charge of a team."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from schemas.names import Role

__all__ = ["EndMemberView", "InviteView", "LinkView", "MemberRow", "PendingRow", "TeamView"]


@dataclass(frozen=True)
class MemberRow:
    """Somebody who works here. `to_check`: whole sentences, about what ProConnect says of her."""

    name: str
    email: str
    role: Role
    since: datetime
    until: datetime | None
    to_check: tuple[str, ...] = ()
    end_href: str | None = None


@dataclass(frozen=True)
class PendingRow:
    """An invitation that can still be used. `posted`: how far its mail is, in words; `trouble` when it did
    not leave."""

    email: str
    role: Role
    expires_at: datetime
    until: datetime | None
    posted: str
    trouble: bool = False
    cancel_action: str = ""
    again_action: str = ""


@dataclass(frozen=True)
class TeamView:
    """`/equipe`: who works here, who was invited. Showing it is written in the log."""

    template: ClassVar[str] = "office/team.html"

    structure: str
    members: tuple[MemberRow, ...]
    pending: tuple[PendingRow, ...]
    steers: bool = False  # a département: the counts of all carnets are for it too


@dataclass(frozen=True)
class InviteView:
    """`/equipe/inviter`: what was typed, and per input one sentence when it cannot be used."""

    template: ClassVar[str] = "office/team_invite.html"

    structure: str
    email: str = ""
    role: str = ""
    typed: tuple[str, str, str] = ("", "", "")
    roles: tuple[Role, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkView:
    """After an invitation, where no mail leaves: the link, once."""

    template: ClassVar[str] = "office/team_link.html"

    email: str
    link: str
    expires_at: datetime


@dataclass(frozen=True)
class EndMemberView:
    """`/equipe/membres/{id}/fin`: when this member leaves."""

    template: ClassVar[str] = "office/team_end.html"

    member: MemberRow
    action: str
    typed: tuple[str, str, str] = ("", "", "")
    when: str = ""
    fault: str = ""
