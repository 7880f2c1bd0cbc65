"""Requests to forget, for whoever answers them, and the notices to those who had read."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from consent.demands import DemandMove
from schemas.faults import Checker
from schemas.ids import DemandId
from vault.services import forget_desk
from vault.services.demand_seals import OpenedDemand
from vault.services.journal import Actor
from vault.services.recipients import acknowledge, notices_to
from vault.web.api.answers import answered, instant, instant_or_null, page
from vault.web.api.forgetting_documents import impact_document, line_document, moved_document
from vault.web.api.forgetting_shapes import ACKNOWLEDGED, ANSWER, EXTEND, IMPACT, LINES, MOVED, NOTICES
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.shapes import ID, NOTHING
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Dpo, Holder, Professional, dpo, holder, professional
from vault.web.pages.recipient_notices import note_look, told
from vault.web.state import state_of

_WRITING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]
_DEMAND = in_path("demand_id", "a request to forget", ID)

router = APIRouter(prefix=V1)
Answerer = Annotated[Professional, Depends(professional)]
Officer = Annotated[Dpo, Depends(dpo)]
Body = Annotated[JSON, Depends(json_body)]
Nothing = Annotated[None, Depends(no_body)]

_ANSWER, _EXTEND = Checker(ANSWER), Checker(EXTEND)


# --- whoever answers -------------------------------------------------------------------------------------


@router.get(
    "/forget-requests",
    openapi_extra=operation(
        "forget_requests",
        "The requests of those this professional follows, due first first: no word of anybody",
        callers=Callers.SIGNED_IN,
        answers={200: document(LINES, "All of them")},
    ),
)
def read_desk(request: Request, me: Answerer) -> JSONResponse:
    parameters(request, ())
    found = forget_desk.waiting_for(state_of(request).parts, me.reader)
    return answered(page([line_document(state_of(request).parts, one) for one in found], None))


@router.get(
    "/dpo/forget-requests",
    openapi_extra=operation(
        "dpo_forget_requests",
        "The requests that nobody else answers: no référent, late, or brought by the person",
        callers=Callers.SIGNED_IN,
        answers={200: document(LINES, "All of them")},
    ),
)
def read_officers(request: Request, me: Officer) -> JSONResponse:
    parameters(request, ())
    found = forget_desk.officers_list(state_of(request).parts, actor=me.actor)
    return answered(page([line_document(state_of(request).parts, one) for one in found], None))


def _of_one(name: str, who: str) -> dict[str, Any]:
    return operation(
        name,
        f"What hangs on one request, for {who}: never a value; the field only where he may read it",
        callers=Callers.SIGNED_IN,
        parameters=[_DEMAND],
        answers={200: document(IMPACT, "Who read it, what names it, her reason")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    )


def _to_answer(name: str, who: str) -> dict[str, Any]:
    return operation(
        name,
        f"Answer one request, as {who}: anything but a plain yes needs a reason, which she reads",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_DEMAND],
        body=ANSWER,
        answers={200: document(MOVED, "The answer stands; what is accepted is forgotten")},
        problems=_WRITING,
        entries=1,
    )


def _to_extend(name: str, who: str) -> dict[str, Any]:
    return operation(
        name,
        f"Two months more, as {who}: once, inside the first month, with a reason (GDPR article 12(3))",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_DEMAND],
        body=EXTEND,
        answers={200: document(MOVED, "The new last day")},
        problems=_WRITING,
        entries=1,
    )


@router.get("/forget-requests/{demand_id}", openapi_extra=_of_one("forget_request", "the référent"))
def read_one(request: Request, demand_id: str, me: Answerer) -> JSONResponse:
    parameters(request, ())
    wanted = DemandId(well_formed(demand_id))
    found = forget_desk.look_at_demand(
        state_of(request).parts, wanted, actor=me.reader.actor, reader=me.reader
    )
    return answered(impact_document(state_of(request).parts, found))


@router.get("/dpo/forget-requests/{demand_id}", openapi_extra=_of_one("dpo_forget_request", "the officer"))
def read_officers_one(request: Request, demand_id: str, me: Officer) -> JSONResponse:
    parameters(request, ())
    wanted = DemandId(well_formed(demand_id))
    found = forget_desk.look_at_demand(state_of(request).parts, wanted, actor=me.actor, reader=None)
    return answered(impact_document(state_of(request).parts, found))


@router.post(
    "/forget-requests/{demand_id}/answer", openapi_extra=_to_answer("answer_forget_request", "the référent")
)
def post_answer(request: Request, demand_id: str, me: Answerer, body: Body) -> JSONResponse:
    return _answer(request, demand_id, checked(body, _ANSWER), me.reader.actor)


@router.post(
    "/dpo/forget-requests/{demand_id}/answer",
    openapi_extra=_to_answer("dpo_answer_forget_request", "the officer"),
)
def post_officers_answer(request: Request, demand_id: str, me: Officer, body: Body) -> JSONResponse:
    return _answer(request, demand_id, checked(body, _ANSWER), me.actor)


@router.post(
    "/forget-requests/{demand_id}/extend", openapi_extra=_to_extend("extend_forget_request", "the référent")
)
def post_extend(request: Request, demand_id: str, me: Answerer, body: Body) -> JSONResponse:
    return _change(request, demand_id, checked(body, _EXTEND), me.reader.actor, forget_desk.extend_demand)


@router.post(
    "/dpo/forget-requests/{demand_id}/extend",
    openapi_extra=_to_extend("dpo_extend_forget_request", "the officer"),
)
def post_officers_extend(request: Request, demand_id: str, me: Officer, body: Body) -> JSONResponse:
    return _change(request, demand_id, checked(body, _EXTEND), me.actor, forget_desk.extend_demand)


def _answer(request: Request, demand_id: str, told: Mapping[str, Any], actor: Actor) -> JSONResponse:
    parameters(request, ())
    parts, wanted = state_of(request).parts, DemandId(well_formed(demand_id))
    move, words = DemandMove(told["answer"]), told.get("reason", "")
    return answered(moved_document(forget_desk.answer_demand(parts, wanted, move, words, actor=actor)))


def _change(
    request: Request,
    demand_id: str,
    body: Mapping[str, Any],
    actor: Actor,
    change: Callable[..., OpenedDemand],
) -> JSONResponse:
    parameters(request, ())
    parts, wanted = state_of(request).parts, DemandId(well_formed(demand_id))
    return answered(moved_document(change(parts, wanted, body["reason"], actor=actor)))


# --- whoever had read ------------------------------------------------------------------------------------


@router.get(
    "/recipient-notices",
    openapi_extra=operation(
        "recipient_notices",
        "What this structure had read and was forgotten since (GDPR article 19), not confirmed first",
        callers=Callers.SIGNED_IN,
        answers={200: document(NOTICES, "The last hundred")},
        problems=["log-unavailable"],
        entries=1,
    ),
)
def read_notices(request: Request, me: Annotated[Holder, Depends(holder)]) -> JSONResponse:
    parameters(request, ())
    parts, row = state_of(request).parts, told(me)
    note_look(parts, me, row)
    found = [
        {
            "notice_id": one.row.notice_id,
            "carnet_id": one.row.carnet_id,
            "field_id": one.field_id,
            "made_at": instant(one.row.made_at),
            "acknowledged_at": instant_or_null(one.acknowledged_at),
        }
        for one in notices_to(parts, row.structure_id)
    ]
    return answered(page(found, None))


@router.post(
    "/recipient-notices/{notice_id}/acknowledge",
    openapi_extra=operation(
        "acknowledge_notice",
        "Say that this structure did as much with its own copies; the person sees it",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("notice_id", "a notice to this structure", ID)],
        body=NOTHING,
        body_required=False,
        answers={200: document(ACKNOWLEDGED, "It is noted")},
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_acknowledge(
    request: Request, notice_id: str, me: Annotated[Holder, Depends(holder)], _: Nothing
) -> JSONResponse:
    parameters(request, ())
    told(me)
    acknowledge(state_of(request).parts, well_formed(notice_id), actor=me.actor)
    return answered({"notice_id": notice_id, "acknowledged": True})
