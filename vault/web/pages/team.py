"""The team of a structure: who works here, inviting, cancelling, ending. No carnet is reached from here.

Showing names appends an entry, once a page; the form to invite shows none. Where no mail leaves, the link is
shown once, in the answer to the form, and nowhere again.
"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import InvitationId, ProfessionalId
from schemas.names import StructureKind
from vault.services import invitations, team
from vault.services.habilitations import LaterEndError, NoSuchHabilitationError
from vault.services.invitations import Invitation, NoSuchInvitationError, PastEndError
from vault.services.mailing import BadMailAddressError
from vault.services.managing import GIVEN_BY_MANAGERS, NoLongerManagerError, end_of
from vault.services.team import LastManagerError, Member, Posted, Team
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Manager, WrongCallerError
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import Form, posted
from vault.web.pages.form_reading import Posted as PostedForm
from vault.web.problems import NotFoundError
from vault.web.state import state_of

TEAM = "/equipe"
DAY_INPUTS = ("jour", "mois", "annee")
NOW, ON_A_DAY = "maintenant", "date"
_ADDRESS_FAULT = "Cette adresse n’est pas complète. Elle ressemble à prenom.nom@structure.fr, sans accent."
_ROLE_FAULT = "Choisissez un rôle."
_DAY_FAULT = "Écrivez le jour, le mois et l’année en chiffres. Par exemple : 31 12 2026."
_PAST_FAULT = "Ce jour est déjà passé. Choisissez aujourd’hui ou un jour à venir."
_LATER_FAULT = "Cet accès se termine déjà plus tôt. Une fin ne peut que se rapprocher."
_LAST_FAULT = (
    "Vous êtes la seule personne responsable de cette équipe. Invitez d’abord une autre personne responsable."
)
_WHEN_FAULT = "Choisissez quand cet accès se termine."

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Manager, Depends(guard.manager)]


@router.get(TEAM)
def show_team(request: Request, me: Me) -> Response:
    looked = _look(request, me)
    view = views.TeamView(
        looked.structure.name,
        tuple(_member_row(one) for one in looked.members),
        tuple(_pending_row(one) for one in looked.invited),
        looked.structure.kind is StructureKind.DEPARTEMENT,
    )
    return page(request, view, me.session)


@router.get(f"{TEAM}/inviter")
def show_invite(request: Request, me: Me) -> Response:
    return page(request, _invite_view(request, me, Form()), me.session)


@router.post(f"{TEAM}/inviter")
def do_invite(request: Request, form: PostedForm, me: Me) -> Response:
    state, faults = state_of(request), dict[str, str]()
    role = next((role for role in GIVEN_BY_MANAGERS if role == form.one("role")), None)
    if role is None:
        faults["role"] = _ROLE_FAULT
    try:
        ends_at = _ends_at(form, state.parts.now())
        if role is not None:
            state.limits.invite(me.session.row.account_id)
            made = invitations.invite(
                state.parts,
                structure_id=me.habilitation.structure_id,
                email=form.one("email"),
                role=role,
                ends_at=ends_at,
                actor=me.actor,
            )
            return _made(request, me, made, form.one("email").strip(), "invite")
    except BadMailAddressError:
        faults["email"] = _ADDRESS_FAULT
    except PastEndError:
        faults["jour"] = _PAST_FAULT
    except ValueError:
        faults["jour"] = _DAY_FAULT
    except NoLongerManagerError:
        raise WrongCallerError("no longer in charge") from None
    return page(request, _invite_view(request, me, form, faults), me.session, status=422)


@router.post(f"{TEAM}/invitations/{{invitation_id}}/annuler")
def cancel_invitation(request: Request, invitation_id: str, me: Me) -> Response:
    return _on_invitation(request, me, invitation_id, again=False)


@router.post(f"{TEAM}/invitations/{{invitation_id}}/renvoyer")
def send_again(request: Request, invitation_id: str, me: Me) -> Response:
    return _on_invitation(request, me, invitation_id, again=True)


@router.get(f"{TEAM}/membres/{{professional_id}}/fin")
def show_end(request: Request, professional_id: str, me: Me) -> Response:
    return page(request, _end_view(request, me, professional_id, Form()), me.session)


@router.post(f"{TEAM}/membres/{{professional_id}}/fin")
def end_member(request: Request, professional_id: str, form: PostedForm, me: Me) -> Response:
    wanted, when = ProfessionalId(well_formed(professional_id)), form.one("quand")
    try:
        if when in (NOW, ON_A_DAY):
            at = _told_end(form, state_of(request).parts.now()) if when == ON_A_DAY else None
            team.end_member(
                state_of(request).parts,
                wanted,
                structure_id=me.habilitation.structure_id,
                at=at,
                actor=me.actor,
            )
            return see_other(f"{TEAM}?fait=fin")
        fault = _WHEN_FAULT
    except LastManagerError:
        fault = _LAST_FAULT
    except LaterEndError:
        fault = _LATER_FAULT
    except PastEndError:
        fault = _PAST_FAULT
    except ValueError:
        fault = _DAY_FAULT
    except NoSuchHabilitationError:
        raise NotFoundError("no such member") from None
    except NoLongerManagerError:
        raise WrongCallerError("not in charge of this member") from None
    return page(request, _end_view(request, me, professional_id, form, fault), me.session, status=422)


# --- what is shown ---------------------------------------------------------------------------------------


def _look(request: Request, me: Manager) -> Team:
    try:
        return team.look_at_team(state_of(request).parts, me.habilitation.structure_id, actor=me.actor)
    except NoLongerManagerError:  # between the guard and the log's lock
        raise WrongCallerError("no longer in charge") from None


def _member_row(one: Member) -> views.MemberRow:
    return views.MemberRow(
        name=one.name,
        email=one.email,
        role=one.role,
        since=one.since,
        until=one.until,
        to_check=tuple(_to_check(told) for told in one.doubts),
        end_href=f"{TEAM}/membres/{one.professional_id}/fin" if one.may_be_ended else None,
    )


def _to_check(told: team.Told) -> str:
    if told.doubt is team.Doubt.EMAIL:
        return f"la connexion vient de {told.told}, alors que l’invitation était pour {told.expected}."
    return (
        f"le numéro officiel (SIRET) de son employeur est {told.told}, "
        f"celui de la structure est {told.expected}."
    )


def _pending_row(one: team.Invited) -> views.PendingRow:
    address = f"{TEAM}/invitations/{one.invitation_id}"
    return views.PendingRow(
        email=one.email,
        role=one.role,
        expires_at=one.expires_at,
        until=one.until,
        posted=one.posted.label,
        trouble=one.posted is Posted.FAILED,
        cancel_action=f"{address}/annuler" if one.may_be_changed else "",
        again_action=f"{address}/renvoyer" if one.may_be_changed else "",
    )


def _invite_view(
    request: Request, me: Manager, form: Form, faults: dict[str, str] | None = None
) -> views.InviteView:
    structure = state_of(request).structure(me.habilitation.structure_id)
    return views.InviteView(
        structure=structure.name if structure else "",
        email=form.one("email"),
        role=form.one("role"),
        typed=_typed(form),
        roles=GIVEN_BY_MANAGERS,
        faults=faults or {},
    )


def _end_view(
    request: Request, me: Manager, professional_id: str, form: Form, fault: str = ""
) -> views.EndMemberView:
    """Raises NotFoundError when it is nobody this manager may end."""
    looked = _look(request, me)
    found = [one for one in looked.members if one.professional_id == professional_id and one.may_be_ended]
    if not found:
        raise NotFoundError("no such member")
    action = f"{TEAM}/membres/{found[0].professional_id}/fin"
    return views.EndMemberView(_member_row(found[0]), action, _typed(form), form.one("quand"), fault)


# --- what is done ----------------------------------------------------------------------------------------


def _on_invitation(request: Request, me: Manager, invitation_id: str, *, again: bool) -> Response:
    state, structure_id = state_of(request), me.habilitation.structure_id
    wanted = InvitationId(well_formed(invitation_id))
    try:
        if not again:
            invitations.cancel(state.parts, wanted, structure_id=structure_id, actor=me.actor)
            return see_other(f"{TEAM}?fait=annule")
        state.limits.invite(me.session.row.account_id)
        row = state.parts.data.invitation(wanted)
        made = invitations.send_again(state.parts, wanted, structure_id=structure_id, actor=me.actor)
    except NoSuchInvitationError:
        raise NotFoundError("no such invitation") from None
    except PastEndError:
        return see_other(TEAM)
    except NoLongerManagerError:
        raise WrongCallerError("not in charge of this invitation") from None
    email = invitations.email_of(state.parts, row) if row else None
    return _made(request, me, made, email or "", "renvoye")


def _made(request: Request, me: Manager, made: Invitation, email: str, done: str) -> Response:
    """On to the team; where no mail leaves, the link itself, which nothing will show again."""
    settings = state_of(request).settings
    if settings.smtp_url:
        return see_other(f"{TEAM}?fait={done}")
    link = f"{settings.public_url}/invitation/{made.secret}"
    return page(request, views.LinkView(email, link, made.expires_at), me.session)


def _ends_at(form: Form, now: datetime) -> datetime | None:
    """None when no day was typed. Raises ValueError for what is no day, PastEndError for one long ago."""
    typed = _typed(form)
    if not any(typed):
        return None
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in typed):
        raise ValueError("not a day")
    day, month, year = (int(part) for part in typed)
    last_day = date(year, month, day)
    if last_day.year < now.year - 1:
        raise PastEndError("long ago") if year > 999 else ValueError("not a year")
    if last_day.year > now.year + 100:
        raise ValueError("not a year anybody means")
    return end_of(last_day)


def _told_end(form: Form, now: datetime) -> datetime:
    """Raises ValueError for no day, PastEndError for one that has passed."""
    at = _ends_at(form, now)
    if at is None:
        raise ValueError("no day was typed")
    if at <= now:
        raise PastEndError("this day has passed")
    return at


def _typed(form: Form) -> tuple[str, str, str]:
    day, month, year = (form.one(name).strip()[:10] for name in DAY_INPUTS)
    return day, month, year
