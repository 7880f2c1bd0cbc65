"""Pieces that several pages share: who is asking, an information, an access, a share, the common frame."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol

from schemas.names import (
    Agreement,
    AnswerKind,
    CallerKind,
    GrantState,
    LegalBasis,
    Outcome,
    StructureKind,
    Word,
)

__all__ = [
    "AccessLine",
    "ActingFor",
    "Body",
    "Common",
    "Contact",
    "GrantCard",
    "Hidden",
    "Information",
    "Instance",
    "Link",
    "Observation",
    "PageView",
    "Part",
    "Pill",
    "Provenance",
    "ReadLine",
    "Reply",
    "Theme",
    "Visitor",
]


class PageView(Protocol):
    """Anything that can be rendered: it names its template, a path under templates/."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Link:
    """A link in a sentence or a list."""

    label: str
    href: str


@dataclass(frozen=True)
class Hidden:
    """One hidden input that carries an earlier choice: ids only, never a value of the carnet."""

    name: str
    value: str


@dataclass(frozen=True)
class Contact:
    """A body or a person one can write to; an empty part is not shown."""

    name: str
    address: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Instance:
    """The deployer, from CARNET_INSTANCE. `stylesheet` is the path of its generated colours, if any."""

    name: str
    controller: Contact
    dpo: Contact
    host: Contact
    accessibility: Contact
    director: str = ""
    logo: str | None = None
    stylesheet: str | None = None
    quick_exit: str | None = None


@dataclass(frozen=True)
class ActingFor:
    """For whom somebody acts, « au titre du mandat d’aide », and the pages that opens."""

    name: str
    title: str
    pages: tuple[Link, ...] = ()
    writes: bool = False
    shares: bool = False


@dataclass(frozen=True)
class Visitor:
    """Who is signed in: nobody when `kind` is None. `structure` is set for a professional or a DPO, `manages`
    for whoever is in charge of its team, `helps` for an aidant, `acting` while somebody acts for a person."""

    kind: CallerKind | None = None
    name: str = ""
    structure: str = ""
    manages: bool = False
    helps: bool = False
    acting: ActingFor | None = None

    @property
    def menu(self) -> str:
        """The word by which the frame knows the menu and the home of this visitor."""
        return "manager" if self.manages else "helper" if self.helps else self.kind or ""


@dataclass(frozen=True)
class Common:
    """What every page needs beside its view.

    `here` is the path shown as current in the menu; `now` is aware UTC; `notice` is one sentence said at the
    top after an act ("Vos réponses sont gardées."). Without a session `csrf_token` is empty.
    """

    instance: Instance
    now: datetime
    visitor: Visitor = Visitor()
    csrf_token: str = ""
    here: str = "/"
    notice: str = ""


@dataclass(frozen=True)
class Body:
    """A structure as people know it; `structure_id` is only needed where she chooses one."""

    name: str
    kind: StructureKind
    structure_id: str = ""
    place: str = ""


class Pill(Word):
    """The states an information may show beside its value. A pill always has its word."""

    PROPOSED = "proposed", "proposé"
    AGREED = "agreed", "d’accord"
    CONTESTED = "contested", "contesté"
    UNAGREED = "unagreed", "accord pas encore dit"
    TO_CONFIRM = "to_confirm", "à confirmer"
    FROZEN = "frozen", "gelé"
    FORGOTTEN = "forgotten", "oublié"


@dataclass(frozen=True)
class Provenance:
    """Who said it and when. `by` is None for the person herself, else "Mme X (CCAS de Brest)"."""

    on: date
    by: str | None = None
    agreement: Agreement | None = None
    verb: str = "noté"


@dataclass(frozen=True)
class Reply:
    """A professional's answer to an observation; `by` empty: she maintains it, with or without words."""

    by: str
    text: str
    on: date


@dataclass(frozen=True)
class Observation:
    """The person's own words beside an information; never collapsed, never separated from it.

    `about`: the day of the version they are about, when another one stands by now. `actions`: what this
    reader may do with it.
    """

    text: str
    on: date
    replies: tuple[Reply, ...] = ()
    about: date | None = None
    actions: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Information:
    """One field with its current value in words.

    `lines` holds the value, one line each (a list has several); it is empty when `answer` is not ANSWERED.
    `visible_to` names who may see it; `sensitive` asks for the mark; `actions` come after the value.
    """

    field_id: str
    label: str
    lines: tuple[str, ...]
    provenance: Provenance | None = None
    answer: AnswerKind = AnswerKind.ANSWERED
    sensitive: bool = False
    pills: tuple[Pill, ...] = ()
    visible_to: tuple[str, ...] = ()
    actions: tuple[Link, ...] = ()
    observations: tuple[Observation, ...] = ()
    entry_id: str = ""  # among several of one field

    @property
    def anchor(self) -> str:
        return "info-" + (self.entry_id or self.field_id.replace(":", "-"))


@dataclass(frozen=True)
class Theme:
    """A theme of the catalogue with what is written in it. `theme_id` chooses the pictogram.

    `unanswered` counts the questions with nothing written; `form_href` opens the form, `adds` one more
    entry of a field that holds several (person only).
    """

    theme_id: str
    label: str
    informations: tuple[Information, ...]
    unanswered: int = 0
    form_href: str | None = None
    adds: tuple[Link, ...] = ()

    def counted(self, pill: Pill) -> int:
        """How many of its informations show this pill."""
        return sum(pill in info.pills for info in self.informations)


@dataclass(frozen=True)
class Part:
    """One of the three parts of the carnet, with the pages that show it in another way. A part without themes
    says its `empty` sentence."""

    part_id: str
    label: str
    themes: tuple[Theme, ...]
    intro: str = ""
    empty: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class AccessLine:
    """One line of "qui a vu": said as one sentence.

    `for_what` completes "pour …"; `fields` are labels; `why`: what it rested on, in a sentence;
    `by` is the role in the structure ("un conseiller", "le système") or empty; `own` is her own reading; not
    `readable`: what the line says was spoiled, only that it stands; `mandate`: whoever looked acted for her,
    "au titre du mandat d’aide du 3 mars".
    """

    access_id: str
    at: datetime
    who: str
    fields: tuple[str, ...]
    for_what: str = ""
    kind: StructureKind | None = None
    by: str = ""
    basis: LegalBasis = LegalBasis.CONSENT
    outcome: Outcome = Outcome.GRANTED
    own: bool = False
    readable: bool = True
    verify_href: str | None = None
    mandate: str = ""
    why: str = ""


@dataclass(frozen=True)
class ReadLine:
    """One look by a share: when, and what was read."""

    at: datetime
    fields: tuple[str, ...]


@dataclass(frozen=True)
class GrantCard:
    """One share as the person sees it. `stop_action`: POST address of the one-step stop, None once ended.

    `stop`: the words of that button; `stops`: what ends and what does not, before she presses it; `rests_on`
    completes "Cela repose sur …". `reads`: what was read by it, newest first, and how many older ones are not
    listed. `still`: it stands still, `state_why` says why; `pause_action`, `resume_action` and
    `slip_action` (a paper that stops it) are POST addresses. `pending`: what it opened waits for new keys.
    """

    grant_id: str
    body: Body
    purpose: str
    fields: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    state: GrantState
    professional: str = ""
    last_look: datetime | None = None
    looked_long_ago: bool = False  # so many looks since that it was not searched for
    ended_at: datetime | None = None
    stop_action: str | None = None
    stop: str = "Arrêter ce partage"
    stops: str = ""
    rests_on: str = ""
    reads: tuple[ReadLine, ...] = ()
    more_reads: int = 0
    state_why: str = ""
    still: bool = False
    pause_action: str | None = None
    resume_action: str | None = None
    slip_action: str | None = None
    pending: bool = False
    links: tuple[Link, ...] = ()
    may: str = ""  # what else than reading: to propose what to write
