"""To protect a life, over the API: what she lets be read, two professionals, the officer's verdict.

The same two people as on the pages, each in a session of her own: no system, no token, and what is refused
gives the same answer whatever the number leads to.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from schemas.faults import Checker
from vault.carnet.references import shown
from vault.services import break_glass, reviewing
from vault.services.break_glass import OPEN, BadAskError, TooLateError, TooManyAsksError
from vault.services.own_carnet import Access
from vault.services.parts import Parts
from vault.services.reading import FieldsView, SharedRead
from vault.services.reviewing import Review
from vault.services.sharing_rows import EmergencyRow
from vault.web.admission import admit
from vault.web.api.answers import (
    Document,
    access_document,
    answered,
    instant,
    instant_or_null,
    shared_document,
)
from vault.web.api.emergencies_shapes import (
    ASK,
    CHOICE,
    CHOOSE,
    EMERGENCY,
    LINE,
    LINES,
    OPENED,
    OWN_EMERGENCIES,
    REVIEW,
    REVIEWED_ONE,
    WAITING_LIST,
    WHY,
)
from vault.web.api.operations import V1, Callers, document, in_path, operation, query
from vault.web.api.params import well_formed
from vault.web.api.requests import compartments_of
from vault.web.api.shapes import ID, NOTHING
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Dpo, Person, Professional, WrongCallerError, dpo, person, professional
from vault.web.limits import TooManyError
from vault.web.problems import FaultsError, NotFoundError, Told
from vault.web.state import state_of

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person)]
Caller = Annotated[Professional, Depends(professional)]
Officer = Annotated[Dpo, Depends(dpo)]
Body = Annotated[JSON, Depends(json_body)]
Nothing = Annotated[None, Depends(no_body)]

A_DAY = 86_400
_ASK, _CHOOSE, _REVIEW = Checker(ASK), Checker(CHOOSE), Checker(REVIEW)
_PROBLEMS = ["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"]
_LOOKING = ["not-found", "log-unavailable"]
_ID = in_path("emergency_id", "an emergency", ID)
_FAULTS = {
    "/reference": "Ce numéro n’est pas un numéro de carnet.",
    "/reason": "Dites en une ou deux phrases quel danger vous voyez. Écrivez entre 20 et 1\u202f000 signes.",
}


# --- two professionals -----------------------------------------------------------------------------------


@router.post(
    "/emergencies",
    openapi_extra=operation(
        "ask_in_emergency",
        "The first of two professionals asks. The answer is the same whatever the number leads to",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=ASK,
        answers={202: document(EMERGENCY, "It waits for another of the same structure until `ends_at`")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_ask(request: Request, me: Caller, body: Body) -> JSONResponse:
    parameters(request, ())
    told = checked(body, _ASK)
    try:
        row = break_glass.ask(state_of(request).parts, me.reader, told["reference"], told["reason"])
    except BadAskError as fault:
        raise FaultsError([Told(fault.pointer, _FAULTS[fault.pointer])]) from None
    except TooManyAsksError:
        raise TooManyError(A_DAY) from None
    return answered(_stands(row), 202)


@router.get(
    "/emergencies",
    openapi_extra=operation(
        "waiting_emergencies",
        "Those of the caller's structure that wait for a second, or are open to the caller. No number",
        callers=Callers.SIGNED_IN,
        answers={200: document(WAITING_LIST, "`mine`: the caller asked it, and another confirms")},
        problems=["not-found"],
    ),
)
def read_waiting(request: Request, me: Caller) -> JSONResponse:
    parameters(request, ())
    rows = break_glass.list_waiting(state_of(request).parts, me.reader)
    mine = me.habilitation.professional_id
    return answered({"items": [_stands(row) | {"mine": row.asked_by == mine} for row in rows]})


@router.get(
    "/emergencies/{emergency_id}",
    openapi_extra=operation(
        "read_emergency_reason",
        "What the second reads before confirming",
        callers=Callers.SIGNED_IN,
        parameters=[_ID],
        answers={200: document(WHY, "The number and the reason, as the first wrote them")},
        problems=_LOOKING,
        entries=1,
    ),
)
def read_reason(request: Request, emergency_id: str, me: Caller) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    try:
        row, told = break_glass.read_reason(parts, me.reader, well_formed(emergency_id))
    except TooLateError:
        raise NotFoundError("no longer waiting") from None
    return answered(
        {
            "emergency_id": row.emergency_id,
            "reference": told.reference,
            "reason": told.reason,
            "asked_at": instant(row.asked_at),
            "ends_at": instant(row.ends_at),
            "minutes": break_glass.emergency_of(parts).minutes,
        }
    )


@router.post(
    "/emergencies/{emergency_id}/confirm",
    openapi_extra=operation(
        "confirm_emergency",
        "The second says yes. **404** when there was nothing to open, too late, or not his to confirm",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_ID],
        body=NOTHING,
        body_required=False,
        answers={200: document(EMERGENCY, "Open to the two until `ends_at`; the person is told")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_confirm(request: Request, emergency_id: str, me: Caller, _: Nothing) -> JSONResponse:
    parameters(request, ())
    try:
        row = break_glass.confirm(state_of(request).parts, me.reader, well_formed(emergency_id))
    except TooLateError:
        raise NotFoundError("no longer waiting") from None
    if row.state != OPEN:
        raise NotFoundError("nothing to open")
    return answered(_stands(row))


@router.get(
    "/emergencies/{emergency_id}/fields",
    openapi_extra=operation(
        "read_in_emergency",
        "What she let be read, for one of the two, within the minutes",
        callers=Callers.SIGNED_IN,
        parameters=[_ID],
        answers={200: document(OPENED, "`read`: as any read")},
        problems=["not-found", "too-many-requests", "log-unavailable"],
        entries=1,
    ),
)
async def read_opened(request: Request, emergency_id: str, me: Caller) -> JSONResponse:
    """Through the batches, the decisions and the log of every other read."""
    parameters(request, ())
    state, wanted = state_of(request), well_formed(emergency_id)
    await admit(state, me.reader)
    try:
        reader, row = await run_in_threadpool(break_glass.reader_of, state.parts, me.reader, wanted)
    except TooLateError:
        raise NotFoundError("over") from None
    purpose = break_glass.emergency_of(state.parts).purpose
    asked = SharedRead(reader, row.carnet_id, purpose.purpose_id, purpose.compartments)
    view = await state.reads.ask(asked)
    if not isinstance(view, FieldsView):
        raise NotFoundError("over")
    told = {"emergency_id": row.emergency_id, "ends_at": instant(row.ends_at)}
    return answered(told | {"read": shared_document(view)})


# --- the person ------------------------------------------------------------------------------------------


@router.get(
    "/me/emergency",
    openapi_extra=operation(
        "emergency_choice",
        "What she lets be read in an emergency, and what she could",
        callers=Callers.SIGNED_IN,
        answers={200: document(CHOICE, "Without a `grant_id`, nothing can be opened at all")},
        problems=["not-found"],
    ),
)
def read_choice(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    return answered(_choice(state_of(request).parts, me))


@router.put(
    "/me/emergency",
    openapi_extra=operation(
        "choose_for_emergency",
        "Let these be read in an emergency, in place of what she let before; end it as any grant",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=CHOOSE,
        answers={200: document(CHOICE, "What she lets now; a special field only when named here")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def put_choice(request: Request, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    break_glass.emergency_of(parts)
    fields = compartments_of(parts, checked(body, _CHOOSE)["fields"])
    break_glass.allow(parts, me.owner, fields, actor=me.actor)
    return answered(_choice(parts, me))


@router.get(
    "/me/emergencies",
    openapi_extra=operation(
        "my_emergencies",
        "Each time somebody asked to open her carnet in an emergency, why, and what was read",
        callers=Callers.SIGNED_IN,
        answers={
            200: document(
                OWN_EMERGENCIES,
                "`vouched` false: the row was altered; `unexplained`: read, and no sound row says why",
            )
        },
        problems=_LOOKING,
        entries=1,
    ),
)
def read_own(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    found = reviewing.list_own(parts, me.owner, actor=me.actor)
    items = [_times(parts, one.row) | _told(parts, one) for one in found.reviews]
    return answered({"items": items, "unexplained": _accesses(parts, found.unexplained)})


# --- the officer -----------------------------------------------------------------------------------------


@router.get(
    "/dpo/emergencies",
    openapi_extra=operation(
        "emergencies",
        "Those that wait for a verdict, or that got one: times and structures, nothing opened",
        callers=Callers.SIGNED_IN,
        parameters=[query("reviewed", "1: those that got a verdict", {"enum": ["", "0", "1"]})],
        answers={200: document(LINES, "The latest fifty; `reference` null: erased, or never a carnet")},
        problems=["invalid"],
    ),
)
def read_list(request: Request, _: Officer) -> JSONResponse:
    told = parameters(request, ["reviewed"]).get("reviewed", "0")
    if told not in ("0", "1"):
        raise FaultsError([Told("/reviewed", "Écrivez 1, ou ne donnez pas ce paramètre.")])
    parts = state_of(request).parts
    rows = reviewing.list_emergencies(parts, reviewed=told == "1")
    return answered({"items": [_times(parts, row) | _reference(parts, row) for row in rows]})


@router.get(
    "/dpo/emergencies/{emergency_id}",
    openapi_extra=operation(
        "emergency",
        "One emergency: why, by whom, what was read; never a value",
        callers=Callers.SIGNED_IN,
        parameters=[_ID],
        answers={200: document(REVIEWED_ONE, "The emergency")},
        problems=_LOOKING,
        entries=1,
    ),
)
def read_one(request: Request, emergency_id: str, me: Officer) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    try:
        found = reviewing.read_emergency(parts, well_formed(emergency_id), actor=me.actor)
    except PermissionError:
        raise WrongCallerError("no habilitation in force") from None
    row = found.row
    people = {"asked_by": row.asked_by, "approved_by": row.approved_by}
    return answered(_times(parts, row) | _told(parts, found) | _reference(parts, row) | people)


@router.post(
    "/dpo/emergencies/{emergency_id}/review",
    openapi_extra=operation(
        "review_emergency",
        "The verdict, which the person reads. Unjustified: it ends, and neither of the two may ask again",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_ID],
        body=REVIEW,
        answers={200: document(LINE, "As it now stands")},
        problems=["conflict", *_PROBLEMS],
        entries=1,
    ),
)
def post_review(request: Request, emergency_id: str, me: Officer, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _REVIEW)
    words = " ".join(told.get("words", "").split())
    justified = told["verdict"] == reviewing.JUSTIFIED
    try:
        row = reviewing.review(
            parts, well_formed(emergency_id), justified=justified, words=words, actor=me.actor
        )
    except PermissionError:
        raise WrongCallerError("no habilitation in force") from None
    return answered(_times(parts, row) | _reference(parts, row))


# --- documents -------------------------------------------------------------------------------------------


def _stands(row: EmergencyRow) -> Document:
    times = {"asked_at": instant(row.asked_at), "ends_at": instant(row.ends_at)}
    return {"emergency_id": row.emergency_id, "state": row.state, **times}


def _times(parts: Parts, row: EmergencyRow) -> Document:
    there = parts.data.structure(row.structure_id)
    return _stands(row) | {
        "structure": there.name if there else None,
        "structure_id": row.structure_id,
        "opened_at": instant_or_null(row.opened_at),
        "reviewed_at": instant_or_null(row.reviewed_at),
    }


def _told(parts: Parts, one: Review) -> Document:
    return {
        "reason": one.told.reason,
        "verdict": one.told.verdict or None,
        "words": one.told.words,
        "vouched": one.vouched,
        "reads": _accesses(parts, one.reads),
    }


def _accesses(parts: Parts, accesses: Sequence[Access]) -> list[Document]:
    named = parts.data.structures({one.structure_id for one in accesses if one.structure_id})
    return [access_document(one, named) for one in accesses]


def _reference(parts: Parts, row: EmergencyRow) -> Document:
    number = parts.data.references([row.carnet_id]).get(row.carnet_id)
    return {"reference": shown(number) if number else None}


def _choice(parts: Parts, me: Person) -> Document:
    """No value: what she chose, as `GET /me/grants` says it too. Raises NoEmergencyError."""
    emergency = break_glass.emergency_of(parts)
    purpose, grant = emergency.purpose, break_glass.allowed_by(parts, me.owner.carnet_id)
    return {
        "grant_id": grant.id if grant else None,
        "fields": list(grant.terms.compartments) if grant else [],
        "ends_at": instant_or_null(grant.terms.ends_at if grant else None),
        "possible_fields": list(purpose.ordinary),
        "special_fields": list(purpose.special),
        "structure_kinds": [str(kind) for kind in purpose.structure_kinds],
        "minutes": emergency.minutes,
    }
