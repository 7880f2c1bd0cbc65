"""Sharing in four steps, each a POST form that carries the earlier choices in hidden inputs (ids only).

Addresses and names, for the routes
- GET  /mes-partages/nouveau?q=            step 1; its buttons post `structure_id`
- POST /mes-partages/nouveau/pourquoi      step 2; asks `purpose_id`
- POST /mes-partages/nouveau/quoi          step 3; asks `fields` (repeated). A preset button posts `preset` to
  this same address. A special line's button posts `special` to /a-part with what is ticked so far
- POST /mes-partages/nouveau/a-part        one special field or compartment on a page of its own; its two
  buttons post `special_yes` or `special_no` with the field id to /quoi; a yes is carried from then on as
  `special_fields`
- POST /mes-partages/nouveau/duree         step 4; asks `days`
- POST /mes-partages/nouveau/verifier      "Voici exactement ce que verra …"
- POST /mes-partages                       shares, then 303 to the done page
Each "Revenir" is a button of the same form with its own address.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.office import CarnetView
from vault.web.pages.views.pieces import Body, Hidden

__all__ = [
    "Duration",
    "GuessLine",
    "Preset",
    "Preview",
    "PurposeChoice",
    "SeenView",
    "ShareConfirmView",
    "ShareDoneView",
    "ShareHowLongView",
    "ShareLine",
    "ShareSpecialView",
    "ShareTheme",
    "ShareWhatView",
    "ShareWhoView",
    "ShareWhyView",
]


@dataclass(frozen=True)
class ShareWhoView:
    """Step 1. `known`: those who already see something or saw it; `found`: the result of the search `q`.
    `referent`: where whoever follows her works; `referent_id`: who it is, of whom no name is shown."""

    template: ClassVar[str] = "person/share_who.html"

    q: str = ""
    known: tuple[Body, ...] = ()
    found: tuple[Body, ...] = ()
    more_found: bool = False
    error: str = ""
    referent: Body | None = None
    referent_id: str = ""


@dataclass(frozen=True)
class PurposeChoice:
    """A purpose as a sentence, with the longest time it may last and what happens without sharing.
    `before`: what it rests on, in a sentence or two."""

    purpose_id: str
    label: str
    sentence: str
    max_days: int
    chosen: bool = False
    refusal: str = ""
    before: str = ""


@dataclass(frozen=True)
class ShareWhyView:
    """Step 2: what for."""

    template: ClassVar[str] = "person/share_why.html"

    body: Body
    purposes: tuple[PurposeChoice, ...]
    carried: tuple[Hidden, ...]
    error: str = ""


@dataclass(frozen=True)
class Preset:
    """A suggestion she may apply: it ticks `count` fields, each of which she may untick."""

    preset_id: str
    label: str
    count: int
    applied: bool = False


@dataclass(frozen=True)
class ShareLine:
    """One field on the share screen, with its value in words; `lines` is empty when nothing is written."""

    field_id: str
    label: str
    lines: tuple[str, ...]
    sensitive: bool = False
    chosen: bool = False


@dataclass(frozen=True)
class ShareTheme:
    """The shareable fields of one theme."""

    theme_id: str
    label: str
    lines: tuple[ShareLine, ...]


@dataclass(frozen=True)
class ShareWhatView:
    """Step 3. `specials` need an act of their own, one page each; `chosen` says accepted."""

    template: ClassVar[str] = "person/share_what.html"

    body: Body
    purpose: str
    presets: tuple[Preset, ...]
    themes: tuple[ShareTheme, ...]
    carried: tuple[Hidden, ...]
    specials: tuple[ShareLine, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class ShareSpecialView:
    """A special field or compartment alone on its page, with two buttons. `why` it is apart."""

    template: ClassVar[str] = "person/share_special.html"

    body: Body
    purpose: str
    line: ShareLine
    why: str
    carried: tuple[Hidden, ...]
    refusal: str = ""


@dataclass(frozen=True)
class Duration:
    """A length on offer ("1 mois") with the end it gives, exclusive."""

    days: int
    label: str
    ends_at: datetime
    chosen: bool = False


@dataclass(frozen=True)
class ShareHowLongView:
    """Step 4: for how long."""

    template: ClassVar[str] = "person/share_how_long.html"

    body: Body
    purpose: str
    durations: tuple[Duration, ...]
    carried: tuple[Hidden, ...]
    error: str = ""
    proposes: bool = False


@dataclass(frozen=True)
class GuessLine:
    """One thing that can be guessed: words that begin a sentence, the informations, one more sentence."""

    words: str
    labels: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class Preview:
    """What a reader sees, by his own view and template, and what he could guess from it.

    `screen` is None when he can read nothing; `broken`: because what is stored does not open. `empty`: labels
    of what is shared with nothing written, seen as soon as she writes something.
    """

    body: Body
    screen: CarnetView | None
    broken: bool = False
    guesses: tuple[GuessLine, ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShareConfirmView:
    """« Voici exactement ce que verra … »: the professional's own screen, then the only button that shares.

    `count` = all chosen fields. `replaces`: a live share will be replaced.
    """

    template: ClassVar[str] = "person/share_confirm.html"

    body: Body
    purpose: str
    ends_at: datetime
    count: int
    preview: Preview
    carried: tuple[Hidden, ...]
    replaces: bool = False
    before: str = ""
    rests_on: str = ""
    proposes: bool = False  # he may also propose what to write


@dataclass(frozen=True)
class SeenView:
    """`/mes-partages/{id}/vu`: what the reader by this share sees now."""

    template: ClassVar[str] = "person/seen.html"

    preview: Preview
    stop_action: str | None = None
    stop: str = "Arrêter ce partage"


@dataclass(frozen=True)
class ShareDoneView:
    """After sharing: what is true now, and how to stop (`stop_action` is a POST address)."""

    template: ClassVar[str] = "person/share_done.html"

    body: Body
    purpose: str
    fields: tuple[str, ...]
    ends_at: datetime
    stop_action: str
    stop: str = "Arrêter ce partage"
    seen_href: str = ""
    slip_action: str = ""
