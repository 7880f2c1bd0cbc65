"""The words of what is sent by mail: plain French, plain text, made at the moment of sending.

No name of anybody: an address is all that is known of whom is invited, and a mail is read by machines on its
way. The link works once; the mail says until when, and what to do with one that was not expected.
"""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.describing import french_date
from schemas.ids import InvitationId
from vault.services.invitations import invitation_of
from vault.services.mailing import Waiting
from vault.services.parts import Parts
from vault.services.structures import NoSuchStructureError, known_structure

_PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the name of the instance, where it is served, whom to ask."""

    name: str
    public_url: str
    contact: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to send. ``letter_id`` stays the same at each try."""

    letter_id: str
    written_at: datetime
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


def invitation_letter(parts: Parts, mail: Waiting, sender: Sender) -> Letter | None:
    """None when the invitation was used or cancelled, is over, or is not what was decided."""
    invited = invitation_of(parts, mail.secret)
    if invited is None or InvitationId(mail.mail_id) != invited.invitation_id:
        return None
    try:
        structure = known_structure(parts, invited.structure_id)
    except NoSuchStructureError:
        return None
    return Letter(
        letter_id=mail.mail_id,
        written_at=mail.created_at,
        to=mail.to,
        subject=f"{sender.name} : votre invitation pour {structure.name}",
        text=_INVITATION.format(
            service=sender.name,
            structure=structure.name,
            role=invited.role.label,
            link=f"{sender.public_url}/invitation/{mail.secret}",
            until=_moment(invited.expires_at),
            contact=sender.contact,
        ),
    )


_INVITATION = """Bonjour,

{structure} vous invite à travailler avec {service}, le carnet que chaque personne accompagnée partage \
comme elle le veut.

Votre rôle : {role}.

Pour accepter, ouvrez ce lien :
{link}

Le lien sert une seule fois, jusqu’au {until}. Il est pour vous : ne le transmettez pas.
Vous vous identifierez avec ProConnect, avec votre adresse professionnelle.

Vous n’attendiez pas ce message ? Ne faites rien : sans vous, ce lien ne donne accès à rien.

Ce message part tout seul, personne ne lit les réponses. Pour une question : {contact}.
"""


def _moment(at: datetime) -> str:
    """« mardi 3 mars 2026 à 14 h 05 », at the hour of Paris."""
    local = at.astimezone(_PARIS)
    return f"{french_date(local.date())} à {local.hour} h {local.minute:02d}"
