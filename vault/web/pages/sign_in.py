"""Coming in: the two doors, leaving for a provider, coming back.

- The browser's one cookie binds a pending sign-in before it names a session; a sign-in gives a new one.
- Whatever does not hold ends on a neutral page, opens no session and touches none. The log of refusals
  (``carnet.security``) says which check failed, and nothing that was sent.
"""

import logging
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vault.carnet.references import shown
from vault.services.sessions import (
    DPO,
    MANDATE,
    PERSON,
    PROFESSIONAL,
    NewSession,
    Session,
    remember_pending,
    take_pending,
)
from vault.services.signing_in import (
    ComingIn,
    NeedsRelinking,
    NotInvited,
    person_signs_in,
    professional_signs_in,
)
from vault.web import guard
from vault.web.login import (
    PendingSignIn,
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
from vault.web.pages import kept_form, views
from vault.web.pages.answering import AGAIN_WHO, ENDED, RETURN, TEXT_KEPT, home_of, page, see_other
from vault.web.pages.cookie import new_browser, set_cookie
from vault.web.pages.devices import device_words
from vault.web.pages.form_reading import posted
from vault.web.state import state_of

log = logging.getLogger("carnet.security")

FRANCECONNECT, PROCONNECT = "franceconnect", "proconnect"
FRESH = "nouveau"
ACCOUNT = "/mon-compte"
LONG_AGO = datetime.fromtimestamp(0, UTC)  # when the provider does not say when she proved who she is
LONGEST_PATH = 512
_AREAS = {
    PERSON: (
        *("/mon-carnet", "/mes-partages", "/qui-a-vu", "/mes-demandes", "/mes-telechargements", ACCOUNT),
        *("/mes-mandats", "/agir"),
    ),
    PROFESSIONAL: ("/carnets", "/equipe", "/agir", ACCOUNT),
    DPO: ("/dpo", ACCOUNT),
    MANDATE: (),
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
        text_kept=TEXT_KEPT in request.query_params,
    )
    return page(request, view, session)


@router.get("/connexion/franceconnect", dependencies=[Depends(guard.anyone)])
async def leave_for_franceconnect(request: Request) -> Response:
    return await _leave_if_meant(request, FRANCECONNECT)


@router.get("/connexion/proconnect", dependencies=[Depends(guard.anyone)])
async def leave_for_proconnect(request: Request) -> Response:
    return await _leave_if_meant(request, PROCONNECT)


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


@router.get(AGAIN_WHO)
def ask_again_who(request: Request, session: Annotated[Session, Depends(guard.signed_in)]) -> Response:
    """Before what cannot be undone: why she must prove again who she is, and the way to do it."""
    door, wanted = session.private.get("provider", FRANCECONNECT), _first_page(session, _wanted(request))
    view = views.AgainWhoView(
        professional=door == PROCONNECT,
        door_href=f"/connexion/{quote(door)}?{FRESH}=1&{RETURN}={quote(wanted, safe='')}",
        back_href=home_of(session.row.kind),
    )
    return page(request, view, session)


# --- leaving ---------------------------------------------------------------------------------------------


async def _leave_if_meant(request: Request, name: str) -> Response:
    """What another site does by itself, without her pressing anything, leads to our sign-in page: a provider
    that knows her asks nothing, so she would be signed in without having done anything. A link that she
    follows from there (``Sec-Fetch-User``) leads to the provider at once."""
    told = request.headers
    if told.get("sec-fetch-site") == "cross-site" and told.get("sec-fetch-user") != "?1":
        return see_other(f"/connexion?{RETURN}={quote(_wanted(request), safe='')}")
    return await leave(request, name)


async def leave(request: Request, name: str, invitation: str = "") -> Response:
    state = state_of(request)
    state.limits.sign_in_start(request)
    cookie = guard.cookie_of(request)
    browser = cookie or new_browser()
    now, wanted = state.parts.now(), request.query_params.get(RETURN, "/")[:LONGEST_PATH]
    fresh = request.query_params.get(FRESH) == "1"
    try:
        address, pending = await doors_of(request).ask(
            name, lambda provider: start(provider, now, wanted, fresh=fresh)
        )
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
    wanted = _wanted(request)
    return f"/connexion/{name}" + (f"?{RETURN}={quote(wanted, safe='')}" if wanted != "/" else "")


def _wanted(request: Request) -> str:
    return safe_return_path(request.query_params.get(RETURN))


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
        return await run_in_threadpool(_come_in, request, name, signed, pending, invitation)
    except SignInRefused as refusal:
        return await _refuse(request, name, refusal)


def _come_in(
    request: Request, name: str, signed: SignedIn, pending: PendingSignIn | None, invitation: str | None
) -> Response:
    """A new session, then where she goes: to what she was writing, where she wanted to go, or home."""
    state = state_of(request)
    state.limits.account_sign_in(signed.issuer, signed.subject)
    fresh = pending is not None and pending.fresh
    former = guard.visitor(request) if fresh else None
    opened = _open(request, name, signed, invitation)
    if isinstance(opened, NotInvited):
        log.warning("sign-in refused: provider=%s reason=not_invited", name)
        return _not_invited(request, name, signed)
    if isinstance(opened, NeedsRelinking):
        log.warning("sign-in refused: provider=%s reason=needs_relinking", name)
        view = views.RelinkingView(shown(opened.reference), _other_account_address(request, name, signed))
        return page(request, view, status=403)
    wanted = pending.return_path if pending else "/"
    if former is not None and former.row.account_id != opened.session.row.account_id:
        wanted = "/"  # somebody else proved who they are: it is another sign-in, and no page of hers
    written = kept_form.carry(request, opened.cookie, opened.session)
    answer = see_other(written or _first_page(opened.session, wanted))
    set_cookie(answer, state, opened.cookie)
    return answer


def _open(
    request: Request, name: str, signed: SignedIn, invitation: str | None
) -> NewSession | NotInvited | NeedsRelinking:
    state = state_of(request)
    verified = coming_in(
        signed,
        catalogue=state.parts.catalogue,
        provider=name,
        address=guard.address_of(request),
        former_cookie=guard.cookie_of(request),
    )
    device = device_words(request.headers.get("user-agent"))
    coming: ComingIn = replace(verified, device=device, proved_at=signed.auth_time or LONG_AGO)
    if name == FRANCECONNECT:
        return person_signs_in(state.parts, coming, rules=state.session_rules[PERSON])
    rules = state.session_rules[PROFESSIONAL]
    return professional_signs_in(state.parts, coming, invitation=invitation, rules=rules)


def _not_invited(request: Request, name: str, signed: SignedIn) -> Response:
    why, other = views.WhyRefused.NOT_INVITED, _other_account_address(request, name, signed)
    return page(request, views.SignInRefusedView(why, True, f"/connexion/{name}", other), status=403)


def _other_account_address(request: Request, name: str, signed: SignedIn) -> str:
    """The provider would let the same person in again unasked: a way to end its session is offered."""
    key = secrets.token_urlsafe(32)
    told = {"id_token": signed.id_token}
    remember_pending(state_of(request).parts, browser=guard.cookie_of(request) or "", state=key, told=told)
    return f"/connexion/{name}/autre-compte?suite={key}"


def _first_page(session: Session, wanted: str) -> str:
    """Where she wanted to go when it is one of her own pages, else her home. Checked now that it is used."""
    kind, path = session.row.kind, safe_return_path(wanted)
    if kind != PERSON and not session.row.subject:
        return "/choisir-structure"
    own = any(path == area or path.startswith((area + "/", area + "?")) for area in _AREAS[kind])
    return path if own else home_of(kind)


async def _refuse(request: Request, name: str, refusal: SignInRefused) -> Response:
    log.warning("sign-in refused: provider=%s reason=%s check=%s", name, refusal.reason.value, refusal.check)
    why, status = _PAGES.get(refusal.reason, _OTHERWISE)
    if why is views.WhyRefused.SECOND_FACTOR and name == FRANCECONNECT:
        why = views.WhyRefused.STOPPED  # a person can do nothing about levels
    view = views.SignInRefusedView(why, name == PROCONNECT, f"/connexion/{name}")
    session = await run_in_threadpool(guard.visitor, request)
    return page(request, view, session, status=status)
