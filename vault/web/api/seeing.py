"""What a reader by one of her grants sees now, over the API; and the paper that stops a share."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.ids import GrantId
from schemas.inference import Guess, GuessKind
from vault.services.seeing import Seen, Unseen, guesses_of, see_before, see_now
from vault.services.slips import print_slip
from vault.web.api.answers import Document, answered, instant, shared_document
from vault.web.api.grants import GIVE, wish_told
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.shapes import COMPARTMENTS, ID, INSTANT, NOTHING, TEXT, ref, several, shape, words
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Person, person
from vault.web.state import state_of

router = APIRouter(prefix=f"{V1}/me/grants")
Owner = Annotated[Person, Depends(person)]
_GRANT_ID = in_path("grant_id", "a grant of hers", ID)

_GUESS = shape({"kind": words(GuessKind), "words": TEXT, "fields": COMPARTMENTS, "detail": TEXT})
SEEN = shape(
    {
        "grant_id": TEXT,
        "access_id": TEXT,
        "why_not": {"enum": [*(why.value for why in Unseen), None]},
        "seen": {"anyOf": [ref("SharedFields"), {"type": "null"}]},
        "guesses": several(_GUESS),
    }
)
BEFORE = shape(
    {
        "access_id": TEXT,
        "why_not": {"enum": [*(why.value for why in Unseen), None]},
        "seen": {"anyOf": [ref("SharedFields"), {"type": "null"}]},
        "guesses": several(_GUESS),
    }
)
SLIP = shape({"grant_id": TEXT, "code": TEXT, "page": TEXT, "ends_at": INSTANT})


@router.post(
    "/view",
    openapi_extra=operation(
        "see_before_giving",
        "What the reader would see at once by such a grant, which is made in memory and thrown away",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=ref("GiveGrant"),
        answers={200: document(BEFORE, "His answer; or null, and why he would get none")},
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_view(request: Request, me: Owner, body: Annotated[JSON, Depends(json_body)]) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    wish = wish_told(parts, me.owner.carnet_id, checked(body, GIVE))
    seen = see_before(parts, me.owner, wish, actor=me.actor)
    return answered(_document(seen) | {"guesses": [_guess(one) for one in guesses_of(parts, seen)]})


@router.get(
    "/{grant_id}/view",
    openapi_extra=operation(
        "see_grant",
        "What the reader by one of her grants sees now, by the grant's own keys, and what can be guessed",
        callers=Callers.SIGNED_IN,
        parameters=[_GRANT_ID],
        answers={200: document(SEEN, "His answer; or null, and why he would get none")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_view(request: Request, grant_id: str, me: Owner) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    seen = see_now(parts, me.owner, GrantId(well_formed(grant_id)), actor=me.actor)
    guessed = guesses_of(parts, seen)
    told = {"grant_id": grant_id, **_document(seen), "guesses": [_guess(one) for one in guessed]}
    return answered(told)


def _document(seen: Seen) -> Document:
    return {
        "access_id": str(seen.access_no),
        "why_not": seen.why,
        "seen": shared_document(seen.view) if seen.view else None,
    }


def _guess(one: Guess) -> Document:
    return {"kind": one.kind, "words": one.kind.label, "fields": list(one.compartments), "detail": one.detail}


@router.post(
    "/{grant_id}/slip",
    openapi_extra=operation(
        "print_slip",
        "A code that stops one share without an account. The code made before stops nothing any more",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_GRANT_ID],
        body=NOTHING,
        body_required=False,
        answers={201: document(SLIP, "The code, told once, and the page that takes it")},
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_slip(
    request: Request, grant_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    state = state_of(request)
    slip = print_slip(state.parts, me.owner, GrantId(well_formed(grant_id)), actor=me.actor)
    told = {
        "grant_id": slip.grant.id,
        "code": slip.code,
        "page": f"{state.settings.public_url}/arreter-un-partage",
        "ends_at": instant(slip.grant.terms.ends_at),
    }
    return answered(told, 201)
