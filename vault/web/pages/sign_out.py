"""Going out: our session first, then the provider's, then a page that never fails.

A failure after the first step leaves nobody signed in here; when the provider cannot be told, the last page
says that its own session may still be open, which matters on a shared computer. When our own store does not
answer, the browser forgets its session all the same, and the page says what is not certain.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vault.errors import CarnetError
from vault.services.sessions import Session, session_over, take_pending
from vault.services.signing_out import sign_out as end_and_note
from vault.web import guard
from vault.web.guard import CsrfError, NotSignedInError
from vault.web.login import SignInRefused, logout_url
from vault.web.login.doors import doors_of
from vault.web.pages import views
from vault.web.pages.answering import home_of, page, see_other
from vault.web.pages.cookie import drop_cookie
from vault.web.pages.form_reading import posted
from vault.web.state import state_of

BACK = "/deconnexion/retour"
HERE_ONLY, UNSURE = "ici", "panne"
CLOSED = "closed"  # remembered while the provider's session ends after a carnet was erased
DONE = "/au-revoir"
LONGEST_STATE = 128

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)


@router.post("/deconnexion", dependencies=[Depends(guard.anyone)])
async def sign_out(request: Request) -> Response:
    state = state_of(request)
    try:
        session = await run_in_threadpool(_end, request)
        address = await provider_address(request, dict(session.private)) if session else None
        already_out = guard.cookie_of(request) is None
        answer = RedirectResponse(address or (BACK if already_out else f"{BACK}?{HERE_ONLY}=1"), 303)
    except CsrfError:
        raise
    except CarnetError:
        answer = see_other(f"{BACK}?{UNSURE}=1")
    if guard.cookie_of(request) is not None:  # another site's form comes without it
        drop_cookie(answer, state)
    return answer


def _end(request: Request) -> Session | None:
    """The session that this browser had, ended; None when none is known. Raises CsrfError."""
    state = state_of(request)
    session: Session | None
    try:
        session = _leaving(request)
    except NotSignedInError:
        session_was = session_over(state.parts, guard.cookie_of(request) or "", state.session_rules)
        if session_was is not None:  # it came to its end by itself; the provider's may go on
            guard.check_origin(request, session_was)
            state.parts.keystore.end_sessions(session_id=session_was.session_id)
        return session_was
    try:
        actor = guard.who_leaves(request, session)
    except CarnetError:
        actor = None  # the session ends before anything else is asked
    end_and_note(state.parts, session, actor=actor)
    return session


def _leaving(request: Request) -> Session:
    """A page of ours that stayed open since an earlier session of this browser may end this one too: the
    browser itself says that it is ours (Fetch Metadata, ``Sec-Fetch-Site``)."""
    try:
        return guard.leaving(request)
    except CsrfError:
        session = guard.visitor(request)
        if session is None or request.headers.get("sec-fetch-site") != "same-origin":
            raise
        return session


@router.get(BACK)
def signed_out(request: Request, session: Annotated[Session | None, Depends(guard.visitor)]) -> Response:
    """Whatever the provider brings back: our session was ended before it was asked."""
    if session is not None:  # the address was opened by hand
        return see_other(home_of(session.row.kind))
    if _after_closing(request):
        return see_other(DONE)
    asked = request.query_params
    view = views.SignedOutView(
        provider_too=HERE_ONLY not in asked and UNSURE not in asked, unsure=UNSURE in asked
    )
    return page(request, view)


def _after_closing(request: Request) -> bool:
    """Whether this browser went to the provider after its carnet was erased."""
    state = request.query_params.get("state", "")
    if not state or len(state) > LONGEST_STATE:
        return False
    try:
        told = take_pending(state_of(request).parts, browser=guard.cookie_of(request), state=state)
    except CarnetError:
        return False
    return bool(told and told.get(CLOSED))


@router.get("/connexion/{name}/autre-compte", dependencies=[Depends(guard.anyone)])
async def change_account(request: Request, name: str) -> Response:
    """End the provider's session of somebody who was not let in here, so that it asks again who it is."""
    parts, key = state_of(request).parts, request.query_params.get("suite", "")
    told = await run_in_threadpool(take_pending, parts, browser=guard.cookie_of(request), state=key)
    if not told or "id_token" not in told:
        return see_other("/connexion")
    address = await provider_address(request, {**told, "provider": name})
    return RedirectResponse(address or f"{BACK}?{HERE_ONLY}=1", 303)


async def provider_address(request: Request, told: dict[str, str], *, state: str | None = None) -> str | None:
    """Where the provider ends its own session, to come back with ``state``; None if it cannot be reached."""
    now, key = state_of(request).parts.now(), state or secrets.token_urlsafe(32)
    try:
        return await doors_of(request).ask(
            told["provider"], lambda provider: logout_url(provider, told["id_token"], key, now)
        )
    except (SignInRefused, KeyError, CarnetError):
        return None
