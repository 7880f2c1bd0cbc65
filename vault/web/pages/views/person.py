"""Pages of the person, except sharing (views/share.py) and forms (views/forms.py)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.carnet import DateLine
from vault.web.pages.views.pieces import AccessLine, Body, GrantCard, Part, ReadLine

__all__ = [
    "AccessesView",
    "GrantStoppedView",
    "GrantsView",
    "HomeView",
    "Todo",
]


@dataclass(frozen=True)
class Todo:
    """One thing to do now: a sentence that is itself the link, and why in a few words."""

    label: str
    href: str
    why: str = ""


@dataclass(frozen=True)
class HomeView:
    """`/mon-carnet`: what to do, who may see what, who looked; then the whole carnet by part and theme, each
    theme one line that opens.

    `todos` holds at most three. `grants` are the live shares; `looks` at most three, newest first. `dates`:
    the next ones of her calendar, two at most. `opened`: the theme she just wrote in.
    """

    template: ClassVar[str] = "person/home.html"

    name: str
    reference: str
    parts: tuple[Part, ...]
    todos: tuple[Todo, ...] = ()
    grants: tuple[GrantCard, ...] = ()
    looks: tuple[AccessLine, ...] = ()
    dates: tuple[DateLine, ...] = ()
    opened: str = ""
    phase: str = ""


@dataclass(frozen=True)
class GrantsView:
    """`/mes-partages`: live shares first, each with its stop button; then the ended ones."""

    template: ClassVar[str] = "person/grants.html"

    live: tuple[GrantCard, ...]
    ended: tuple[GrantCard, ...] = ()
    new_href: str = "/mes-partages/nouveau"
    older_href: str | None = None
    emergency_href: str | None = None  # None when the frame opens nothing in an emergency
    spoiled: int = 0  # shares whose terms do not match any more


@dataclass(frozen=True)
class GrantStoppedView:
    """After the one-step stop: what is true now. `already_read`: it looked at least once; `reads`: what it
    read, newest first; `stopped`: what stopped and what did not."""

    template: ClassVar[str] = "person/grant_stopped.html"

    body: Body
    fields: tuple[str, ...]
    stopped_at: datetime
    already_read: bool
    stopped: str = ""
    reads: tuple[ReadLine, ...] = ()
    new_href: str = "/mes-partages/nouveau"


@dataclass(frozen=True)
class AccessesView:
    """`/qui-a-vu`: one sentence an access, newest first, by keyset. `own` includes her own readings.

    `own_href` switches `own`; `older_href` is the next page; `first` tells the first page from the others.
    """

    template: ClassVar[str] = "person/accesses.html"

    lines: tuple[AccessLine, ...]
    own: bool = False
    own_href: str = "/qui-a-vu?own=1"
    older_href: str | None = None
    newest_href: str | None = None
