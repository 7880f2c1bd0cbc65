"""The person's own carnet: read it, write in it, see who looked, take it away on paper."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from schemas.faults import Checker
from schemas.names import AnswerKind
from vault.services.own_carnet import list_accesses, read_own_carnet
from vault.services.writing import Answer, write_field
from vault.web.api.answers import PAGE, access_document, answered, carnet_document, entry_document, page
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation, query
from vault.web.api.params import after_index
from vault.web.api.shapes import WRITE_FIELD, page_of, ref
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Person, person, person_fresh
from vault.web.paper import printed
from vault.web.problems import FaultsError, Told
from vault.web.state import state_of

router = APIRouter(prefix=f"{V1}/me")
Owner = Annotated[Person, Depends(person)]

_WRITE = Checker(WRITE_FIELD)
_PDF = "application/pdf"


@router.get(
    "/carnet",
    openapi_extra=operation(
        "my_carnet",
        "The whole carnet, as she holds it now",
        callers=Callers.SIGNED_IN,
        answers={200: document(ref("Carnet"), "Her carnet")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_carnet(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    return answered(carnet_document(parts.catalogue, read_own_carnet(parts, me.owner, actor=me.actor)))


@router.put(
    "/fields/{field_id}",
    openapi_extra=operation(
        "write_field",
        "Write one answer: a value, or why there is none",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("field_id", "a field of the catalogue", ref("WritableField"))],
        body=ref("WriteField"),
        answers={200: document(ref("Entry"), "The entry as it now stands")},
        problems=["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def put_field(
    request: Request, field_id: str, me: Owner, body: Annotated[JSON, Depends(json_body)]
) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    told = checked(body, _WRITE)
    version = told.get("version")
    answer = Answer(
        parts.catalogue.field(field_id).id,
        value=told.get("value"),
        kind=AnswerKind(told.get("answer", AnswerKind.ANSWERED)),
        version=int(version) if version is not None else None,
    )
    return answered(entry_document(parts.catalogue, write_field(parts, me.owner, answer, actor=me.actor)))


@router.get(
    "/accesses",
    openapi_extra=operation(
        "my_accesses",
        "Who looked, newest first",
        callers=Callers.SIGNED_IN,
        parameters=[
            AFTER,
            query(
                "own",
                "1: her own consultations too; empty is as if it were not there",
                {"enum": ["", "0", "1"]},
            ),
        ],
        answers={200: document(page_of("Access"), "One page of accesses")},
        problems=["not-found", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def read_accesses(request: Request, me: Owner) -> JSONResponse:
    told = parameters(request, ["after", "own"])
    if told.get("own", "0") not in ("0", "1"):
        raise FaultsError([Told("/own", "Écrivez 1, ou ne donnez pas ce paramètre.")])
    parts = state_of(request).parts
    accesses, following = list_accesses(
        parts, me.owner, actor=me.actor, own=told.get("own") == "1", before=after_index(told), limit=PAGE
    )
    named = parts.data.structures({one.structure_id for one in accesses if one.structure_id})
    items = [access_document(one, named) for one in accesses]
    return answered(page(items, str(following) if following is not None else None))


@router.get(
    "/carnet.pdf",
    openapi_extra=operation(
        "my_carnet_pdf",
        "The carnet on paper (PDF/UA-1)",
        callers=Callers.SIGNED_IN,
        answers={200: {"description": "Her carnet", "content": {_PDF: {"schema": {"type": "string"}}}}},
        problems=[
            "fresh-sign-in-needed",
            "not-found",
            "too-many-requests",
            "log-unavailable",
            "pdf-unavailable",
        ],
        entries=1,
    ),
)
async def print_carnet(request: Request, me: Annotated[Person, Depends(person_fresh)]) -> Response:
    parameters(request, ())
    paper = await printed(state_of(request), me)
    return Response(
        paper, headers={"Content-Disposition": 'attachment; filename="carnet.pdf"'}, media_type=_PDF
    )
