"""The data protection officer's desk: who accessed what and when, and the health of the log. Never a value,
never a person's name."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.ids import StructureId
from vault.services.overseeing import OverseenEntry, list_entries, log_health
from vault.web.api.answers import PAGE, answered, health_document, overseen_document, page
from vault.web.api.operations import AFTER, V1, Callers, document, operation
from vault.web.api.params import after_index
from vault.web.api.shapes import page_of, ref
from vault.web.bodies import parameters
from vault.web.guard import Dpo, WrongCallerError, dpo
from vault.web.problems import BadRequestError
from vault.web.state import state_of

router = APIRouter(prefix=f"{V1}/dpo")
Officer = Annotated[Dpo, Depends(dpo)]

LATER_FILTERS = ("from", "to", "structure_id", "professional_id", "carnet_id", "outcome")


@router.get(
    "/accesses",
    openapi_extra=operation(
        "accesses",
        "Every entry of the log about people, newest first",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(page_of("OverseenAccess"), "One page of entries; what expired is null")},
        problems=["invalid", "log-unavailable"],
        entries=1,
    ),
)
def read_accesses(request: Request, officer: Officer) -> JSONResponse:
    told = parameters(request, ["after", *LATER_FILTERS])
    for name in LATER_FILTERS:
        if name in told:
            raise BadRequestError(f"/{name}", "Ce filtre n’existe pas encore.")
    parts = state_of(request).parts
    try:
        entries, following = list_entries(parts, actor=officer.actor, before=after_index(told), limit=PAGE)
    except PermissionError:  # the habilitation ended between the guard and the log's lock
        raise WrongCallerError("no habilitation in force") from None
    named = parts.data.structures({found for one in entries for found in _structures(one)})
    numbers = parts.data.references(
        {one.about.carnet_id for one in entries if one.about and one.about.carnet_id}
    )
    items = [overseen_document(one, named, numbers) for one in entries]
    return answered(page(items, str(following) if following is not None else None))


def _structures(entry: OverseenEntry) -> set[StructureId]:
    told = (entry.about, entry.actor)
    return {one.structure_id for one in told if one is not None and one.structure_id is not None}


@router.get(
    "/log",
    openapi_extra=operation(
        "log_health",
        "The size of the log, its last checkpoint, cosignature and verification",
        callers=Callers.SIGNED_IN,
        answers={200: document(ref("LogHealth"), "The health of the log")},
    ),
)
def read_log(request: Request, _: Officer) -> JSONResponse:
    parameters(request, ())
    return answered(health_document(log_health(state_of(request).parts)))
