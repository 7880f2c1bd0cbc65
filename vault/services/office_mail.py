"""Mail to those who work: that something waits for them, and never what or about whom.

As a person's own notices (``mailing``): the outbox holds for whom a mail is, sealed; the address is looked up
when it leaves, as ProConnect told it last, and nothing goes to somebody who does not work there any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.ids import ProfessionalId, StructureId, new_id
from schemas.names import Role
from vault.services.accounts import open_account
from vault.services.bindings import in_force
from vault.services.mailing import BadMailAddressError, Office, check_address, sealed_office
from vault.services.parts import Parts
from vault.services.ports import Work

OFFICER = ""  # instead of a professional: whoever the instance names as its data protection officer


@dataclass(frozen=True, slots=True)
class OfficeWords:
    """What is said, and the page that says more."""

    words: str
    path: str


WORDS: Mapping[str, OfficeWords] = {
    "forget_new": OfficeWords("Une personne que vous suivez vous fait une demande.", "/demandes-d-oubli"),
    "forget_soon": OfficeWords(
        "Une demande attend votre réponse depuis 20 jours. Le délai est d’un mois.", "/demandes-d-oubli"
    ),
    "forget_close": OfficeWords(
        "Une demande attend votre réponse depuis 27 jours. Le délai se termine bientôt.", "/demandes-d-oubli"
    ),
    "forget_late": OfficeWords(
        "Une demande n’a pas eu de réponse dans le délai. La personne peut se tourner vers vous.",
        "/dpo/oublis",
    ),
    "forget_recourse": OfficeWords(
        "Une personne se tourne vers vous pour une demande d’oubli.", "/dpo/oublis"
    ),
    "recipient": OfficeWords(
        "Une information que votre organisme avait lue a été effacée. Un avis vous attend.", "/avis"
    ),
}


def tell(work: Work, parts: Parts, kind: str, to: ProfessionalId | None) -> None:
    """Queue one mail in the transaction of what causes it. ``to`` None: the officer."""
    work.add_mail(sealed_office(parts, new_id(), Office(kind, to or ProfessionalId(OFFICER)), at=work.now))


def managers_of(parts: Parts, structure_id: StructureId) -> list[ProfessionalId]:
    """Those in charge of its team, now."""
    rows = parts.data.habilitations_in(structure_id)
    return [row.professional_id for row in rows if row.role is Role.MANAGER and in_force(parts, row)]


def address_of(parts: Parts, office: Office, *, officer: str) -> str | None:
    """Where it goes. None for somebody who is not here any more, or told no address that mail can go to."""
    told = officer
    if office.to != OFFICER:
        row = parts.data.habilitation(office.to)
        account = open_account(parts, row.account_id) if row is not None and in_force(parts, row) else None
        told = str(account.identity.claims.get("email", "")) if account is not None else ""
    try:
        return check_address(told)
    except BadMailAddressError:
        return None
