"""« Agir pour quelqu’un »: whoever holds mandates chooses one, acts in a session of its own, and stops.

The list shows numbers and no name. Choosing writes an entry in the person's journal, then shows her name.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import AccountId, MandateId
from schemas.names import MandateKind
from vault.carnet.references import shown
from vault.services.acting import begin, go_back
from vault.services.helping import NoSuchHelperError, make_code
from vault.services.journal import Actor
from vault.services.mandates import end_mandate, held_mandates
from vault.services.sessions import Session
from vault.services.sharing_rows import MandateRow
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Mandatary, WrongCallerError
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, home_of, page, see_other
from vault.web.pages.cookie import drop_cookie, set_cookie
from vault.web.pages.form_reading import posted
from vault.web.problems import NotFoundError
from vault.web.state import state_of

ACT = "/agir"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Mandatary, Depends(guard.mandatary)]


@router.get(ACT)
def show_held(request: Request, me: Me) -> Response:
    return page(request, _view(request, me), me.session)


@router.post(f"{ACT}/code")
def new_code(request: Request, me: Me) -> Response:
    """Shown in this answer alone."""
    state = state_of(request)
    if me.habilitation is None:
        raise WrongCallerError("for those who help people")
    state.limits.invite(me.session.row.account_id)
    try:
        code, ends_at = make_code(state.parts, me.habilitation.professional_id)
    except NoSuchHelperError:
        raise WrongCallerError("no habilitation in force") from None
    return page(request, _view(request, me, shown(code), ends_at), me.session)


@router.post(f"{ACT}/terminer")
def stop(request: Request, session: Annotated[Session, Depends(guard.acting)]) -> Response:
    """Himself again, whether the mandate still stands or not."""
    state = state_of(request)
    back = go_back(state.parts, session, cookie=guard.cookie_of(request) or "", rules=state.session_rules)
    if back is None:
        state.parts.keystore.end_sessions(session_id=session.session_id)
        answer: Response = see_other("/connexion")
        drop_cookie(answer, state)
        return answer
    answer = see_other(ACT)
    set_cookie(answer, state, back.cookie)
    return answer


@router.post(f"{ACT}/{{mandate_id}}")
def act(request: Request, mandate_id: str, me: Me) -> Response:
    state, wanted = state_of(request), MandateId(well_formed(mandate_id))
    opened = begin(
        state.parts,
        me.session,
        wanted,
        cookie=guard.cookie_of(request) or "",
        address=guard.address_of(request),
    )
    if opened is None:
        raise NotFoundError("no such mandate of his")
    answer = see_other(home_of(opened.session.row.kind))
    set_cookie(answer, state, opened.cookie)
    return answer


@router.post(f"{ACT}/{{mandate_id}}/renoncer")
def give_up(request: Request, mandate_id: str, me: Me) -> Response:
    """He helps her no more: what she gave is over."""
    wanted = [one for one in _held(request, me) if one.mandate_id == mandate_id]
    if not wanted or me.habilitation is None or wanted[0].kind is not MandateKind.HELPER:
        raise NotFoundError("no such mandate of his")
    actor = _actor(request, me)
    parts = state_of(request).parts
    end_mandate(parts, wanted[0].carnet_id, wanted[0].mandate_id, actor=actor, by_ruling=False)
    return see_other(f"{ACT}?{DONE_PARAMETER}=mandat-fini")


def _actor(request: Request, me: Mandatary) -> Actor:
    row = me.habilitation
    if row is None:
        raise WrongCallerError("for those who help people")
    return guard.professional_actor(request, me.session, row)


def _held(request: Request, me: Mandatary) -> Sequence[MandateRow]:
    parts = state_of(request).parts
    if me.habilitation is None:
        return held_mandates(parts, account_id=AccountId(me.session.row.account_id))
    return held_mandates(parts, professional_id=me.habilitation.professional_id)


def _view(
    request: Request, me: Mandatary, code: str = "", code_ends_at: datetime | None = None
) -> views.HeldView:
    held = _held(request, me)
    references = state_of(request).parts.data.references({one.carnet_id for one in held})
    rows = tuple(
        views.HeldRow(
            reference=shown(references.get(one.carnet_id, "")),
            kind=one.kind,
            scopes=one.scopes,
            ends_at=one.ends_at,
            act_action=f"{ACT}/{one.mandate_id}",
            stop_action=f"{ACT}/{one.mandate_id}/renoncer" if one.kind is MandateKind.HELPER else None,
        )
        for one in held
    )
    return views.HeldView(rows, me.habilitation is not None, code, code_ends_at)
