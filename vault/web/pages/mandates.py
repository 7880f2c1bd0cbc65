"""« Les personnes qui m’aident »: she lets somebody act for her, sees what was done, ends it at once.

Giving asks her to prove again who she is: it is her whole carnet. Ending asks for nothing.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.mandates import HELP_DAYS, MandateFault, possible_scopes
from schemas.ids import MandateId
from schemas.names import MandateKind, MandateScope, Outcome
from vault.audit.events import Op
from vault.services.acts import Act, acts_under
from vault.services.helping import Helper, NoSuchHelperError, find_helper, professional_of_code
from vault.services.mandates import (
    MandateRefusedError,
    NoSuchMandateError,
    Shown,
    end_mandate,
    give_mandate,
    own_mandates,
)
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.mandate_words import UNKNOWN, by_words
from vault.web.pages.naming import short_labels
from vault.web.pages.person import BEFORE, index_of
from vault.web.problems import NotFoundError
from vault.web.state import state_of

MANDATES = "/mes-mandats"
NEW = f"{MANDATES}/nouveau"
CODE, SCOPE, DAYS = "code", "scope", "days"
LONGEST_CODE = 40
LENGTHS = {1: "1 jour", 31: "1 mois", 182: "6 mois", 365: "1 an"}
_WORDS = {  # the labels of the log say « vous » of her own acts
    Op.SIGN_IN: "Début\u00a0: votre nom a été affiché",
    Op.SIGN_OUT: "Fin",
    Op.READ_OWN: "Lecture de votre carnet",
    Op.EXPORT: "Impression de votre carnet",
    Op.WRITE: "Réponses écrites",
    Op.LOG_READ: "Lecture de votre journal",
    Op.WITHDRAW: "Partage arrêté",
    Op.REFUSE: "Demande refusée",
    Op.DEFER: "Demande remise à plus tard",
}
_NO_HELPER = (
    "Ce code ne mène à personne. Vérifiez-le avec la personne qui vous aide\u00a0: il sert 24 heures."
)

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]
Fresh = Annotated[Person, Depends(guard.person_fresh)]


@router.get(MANDATES)
def show_mandates(request: Request, me: Me) -> Response:
    found = own_mandates(state_of(request).parts, me.owner, actor=me.actor)
    now = state_of(request).parts.now()
    live = tuple(_card(one) for one in found if one.row.live(now))
    view = views.MandatesView(live, tuple(_card(one) for one in found if not one.row.live(now)))
    return page(request, view, me.session)


@router.get(NEW)
def ask_who(request: Request, me: Fresh) -> Response:
    return page(request, views.FindHelperView(), me.session)


@router.post(NEW)
def ask_what(request: Request, form: Posted, me: Fresh) -> Response:
    typed = form.one(CODE)[:LONGEST_CODE]
    try:
        helper = find_helper(state_of(request).parts, me.owner, typed, actor=me.actor)
    except NoSuchHelperError:
        return page(request, views.FindHelperView(typed, _NO_HELPER), me.session, status=422)
    return page(request, _give_view(helper, typed, form), me.session)


@router.post(MANDATES)
def give(request: Request, form: Posted, me: Fresh) -> Response:
    """The code is read again: nothing is believed because an earlier page showed it."""
    parts, typed = state_of(request).parts, form.one(CODE)[:LONGEST_CODE]
    told = {scope for scope in MandateScope if scope in form.all(SCOPE)}
    days = {str(days): days for days in HELP_DAYS}.get(form.one(DAYS), 0)
    try:
        helper_id = professional_of_code(parts, typed)
        give_mandate(parts, me.owner, helper_id, scopes={*told, MandateScope.SEE}, days=days, actor=me.actor)
    except NoSuchHelperError:
        return page(request, views.FindHelperView(typed, _NO_HELPER), me.session, status=422)
    except MandateRefusedError as refused:
        helper = find_helper(parts, me.owner, typed, actor=me.actor)
        name = DAYS if refused.fault is MandateFault.DAYS else SCOPE
        view = _give_view(helper, typed, form, {name: refused.fault.label})
        return page(request, view, me.session, status=422)
    return see_other(f"{MANDATES}?{DONE_PARAMETER}=mandat")


@router.post(f"{MANDATES}/{{mandate_id}}/fin")
def end(request: Request, mandate_id: str, me: Me) -> Response:
    wanted = MandateId(well_formed(mandate_id))
    try:
        end_mandate(state_of(request).parts, me.owner.carnet_id, wanted, actor=me.actor, by_ruling=False)
    except (NoSuchMandateError, MandateRefusedError):
        raise NotFoundError("no such mandate of hers") from None
    return see_other(f"{MANDATES}?{DONE_PARAMETER}=mandat-fini")


@router.get(f"{MANDATES}/{{mandate_id}}/actes")
def show_acts(request: Request, mandate_id: str, me: Me) -> Response:
    parts, wanted = state_of(request).parts, MandateId(well_formed(mandate_id))
    if not any(one.mandate_id == wanted for one in parts.data.mandates_of(me.owner.carnet_id)):
        raise NotFoundError("no such mandate of hers")
    acts, older = acts_under(parts, me.owner, wanted, actor=me.actor, before=index_of(request))
    words = by_words(parts, me.owner.carnet_id).get(wanted, UNKNOWN)
    view = views.ActsView(
        by=f"{words.who}, {words.title}",
        lines=tuple(_line(request, act) for act in acts),
        older_href=f"{MANDATES}/{wanted}/actes?{BEFORE}={older}" if older is not None else None,
    )
    return page(request, view, me.session)


def _card(one: Shown) -> views.MandateCard:
    row, hers = one.row, one.row.kind is MandateKind.HELPER
    return views.MandateCard(
        kind=row.kind,
        holder=one.holder or UNKNOWN.who,
        scopes=row.scopes,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        acts_href=f"{MANDATES}/{row.mandate_id}/actes",
        body=views.Body(one.structure.name, one.structure.kind) if one.structure else None,
        ended_at=row.ended_at,
        standing=one.standing,
        end_action=f"{MANDATES}/{row.mandate_id}/fin" if hers and row.ended_at is None else None,
    )


def _give_view(
    helper: Helper, typed: str, form: Form, faults: dict[str, str] | None = None
) -> views.GiveMandateView:
    return views.GiveMandateView(
        holder=helper.name,
        body=views.Body(helper.structure.name, helper.structure.kind),
        code=typed,
        scopes=tuple(one for one in possible_scopes(MandateKind.HELPER) if one is not MandateScope.SEE),
        days=tuple(LENGTHS.items()),
        chosen=form.all(SCOPE),
        chosen_days=form.one(DAYS),
        faults=faults or {},
    )


def _line(request: Request, act: Act) -> views.ActLine:
    labels = short_labels(state_of(request).parts.catalogue, act.fields)
    what = _WORDS.get(act.op, french.capital(act.op.label))
    return views.ActLine(act.at, what, labels, refused=act.outcome is not Outcome.GRANTED)
