"""The words of what is sent by mail: plain French, plain text, made at the moment of sending.

No name of anybody: an address is all that is known of whom is invited, and a mail is read by machines on its
way. The link works once; the mail says until when, and what to do with one that was not expected. What a
person is told of says that something happened, and neither what nor by whom: that is read after signing in.
"""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.describing import french_date
from schemas.ids import InvitationId
from vault.services.invitations import invitation_of
from vault.services.mailing import Notice, Waiting
from vault.services.notices import NoticeMode, Wishes, wishes_of
from vault.services.notifying import mode_of
from vault.services.office_mail import WORDS, address_of
from vault.services.parts import Parts
from vault.services.structures import NoSuchStructureError, known_structure

_PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the name of the instance, where it is served, whom to ask."""

    name: str
    public_url: str
    contact: str
    officer: str = ""  # the address of the data protection officer, if the instance gives one


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to send. ``letter_id`` stays the same at each try."""

    letter_id: str
    written_at: datetime
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Short:
    """One message for a telephone. ``letter_id`` stays the same at each try."""

    letter_id: str
    number: str = field(repr=False)
    text: str = field(repr=False)


def letter_of(parts: Parts, mail: Waiting, sender: Sender) -> Letter | None:
    """None when there is nothing to send any more."""
    if mail.office is not None:
        return office_letter(parts, mail, sender)
    return notice_letter(parts, mail, sender) if mail.notice else invitation_letter(parts, mail, sender)


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


def notice_letter(parts: Parts, mail: Waiting, sender: Sender) -> Letter | None:
    """To where she wishes now. None when she wishes it no more, has no address or no carnet."""
    notice = mail.notice
    if notice is None or notice.kind not in _NOTICES:
        return None
    wishes = wishes_of(parts.rows, [notice.carnet_id]).get(notice.carnet_id)
    to = _addressee(parts, notice, wishes) if wishes else None
    if to is None:
        return None
    words, path = _NOTICES[notice.kind]
    text = _NOTICE.format(
        words=words,
        link=f"{sender.public_url}{path}{notice.secret}",
        why=_WHY.get(notice.kind, _WISHED).format(link=f"{sender.public_url}/mes-alertes"),
        contact=sender.contact,
    )
    subject = f"{sender.name} : confirmez cette adresse" if notice.secret else f"{sender.name} : un message"
    return Letter(mail.mail_id, mail.created_at, to, subject, text)


def office_letter(parts: Parts, mail: Waiting, sender: Sender) -> Letter | None:
    """To somebody at his work. None when he works there no more, or the kind is not known any more."""
    office = mail.office
    told = WORDS.get(office.kind) if office is not None else None
    to = address_of(parts, office, officer=sender.officer) if office is not None else None
    if told is None or to is None:
        return None
    text = _OFFICE.format(words=told.words, link=f"{sender.public_url}{told.path}", contact=sender.contact)
    return Letter(mail.mail_id, mail.created_at, to, f"{sender.name} : un message", text)


def short_message(parts: Parts, mail: Waiting) -> Short | None:
    """The same in one line for a telephone, without any name. None when there is nothing to send."""
    notice = mail.notice
    if notice is None or notice.kind not in _NOTICES or notice.kind == "address":
        return None
    wishes = wishes_of(parts.rows, [notice.carnet_id]).get(notice.carnet_id)
    if wishes is None or wishes.phone is None or not _wished(parts, notice, wishes):
        return None
    return Short(
        mail.mail_id, wishes.phone, f"{_NOTICES[notice.kind][0]} Connectez-vous pour en savoir plus."
    )


def _addressee(parts: Parts, notice: Notice, wishes: Wishes) -> str | None:
    if notice.kind == "address":
        return wishes.awaiting if wishes.waits_for(notice.secret, parts.now()) else None
    return wishes.to if _wished(parts, notice, wishes) else None


def _wished(parts: Parts, notice: Notice, wishes: Wishes) -> bool:
    """Of an emergency, of an answer to what she asked herself, and before the end of what she does not use
    any more, she is told whatever she chose."""
    return notice.kind in _ALWAYS or any(
        mode_of(parts, wishes, notice.carnet_id, one) is not NoticeMode.NONE for one in notice.grant_ids
    )


_BEFORE_THE_END = frozenset({"archive_60", "archive_15", "erase_60", "erase_15"})  # of the time it is kept
_ALWAYS = frozenset({"emergency", "demand"}) | _BEFORE_THE_END
_NOTICES = {
    "demand": ("Il y a du nouveau pour une demande que vous avez faite.", "/mes-demandes"),
    "read": ("Quelqu’un a consulté une information de votre carnet.", "/qui-a-vu"),
    "digest": ("Depuis le dernier résumé, votre carnet a été consulté.", "/qui-a-vu"),
    "request": ("Quelqu’un vous demande de partager des informations.", "/mes-demandes"),
    "emergency": ("Votre carnet vient d’être ouvert en urgence.", "/mes-urgences"),
    "archive_60": ("Sans visite de votre part d’ici 60 jours, vos partages s’arrêteront.", "/"),
    "archive_15": ("Sans visite de votre part d’ici 15 jours, vos partages s’arrêteront.", "/"),
    "erase_60": ("Sans visite de votre part d’ici 60 jours, votre carnet sera effacé.", "/"),
    "erase_15": ("Sans visite de votre part d’ici 15 jours, votre carnet sera effacé.", "/"),
    "address": (
        "Quelqu’un veut recevoir à cette adresse les alertes de son carnet.",
        "/mes-alertes/adresse/",
    ),
}
_WISHED = """Vous recevez ce message parce que vous l’avez choisi. Pour changer ou arrêter :
{link}"""
_DUE = "Vous recevez ce message parce que vous n’ouvrez plus votre carnet. L’ouvrir suffit à le garder."
_TYPED = """Le lien sert pendant un jour, après connexion à ce carnet.
Vous n’attendiez pas ce message ? Ne faites rien : vous ne recevrez rien d’autre."""
_OFFICE = """Bonjour,

{words}

Pour en savoir plus, connectez-vous :
{link}

Ce message ne dit rien de personne. Il part tout seul, personne ne lit les réponses. \
Pour une question : {contact}.
"""
_WHY = {
    "address": _TYPED,
    "demand": "Vous recevez ce message parce que vous avez fait une demande.",
    **dict.fromkeys(_BEFORE_THE_END, _DUE),
}
_NOTICE = """Bonjour,

{words}

Pour en savoir plus, connectez-vous :
{link}

{why}

Ce message part tout seul, personne ne lit les réponses. Pour une question : {contact}.
"""
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
