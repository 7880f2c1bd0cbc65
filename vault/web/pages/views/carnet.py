"""One entry of her carnet, and one part of it: both sides' commitments, goals with their steps, dates."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from schemas.names import Agreement
from vault.web.pages.views.path_file import DutyLine
from vault.web.pages.views.pieces import AccessLine, Information, Link, Provenance

__all__ = [
    "AgreementChoice",
    "Block",
    "Column",
    "DateLine",
    "EntryView",
    "Goal",
    "GoalGroup",
    "PartView",
    "VersionLine",
]


@dataclass(frozen=True)
class DateLine:
    """One date of her calendar: `what` names it (« Rendez-vous »), `words` say the rest. `past`: over."""

    on: date
    what: str
    words: str
    href: str
    at: str = ""
    past: bool = False


@dataclass(frozen=True)
class VersionLine:
    """What the entry said before, and until when it did."""

    version: int
    lines: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True)
class AgreementChoice:
    """One of the three answers she may give; `now`: the one that stands."""

    value: Agreement
    label: str
    now: bool


@dataclass(frozen=True)
class EntryView:
    """`/mon-carnet/info/{entry_id}`: one entry, with all there is to know of it and to do with it.

    `choices` are empty when there is nothing to agree with, or somebody acts for her. `looks`: who read that
    information lately. `invites`: she just said that she disagrees, and may say why.
    """

    template: ClassVar[str] = "person/entry.html"

    info: Information
    theme_id: str
    theme: str
    version: int
    said_on: date
    back_href: str
    confirm_before: date | None = None
    stale: bool = False
    frozen: bool = False
    choices: tuple[AgreementChoice, ...] = ()
    agreement_action: str = ""
    before: tuple[VersionLine, ...] = ()
    looks: tuple[AccessLine, ...] = ()
    links: tuple[Link, ...] = ()
    invites: Link | None = None


@dataclass(frozen=True)
class Column:
    """What one side commits to. `empty` is said when it holds nothing."""

    label: str
    informations: tuple[Information, ...]
    empty: str
    add: Link | None = None


@dataclass(frozen=True)
class Goal:
    """A goal with its steps."""

    info: Information
    steps: tuple[Information, ...] = ()
    add: Link | None = None


@dataclass(frozen=True)
class GoalGroup:
    """The goals of one theme."""

    label: str
    goals: tuple[Goal, ...]


@dataclass(frozen=True)
class Block:
    """What one field of the part holds, in one of three ways: side by side, goals with their steps, or one
    after the other. `apart`: steps that belong to no goal."""

    field_id: str
    label: str
    informations: tuple[Information, ...] = ()
    columns: tuple[Column, ...] = ()
    groups: tuple[GoalGroup, ...] = ()
    apart: tuple[Information, ...] = ()
    apart_label: str = ""
    add: Link | None = None
    add_apart: Link | None = None
    empty: str = ""


@dataclass(frozen=True)
class PartView:
    """`/mon-carnet/partie/{part_id}`: one part of the carnet, as it is worked with.

    `dates` are to come, soonest first; `agenda_href` takes them away. `phase` is said first when it is set.
    `others`: the other parts.
    """

    template: ClassVar[str] = "person/part.html"

    part_id: str
    label: str
    intro: str
    blocks: tuple[Block, ...]
    dates: tuple[DateLine, ...] = ()
    agenda_href: str | None = None
    phase: str = ""
    others: tuple[Link, ...] = ()
    duties: tuple[DutyLine, ...] = ()  # what the law asks of the administration
    file_href: str | None = None  # what each side did
