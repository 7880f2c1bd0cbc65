"""Her words beside an entry, and what a professional answers. Whoever reads the entry gets both with it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from schemas.faults import Checker
from schemas.ids import CarnetId, EntryId, PurposeId
from vault.services.observing import maintain, observe, take_back
from vault.services.reading import AccessEnded, NotShared
from vault.services.replying import reply
from vault.web.admission import admit, who
from vault.web.api.answers import answered, observation_document
from vault.web.api.observations_shapes import ANSWER, MAINTAIN, OBSERVE, RETRACTED
from vault.web.api.operations import V1, Callers, document, in_path, operation, query
from vault.web.api.params import well_formed
from vault.web.api.shapes import ID, NOTHING, OBSERVATION, ref
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Person, Professional, person, professional
from vault.web.problems import AccessEndedError, NotFoundError
from vault.web.state import WebState, state_of

_WRITING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person)]
Body = Annotated[JSON, Depends(json_body)]

_OBSERVE, _MAINTAIN, _ANSWER = Checker(OBSERVE), Checker(MAINTAIN), Checker(ANSWER)
_OBSERVATION = in_path("observation_id", "an observation of hers", ID)


@router.post(
    "/me/entries/{entry_id}/observations",
    openapi_extra=operation(
        "observe_entry",
        "Put her own words beside an entry: published as they are, shown wherever the entry is",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("entry_id", "an entry of hers", ID)],
        body=OBSERVE,
        answers={201: document(OBSERVATION, "The observation. `version`: the one she read (409 otherwise)")},
        problems=_WRITING,
        entries=2,
    ),
)
def post_observation(request: Request, entry_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    told = checked(body, _OBSERVE)
    version = int(told["version"]) if "version" in told else None
    parts, wanted = state_of(request).parts, EntryId(well_formed(entry_id))
    made = observe(parts, me.owner, wanted, told["text"], actor=me.actor, version=version)
    return answered(observation_document(made), 201)


@router.post(
    "/me/observations/{observation_id}/maintain",
    openapi_extra=operation(
        "maintain_observation",
        "Say, after a reply, that her observation stands; 409 when nobody answered since she last spoke",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_OBSERVATION],
        body=MAINTAIN,
        answers={200: document(OBSERVATION, "The observation with all its replies")},
        problems=_WRITING,
        entries=2,
    ),
)
def post_maintain(request: Request, observation_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    text = checked(body, _MAINTAIN).get("text", "")
    parts, wanted = state_of(request).parts, EntryId(well_formed(observation_id))
    return answered(observation_document(maintain(parts, me.owner, wanted, text, actor=me.actor)))


@router.post(
    "/me/observations/{observation_id}/retract",
    openapi_extra=operation(
        "retract_observation",
        "Take an observation back: it and its replies are destroyed, for everybody and in every backup",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_OBSERVATION],
        body=NOTHING,
        body_required=False,
        answers={200: document(RETRACTED, "It is gone")},
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_retract(
    request: Request, observation_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    wanted = EntryId(well_formed(observation_id))
    take_back(state_of(request).parts, me.owner, wanted, actor=me.actor)
    return answered({"observation_id": wanted, "retracted": True})


@router.post(
    "/carnets/{carnet_id}/observations/{observation_id}/replies",
    openapi_extra=operation(
        "reply_to_observation",
        "Answer an observation on an entry that this professional reads. Never edited, never taken back",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[
            in_path("carnet_id", "a carnet", ID),
            in_path("observation_id", "an observation read with an entry", ID),
            query(
                "purpose", "for what he reads; without it, whichever of his reasons serves", ref("PurposeId")
            ),
        ],
        body=ANSWER,
        answers={201: document(OBSERVATION, "The observation with all its replies")},
        problems=["access-ended", *_WRITING],
        entries=2,
    ),
)
async def post_reply(
    request: Request,
    carnet_id: str,
    observation_id: str,
    me: Annotated[Professional, Depends(professional)],
    body: Body,
) -> JSONResponse:
    asked, told = parameters(request, ["purpose"]), checked(body, _ANSWER)
    state = state_of(request)
    purpose = state.parts.frame.purpose(asked["purpose"]).purpose_id if "purpose" in asked else None
    await admit(state, me.reader)
    ids = CarnetId(well_formed(carnet_id)), EntryId(well_formed(observation_id))
    return await run_in_threadpool(_replied, state, me, ids, told["text"], purpose)


def _replied(
    state: WebState, me: Professional, ids: tuple[CarnetId, EntryId], text: str, purpose: PurposeId | None
) -> JSONResponse:
    answer = reply(state.parts, me.reader, *ids, text, purpose_id=purpose)
    if isinstance(answer, NotShared | AccessEnded):
        state.limits.denied(who(me.reader))
        raise AccessEndedError if isinstance(answer, AccessEnded) else NotFoundError
    return answered(observation_document(answer.observation), 201)
