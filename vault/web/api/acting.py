"""Acting for somebody, over the API: for whom one may, beginning, and being oneself again.

As on the pages: a session of its own kind takes the place of the caller's, opens one carnet within the scopes
of one mandate, and each call asks whether it still stands. The new session is in the answer's cookie.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.faults import Checker
from schemas.ids import AccountId, MandateId
from vault.carnet.references import shown
from vault.services.acting import begin, go_back
from vault.services.mandates import held_mandates
from vault.services.sessions import NewSession, Session
from vault.services.sharing_rows import MandateRow
from vault.web.api.answers import Document, answered, instant, page
from vault.web.api.mandates_shapes import ACT, LIST_OF_HELD
from vault.web.api.operations import AFTER, V1, Callers, document, operation
from vault.web.api.params import slice_after, well_formed
from vault.web.api.session import session_document
from vault.web.api.shapes import ref
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Mandatary, NotSignedInError, acting, address_of, cookie_of, mandatary
from vault.web.pages.cookie import set_cookie
from vault.web.problems import NotFoundError
from vault.web.state import WebState, state_of

router = APIRouter(prefix=V1)
Me = Annotated[Mandatary, Depends(mandatary)]

_ACT = Checker(ACT)


def mandate_terms(row: MandateRow) -> Document:
    return {
        "mandate_id": row.mandate_id,
        "kind": str(row.kind),
        "scopes": [str(scope) for scope in row.scopes],
        "starts_at": instant(row.starts_at),
        "ends_at": instant(row.ends_at),
    }


@router.get(
    "/acting",
    openapi_extra=operation(
        "held_mandates",
        "For whom the caller may act now: the numbers of carnets, and no name",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(LIST_OF_HELD, "One page of mandates that stand")},
        problems=["invalid"],
    ),
)
def read_held(request: Request, me: Me) -> JSONResponse:
    told = parameters(request, ["after"])
    parts = state_of(request).parts
    if me.habilitation is None:
        held = held_mandates(parts, account_id=AccountId(me.session.row.account_id))
    else:
        held = held_mandates(parts, professional_id=me.habilitation.professional_id)
    chosen, following = slice_after(held, [one.mandate_id for one in held], told.get("after"))
    numbers = parts.data.references({one.carnet_id for one in chosen})
    items = [mandate_terms(one) | {"reference": shown(numbers.get(one.carnet_id, ""))} for one in chosen]
    return answered(page(items, following))


@router.post(
    "/acting",
    openapi_extra=operation(
        "begin_acting",
        "Act for a person under a mandate: the caller's session gives way to one that opens her carnet alone",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=ACT,
        answers={201: document(ref("Session"), "The session that acts; its cookie is in this answer")},
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_acting(request: Request, me: Me, body: Annotated[JSON, Depends(json_body)]) -> JSONResponse:
    parameters(request, ())
    state, told = state_of(request), checked(body, _ACT)
    opened = begin(
        state.parts,
        me.session,
        MandateId(well_formed(told["mandate_id"])),
        cookie=cookie_of(request) or "",
        address=address_of(request),
    )
    if opened is None:
        raise NotFoundError("no such mandate of the caller")
    return _in_its_place(state, opened, 201)


@router.delete(
    "/acting",
    openapi_extra=operation(
        "end_acting",
        "Stop acting, whether the mandate still stands or not: the caller's own session again",
        callers=Callers.SIGNED_IN_UNSAFE,
        answers={200: document(ref("Session"), "His own session; its cookie is in this answer")},
        problems=["wrong-caller"],
    ),
)
def delete_acting(request: Request, session: Annotated[Session, Depends(acting)]) -> JSONResponse:
    parameters(request, ())
    state = state_of(request)
    back = go_back(state.parts, session, cookie=cookie_of(request) or "", rules=state.session_rules)
    if back is None:
        state.parts.keystore.end_sessions(session_id=session.session_id)
        raise NotSignedInError("his own session is over too")
    return _in_its_place(state, back, 200)


def _in_its_place(state: WebState, opened: NewSession, status: int) -> JSONResponse:
    answer = answered(session_document(state, opened.session), status)
    set_cookie(answer, state, opened.cookie)
    return answer
