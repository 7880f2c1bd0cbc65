"""Closing her carnet for good: what goes and what stays is said first, then one act, then it is done.

The carnet closes with one entry of the log; from then on nobody reads it, nor does she. What a crash or a
busy store leaves standing, the finishing pass removes.
"""

import secrets
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from consent.grants import Grant
from vault.services.closing import blind_from, close_own
from vault.services.own_carnet import list_own_grants
from vault.services.parts import Parts
from vault.services.sessions import remember_pending
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.cookie import drop_cookie, new_browser, set_cookie
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.relations import bodies_of
from vault.web.pages.sign_in import ACCOUNT
from vault.web.pages.sign_out import CLOSED, HERE_ONLY, provider_address
from vault.web.state import WebState, state_of

CLOSE, DONE = f"{ACCOUNT}/fermer", "/au-revoir"
SURE = "sur"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_fresh)]


@router.get(CLOSE)
def ask_close(request: Request, me: Me) -> Response:
    return page(request, _view(state_of(request).parts, me), me.session)


@router.post(CLOSE)
async def close(request: Request, form: Posted, me: Me) -> Response:
    state = state_of(request)
    if form.one(SURE) != "oui":
        error = "Cochez la case pour confirmer. Tant qu’elle est vide, votre carnet reste ouvert."
        view = await run_in_threadpool(_view, state.parts, me, error)
        return await run_in_threadpool(page, request, view, me.session, status=422)
    account_id = me.session.row.account_id
    await run_in_threadpool(close_own, state.parts, me.owner, account_id=account_id, actor=me.actor)
    return await _leave(request, state, me)


@router.get(DONE, dependencies=[Depends(guard.anyone)])
def closed(request: Request) -> Response:
    """Told to whoever asks: it says nothing about anybody."""
    view = views.ClosedView(blind_from(state_of(request).parts), HERE_ONLY not in request.query_params)
    return page(request, view)


async def _leave(request: Request, state: WebState, me: Person) -> Response:
    """Through the provider, whose session ends too, then to the page that says it is done."""
    key, browser = secrets.token_urlsafe(32), new_browser()
    address = await provider_address(request, dict(me.session.private), state=key)
    if address is None:
        answer: Response = see_other(f"{DONE}?{HERE_ONLY}=1")
        drop_cookie(answer, state)
        return answer
    told = {CLOSED: "1"}
    await run_in_threadpool(remember_pending, state.parts, browser=browser, state=key, told=told)
    answer = RedirectResponse(address, 303)
    set_cookie(answer, state, browser)
    return answer


def _view(parts: Parts, me: Person, error: str = "") -> views.CloseView:
    now, grants = parts.now(), list_own_grants(parts, me.owner)
    live = _names(parts, [grant for grant in grants if grant.live(now)])
    before = _names(parts, [grant for grant in grants if not grant.live(now)])
    others = tuple(name for name in before if name not in live)
    return views.CloseView(live, others, blind_from(parts), error)


def _names(parts: Parts, grants: Sequence[Grant]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(body.name for body in bodies_of(parts, grants).values()))
