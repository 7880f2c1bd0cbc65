"""Who follows the person, and what she shared with the one before: hers to give again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.faults import Checker
from schemas.ids import GrantId
from vault.services import designating, following, handing_over
from vault.services.following import Follower
from vault.services.handing_over import Waiting
from vault.web.afterwards import then_new_keys
from vault.web.api.answers import answered, grant_document, instant, instant_or_null
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.referents_shapes import ANSWERED, CONFIRM, REFERENT, WISH
from vault.web.api.shapes import ID, NOTHING, TEXT, ref, several, shape
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Person, person
from vault.web.problems import FaultsError, NotFoundError, Told
from vault.web.state import state_of

_PROBLEMS = ["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"]
_CHANGED = "Votre référent a changé. Regardez de nouveau qui il est."
_NOT_WAITING = "Un de ces partages n’attend pas votre accord."

router = APIRouter(prefix=f"{V1}/me/referent")
Owner = Annotated[Person, Depends(person)]
Body = Annotated[JSON, Depends(json_body)]

_CONFIRM, _WISH = Checker(CONFIRM), Checker(WISH)
_PROPOSAL = in_path("assignment_id", "a proposal made to her", ID)


@router.get(
    "",
    openapi_extra=operation(
        "my_referent",
        "Who follows her, who is proposed, and which shares wait for her yes",
        callers=Callers.SIGNED_IN,
        answers={200: document(REFERENT, "`special`: given only when named; `fits` false: cannot be given")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_referent(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    return _told(request, me)


@router.post(
    "/confirm",
    openapi_extra=operation(
        "confirm_referent",
        "Give to her référent what she shared with the one before: same fields, same end",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=CONFIRM,
        answers={
            200: document(
                shape({"items": several(ref("Grant"))}),
                "The new shares. Without `grants`: all that wait and hold nothing special",
            )
        },
        problems=_PROBLEMS,
    ),
)
def post_confirm(request: Request, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _CONFIRM)
    wanted = [GrantId(one) for one in told["grants"]] if "grants" in told else None
    try:
        given = handing_over.confirm(parts, me.owner, told["assignment_id"], wanted, actor=me.actor)
    except handing_over.ReferentChangedError:
        raise FaultsError([Told("/assignment_id", _CHANGED)]) from None
    except handing_over.NotWaitingError:
        raise FaultsError([Told("/grants", _NOT_WAITING)]) from None
    return then_new_keys(answered({"items": [grant_document(one) for one in given]}), parts, me)


@router.put(
    "/wish",
    openapi_extra=operation(
        "say_referent_wish",
        "Write what she says of the référent she would like: the field `souhait_referent` of her carnet",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=WISH,
        answers={200: document(shape({"wish": TEXT}), "What is kept. No words: nothing is")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def put_wish(request: Request, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    text = checked(body, _WISH)["text"]
    following.say_wish(state_of(request).parts, me.owner, text, actor=me.actor)
    return answered({"wish": " ".join(text.split())})


@router.post(
    "/proposals/{assignment_id}/accept",
    openapi_extra=operation(
        "accept_referent",
        "Whoever is proposed follows her from now on",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_PROPOSAL],
        body=NOTHING,
        body_required=False,
        answers={200: document(ANSWERED, "What she answered")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_accept(
    request: Request, assignment_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    return _answer_proposal(request, assignment_id, me, yes=True)


@router.post(
    "/proposals/{assignment_id}/refuse",
    openapi_extra=operation(
        "refuse_referent",
        "She does not want whoever is proposed",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_PROPOSAL],
        body=NOTHING,
        body_required=False,
        answers={200: document(ANSWERED, "What she answered")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_refuse(
    request: Request, assignment_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    return _answer_proposal(request, assignment_id, me, yes=False)


def _answer_proposal(request: Request, assignment_id: str, me: Person, *, yes: bool) -> JSONResponse:
    parameters(request, ())
    decide = designating.accept if yes else designating.decline
    try:
        decide(state_of(request).parts, me.owner, well_formed(assignment_id), actor=me.actor)
    except designating.NoSuchProposalError:
        raise NotFoundError("no such proposal") from None
    return answered({"assignment_id": assignment_id, "accepted": yes})


def _told(request: Request, me: Person) -> JSONResponse:
    found = following.look_at_referent(state_of(request).parts, me.owner, actor=me.actor)
    return answered(
        {
            "referent": _follower(found.current) if found.current else None,
            "proposals": [_follower(one) for one in found.proposals],
            "former": [_follower(one) for one in found.former],
            "waiting": [_waiting(one) for one in found.waiting],
            "confirm_until": instant_or_null(found.until),
            "wish": found.wish,
        }
    )


def _follower(one: Follower) -> dict[str, Any]:
    return {
        "assignment_id": one.row.assignment_id,
        "professional_id": one.row.professional_id,
        "name": one.name,
        "structure_id": one.row.structure_id,
        "structure": one.structure.name if one.structure else None,
        "since": instant(one.row.starts_at),
        "until": instant_or_null(one.row.ends_at),
    }


def _waiting(one: Waiting) -> dict[str, Any]:
    return {
        "grant_id": one.grant.id,
        "purpose_id": one.grant.terms.purpose_id,
        "fields": list(one.wish.compartments),
        "ends_at": instant(one.wish.ends_at or one.grant.terms.ends_at),
        "special": one.special,
        "fits": one.fits,
    }
