"""Coming in: the two doors, leaving for a provider, coming back, an invitation, the choice of a structure.

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

from schemas.ids import AccountId, ProfessionalId
from vault.services.invitations import invitation_of
from vault.services.sessions import PERSON, PROFESSIONAL, NewSession, Session, remember_pending, take_pending
from vault.services.signing_in import (
    ComingIn,
    NotInvited,
    choose_habilitation,
    live_habilitations,
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
from vault.web.pages.answering import BEFORE_SESSION, ENDED, RETURN, home_of, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.state import WebState, state_of

log = logging.getLogger("carnet.security")

FRANCECONNECT, PROCONNECT = "franceconnect", "proconnect"
LONGEST_SECRET = 128
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
    Refusal.PROVIDER_BUSY: (views.WhyRefused.PROVIDER_DOWN, 503),
    Refusal.PROVIDER_DOWN: (views.WhyRefused.PROVIDER_DOWN, 503),
    Refusal.PROVIDER_ERROR: (views.WhyRefused.PROVIDER_DOWN, 503),
    Refusal.METADATA: (views.WhyRefused.PROVIDER_DOWN, 503),
}
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
    return await _leave(request, FRANCECONNECT)


@router.get("/connexion/proconnect", dependencies=[Depends(guard.anyone)])
async def leave_for_proconnect(request: Request) -> Response:
    return await _leave(request, PROCONNECT)


@router.get("/connexion/franceconnect/retour", dependencies=[Depends(guard.anyone)])
async def back_from_franceconnect(request: Request) -> Response:
    return await _come_back(request, FRANCECONNECT)


@router.get("/connexion/proconnect/retour", dependencies=[Depends(guard.anyone)])
async def back_from_proconnect(request: Request) -> Response:
    return await _come_back(request, PROCONNECT)


@router.get("/invitation/{token}")
def show_invitation(request: Request, token: str, session: MaybeSession) -> Response:
    parts = state_of(request).parts
    invited = invitation_of(parts, token) if len(token) <= LONGEST_SECRET else None
    structure = parts.data.structure(invited.structure_id) if invited else None
    if invited is None or structure is None:
        return page(request, views.InvitationView(), session, status=404)
    body = views.Body(structure.name, structure.kind)
    return page(request, views.InvitationView(body, invited.role, f"/invitation/{quote(token)}"), session)


@router.post("/invitation/{token}", dependencies=[Depends(guard.anyone)])
async def use_invitation(request: Request, token: str) -> Response:
    """On to ProConnect; the secret stays here, sealed with the pending sign-in."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise guard.CsrfError("posted from another site")
    parts = state_of(request).parts
    invited = await run_in_threadpool(invitation_of, parts, token) if len(token) <= LONGEST_SECRET else None
    return await _leave(request, PROCONNECT, token) if invited else see_other(f"/invitation/{quote(token)}")


@router.get("/choisir-structure")
def choose_structure(request: Request, session: Annotated[Session, Depends(guard.signed_in)]) -> Response:
    if session.row.kind == PERSON:
        raise guard.WrongCallerError("for professionals only")
    parts = state_of(request).parts
    rows = live_habilitations(parts, AccountId(session.row.account_id))
    structures = parts.data.structures({row.structure_id for row in rows})
    choices = tuple(
        views.Habilitation(row.professional_id, views.Body(found.name, found.kind), row.role)
        for row in rows
        if (found := structures.get(row.structure_id))
    )
    return page(request, views.ChooseStructureView(choices), session)


@router.post("/choisir-structure")
def act_for_structure(
    request: Request, form: Posted, session: Annotated[Session, Depends(guard.signed_in)]
) -> Response:
    if session.row.kind == PERSON:
        raise guard.WrongCallerError("for professionals only")
    state = state_of(request)
    chosen = choose_habilitation(
        state.parts,
        session,
        ProfessionalId(form.one("habilitation_id")),
        cookie=guard.cookie_of(request) or "",
        rules=state.session_rules[PROFESSIONAL],
        address=guard.address_of(request),
    )
    if chosen is None:
        return see_other("/choisir-structure")
    answer = see_other(home_of(chosen.session.row.kind))
    set_cookie(answer, state, chosen.cookie)
    return answer


# --- leaving ---------------------------------------------------------------------------------------------


async def _leave(request: Request, name: str, invitation: str = "") -> Response:
    state = state_of(request)
    state.limits.sign_in_start(request)
    cookie = guard.cookie_of(request)
    browser = cookie or BEFORE_SESSION + secrets.token_urlsafe(32)
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
        signed = await doors_of(request).ask(name, lambda provider: finish(provider, pending, pairs, now))
        opened = await run_in_threadpool(_open, request, name, signed, invitation)
    except SignInRefused as refusal:
        return await _refuse(request, name, refusal)
    if isinstance(opened, NotInvited):
        log.warning("sign-in refused: provider=%s reason=not_invited", name)
        view = views.SignInRefusedView(views.WhyRefused.NOT_INVITED, True, f"/connexion/{name}")
        return page(request, view, status=403)
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


# --- the cookie ------------------------------------------------------------------------------------------


def set_cookie(answer: Response, state: WebState, value: str) -> None:
    """The one cookie: gone with the browser's session, unreadable by scripts, not sent from other sites."""
    answer.set_cookie(
        state.cookie_name, value, path="/", secure=state.settings.secure, httponly=True, samesite="lax"
    )


def drop_cookie(answer: Response, state: WebState) -> None:
    answer.delete_cookie(
        state.cookie_name, path="/", secure=state.settings.secure, httponly=True, samesite="lax"
    )
