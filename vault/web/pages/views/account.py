"""Pages of somebody's own account: who she is here, where she is signed in, proving it again, closing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from schemas.names import Role
from vault.web.pages.views.identity import IdentityTold
from vault.web.pages.views.pieces import Body

__all__ = ["AccountView", "AgainWhoView", "CloseView", "ClosedView", "SessionLine"]


@dataclass(frozen=True)
class SessionLine:
    """One place where she is signed in. `this`: the one that shows the page."""

    session_id: str
    device: str
    started_at: datetime
    seen_at: datetime
    this: bool = False


@dataclass(frozen=True)
class AccountView:
    """`/mon-compte`. `body` and `role` for whoever works for a structure; `close_href` and `mandates_href`
    for a person, `act_href` for one who may act for a relative."""

    template: ClassVar[str] = "person/account.html"

    identity: IdentityTold | None
    sessions: tuple[SessionLine, ...]
    body: Body | None = None
    role: Role | None = None
    change_href: str | None = None  # to act for another structure
    close_href: str | None = None
    mandates_href: str | None = None
    act_href: str | None = None
    action: str = "/mon-compte/connexions"

    @property
    def others(self) -> int:
        return sum(not one.this for one in self.sessions)


@dataclass(frozen=True)
class AgainWhoView:
    """`/connexion/de-nouveau`: before what cannot be undone, the provider is asked again who she is."""

    template: ClassVar[str] = "public/again_who.html"

    professional: bool
    door_href: str
    back_href: str


@dataclass(frozen=True)
class CloseView:
    """`/mon-compte/fermer`: what goes, what stays, who had received something. `error`: not confirmed yet."""

    template: ClassVar[str] = "person/close.html"

    live: tuple[str, ...]  # names of those with whom she shares now
    before: tuple[str, ...]  # and of those with whom she did
    copies_until: date
    error: str = ""
    action: str = "/mon-compte/fermer"


@dataclass(frozen=True)
class ClosedView:
    """The carnet is erased. `provider_too`: the session at FranceConnect was ended as well."""

    template: ClassVar[str] = "public/closed.html"

    copies_until: date
    provider_too: bool = True
