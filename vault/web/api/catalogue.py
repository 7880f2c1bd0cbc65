"""What a carnet may hold and what sharing is for: the catalogue and the frame, open to anyone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from vault.web.api.answers import answered, field_document, page, purpose_document
from vault.web.api.operations import AFTER, V1, Callers, document, operation
from vault.web.api.params import slice_after
from vault.web.api.shapes import page_of
from vault.web.bodies import parameters
from vault.web.guard import anyone
from vault.web.state import state_of

router = APIRouter(prefix=V1)


@router.get(
    "/catalogue",
    openapi_extra=operation(
        "catalogue",
        "The information a carnet may hold, one line for each compartment",
        callers=Callers.ANYONE,
        parameters=[AFTER],
        answers={200: document(page_of("CatalogueField"), "One page of the catalogue")},
        problems=["bad-request", "invalid"],
    ),
)
def read_catalogue(request: Request, _: Annotated[None, Depends(anyone)]) -> JSONResponse:
    catalogue = state_of(request).parts.catalogue
    every = catalogue.compartments()
    told = parameters(request, ["after"])
    chosen, following = slice_after(every, [one.id for one in every], told.get("after"))
    return answered(page([field_document(catalogue, one) for one in chosen], following))


@router.get(
    "/purposes",
    openapi_extra=operation(
        "purposes",
        "What sharing may be for, with whom, how much and how long at most",
        callers=Callers.ANYONE,
        parameters=[AFTER],
        answers={200: document(page_of("Purpose"), "One page of purposes")},
        problems=["bad-request", "invalid"],
    ),
)
def read_purposes(request: Request, _: Annotated[None, Depends(anyone)]) -> JSONResponse:
    every = state_of(request).parts.frame.purposes
    told = parameters(request, ["after"])
    chosen, following = slice_after(every, [one.purpose_id for one in every], told.get("after"))
    return answered(page([purpose_document(one) for one in chosen], following))
