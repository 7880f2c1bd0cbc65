"""Working for a structure: a one-time invitation, and the choice of the structure one acts for."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from schemas.ids import AccountId, ProfessionalId
from vault.services.invitations import invitation_of
from vault.services.sessions import MANDATE, PERSON, PROFESSIONAL, Session
from vault.services.signing_in import choose_habilitation, live_habilitations
from vault.web import guard
from vault.web.pages import views
from vault.web.pages.answering import home_of, page, see_other
from vault.web.pages.cookie import set_cookie
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.sign_in import PROCONNECT, leave
from vault.web.state import state_of

LONGEST_SECRET = 128

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)


@router.get("/invitation/{token}")
def show_invitation(
    request: Request, token: str, session: Annotated[Session | None, Depends(guard.visitor)]
) -> Response:
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
    return await leave(request, PROCONNECT, token) if invited else see_other(f"/invitation/{quote(token)}")


@router.get("/choisir-structure")
def choose_structure(request: Request, session: Annotated[Session, Depends(guard.signed_in)]) -> Response:
    if session.row.kind in (PERSON, MANDATE):
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
    if session.row.kind in (PERSON, MANDATE):
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
