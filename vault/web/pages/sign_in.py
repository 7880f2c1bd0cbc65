"""Coming in: the two doors, leaving for a provider, coming back.

- The browser's one cookie binds a pending sign-in before it names a session; a sign-in gives a new one.
- Whatever does not hold ends on a neutral page, opens no session and touches none. The log of refusals
  (``carnet.security``) says which check failed, and nothing that was sent.
"""

import logging
import secrets
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vault.services.sessions import PERSON, PROFESSIONAL, NewSession, Session, remember_pending, take_pending
from vault.services.signing_in import (
    ComingIn,
    NotInvited,
    person_signs_in,
    professional_signs_in,
)
from vault.web import guard
from vault.web.login import (
    Refusal,
    SignedIn,
    SignInRefused,
    finish,
    read_callback,
    safe_return_path,
    start,
)
from vault.web.login.coming_in import coming_in, recalled, remembered
from vault.web.login.doors import doors_of
from vault.web.pages import views
from vault.web.pages.answering import ENDED, RETURN, home_of, page, see_other
from vault.web.pages.cookie import new_browser, set_cookie
from vault.web.pages.form_reading import posted
from vault.web.state import state_of

log = logging.getLogger("carnet.security")

FRANCECONNECT, PROCONNECT = "franceconnect", "proconnect"
LONGEST_PATH = 512
_AREAS = {
    PERSON: ("/mon-carnet", "/mes-partages", "/qui-a-vu", "/mes-demandes", "/mes-telechargements"),
    PROFESSIONAL: ("/carnets",),
}
_PAGES: dict[Refusal, tuple[views.WhyRefused, int]] = {
    Refusal.MALFORMED: (views.WhyRefused.TOO_OLD, 400),
    Refusal.STATE: (views.WhyRefused.TOO_OLD, 400),
    Refusal.EXPIRED: (views.WhyRefused.TOO_OLD, 400),
    Refusal.ISSUER: (views.WhyRefused.TOO_OLD, 400),
    Refusal.DENIED_BY_PERSON: (views.WhyRefused.STOPPED, 200),
    Refusal.SECOND_FACTOR: (views.WhyRefused.SECOND_FACTOR, 403),
    Refusal.LEVEL: (views.WhyRefused.SECOND_FACTOR, 403),
    Refusal.NOT_FRESH: (views.WhyRefused.NOT_FRESH, 403),
    Refusal.PROVIDER_BUSY: (views.WhyRefused.PROVIDER_DOWN, 403),  # a word of the address
    Refusal.PROVIDER_DOWN: (views.WhyRefused.PROVIDER_DOWN, 503),
    Refusal.PROVIDER_ERROR: (views.WhyRefused.PROVIDER_DOWN, 403),
    Refusal.METADATA: (views.WhyRefused.PROVIDER_DOWN, 503),
}
_NOT_POSTED = SignInRefused(Refusal.MALFORMED, "posted")  # no provider of ours answers by a form
_OTHERWISE = (views.WhyRefused.STOPPED, 403)

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
MaybeSession = Annotated[Session | None, Depends(guard.visitor)]


@router.get("/connexion")
def choose_door(request: Request, session: MaybeSession) -> Response:
    doors = doors_of(request)
    view = views.SignInView(
        franceconnect_href=_door_address(request, FRANCECONNECT) if doors.open(FRANCECONNECT) else None,
        proconnect_href=_door_address(request, PROCONNECT) if doors.open(PROCONNECT) else None,
        session_ended=ENDED in request.query_params and session is None,
    )
    return page(request, view, session)


@router.get("/connexion/franceconnect", dependencies=[Depends(guard.anyone)])
async def leave_for_franceconnect(request: Request) -> Response:
    return await leave(request, FRANCECONNECT)


@router.get("/connexion/proconnect", dependencies=[Depends(guard.anyone)])
async def leave_for_proconnect(request: Request) -> Response:
    return await leave(request, PROCONNECT)


@router.get("/connexion/franceconnect/retour", dependencies=[Depends(guard.anyone)])
async def back_from_franceconnect(request: Request) -> Response:
    return await _come_back(request, FRANCECONNECT)


@router.get("/connexion/proconnect/retour", dependencies=[Depends(guard.anyone)])
async def back_from_proconnect(request: Request) -> Response:
    return await _come_back(request, PROCONNECT)


@router.post("/connexion/franceconnect/retour", dependencies=[Depends(guard.anyone)])
async def posted_at_franceconnect_s(request: Request) -> Response:
    return await _refuse(request, FRANCECONNECT, _NOT_POSTED)


@router.post("/connexion/proconnect/retour", dependencies=[Depends(guard.anyone)])
async def posted_at_proconnect_s(request: Request) -> Response:
    return await _refuse(request, PROCONNECT, _NOT_POSTED)


# --- leaving ---------------------------------------------------------------------------------------------


async def leave(request: Request, name: str, invitation: str = "") -> Response:
    state = state_of(request)
    state.limits.sign_in_start(request)
    cookie = guard.cookie_of(request)
    browser = cookie or new_browser()
    now, wanted = state.parts.now(), request.query_params.get(RETURN, "/")[:LONGEST_PATH]
    try:
        address, pending = await doors_of(request).ask(name, lambda provider: start(provider, now, wanted))
    except SignInRefused as refusal:
        return await _refuse(request, name, refusal)
    await run_in_threadpool(
        remember_pending,
        state.parts,
        browser=browser,
        state=pending.state,
        told=remembered(pending, invitation),
    )
    answer = RedirectResponse(address, 303)
    if cookie is None:
        set_cookie(answer, state, browser)
    return answer


def _door_address(request: Request, name: str) -> str:
    wanted = safe_return_path(request.query_params.get(RETURN))
    return f"/connexion/{name}" + (f"?{RETURN}={quote(wanted, safe='')}" if wanted != "/" else "")


# --- coming back -----------------------------------------------------------------------------------------


async def _come_back(request: Request, name: str) -> Response:
    state = state_of(request)
    pairs = request.query_params.multi_items()
    try:
        callback = read_callback(pairs)
        told = await run_in_threadpool(
            take_pending, state.parts, browser=guard.cookie_of(request), state=callback.state or ""
        )
        pending, invitation = recalled(told)
        now = state.parts.now()
        signed = await doors_of(request).ask(
            name, lambda provider: finish(provider, pending, pairs, now), coming_back=True
        )
        opened = await run_in_threadpool(_open, request, name, signed, invitation)
    except SignInRefused as refusal:
        return await _refuse(request, name, refusal)
    if isinstance(opened, NotInvited):
        log.warning("sign-in refused: provider=%s reason=not_invited", name)
        return await run_in_threadpool(_not_invited, request, name, signed)
    answer = see_other(_first_page(opened.session, pending.return_path if pending else "/"))
    set_cookie(answer, state, opened.cookie)
    return answer


def _open(request: Request, name: str, signed: SignedIn, invitation: str | None) -> NewSession | NotInvited:
    state = state_of(request)
    coming: ComingIn = coming_in(
        signed,
        catalogue=state.parts.catalogue,
        provider=name,
        address=guard.address_of(request),
        former_cookie=guard.cookie_of(request),
    )
    if name == FRANCECONNECT:
        return person_signs_in(state.parts, coming, rules=state.session_rules[PERSON])
    rules = state.session_rules[PROFESSIONAL]
    return professional_signs_in(state.parts, coming, invitation=invitation, rules=rules)


def _not_invited(request: Request, name: str, signed: SignedIn) -> Response:
    """The provider would let the same person in again unasked: a way to end its session is offered."""
    key = secrets.token_urlsafe(32)
    told = {"id_token": signed.id_token}
    remember_pending(state_of(request).parts, browser=guard.cookie_of(request) or "", state=key, told=told)
    door, why = f"/connexion/{name}", views.WhyRefused.NOT_INVITED
    view = views.SignInRefusedView(why, True, door, f"{door}/autre-compte?suite={key}")
    return page(request, view, status=403)


def _first_page(session: Session, wanted: str) -> str:
    """Where she wanted to go when it is one of her own pages, else her home. Checked now that it is used."""
    kind, path = session.row.kind, safe_return_path(wanted)
    if kind != PERSON and not session.row.subject:
        return "/choisir-structure"
    own = any(
        path == area or path.startswith((area + "/", area + "?")) for area in _AREAS.get(kind, ("/dpo",))
    )
    return path if own else home_of(kind)


async def _refuse(request: Request, name: str, refusal: SignInRefused) -> Response:
    log.warning("sign-in refused: provider=%s reason=%s check=%s", name, refusal.reason.value, refusal.check)
    why, status = _PAGES.get(refusal.reason, _OTHERWISE)
    if why is views.WhyRefused.SECOND_FACTOR and name == FRANCECONNECT:
        why = views.WhyRefused.STOPPED  # a person can do nothing about levels
    view = views.SignInRefusedView(why, name == PROCONNECT, f"/connexion/{name}")
    session = await run_in_threadpool(guard.visitor, request)
    return page(request, view, session, status=status)
