"""Stopping a share with a paper: she prints it, whoever holds it stops that share, without an account.

The public pages say nothing but the day the share was given, and that to whoever has its code. A wrong code,
a used one and that of a share that ended get the same page.
"""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from exporters import PaperUnavailableError, day_in_paris, day_in_words
from exporters.to_slip import SlipDocument, to_slip
from schemas.ids import GrantId
from vault.services.sessions import Session
from vault.services.slips import Slip, given_at, print_slip, stop_by_slip
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.pages.basis_words import words_of
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.relations import bodies_of, sentence_of
from vault.web.paper import on_the_press
from vault.web.state import WebState, state_of

ADDRESS = "/arreter-un-partage"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]
Visitor = Annotated[Session | None, Depends(guard.visitor)]  # only for the frame of the page


@router.post("/mes-partages/{grant_id}/papier")
async def print_paper(request: Request, grant_id: str, me: Me) -> Response:
    """A secret is made: that is why it is asked for by a button, not by a link."""
    state, app = state_of(request), request.app.state
    state.limits.paper(me.session.row.account_id)
    try:
        paper = await asyncio.get_running_loop().run_in_executor(on_the_press, _paper, state, me, grant_id)
    except PaperUnavailableError:
        app.paper_possible = False
        raise
    name = f"arreter-un-partage-{french.in_paris(state.parts.now()).date().isoformat()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(paper, headers=headers, media_type="application/pdf")


def _paper(state: WebState, me: Person, grant_id: str) -> bytes:
    slip = print_slip(state.parts, me.owner, GrantId(grant_id), actor=me.actor)
    return to_slip(slip_document(state, slip))


def slip_document(state: WebState, slip: Slip) -> SlipDocument:
    parts, terms = state.parts, slip.grant.terms
    body = bodies_of(parts, [slip.grant])[slip.grant.id]
    return SlipDocument(
        stops=words_of(parts.frame, terms, body.name).stop,
        who=body.name,
        what_for=sentence_of(parts.frame, terms.purpose_id),
        given_at=terms.starts_at,
        until=day_in_words(day_in_paris(terms.ends_at - timedelta(seconds=1))),
        address=f"{state.settings.public_url}{ADDRESS}",
        printed_at=slip.printed_at,
        issuer=state.issuer,
        code=slip.code,
    )


# --- for whoever holds the paper -------------------------------------------------------------------------


@router.get(ADDRESS)
def ask_code(request: Request, session: Visitor) -> Response:
    return page(request, views.SlipView(), session)


@router.post(ADDRESS)
def show_what_it_stops(request: Request, form: Posted, session: Visitor) -> Response:
    state = state_of(request)
    state.limits.slip(request)
    code = form.one("code")[:100]
    given = given_at(state.parts, code)
    if given is None:
        return page(request, views.SlipView(unknown=True), session, status=422)
    return page(request, views.SlipView(given_at=given, code=code), session)


@router.post(f"{ADDRESS}/oui")
def stop(request: Request, form: Posted, session: Visitor) -> Response:
    state = state_of(request)
    state.limits.slip(request)
    if not stop_by_slip(state.parts, form.one("code")[:100]):
        return page(request, views.SlipView(unknown=True), session, status=422)
    return page(request, views.SlipView(stopped=True), session)
