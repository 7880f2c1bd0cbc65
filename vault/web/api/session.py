"""Who am I: what a page or a program that holds a session may know of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.ids import ProfessionalId
from vault.services.sessions import MANDATE, PERSON, Session
from vault.web.api.answers import answered
from vault.web.api.operations import V1, Callers, document, operation
from vault.web.api.shapes import ref
from vault.web.bodies import parameters
from vault.web.guard import WrongCallerError, signed_in
from vault.web.state import state_of

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
    row = session.row
    if row.kind == MANDATE:
        raise WrongCallerError("whoever acts for a person does so on her pages")
    told: dict[str, str] = {"kind": row.kind}
    if row.kind == PERSON:
        told["carnet_id"] = row.subject
    elif row.subject:
        told |= _habilitation(request, ProfessionalId(row.subject))
    return answered(told | {"csrf_token": session.csrf})


def _habilitation(request: Request, professional_id: ProfessionalId) -> dict[str, str]:
    """Nothing when it is over: the session is alive, and opens nothing."""
    parts = state_of(request).parts
    found = parts.data.habilitation(professional_id)
    if found is None or not found.live(parts.now()):
        return {}
    return {
        "structure_id": found.structure_id,
        "professional_id": found.professional_id,
        "role": found.role,
    }
