"""What the person is asked to share, and the form of whoever asks.

Addresses: GET /mes-demandes, GET /mes-demandes/{id}; under the latter POST /choisir, /a-part, /verifier,
/accepter, /refuser, /plus-tard. GET and POST /demander for professionals, then GET /demander/envoyee.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from schemas.names import GrantState
from vault.web.pages.views.pieces import Body, Hidden, Link
from vault.web.pages.views.share import Duration, Preset, Preview, ShareLine, ShareTheme

__all__ = [
    "AskSentView",
    "AskView",
    "RequestCard",
    "RequestConfirmView",
    "RequestSpecialView",
    "RequestView",
    "RequestsView",
]


@dataclass(frozen=True)
class RequestCard:
    """One request in the list. `asker`: who of the structure, or its program. `href` only while it waits
    for an answer."""

    body: Body
    purpose: str
    state: GrantState
    asked_at: datetime
    ends_at: datetime
    answered_at: datetime | None = None
    href: str | None = None
    asker: str = ""


@dataclass(frozen=True)
class RequestsView:
    """`/mes-demandes`. `paused_until`: nobody may ask before, `pause_why` in the officer's words."""

    template: ClassVar[str] = "person/requests.html"

    waiting: tuple[RequestCard, ...] = ()
    later: tuple[RequestCard, ...] = ()
    answered: tuple[RequestCard, ...] = ()
    paused_until: datetime | None = None
    pause_why: str = ""
    error: str = ""


@dataclass(frozen=True)
class RequestView:
    """One request: who, for what, why, each information beside her own words. Nothing is ticked for her.
    `action`: the address of this request, under which each button has its own."""

    template: ClassVar[str] = "person/request.html"

    action: str
    card: RequestCard
    who: str
    reason: str
    before: str
    refusal: str
    themes: tuple[ShareTheme, ...]
    specials: tuple[ShareLine, ...]
    durations: tuple[Duration, ...]
    carried: tuple[Hidden, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class RequestSpecialView:
    """A special information that is asked, alone on its page; its two buttons carry the seal of the page."""

    template: ClassVar[str] = "person/request_special.html"

    action: str
    body: Body
    purpose: str
    line: ShareLine
    why: str
    carried: tuple[Hidden, ...]


@dataclass(frozen=True)
class RequestConfirmView:
    """« Voici exactement ce que verra … », then the one button that says yes."""

    template: ClassVar[str] = "person/request_confirm.html"

    action: str
    body: Body
    purpose: str
    ends_at: datetime
    count: int
    preview: Preview
    carried: tuple[Hidden, ...]
    before: str = ""
    rests_on: str = ""


@dataclass(frozen=True)
class AskView:
    """`/demander`: first what for (`reasons`), then the form. `carnet_id` when he comes from a carnet.
    `may_be_referent`: by his role alone, whoever the carnet is of."""

    template: ClassVar[str] = "office/ask.html"

    reasons: tuple[Link, ...]
    purpose: str = ""
    purpose_label: str = ""
    presets: tuple[Preset, ...] = ()
    themes: tuple[ShareTheme, ...] = ()
    specials: tuple[ShareLine, ...] = ()
    days: tuple[tuple[int, str, bool], ...] = ()
    carnet_id: str = ""
    number: str = ""
    reason: str = ""
    receiver: str = "me"
    may_be_referent: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AskSentView:
    """After asking, whatever becomes of it."""

    template: ClassVar[str] = "office/ask_sent.html"
