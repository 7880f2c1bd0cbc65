"""What anyone may know of the log: its last signed checkpoint and the keys to check it with (C2SP)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vault.web.api.operations import Callers, document, operation
from vault.web.api.shapes import TEXT
from vault.web.bodies import parameters
from vault.web.guard import anyone
from vault.web.problems import Problem, as_json
from vault.web.state import state_of

router = APIRouter(prefix="/log")

_PLAIN = "text/plain; charset=utf-8"
_WAIT = {"Retry-After": "2"}  # a checkpoint follows an append within two seconds


@router.get(
    "/checkpoint",
    openapi_extra=operation(
        "checkpoint",
        "The last signed checkpoint (C2SP signed note)",
        callers=Callers.ANYONE,
        answers={200: document(TEXT, "The note", media_type="text/plain")},
        problems=["bad-request", "no-checkpoint", "unavailable"],
    ),
)
def read_checkpoint(request: Request, _: Annotated[None, Depends(anyone)]) -> Response:
    parameters(request, ())
    last = state_of(request).parts.data.last_checkpoint()
    if last is None:
        return as_json(Problem("no-checkpoint", headers=_WAIT))
    return Response(last.note.encode(), media_type=_PLAIN)


@router.get(
    "/vkey",
    openapi_extra=operation(
        "vkey",
        "The log's verifier keys, one a line (C2SP)",
        callers=Callers.ANYONE,
        answers={200: document(TEXT, "The keys", media_type="text/plain")},
        problems=["bad-request"],
    ),
)
def read_vkey(request: Request, _: Annotated[None, Depends(anyone)]) -> Response:
    parameters(request, ())
    return Response("".join(f"{key}\n" for key in state_of(request).log_vkeys).encode(), media_type=_PLAIN)
