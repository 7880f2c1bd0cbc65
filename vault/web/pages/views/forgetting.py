"""Pages of the right to be forgotten: hers, those of whoever answers, those of whoever had read.

Addresses: GET and POST /mon-carnet/info/{entry_id}/oubli; GET /mes-oublis, /mes-oublis/{id}, under the
latter POST /recours and /garder, GET /certificat.jws and /certificat.pdf. GET /demandes-d-oubli and
/dpo/oublis, then /{id}, POST /repondre and /prolonger. GET /avis, POST /avis/{id}/recu. GET and POST
/certificat for anybody.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from vault.web.pages.views.pieces import Body, Information

__all__ = [
    "AvisLine",
    "AvisView",
    "CertificateCheckView",
    "ForgetAskView",
    "ForgetDeskLine",
    "ForgetDeskView",
    "ForgetLine",
    "ForgetOneView",
    "ForgetReader",
    "ForgetRequestView",
    "ForgetStep",
    "ForgetsView",
]


@dataclass(frozen=True)
class ForgetAskView:
    """She asks. `at_once`: nobody else read it; `to`: who answers, empty when nobody follows her;
    `asked_href`: she asked already."""

    template: ClassVar[str] = "person/forget_ask.html"

    information: Information
    action: str
    at_once: bool
    longest: int
    to: str = ""
    readers: tuple[str, ...] = ()
    text: str = ""
    fault: str = ""
    kept: bool = False
    asked_href: str = ""
    back_href: str = "/mon-carnet"


@dataclass(frozen=True)
class ForgetLine:
    """One demand in her list. `days_left` None: nobody is to answer any more."""

    href: str
    label: str
    asked_at: datetime
    state: str
    days_left: int | None = None


@dataclass(frozen=True)
class ForgetsView:
    template: ClassVar[str] = "person/forgets.html"

    lines: tuple[ForgetLine, ...]


@dataclass(frozen=True)
class ForgetStep:
    """What happened, in words. `words`: a reason somebody wrote."""

    what: str
    by: str
    at: datetime
    words: str = ""


@dataclass(frozen=True)
class ForgetReader:
    """A structure that had read it, and when it said that it did what the notice asks."""

    body: Body
    acknowledged_at: datetime | None
    overdue: bool = False


@dataclass(frozen=True)
class ForgetOneView:
    """One of her demands. `waits`: somebody is to answer; `blind_after`: when no copy may open it."""

    template: ClassVar[str] = "person/forget.html"

    label: str
    action: str
    state: str
    asked_at: datetime
    last_day: date
    days_left: int
    waits: bool
    late: bool
    refused: bool
    part: bool
    done: bool
    to: str
    steps: tuple[ForgetStep, ...]
    reason: str = ""
    answer: str = ""
    may_escalate: bool = False
    readers: tuple[ForgetReader, ...] = ()
    blind_after: date | None = None
    certificate: bool = False
    paper: bool = True
    longest: int = 1000
    fault: str = ""


@dataclass(frozen=True)
class ForgetDeskLine:
    href: str
    reference: str
    asked_at: datetime
    last_day: date
    days_left: int
    waits: bool
    state: str


@dataclass(frozen=True)
class ForgetDeskView:
    """The desk of a référent, or of the officer. `notices`: what was not acknowledged, for the officer."""

    template: ClassVar[str] = "office/forget_desk.html"

    lines: tuple[ForgetDeskLine, ...]
    officer: bool = False
    notices: tuple["AvisLine", ...] = ()


@dataclass(frozen=True)
class ForgetRequestView:
    """One demand, for who answers: what hangs on it, no value. `label` empty: he may not read it."""

    template: ClassVar[str] = "office/forget_request.html"

    reference: str
    action: str
    back_href: str
    label: str
    asked_at: datetime
    last_day: date
    days_left: int
    waits: bool
    officer: bool
    may_extend: bool
    may_part: bool
    state: str
    reason: str
    readers: tuple[tuple[str, int, datetime], ...]
    named_by: tuple[tuple[str, int], ...]
    hidden: bool
    steps: tuple[ForgetStep, ...]
    longest: int = 1000
    text: str = ""
    fault: str = ""
    volets: tuple[str, ...] = ()  # validated with it in them


@dataclass(frozen=True)
class AvisLine:
    """A notice to a structure. `body`: for the officer, which one."""

    reference: str
    label: str
    made_at: datetime
    acknowledged_at: datetime | None
    action: str = ""
    body: Body | None = None


@dataclass(frozen=True)
class AvisView:
    template: ClassVar[str] = "office/avis.html"

    waiting: tuple[AvisLine, ...]
    done: tuple[AvisLine, ...]


@dataclass(frozen=True)
class CertificateCheckView:
    """`/certificat`, for anybody who holds one."""

    template: ClassVar[str] = "public/certificate.html"

    asked: bool = False
    at: datetime | None = None
    blind_after: date | None = None
