"""Volets: what her référent validates as one, by the entries and versions he read."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from schemas.faults import Checker
from schemas.ids import CarnetId, PurposeId
from vault.services.reading import AccessEnded, NotShared
from vault.services.understanding import look_at_own_volets, understand
from vault.services.validating import OfficeVolets, look_at_volets, validate
from vault.services.volets import Validation, VoletState
from vault.web.admission import admit, who
from vault.web.api.answers import answered, instant, instant_or_null
from vault.web.api.operations import V1, Callers, document, in_path, operation, query
from vault.web.api.params import well_formed
from vault.web.api.shapes import ID, TEXT, ref
from vault.web.api.volets_shapes import OFFICE_VOLETS, OWN_VOLETS, UNDERSTAND, VALIDATE, VOUCHED
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Person, Professional, person, professional
from vault.web.problems import AccessEndedError, NotFoundError
from vault.web.state import WebState, state_of

_ACTING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person)]
Referent = Annotated[Professional, Depends(professional)]
Body = Annotated[JSON, Depends(json_body)]

_UNDERSTAND, _VALIDATE = Checker(UNDERSTAND), Checker(VALIDATE)
_CARNET = in_path("carnet_id", "a carnet whose référent he is", ID)
_PURPOSE = query(
    "purpose", "for what he reads; without it, whichever of his reasons serves", ref("PurposeId")
)


@router.get(
    "/me/volets",
    openapi_extra=operation(
        "my_volets",
        "What her référent validated, what changed since, what she understood",
        callers=Callers.SIGNED_IN,
        answers={
            200: document(OWN_VOLETS, "Each volet. `changed`: entries written since; `gone`: how many left")
        },
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_own(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    found = look_at_own_volets(state_of(request).parts, me.owner, actor=me.actor)
    return answered({"items": [volet_document(one) for one in found.states]})


@router.post(
    "/me/volets/{volet}/understood",
    openapi_extra=operation(
        "understand_volet",
        "Say that she understood a volet as she read it: 409 when another version stands by now",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("volet", "a volet that is to be understood", TEXT)],
        body=UNDERSTAND,
        answers={200: document(VOUCHED, "What she said, and when")},
        problems=_ACTING,
        entries=1,
    ),
)
def post_understood(request: Request, volet: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    seen = checked(body, _UNDERSTAND)["version_hash"]
    return answered(_vouched(understand(state_of(request).parts, me.owner, volet, seen, actor=me.actor)))


@router.get(
    "/carnets/{carnet_id}/volets",
    openapi_extra=operation(
        "read_volets",
        "Each volet as her référent in office reads it; nobody else gets anything",
        callers=Callers.SIGNED_IN,
        parameters=[_CARNET, _PURPOSE],
        answers={200: document(OFFICE_VOLETS, "`version_hash`: what he vouches for by validating")},
        problems=["access-ended", "not-found", "invalid", "too-many-requests", "log-unavailable"],
        entries=1,
    ),
)
async def read_office(request: Request, carnet_id: str, me: Referent) -> JSONResponse:
    state, purpose = state_of(request), _purpose(request)
    await admit(state, me.reader)
    return await run_in_threadpool(_office, state, me, CarnetId(well_formed(carnet_id)), purpose)


def _office(
    state: WebState, me: Professional, carnet_id: CarnetId, purpose: PurposeId | None
) -> JSONResponse:
    found = look_at_volets(state.parts, me.reader, carnet_id, purpose_id=purpose)
    if not isinstance(found, OfficeVolets):
        raise _refusal(state, me, found)
    return answered(
        {
            "carnet_id": carnet_id,
            "purpose_id": found.view.purpose_id,
            "access_id": str(found.view.access_no),
            "items": [volet_document(one) for one in found.states],
        }
    )


@router.post(
    "/carnets/{carnet_id}/volets",
    openapi_extra=operation(
        "validate_volet",
        "Validate a volet as he read it: 409 when something changed, or she has not said that she understood",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_CARNET, _PURPOSE],
        body=VALIDATE,
        answers={201: document(VOUCHED, "The validation, under his name")},
        problems=["access-ended", *_ACTING],
        entries=1,
    ),
)
async def post_validated(request: Request, carnet_id: str, me: Referent, body: Body) -> JSONResponse:
    state, purpose, told = state_of(request), _purpose(request), checked(body, _VALIDATE)
    await admit(state, me.reader)
    asked = (CarnetId(well_formed(carnet_id)), told["volet"], told["version_hash"])
    return await run_in_threadpool(_validated, state, me, asked, purpose)


def _validated(
    state: WebState, me: Professional, asked: tuple[CarnetId, str, str], purpose: PurposeId | None
) -> JSONResponse:
    answer = validate(state.parts, me.reader, *asked, purpose_id=purpose)
    if not isinstance(answer, Validation):
        raise _refusal(state, me, answer)
    return answered(_vouched(answer), 201)


def _refusal(state: WebState, me: Professional, answer: NotShared | AccessEnded) -> Exception:
    state.limits.denied(who(me.reader))
    return AccessEndedError() if isinstance(answer, AccessEnded) else NotFoundError()


def _purpose(request: Request) -> PurposeId | None:
    """Raises UnknownPurposeError."""
    told = parameters(request, ["purpose"])
    return state_of(request).parts.frame.purpose(told["purpose"]).purpose_id if "purpose" in told else None


# --- documents -------------------------------------------------------------------------------------------


def volet_document(state: VoletState) -> dict[str, Any]:
    validation, understood = state.validation, state.understood
    stands = "validated" if state.validated else "reopened" if validation else "open"
    return {
        "volet": state.volet.id,
        "label": state.volet.label,
        "sentence": state.volet.sentence,
        "state": stands if validation or state.version_hash else "empty",
        "version_hash": state.version_hash,
        "entries": [
            {"field_id": one.compartment, "entry_id": one.entry_id, "version": one.version}
            for one in sorted(state.entries)
        ],
        "changed": sorted(state.changed.entries),
        "gone": state.changed.gone,
        "validation": {
            "by": validation.by,
            "professional_id": validation.row.professional_id,
            "structure_id": validation.structure_id,
            "validated_at": instant(validation.at),
            "version_hash": validation.row.version_hash,
        }
        if validation
        else None,
        "understood": {
            "at": instant_or_null(understood.at if understood else None),
            "current": state.is_understood,
        }
        if state.volet.understood
        else None,
    }


def _vouched(made: Validation) -> dict[str, Any]:
    row = made.row
    return {"volet": row.volet, "validated_at": instant(row.validated_at), "version_hash": row.version_hash}
