"""Requests to share: a structure asks, a person answers.

Who asks is told one thing, always the same (202), whether the carnet exists, whether she refused, whether a
pause stands; what concerns the request alone is told first, alike for every carnet (422).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from schemas.faults import Checker
from schemas.fields import UnknownFieldError
from schemas.ids import CarnetId, CompartmentId, PurposeId
from vault.carnet.references import read_reference
from vault.services import answering_requests
from vault.services.answering_requests import accept_request, defer_request, find_request, refuse_request
from vault.services.askers import Asked, Asker, asked_by, askers
from vault.services.parts import Parts
from vault.services.receipts_kept import receipt_of_grant
from vault.services.requesting import Demand, ask_to_share
from vault.services.tokens import client_of
from vault.web.afterwards import then_new_keys
from vault.web.api.answers import answered as answer
from vault.web.api.answers import given_document, instant, instant_or_null, page
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation
from vault.web.api.params import slice_after, well_formed
from vault.web.api.requests_shapes import ACCEPT, ASK
from vault.web.api.shapes import ID, NOTHING, page_of, ref
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import NotSignedInError, Person, Professional, System, grantee, person_or_helper_share
from vault.web.problems import FaultsError, Told
from vault.web.state import WebState, state_of

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person_or_helper_share)]

_ASK, _ACCEPT = Checker(ASK), Checker(ACCEPT)
_ANSWERING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]


@router.post(
    "/grant-requests",
    openapi_extra=operation(
        "ask_to_share",
        "Ask a person to share. The answer is the same whatever becomes of it, and nothing more can be asked",
        callers=Callers.GRANTEE_UNSAFE,
        body=ref("AskToShare"),
        answers={202: document(ref("Asked"), "The request is well formed")},
        problems=["content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
async def post_request(
    request: Request,
    caller: Annotated[Professional | System, Depends(grantee)],
    body: Annotated[JSON, Depends(json_body)],
) -> JSONResponse:
    parameters(request, ())
    return await run_in_threadpool(_asked, state_of(request), caller, checked(body, _ASK))


def _asked(state: WebState, caller: Professional | System, told: Mapping[str, Any]) -> JSONResponse:
    if isinstance(caller, System) and client_of(state.parts, caller.token.client_id) is None:
        raise NotSignedInError("this system is no longer in force")
    state.limits.ask(caller.reader.structure_id)
    reference = read_reference(told["reference"]) if "reference" in told else None
    if "reference" in told and reference is None:
        raise FaultsError([Told("/reference", "Ce numéro de carnet contient une faute.")])
    demand = Demand(
        carnet_id=CarnetId(well_formed(told["carnet_id"])) if "carnet_id" in told else None,
        reference=reference,
        purpose_id=PurposeId(told["purpose_id"]),
        compartments=compartments_of(state.parts, told["fields"]),
        days=int(told["days"]),
        reason=told["reason"],
        receiver=told.get("for"),
    )
    return answer({"request_id": ask_to_share(state.parts, caller.reader, demand)}, 202)


def compartments_of(parts: Parts, told: list[str]) -> tuple[CompartmentId, ...]:
    """Raises FaultsError naming each one the catalogue does not know."""
    found, faults = [], []
    for place, name in enumerate(told):
        try:
            found.append(parts.catalogue.compartment(name).id)
        except UnknownFieldError:
            faults.append(Told(f"/fields/{place}", "Cette information n’est pas au catalogue."))
    if faults:
        raise FaultsError(faults)
    return tuple(found)


# --- the person ------------------------------------------------------------------------------------------


@router.get(
    "/me/requests",
    openapi_extra=operation(
        "my_requests",
        "What she was asked to share, newest first, answered requests too",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(page_of("GrantRequest"), "One page of requests")},
        problems=["not-found", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def read_requests(request: Request, me: Owner) -> JSONResponse:
    told = parameters(request, ["after"])
    parts = state_of(request).parts
    every = list(answering_requests.list_requests(parts, me.owner, actor=me.actor))
    chosen, following = slice_after(every, [one.request_id for one in every], told.get("after"))
    structures = parts.data.structures({one.terms.structure_id for one in chosen})
    names = {one: row.name for one, row in structures.items()}
    who = askers(parts, [one.terms for one in chosen])
    return answer(page([_document(parts, one, names, who) for one in chosen], following))


@router.post(
    "/me/requests/{request_id}/accept",
    openapi_extra=operation(
        "accept_request",
        "Share what was asked, or less: some fields, fewer days. A special field is shared only when named",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("request_id", "a request made to her", ID)],
        body=ref("AcceptRequest"),
        answers={200: document(ref("GrantGiven"), "The grant")},
        problems=_ANSWERING,
        entries=1,
    ),
)
def post_accept(
    request: Request, request_id: str, me: Owner, body: Annotated[JSON, Depends(json_body)]
) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _ACCEPT)
    found = _find(parts, me, request_id)
    chosen = compartments_of(parts, told["fields"]) if "fields" in told else None
    wish = answering_requests.wish_of(parts, found, compartments=chosen, days=told.get("days"))
    grant = accept_request(parts, me.owner, found, wish, actor=me.actor)
    given = given_document(grant) | {"receipt_id": receipt_of_grant(parts, grant)}
    return then_new_keys(answer(given), parts, me)


@router.post(
    "/me/requests/{request_id}/refuse",
    openapi_extra=operation(
        "refuse_request",
        "Say no. Nobody but her learns it; the same is not asked again for 90 days",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("request_id", "a request made to her", ID)],
        body=NOTHING,
        body_required=False,
        answers={200: document(ref("RequestAnswered"), "Answered")},
        problems=_ANSWERING,
        entries=1,
    ),
)
def post_refuse(
    request: Request, request_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    refuse_request(parts, me.owner, _find(parts, me, request_id), actor=me.actor)
    return answer({"request_id": request_id, "state": "refused"})


@router.post(
    "/me/requests/{request_id}/defer",
    openapi_extra=operation(
        "defer_request",
        "Answer later. She is reminded once; without an answer the request lapses",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("request_id", "a request made to her", ID)],
        body=NOTHING,
        body_required=False,
        answers={200: document(ref("RequestAnswered"), "Deferred")},
        problems=_ANSWERING,
        entries=1,
    ),
)
def post_defer(
    request: Request, request_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    defer_request(parts, me.owner, _find(parts, me, request_id), actor=me.actor)
    return answer({"request_id": request_id, "state": "deferred"})


def _find(parts: Parts, me: Person, request_id: str) -> answering_requests.Request:
    """Nothing that anybody wrote is told: the answer has its own entry. Raises NoSuchRequestError."""
    return find_request(answering_requests.asked_of_her(parts, me.owner), well_formed(request_id))


def _document(
    parts: Parts, one: answering_requests.Request, names: Mapping[Any, str], who: Mapping[Asked, Asker]
) -> dict[str, Any]:
    terms, purpose = one.terms, parts.frame.purpose(one.terms.purpose_id)
    asker = who[asked_by(terms)]
    return {
        "request_id": terms.request_id,
        "state": str(one.state),
        "structure": names.get(terms.structure_id, ""),
        "structure_id": terms.structure_id,
        "professional_id": None if terms.asked_by_system else terms.asked_by,
        "asked_by": {"system": asker.system, "name": asker.name, "role": asker.role and str(asker.role)},
        "function": terms.function,
        "purpose_id": terms.purpose_id,
        "legal_basis": str(purpose.legal_basis),
        "fields": list(terms.compartments),
        "special_fields": [name for name in terms.compartments if name in purpose.special],
        "days": terms.days,
        "reason": one.reason,
        "asked_at": instant(terms.asked_at),
        "ends_at": instant(one.ends_at),
        "answered_at": instant_or_null(one.answered_at),
    }
