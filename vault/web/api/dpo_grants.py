"""The officer looks after the shares of one carnet, over the API, each time with a reason for the person.
The carnet by its number; never a name, never a value."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from consent.grants import Grant
from consent.lifecycle import By, Move
from schemas.faults import Checker
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState
from vault.carnet.references import read_reference
from vault.services.managing import end_of
from vault.services.overriding import REASONS, override_grant
from vault.services.parts import Parts
from vault.services.pausing import BadPauseError, end_pause, set_pause
from vault.services.suspending import LONGEST_WORDS, Why, resume_grant, suspend_grant
from vault.web.api.answers import Document, answered, instant, instant_or_null
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.shapes import ID, INSTANT, INSTANT_OR_NULL, TEXT, Schema, shape, words
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Dpo, dpo
from vault.web.problems import FaultsError, NotFoundError, Told
from vault.web.state import state_of

router = APIRouter(prefix=f"{V1}/dpo")
Officer = Annotated[Dpo, Depends(dpo)]
Body = Annotated[JSON, Depends(json_body)]

_NUMBER: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 40,
    "description": "the number of the carnet",
}
_WORDS: Schema = {"type": "string", "maxLength": LONGEST_WORDS, "description": "to the person"}
_WHY: Schema = {"enum": [one.value for one in REASONS]}
_DAY: Schema = {"type": ["string", "null"], "format": "date", "description": "the last day; null: no longer"}
WITH_WHY = shape({"carnet": _NUMBER, "why": _WHY, "words": _WORDS}, optional=["words"])
WITHOUT = shape({"carnet": _NUMBER})
PAUSE = shape({"carnet": _NUMBER, "until": _DAY, "words": _WORDS}, optional=["words"])
OVERSEEN = shape(
    {"grant_id": TEXT, "state": words(GrantState), "ends_at": INSTANT, "ended_at": INSTANT_OR_NULL}
)
PAUSED = shape({"until": INSTANT_OR_NULL})
_WITH_WHY, _WITHOUT, _PAUSE = Checker(WITH_WHY), Checker(WITHOUT), Checker(PAUSE)
_GRANT_ID = in_path("grant_id", "a grant of this carnet", ID)
_PROBLEMS = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]


def _moves(name: str, summary: str, body: Schema) -> Mapping[str, Any]:
    return operation(
        name,
        summary,
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_GRANT_ID],
        body=body,
        answers={200: document(OVERSEEN, "The grant as it now stands")},
        problems=_PROBLEMS,
        entries=1,
    )


@router.post(
    "/grants/{grant_id}/suspend",
    openapi_extra=dict(_moves("oversee_suspend", "Let a share stand still, with a reason", WITH_WHY)),
)
def post_suspend(request: Request, grant_id: str, me: Officer, body: Body) -> JSONResponse:
    parts, carnet_id, told = _asked(request, checked(body, _WITH_WHY))
    grant = suspend_grant(
        parts,
        carnet_id,
        GrantId(well_formed(grant_id)),
        by=By.DPO,
        why=Why(told["why"]),
        words=told.get("words", ""),
        actor=me.actor,
    )
    return answered(_document(grant))


@router.post(
    "/grants/{grant_id}/resume",
    openapi_extra=dict(_moves("oversee_resume", "Let a share that an officer suspended go on", WITHOUT)),
)
def post_resume(request: Request, grant_id: str, me: Officer, body: Body) -> JSONResponse:
    parts, carnet_id, _ = _asked(request, checked(body, _WITHOUT))
    wanted = GrantId(well_formed(grant_id))
    return answered(_document(resume_grant(parts, carnet_id, wanted, by=By.DPO, actor=me.actor)))


@router.post(
    "/grants/{grant_id}/revoke",
    openapi_extra=dict(_moves("oversee_revoke", "End a share that must stop, with a reason", WITH_WHY)),
)
def post_revoke(request: Request, grant_id: str, me: Officer, body: Body) -> JSONResponse:
    return _ended(request, grant_id, me, body, Move.REVOKE)


@router.post(
    "/grants/{grant_id}/invalidate",
    openapi_extra=dict(_moves("oversee_invalidate", "End a share that should never have been", WITH_WHY)),
)
def post_invalidate(request: Request, grant_id: str, me: Officer, body: Body) -> JSONResponse:
    return _ended(request, grant_id, me, body, Move.INVALIDATE)


def _ended(request: Request, grant_id: str, me: Dpo, body: JSON, move: Move) -> JSONResponse:
    parts, carnet_id, told = _asked(request, checked(body, _WITH_WHY))
    wanted, why = GrantId(well_formed(grant_id)), Why(told["why"])
    said = told.get("words", "")
    return answered(
        _document(override_grant(parts, carnet_id, wanted, move, why=why, words=said, actor=me.actor))
    )


@router.post(
    "/pauses",
    openapi_extra=operation(
        "pause_requests",
        "Let nobody ask this person to share through a day, or again; she reads the words",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=PAUSE,
        answers={200: document(PAUSED, "Until when nobody may ask; null: one may")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_pause(request: Request, me: Officer, body: Body) -> JSONResponse:
    parts, carnet_id, told = _asked(request, checked(body, _PAUSE))
    if told["until"] is None:
        if not end_pause(parts, carnet_id, actor=me.actor):
            raise NotFoundError("no pause")
        return answered({"until": None})
    try:
        until = end_of(date.fromisoformat(told["until"]))
        pause = set_pause(parts, carnet_id, until=until, words=told.get("words", ""), actor=me.actor)
    except (ValueError, OverflowError):
        raise FaultsError([Told("/until", "Ce n’est pas un jour.")]) from None
    except BadPauseError:
        sentence = "Choisissez un jour dans l’année qui vient, et écrivez pourquoi."
        raise FaultsError([Told("/until", sentence)]) from None
    return answered({"until": instant(pause.until)})


def _asked(request: Request, told: Mapping[str, Any]) -> tuple[Parts, CarnetId, Mapping[str, Any]]:
    """Raises NotFoundError when no open carnet has this number."""
    parameters(request, ())
    parts = state_of(request).parts
    reference = read_reference(told["carnet"])
    carnet_id = parts.data.carnet_numbered(reference) if reference else None
    carnet = parts.data.carnet(carnet_id) if carnet_id else None
    if carnet is None or not carnet.open:
        raise NotFoundError("no open carnet of this number")
    return parts, carnet.carnet_id, told


def _document(grant: Grant) -> Document:
    return {
        "grant_id": grant.id,
        "state": grant.state,
        "ends_at": instant(grant.terms.ends_at),
        "ended_at": instant_or_null(grant.ended_at),
    }
