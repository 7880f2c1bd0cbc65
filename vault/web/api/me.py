"""The person's own carnet: read it, write in it, see who looked, take it away on paper."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from exporters import Variant
from schemas.faults import Checker
from schemas.names import AnswerKind
from vault.services.closing import blind_from, close_own
from vault.services.exporting import Printing
from vault.services.own_carnet import list_accesses, read_own_carnet
from vault.services.path_file import trace_path
from vault.services.writing import Answer, write_field
from vault.web.api.answers import PAGE, access_document, answered, carnet_document, entry_document, page
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation, query
from vault.web.api.params import after_index
from vault.web.api.shapes import CLOSE_CARNET, WRITE_FIELD, page_of, ref
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Person, person, person_fresh, person_or_helper_see, person_or_helper_write
from vault.web.paper import everything, printed
from vault.web.problems import FaultsError, Told
from vault.web.state import state_of

router = APIRouter(prefix=f"{V1}/me")
Owner = Annotated[Person, Depends(person)]
Seen = Annotated[Person, Depends(person_or_helper_see)]
Writer = Annotated[Person, Depends(person_or_helper_write)]

_WRITE = Checker(WRITE_FIELD)
_PDF, _ZIP = "application/pdf", "application/zip"
_CLOSE = Checker(CLOSE_CARNET)


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
def read_carnet(request: Request, me: Seen) -> JSONResponse:
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
    request: Request, field_id: str, me: Writer, body: Annotated[JSON, Depends(json_body)]
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
def read_accesses(request: Request, me: Seen) -> JSONResponse:
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
        "The carnet on paper (PDF/A-3a, PDF/UA-1), with the same for programs and its proof inside",
        callers=Callers.SIGNED_IN,
        parameters=[
            query(
                "variant",
                "large print, or an annex to a contract; empty is as if it were not there",
                {"enum": ["", *(one.value for one in Variant)]},
            )
        ],
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
    wanted = parameters(request, ["variant"]).get("variant", Variant.ORDINARY.value)
    if wanted not in {one.value for one in Variant}:
        raise FaultsError([Told("/variant", "Cette forme n’existe pas.")])
    paper = await printed(state_of(request), me, Printing(Variant(wanted)))
    return _attached(paper, "carnet.pdf", _PDF)


@router.get(
    "/path",
    openapi_extra=operation(
        "my_path",
        "What each side did: commitments, actions, meetings with every version, each with its proven line",
        callers=Callers.SIGNED_IN,
        answers={200: document(ref("Path"), "Canonical JSON: docs/formats/archive.md")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_path(request: Request, me: Seen) -> Response:
    parameters(request, ())
    path = trace_path(state_of(request).parts, me.owner, actor=me.actor)
    return Response(path.copy, media_type="application/json")


@router.get(
    "/everything.zip",
    openapi_extra=operation(
        "take_everything",
        "All of hers in one archive: carnet, versions, receipts, log with proofs",
        callers=Callers.SIGNED_IN,
        answers={200: {"description": "The archive", "content": {_ZIP: {"schema": {"type": "string"}}}}},
        problems=["fresh-sign-in-needed", "not-found", "too-many-requests", "log-unavailable"],
        entries=1,
    ),
)
async def take_all(request: Request, me: Annotated[Person, Depends(person_fresh)]) -> Response:
    parameters(request, ())
    return _attached(await everything(state_of(request), me), "carnet.zip", _ZIP)


@router.post(
    "/close",
    openapi_extra=operation(
        "close_carnet",
        "Close the carnet for good: it is erased in both stores, and so is every session of hers",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=ref("CloseCarnet"),
        answers={200: document(ref("Closed"), "From when on no copy opens it")},
        problems=["fresh-sign-in-needed", "wrong-caller", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_close(
    request: Request, me: Annotated[Person, Depends(person_fresh)], body: Annotated[JSON, Depends(json_body)]
) -> JSONResponse:
    parameters(request, ())
    checked(body, _CLOSE)
    parts = state_of(request).parts
    close_own(parts, me.owner, account_id=me.session.row.account_id, actor=me.actor)
    return answered({"closed": True, "blind_from": blind_from(parts).isoformat()})


def _attached(data: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, headers=headers, media_type=media_type)
