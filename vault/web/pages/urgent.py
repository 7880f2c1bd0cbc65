"""To protect a life, for professionals: one asks, another confirms, both read for some minutes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from vault.services import break_glass
from vault.services.break_glass import (
    OPEN,
    BadAskError,
    NoEmergencyError,
    TooLateError,
    TooManyAsksError,
)
from vault.services.reading import FieldsView, SharedRead
from vault.web import guard
from vault.web.admission import admit
from vault.web.api.params import well_formed
from vault.web.guard import Professional
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.screens import carnet_view
from vault.web.state import state_of

HERE = "/urgence"
LONGEST = 2000
_FAULTS = {
    "/reference": "Ce numéro n’est pas un numéro de carnet. Il a dix signes, par exemple 7F3 K9QW M2X.",
    "/reason": "Dites en une ou deux phrases quel danger vous voyez. Écrivez entre 20 et 1\u202f000 signes.",
    "": "Vous avez déjà demandé cinq fois aujourd’hui. En danger, appelez le 112.",
}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Professional, Depends(guard.professional)]


@router.get(HERE)
def show_urgent(request: Request, me: Me) -> Response:
    return _urgent_page(request, me)


@router.post(HERE)
def ask(request: Request, form: Posted, me: Me) -> Response:
    """The same page whatever the number leads to."""
    number, reason = form.one("numero"), form.one("raison")
    try:
        row = break_glass.ask(state_of(request).parts, me.reader, number, reason)
    except BadAskError as fault:
        return _urgent_page(request, me, fault.pointer, number, reason)
    except TooManyAsksError:
        return _urgent_page(request, me, "", number, reason, status=429)
    return see_other(f"{HERE}?fait=urgence#{row.emergency_id}")


@router.get(f"{HERE}/{{emergency_id}}")
def show_reason(request: Request, emergency_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    try:
        row, told = break_glass.read_reason(parts, me.reader, well_formed(emergency_id))
    except TooLateError:
        return _nothing(request, me)
    view = views.UrgentConfirmView(
        reference=told.reference,
        reason=told.reason,
        asked_at=row.asked_at,
        until=row.ends_at,
        minutes=break_glass.emergency_of(parts).minutes,
        action=f"{HERE}/{row.emergency_id}",
    )
    return page(request, view, me.session)


@router.post(f"{HERE}/{{emergency_id}}")
def confirm(request: Request, emergency_id: str, me: Me) -> Response:
    try:
        row = break_glass.confirm(state_of(request).parts, me.reader, well_formed(emergency_id))
    except TooLateError:
        return _nothing(request, me)
    return see_other(f"{HERE}/{row.emergency_id}/carnet") if row.state == OPEN else _nothing(request, me)


@router.get(f"{HERE}/{{emergency_id}}/carnet")
async def show_carnet(request: Request, emergency_id: str, me: Me) -> Response:
    """Through the batches, the decisions and the log of every other read."""
    state, wanted = state_of(request), well_formed(emergency_id)
    await admit(state, me.reader)
    try:
        reader, row = await run_in_threadpool(break_glass.reader_of, state.parts, me.reader, wanted)
    except TooLateError:
        return await run_in_threadpool(_nothing, request, me)
    purpose = break_glass.emergency_of(state.parts).purpose
    asked = SharedRead(reader, row.carnet_id, purpose.purpose_id, purpose.compartments)
    answer = await state.reads.ask(asked)
    if not isinstance(answer, FieldsView):
        return await run_in_threadpool(_nothing, request, me)
    screen = await run_in_threadpool(carnet_view, state.parts, answer, ())
    view = views.EmergencyReadView(screen, row.ends_at)
    return await run_in_threadpool(page, request, view, me.session)


def _nothing(request: Request, me: Professional) -> Response:
    return page(request, views.EmergencyNothingView(), me.session, status=403)


def _urgent_page(
    request: Request,
    me: Professional,
    fault: str | None = None,
    typed: str = "",
    reason: str = "",
    *,
    status: int = 422,
) -> Response:
    """Raises NoEmergencyError, NotAllowedError."""
    parts = state_of(request).parts
    waiting = break_glass.list_waiting(parts, me.reader)
    lines = tuple(
        views.UrgentLine(
            asked_at=row.asked_at,
            until=row.ends_at,
            href=f"{HERE}/{row.emergency_id}" + ("/carnet" if row.state == OPEN else ""),
            mine=row.asked_by == me.habilitation.professional_id,
            is_open=row.state == OPEN,
        )
        for row in waiting
    )
    view = views.UrgentView(
        minutes=break_glass.emergency_of(parts).minutes,
        lines=lines,
        typed=typed[:LONGEST],
        reason=reason[:LONGEST],
        faults={} if fault is None else {fault: _FAULTS[fault]},
    )
    return page(request, view, me.session, status=200 if fault is None else status)


__all__ = ["NoEmergencyError", "router"]
