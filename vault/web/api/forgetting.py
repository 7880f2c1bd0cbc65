"""The right to be forgotten over the API: the person asks, turns to the officer, keeps the certificate."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from schemas.faults import Checker
from schemas.ids import DemandId, EntryId
from vault.services import certificates, forget_desk, forgetting
from vault.services.forget_part import keep_last
from vault.web.api.answers import answered, entry_document, page
from vault.web.api.forgetting_documents import demand_document, moved_document
from vault.web.api.forgetting_shapes import DEMAND, DEMANDS, MOVED, WITH_REASON
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.receipts import JOSE
from vault.web.api.shapes import ID, NOTHING, TEXT, ref
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Person, person
from vault.web.problems import NotFoundError
from vault.web.state import state_of

_WRITING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]
_DEMAND = in_path("demand_id", "a request to forget", ID)

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person)]
Body = Annotated[JSON, Depends(json_body)]
Nothing = Annotated[None, Depends(no_body)]

_REASON = Checker(WITH_REASON)


# --- hers ------------------------------------------------------------------------------------------------


@router.post(
    "/me/entries/{entry_id}/forget-requests",
    openapi_extra=operation(
        "ask_to_forget",
        "Ask her référent that one entry be forgotten; what nobody else ever read is forgotten at once",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("entry_id", "an entry of hers", ID)],
        body=WITH_REASON,
        answers={201: document(DEMAND, "The request as it stands; `conflict` when she asked already")},
        problems=_WRITING,
        entries=2,
    ),
)
def post_request(request: Request, entry_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, words = state_of(request).parts, checked(body, _REASON).get("reason", "")
    demand = forgetting.ask_to_forget(parts, me.owner, EntryId(well_formed(entry_id)), words, actor=me.actor)
    return answered(demand_document(parts, demand), 201)


@router.get(
    "/me/forget-requests",
    openapi_extra=operation(
        "my_forget_requests",
        "Her requests to forget, newest first: where each stands, who had read, who confirmed",
        callers=Callers.SIGNED_IN,
        answers={200: document(DEMANDS, "All of them")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_requests(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    found = forgetting.own_demands(parts, me.owner, actor=me.actor)
    return answered(page([demand_document(parts, one) for one in found], None))


@router.post(
    "/me/forget-requests/{demand_id}/escalate",
    openapi_extra=operation(
        "escalate_forget_request",
        "Turn to the data protection officer: after a refusal, a partial answer, or when the time is over",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_DEMAND],
        body=WITH_REASON,
        answers={200: document(MOVED, "It is the officer's now")},
        problems=_WRITING,
        entries=1,
    ),
)
def post_escalate(request: Request, demand_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    words = checked(body, _REASON).get("reason", "")
    parts, wanted = state_of(request).parts, DemandId(well_formed(demand_id))
    return answered(moved_document(forget_desk.escalate(parts, me.owner, wanted, words, actor=me.actor)))


@router.post(
    "/me/forget-requests/{demand_id}/keep-last",
    openapi_extra=operation(
        "keep_last_version",
        "After a partial answer: keep the last version as an entry of its own, forget what was said before",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_DEMAND],
        body=NOTHING,
        body_required=False,
        answers={200: document(ref("Entry"), "The entry that is kept")},
        problems=_WRITING,
        entries=4,
    ),
)
def post_keep_last(request: Request, demand_id: str, me: Owner, _: Nothing) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    entry = keep_last(parts, me.owner, DemandId(well_formed(demand_id)), actor=me.actor)
    return answered(entry_document(parts.catalogue, entry))


@router.get(
    "/me/forget-requests/{demand_id}/certificate",
    openapi_extra=operation(
        "forget_certificate",
        "The signed certificate of erasure (compact JWS); absent until the log is signed over it",
        callers=Callers.SIGNED_IN,
        parameters=[_DEMAND],
        answers={200: document(TEXT, "The certificate", media_type=JOSE)},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_certificate(request: Request, demand_id: str, me: Owner) -> Response:
    parameters(request, ())
    wanted = DemandId(well_formed(demand_id))
    demand = forgetting.own_demand(state_of(request).parts, me.owner, wanted, actor=me.actor)
    jws = certificates.certificate_of(demand)
    if jws is None:
        raise NotFoundError("no certificate of this demand")
    return Response(jws, media_type=JOSE)
