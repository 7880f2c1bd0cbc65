"""The desk where requests to forget are answered: the référent's, and the officer's. Both see the same of one
demand; neither sees a value. What was typed is shown again when it could not be sent.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.demands import DemandError, DemandMove
from schemas.ids import DemandId
from vault.carnet.references import shown
from vault.services import forget_desk
from vault.services.demand_seals import OpenedDemand, StaleDemandError
from vault.services.forget_desk import Impact
from vault.services.forgetting import LONGEST_REASON, ReasonRefusedError
from vault.services.journal import Actor
from vault.services.parts import Parts
from vault.services.reading import Reader
from vault.services.recipients import notices_overdue
from vault.services.sessions import Session
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Dpo, Professional
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.forget_words import label, steps_of
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.relations import body_of
from vault.web.state import state_of

DESK, OFFICERS = "/demandes-d-oubli", "/dpo/oublis"
TEXT = "texte"
_CHOOSE = "Choisissez votre réponse. Votre texte est gardé."
_MOVED = "Cette demande a changé entre-temps. Relisez-la avant de répondre."
_RULES = {
    "extended_once": "Le délai a déjà été prolongé une fois.",
    "first_month_over": "Le premier mois est passé : le délai ne peut plus être prolongé.",
    "nothing_to_keep": "Il n’y a rien à garder : répondez oui ou non.",
}
_ANSWERS = {
    "accept": DemandMove.ACCEPT,
    "accept_part": DemandMove.ACCEPT_PART,
    "refuse": DemandMove.REFUSE,
}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Professional, Depends(guard.professional)]
Officer = Annotated[Dpo, Depends(guard.dpo)]


# --- the référent's --------------------------------------------------------------------------------------


@router.get(DESK)
def show_desk(request: Request, me: Me) -> Response:
    """Numbers and dates only: nothing is logged."""
    parts = state_of(request).parts
    found = forget_desk.waiting_for(parts, me.reader)
    return page(request, views.ForgetDeskView(_lines(parts, found, DESK)), me.session)


@router.get(f"{DESK}/{{demand_id}}")
def show_one(request: Request, demand_id: str, me: Me) -> Response:
    return _one(request, me.session, demand_id, me.reader.actor, me.reader)


@router.post(f"{DESK}/{{demand_id}}/repondre")
def answer(request: Request, demand_id: str, form: Posted, me: Me) -> Response:
    return _answer(request, me.session, demand_id, form, me.reader.actor, me.reader)


@router.post(f"{DESK}/{{demand_id}}/prolonger")
def extend(request: Request, demand_id: str, form: Posted, me: Me) -> Response:
    return _extend(request, me.session, demand_id, form, me.reader.actor, me.reader)


# --- the officer's ---------------------------------------------------------------------------------------


@router.get(OFFICERS)
def show_officers(request: Request, me: Officer) -> Response:
    parts = state_of(request).parts
    found = forget_desk.officers_list(parts, actor=me.actor)
    late = notices_overdue(parts)
    numbers = parts.data.references({one.row.carnet_id for one in late})
    notices = tuple(
        views.AvisLine(
            shown(numbers.get(one.row.carnet_id, "")),
            "",
            one.row.made_at,
            None,
            body=body_of(parts.data.structure(one.row.structure_id)),
        )
        for one in late
    )
    view = views.ForgetDeskView(_lines(parts, found, OFFICERS), officer=True, notices=notices)
    return page(request, view, me.session)


@router.get(f"{OFFICERS}/{{demand_id}}")
def show_officers_one(request: Request, demand_id: str, me: Officer) -> Response:
    return _one(request, me.session, demand_id, me.actor, None)


@router.post(f"{OFFICERS}/{{demand_id}}/repondre")
def answer_as_officer(request: Request, demand_id: str, form: Posted, me: Officer) -> Response:
    return _answer(request, me.session, demand_id, form, me.actor, None)


@router.post(f"{OFFICERS}/{{demand_id}}/prolonger")
def extend_as_officer(request: Request, demand_id: str, form: Posted, me: Officer) -> Response:
    return _extend(request, me.session, demand_id, form, me.actor, None)


# --- both ------------------------------------------------------------------------------------------------


def _answer(
    request: Request, session: Session, demand_id: str, form: Form, actor: Actor, reader: Reader | None
) -> Response:
    parts, move = state_of(request).parts, _ANSWERS.get(form.one("reponse"))
    text = form.one(TEXT)
    if move is None:
        return _one(request, session, demand_id, actor, reader, text, _CHOOSE, status=422)
    try:
        forget_desk.answer_demand(parts, DemandId(well_formed(demand_id)), move, text, actor=actor)
    except (ReasonRefusedError, DemandError, StaleDemandError) as error:
        return _one(request, session, demand_id, actor, reader, text, _fault(error), status=422)
    return see_other(f"{_base(reader)}?{DONE_PARAMETER}=oubli-repondu")


def _extend(
    request: Request, session: Session, demand_id: str, form: Form, actor: Actor, reader: Reader | None
) -> Response:
    parts, text = state_of(request).parts, form.one(TEXT)
    try:
        forget_desk.extend_demand(parts, DemandId(well_formed(demand_id)), text, actor=actor)
    except (ReasonRefusedError, DemandError, StaleDemandError) as error:
        return _one(request, session, demand_id, actor, reader, text, _fault(error), status=422)
    return see_other(f"{_base(reader)}?{DONE_PARAMETER}=oubli-prolonge")


def _fault(error: Exception) -> str:
    if isinstance(error, ReasonRefusedError):
        return error.sentence
    return _RULES.get(error.rule, _MOVED) if isinstance(error, DemandError) else _MOVED


def _base(reader: Reader | None) -> str:
    return OFFICERS if reader is None else DESK


def _one(
    request: Request,
    session: Session,
    demand_id: str,
    actor: Actor,
    reader: Reader | None,
    text: str = "",
    fault: str = "",
    *,
    status: int = 200,
) -> Response:
    parts = state_of(request).parts
    wanted = DemandId(well_formed(demand_id))
    found = forget_desk.look_at_demand(parts, wanted, actor=actor, reader=reader)
    return page(request, _view(parts, found, reader, text, fault), session, status=status)


def _view(
    parts: Parts, found: Impact, reader: Reader | None, text: str, fault: str
) -> views.ForgetRequestView:
    demand, now = found.demand, parts.now()
    carnet_id, clock = demand.row.carnet_id, demand.clock
    structures = parts.data.structures({one.structure_id for one in found.readers})
    return views.ForgetRequestView(
        reference=shown(parts.data.references({carnet_id}).get(carnet_id, "")),
        action=f"{_base(reader)}/{demand.demand_id}",
        back_href=_base(reader),
        label=label(parts, demand) if found.field_id is not None else "",
        asked_at=demand.row.received_at,
        last_day=clock.last_day,
        days_left=clock.days_left(now),
        waits=demand.waits,
        officer=reader is None,
        may_extend=demand.waits and clock.may_be_longer(now),
        may_part=forget_desk.part_possible(demand),
        state=demand.state.label,
        reason=demand.reason,
        readers=tuple(
            (body_of(structures.get(one.structure_id)).name, one.times, one.last_at) for one in found.readers
        ),
        named_by=tuple((parts.catalogue.field(one).label, count) for one, count in found.named_by.items()),
        hidden=found.hidden,
        volets=tuple(one.label for one in found.volets),
        steps=steps_of(demand, office=True),
        longest=LONGEST_REASON,
        text=text[: 2 * LONGEST_REASON],
        fault=fault,
    )


def _lines(parts: Parts, found: list[OpenedDemand], base: str) -> tuple[views.ForgetDeskLine, ...]:
    numbers, now = parts.data.references({one.row.carnet_id for one in found}), parts.now()
    return tuple(
        views.ForgetDeskLine(
            f"{base}/{one.demand_id}",
            shown(numbers.get(one.row.carnet_id, "")),
            one.row.received_at,
            one.clock.last_day,
            one.clock.days_left(now),
            one.waits,
            one.state.label,
        )
        for one in found
    )
