"""Pages where a person says what she wants to be told of, and where."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.pieces import Body

__all__ = ["ConfirmAddressView", "GrantNoticesView", "ModeChoice", "NoticeLine", "NoticesView"]


@dataclass(frozen=True)
class ModeChoice:
    """One way to be told, as a sentence that begins a button's line."""

    value: str
    label: str
    help: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class NoticeLine:
    """A share that stands, and what she chose about it."""

    body: Body
    purpose: str
    chosen: str
    href: str


@dataclass(frozen=True)
class NoticesView:
    """`/mes-alertes`: the address, then requests, then each share. `told` is the address FranceConnect gave,
    when it is not the one in use; `awaiting` one that waits for its link until `until`."""

    template: ClassVar[str] = "person/notices.html"

    address: str | None = field(repr=False)
    told: str | None = field(default=None, repr=False)
    awaiting: str | None = field(default=None, repr=False)
    until: datetime | None = None
    requests: tuple[ModeChoice, ...] = ()
    lines: tuple[NoticeLine, ...] = ()
    typed: str = field(default="", repr=False)
    fault: str = ""


@dataclass(frozen=True)
class GrantNoticesView:
    """`/mes-partages/{id}/alertes`: how she is told of the readings of one share. `reachable`: she left an
    address; which one is not shown here."""

    template: ClassVar[str] = "person/grant_notices.html"

    body: Body
    purpose: str
    choices: tuple[ModeChoice, ...]
    action: str
    reachable: bool
    live: bool = True
    fault: str = ""


@dataclass(frozen=True)
class ConfirmAddressView:
    """`/mes-alertes/adresse/{link}`: one button; or that the link is no use, when `action` is None."""

    template: ClassVar[str] = "person/confirm_address.html"

    action: str | None
