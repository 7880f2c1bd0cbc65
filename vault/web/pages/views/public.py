"""Pages that anyone may read, and the pages of a sign-in that did not end well."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from schemas.names import LegalBasis, Role
from vault.web.pages.views.pieces import Body, Link

__all__ = [
    "AccessibilityView",
    "ChooseStructureView",
    "ContactView",
    "ErrorView",
    "Habilitation",
    "HelpView",
    "InvitationView",
    "LegalView",
    "NoticeField",
    "NoticePurpose",
    "NoticeTheme",
    "PersonalDataView",
    "Retention",
    "SignInRefusedView",
    "SignInView",
    "SignedOutView",
    "SiteMapView",
    "WelcomeView",
    "WhyRefused",
]


@dataclass(frozen=True)
class WelcomeView:
    """`/`: what this is in ten seconds, and two doors."""

    template: ClassVar[str] = "public/welcome.html"


@dataclass(frozen=True)
class SignInView:
    """`/connexion`. An address is None when that provider is not configured."""

    template: ClassVar[str] = "public/sign_in.html"

    franceconnect_href: str | None = "/connexion/franceconnect"
    proconnect_href: str | None = "/connexion/proconnect"
    session_ended: bool = False
    text_kept: bool = False  # a form that arrived too late waits a quarter of an hour


class WhyRefused(StrEnum):
    """Why a sign-in did not end well, as far as it may be told."""

    STOPPED = "stopped"  # the person stopped, or the provider did not recognise her
    PROVIDER_DOWN = "provider_down"
    SECOND_FACTOR = "second_factor"
    NOT_INVITED = "not_invited"
    NOT_FRESH = "not_fresh"  # an open session at the provider answered in her place
    TOO_OLD = "too_old"  # the pending sign-in is unknown, used or expired


@dataclass(frozen=True)
class SignInRefusedView:
    """`/connexion` not completed: neutral, no blame. `professional` chooses the provider that is named.

    `other_account_href` ends the provider's session first, so that another account can be used.
    """

    template: ClassVar[str] = "public/sign_in_refused.html"

    why: WhyRefused
    professional: bool
    retry_href: str
    other_account_href: str | None = None


@dataclass(frozen=True)
class InvitationView:
    """`/invitation/{token}`: who invites, as what; the button posts to `action` and goes on to ProConnect.

    `body` is None when the link is unknown, used or expired: nothing else is told.
    """

    template: ClassVar[str] = "public/invitation.html"

    body: Body | None = None
    role: Role | None = None
    action: str = ""


@dataclass(frozen=True)
class Habilitation:
    """One place from which a professional may act."""

    habilitation_id: str
    body: Body
    role: Role


@dataclass(frozen=True)
class ChooseStructureView:
    """`/choisir-structure`: a session acts for one structure; each button posts `habilitation_id`."""

    template: ClassVar[str] = "public/choose_structure.html"

    habilitations: tuple[Habilitation, ...]
    action: str = "/choisir-structure"


@dataclass(frozen=True)
class SignedOutView:
    """`/deconnexion/retour`. `provider_too`: the session at FranceConnect or ProConnect was ended as well.
    `unsure`: this browser forgot its session, but the store did not say that it is ended."""

    template: ClassVar[str] = "public/signed_out.html"

    provider_too: bool = True
    unsure: bool = False


@dataclass(frozen=True)
class HelpView:
    """`/aide`."""

    template: ClassVar[str] = "public/help.html"


@dataclass(frozen=True)
class AccessibilityView:
    """`/accessibilite`: the declaration. `established_on` is the day it was written."""

    template: ClassVar[str] = "public/accessibility.html"

    established_on: date
    site: str


@dataclass(frozen=True)
class SiteMapView:
    """`/plan-du-site`: every page, by role."""

    template: ClassVar[str] = "public/site_map.html"


@dataclass(frozen=True)
class LegalView:
    """`/mentions-legales`: from the instance."""

    template: ClassVar[str] = "public/legal.html"


@dataclass(frozen=True)
class ContactView:
    """`/contact`: from the instance."""

    template: ClassVar[str] = "public/contact.html"


@dataclass(frozen=True)
class NoticePurpose:
    """A purpose of the frame, as the notice tells it. `who` are kinds of body in words."""

    label: str
    sentence: str
    basis: LegalBasis
    who: tuple[str, ...]
    max_days: int
    reference: str = ""


@dataclass(frozen=True)
class NoticeField:
    """A field in the notice; `special` is a special category (art. 9), shared by an act of its own."""

    label: str
    special: bool = False


@dataclass(frozen=True)
class NoticeTheme:
    """A theme and its fields in the notice."""

    theme_id: str
    label: str
    fields: tuple[NoticeField, ...]


@dataclass(frozen=True)
class Retention:
    """How long something is kept ("Votre carnet", "2 ans après votre dernière visite")."""

    what: str
    how_long: str


@dataclass(frozen=True)
class PersonalDataView:
    """`/donnees-personnelles`: generated from the instance, the catalogue and the frame."""

    template: ClassVar[str] = "public/personal_data.html"

    version: str
    in_force_on: date
    purposes: tuple[NoticePurpose, ...]
    themes: tuple[NoticeTheme, ...]
    retentions: tuple[Retention, ...]
    older: tuple[Link, ...] = ()


@dataclass(frozen=True)
class ErrorView:
    """Any page that could not be: what happened, what was kept, what to do. `status` chooses the words.

    `kept` is one sentence when something was kept; `retry_after`: seconds, for 429 and 503.
    """

    template: ClassVar[str] = "public/error.html"

    status: int
    what: str = ""
    kept: str = ""
    retry_after: int | None = None
    back_href: str = "/"
