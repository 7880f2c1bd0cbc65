"""The team of a structure, for whoever manages it: who works here, who was invited, what does not match.

Looking shows names, so it appends its entry before the first of them. Managing opens no carnet: nothing here
loads a key of content. The operator, at the command line, is shown the same by the same rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.ids import AccountId, InvitationId, ProfessionalId, StructureId
from schemas.names import Outcome, Role, Word
from vault.audit.events import AboutContent, Op
from vault.errors import RefusedError
from vault.services.accounts import open_account
from vault.services.bindings import in_force
from vault.services.habilitations import NoSuchHabilitationError, end_habilitation
from vault.services.invitations import email_of
from vault.services.journal import Actor
from vault.services.mailing import FAILED
from vault.services.managing import GIVEN_BY_MANAGERS, NoLongerManagerError, check_manages
from vault.services.noting import about_nobody
from vault.services.parts import Parts
from vault.services.ports import Draft, HabilitationRow, InvitationRow, ReadTicket, Recheck, StructureRow
from vault.services.structures import known_structure


class LastManagerError(RefusedError):
    """He is the only one left who manages this team, and would leave it to nobody."""


class Doubt(Word):
    """What ProConnect says of a member that is not what was expected of whom was invited."""

    EMAIL = "email", "l’adresse n’est pas celle de l’invitation"
    SIRET = "siret", "le SIRET n’est pas celui de la structure"


class Posted(Word):
    """How far the mail of an invitation is."""

    SENT = "sent", "envoyé"
    WAITING = "waiting", "en attente d’envoi"
    FAILED = "failed", "l’envoi n’a pas réussi"


@dataclass(frozen=True, slots=True)
class Told:
    """A doubt, with what was told and what was expected; ``expected`` may not be known any more."""

    doubt: Doubt
    told: str = field(repr=False)
    expected: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a habilitation in force. Name and address: as ProConnect told them last."""

    professional_id: ProfessionalId
    role: Role
    since: datetime
    until: datetime | None
    name: str = field(repr=False)
    email: str = field(repr=False)
    doubts: tuple[Told, ...] = ()
    may_be_ended: bool = True


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that can still be used."""

    invitation_id: InvitationId
    role: Role
    expires_at: datetime
    until: datetime | None
    posted: Posted
    email: str = field(repr=False)
    may_be_changed: bool = True


@dataclass(frozen=True, slots=True)
class Team:
    structure: StructureRow
    members: tuple[Member, ...]
    invited: tuple[Invited, ...]


def look_at_team(parts: Parts, structure_id: StructureId, *, actor: Actor) -> Team:
    """Everybody in force here and every invitation that stands. One entry, before anything is opened.

    Raises NoSuchStructureError, NoLongerManagerError.
    """
    structure = known_structure(parts, structure_id)
    check_manages(parts, actor, structure_id)
    _note_look(parts, structure_id, actor)
    now = parts.now()
    members = [
        _member(parts, structure, row, actor)
        for row in parts.data.habilitations_in(structure_id)
        if in_force(parts, row)
    ]
    invited = [_invited(parts, row, actor) for row in parts.data.invitations_in(structure_id, since=now)]
    return Team(structure, tuple(members), tuple(invited))


def end_member(
    parts: Parts,
    professional_id: ProfessionalId,
    *,
    structure_id: StructureId,
    at: datetime | None,
    actor: Actor,
) -> HabilitationRow:
    """Let a member leave now (``at`` None), or at ``at``.

    Raises NoSuchHabilitationError, LaterEndError, LastManagerError, NoLongerManagerError.
    """

    def allowed(row: HabilitationRow) -> None:
        if row.structure_id != structure_id or not in_force(parts, row):
            raise NoSuchHabilitationError("no such member")
        check_manages(parts, actor, structure_id, gives=row.role)
        if actor.professional_id == professional_id and not _others_manage(parts, row, at):
            raise LastManagerError("the last one who manages this team")

    return end_habilitation(parts, professional_id, at=at, actor=actor, allowed=allowed)


def _others_manage(parts: Parts, mine: HabilitationRow, at: datetime | None) -> bool:
    """Whether somebody else manages the team, and still will when this one has left."""
    leaves_at = at or parts.now()
    return any(
        row.role is Role.MANAGER
        and row.professional_id != mine.professional_id
        and (row.ends_at is None or row.ends_at > leaves_at)
        and in_force(parts, row)
        for row in parts.data.habilitations_in(mine.structure_id)
    )


def _note_look(parts: Parts, structure_id: StructureId, actor: Actor) -> None:
    about = AboutContent(structure_id=structure_id, role=actor.role)

    def entry(out: Outcome) -> Draft:
        return about_nobody(parts, Op.TEAM_READ, about, actor=actor, out=out)

    who = actor.professional_id
    recheck = Recheck(None, None, professional_id=who) if who else None
    (receipt,) = parts.data.append_reads(
        [ReadTicket(entry(Outcome.GRANTED), recheck, lambda: entry(Outcome.DENIED))]
    )
    if receipt.out is not Outcome.GRANTED:
        raise NoLongerManagerError("this habilitation ended")


def _member(parts: Parts, structure: StructureRow, row: HabilitationRow, actor: Actor) -> Member:
    claims = _claims(parts, row.account_id)
    email = str(claims.get("email", ""))
    return Member(
        professional_id=row.professional_id,
        role=row.role,
        since=row.starts_at,
        until=row.ends_at,
        name=" ".join(str(claims[part]) for part in ("given_name", "usual_name") if claims.get(part)),
        email=email,
        doubts=tuple(_doubts(parts, structure, row, email, str(claims.get("siret", "")))),
        may_be_ended=actor.professional_id is None or row.role in GIVEN_BY_MANAGERS,
    )


def _claims(parts: Parts, account_id: AccountId) -> dict[str, object]:
    account = open_account(parts, account_id)
    return dict(account.identity.claims) if account else {}


def _doubts(
    parts: Parts, structure: StructureRow, row: HabilitationRow, email: str, siret: str
) -> Sequence[Told]:
    invitation = parts.data.invitation(row.invitation_id) if row.invitation_id else None
    invited = email_of(parts, invitation) if invitation else None
    found = []
    if invited is not None and invited.casefold() != email.casefold():
        found.append(Told(Doubt.EMAIL, email, invited))
    if structure.siret and siret != structure.siret:
        found.append(Told(Doubt.SIRET, siret, structure.siret))
    return found


def _invited(parts: Parts, row: InvitationRow, actor: Actor) -> Invited:
    mail = parts.data.mail(row.invitation_id)
    return Invited(
        invitation_id=row.invitation_id,
        role=row.role,
        expires_at=row.expires_at,
        until=row.habilitation_ends_at,
        posted=Posted.SENT if mail is None else Posted.FAILED if mail.state == FAILED else Posted.WAITING,
        email=email_of(parts, row) or "",
        may_be_changed=actor.professional_id is None or row.role in GIVEN_BY_MANAGERS,
    )
