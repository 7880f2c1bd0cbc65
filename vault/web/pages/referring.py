"""Whoever manages a team says who of it follows a person, by the number of her carnet. The page that answers
is the same whatever becomes of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.decisions import READING_ROLES
from schemas.ids import ProfessionalId
from vault.carnet.references import read_reference
from vault.services.designating import NoSuchProfessionalError, designate
from vault.services.managing import NoLongerManagerError
from vault.services.team import look_at_team
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Manager, WrongCallerError
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.state import state_of

DESIGNATE = "/equipe/referent"
NOBODY = "personne"
SAVED = "enregistre"
LONGEST_NUMBER = 40
_NUMBER_FAULT = "Ce numéro n’est pas complet. Il a dix caractères, par exemple ABC DEFG HJK."
_WHO_FAULT = "Choisissez qui suit cette personne."
_LEFT_FAULT = "Cette personne ne travaille plus ici. Choisissez quelqu’un d’autre."

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Manager, Depends(guard.manager)]


@router.get(DESIGNATE)
def show_designate(request: Request, me: Me) -> Response:
    done = request.query_params.get("fait") == SAVED
    return page(request, _view(request, me, Form(), done=done), me.session)


@router.post(DESIGNATE)
def do_designate(request: Request, form: Posted, me: Me) -> Response:
    faults: list[tuple[str, str]] = []
    typed, chosen = form.one("numero")[:LONGEST_NUMBER], form.one("professionnel")
    if read_reference(typed) is None:  # the number alone says so, whatever carnets there are
        faults.append(("numero", _NUMBER_FAULT))
    if not chosen:
        faults.append(("professionnel", _WHO_FAULT))
    if not faults:
        whom = None if chosen == NOBODY else ProfessionalId(well_formed(chosen))
        try:
            designate(state_of(request).parts, typed, whom, actor=me.actor)
            return see_other(f"{DESIGNATE}?fait={SAVED}")
        except NoSuchProfessionalError:
            faults.append(("professionnel", _LEFT_FAULT))
        except NoLongerManagerError:
            raise WrongCallerError("no longer in charge") from None
    return page(request, _view(request, me, form, faults), me.session, status=422)


def _view(
    request: Request,
    me: Manager,
    form: Form,
    faults: list[tuple[str, str]] | None = None,
    *,
    done: bool = False,
) -> views.DesignateView:
    try:
        team = look_at_team(state_of(request).parts, me.habilitation.structure_id, actor=me.actor)
    except NoLongerManagerError:  # between the guard and the log's lock
        raise WrongCallerError("no longer in charge") from None
    return views.DesignateView(
        structure=team.structure.name,
        team=tuple(
            views.TeamChoice(one.professional_id, one.name, one.role)
            for one in team.members
            if one.role in READING_ROLES
        ),
        typed=form.one("numero")[:LONGEST_NUMBER],
        chosen=form.one("professionnel"),
        faults=tuple(faults or ()),
        done=done,
    )
