"""Who am I: what a page or a program that holds a session may know of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.ids import ProfessionalId
from schemas.names import MandateScope
from vault.services.acting import acting_now
from vault.services.sessions import MANDATE, PERSON, Session
from vault.web.api.answers import Document, answered
from vault.web.api.operations import V1, Callers, document, operation
from vault.web.api.shapes import ref
from vault.web.bodies import parameters
from vault.web.guard import WrongCallerError, signed_in
from vault.web.state import WebState, state_of

router = APIRouter(prefix=V1)


@router.get(
    "/session",
    openapi_extra=operation(
        "session",
        "Who is signed in, and the CSRF token of the session",
        callers=Callers.SIGNED_IN,
        answers={200: document(ref("Session"), "The live session")},
    ),
)
def read_session(request: Request, session: Annotated[Session, Depends(signed_in)]) -> JSONResponse:
    parameters(request, ())
    return answered(session_document(state_of(request), session))


def session_document(state: WebState, session: Session) -> Document:
    """Raises WrongCallerError when the mandate it acts under is over."""
    row, told = session.row, Document(kind=session.row.kind)
    if row.kind == MANDATE:
        told |= _mandate(state, session)
    elif row.kind == PERSON:
        told["carnet_id"] = row.subject
    elif row.subject:
        told |= _habilitation(state, ProfessionalId(row.subject))
    return told | {"csrf_token": session.csrf}


def _mandate(state: WebState, session: Session) -> Document:
    acting = acting_now(state.parts, session)
    if acting is None:
        raise WrongCallerError("this mandate is over")
    scopes = [str(scope) for scope in MandateScope if acting.may(scope)]
    return {
        "mandate_id": acting.mandate.mandate_id,
        "carnet_id": acting.mandate.carnet_id,
        "scopes": scopes,
    }


def _habilitation(state: WebState, professional_id: ProfessionalId) -> Document:
    """Nothing when it is over: the session is alive, and opens nothing."""
    found = state.parts.data.habilitation(professional_id)
    if found is None or not found.live(state.parts.now()):
        return {}
    return {
        "structure_id": found.structure_id,
        "professional_id": found.professional_id,
        "role": found.role,
    }
