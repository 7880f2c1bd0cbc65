"""Going out: our session first, then the provider's, then a page that never fails.

A failure after the first step leaves nobody signed in here; when the provider cannot be told, the last page
says that its own session may still be open, which matters on a shared computer.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vault.errors import CarnetError
from vault.services.sessions import Session, end_session, take_pending
from vault.web import guard
from vault.web.guard import NotSignedInError
from vault.web.login import SignInRefused, logout_url
from vault.web.login.doors import doors_of
from vault.web.pages import views
from vault.web.pages.answering import home_of, page, see_other
from vault.web.pages.cookie import drop_cookie
from vault.web.pages.form_reading import posted
from vault.web.state import state_of

BACK = "/deconnexion/retour"
HERE_ONLY = "ici"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)


@router.post("/deconnexion", dependencies=[Depends(guard.anyone)])
async def sign_out(request: Request) -> Response:
    state = state_of(request)
    try:
        await run_in_threadpool(guard.signed_in, request)
    except NotSignedInError:
        answer = see_other(BACK)
    else:
        told = await run_in_threadpool(end_session, state.parts, guard.cookie_of(request) or "")
        answer = RedirectResponse(await _provider_address(request, dict(told or {})), 303)
    if guard.cookie_of(request) is not None:  # another site's form comes without it
        drop_cookie(answer, state)
    return answer


@router.get(BACK)
def signed_out(request: Request, session: Annotated[Session | None, Depends(guard.visitor)]) -> Response:
    if session is not None:  # the address was opened by hand
        return see_other(home_of(session.row.kind))
    return page(request, views.SignedOutView(provider_too=HERE_ONLY not in request.query_params))


@router.get("/connexion/{name}/autre-compte", dependencies=[Depends(guard.anyone)])
async def change_account(request: Request, name: str) -> Response:
    """End the provider's session of somebody who was not let in here, so that it asks again who it is."""
    parts, key = state_of(request).parts, request.query_params.get("suite", "")
    told = await run_in_threadpool(take_pending, parts, browser=guard.cookie_of(request), state=key)
    if not told or "id_token" not in told:
        return see_other("/connexion")
    return RedirectResponse(await _provider_address(request, {**told, "provider": name}), 303)


async def _provider_address(request: Request, told: dict[str, str]) -> str:
    """Where the provider ends its own session; our last page when it cannot be reached."""
    now, state = state_of(request).parts.now(), secrets.token_urlsafe(32)
    try:
        return await doors_of(request).ask(
            told["provider"], lambda provider: logout_url(provider, told["id_token"], state, now)
        )
    except (SignInRefused, KeyError, CarnetError):
        return f"{BACK}?{HERE_ONLY}=1"
