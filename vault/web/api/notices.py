"""What a person wants to be told of by mail, share by share, and where it is sent."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.faults import Checker
from schemas.ids import GrantId
from vault.audit.events import Op
from vault.services import notices
from vault.services.mailing import BadMailAddressError
from vault.services.notices import REQUESTS, NoticeMode, TooManyLinksError, WrongLinkError, key_of
from vault.services.own_carnet import append_own
from vault.services.signing_in import IDENTITY_FIELD
from vault.services.stopping import find_grant
from vault.web.api.answers import answered
from vault.web.api.notices_shapes import CHANGE, CHOOSE, CONFIRM, GRANT_NOTICES, NOTICES
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.shapes import ID
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Person, person
from vault.web.limits import TooManyError
from vault.web.problems import FaultsError, NotFoundError, Told
from vault.web.state import state_of

A_DAY = 24 * 60 * 60
_SENTENCE = "Cette adresse ne peut pas servir."
_PROBLEMS = ["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"]

router = APIRouter(prefix=f"{V1}/me")
Owner = Annotated[Person, Depends(person)]
Body = Annotated[JSON, Depends(json_body)]

_CHOOSE, _CHANGE, _CONFIRM = Checker(CHOOSE), Checker(CHANGE), Checker(CONFIRM)
_GRANT_ID = in_path("grant_id", "a grant of hers", ID)


@router.get(
    "/grants/{grant_id}/notices",
    openapi_extra=operation(
        "grant_notices",
        "Whether she is told of the readings of one share",
        callers=Callers.SIGNED_IN,
        parameters=[_GRANT_ID],
        answers={200: document(GRANT_NOTICES, "Her choice; `reachable`: she left an address")},
        problems=["not-found"],
    ),
)
def read_grant_notices(request: Request, grant_id: str, me: Owner) -> JSONResponse:
    parameters(request, ())
    return _grant_notices(request, me, GrantId(well_formed(grant_id)))


@router.put(
    "/grants/{grant_id}/notices",
    openapi_extra=operation(
        "choose_grant_notices",
        "Be told of each reading of one share, of the sensitive ones, once a day, or not",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_GRANT_ID],
        body=CHOOSE,
        answers={200: document(GRANT_NOTICES, "Her choice as it now stands")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def put_grant_notices(request: Request, grant_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    chosen = GrantId(well_formed(grant_id))
    mode = NoticeMode(checked(body, _CHOOSE)["mode"])
    notices.choose_mode(state_of(request).parts, me.owner, chosen, mode, actor=me.actor)
    return _grant_notices(request, me, chosen)


def _grant_notices(request: Request, me: Person, grant_id: GrantId) -> JSONResponse:
    """Raises NoSuchGrantError."""
    parts = state_of(request).parts
    grant = find_grant(parts.data.grants_of(me.owner.carnet_id), grant_id)
    wishes = notices.own_wishes(parts, me.owner)
    mode = wishes.mode(key_of(grant.terms))
    return answered({"grant_id": grant.id, "mode": mode, "reachable": wishes.to is not None})


@router.get(
    "/notices",
    openapi_extra=operation(
        "notices",
        "Where she is told, and whether of requests",
        callers=Callers.SIGNED_IN,
        answers={200: document(NOTICES, "The address in use, and one that waits for its link")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_notices(request: Request, me: Owner) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    append_own(parts, me.owner, Op.READ_OWN, actor=me.actor, fields=(IDENTITY_FIELD,))
    return answered(_notices(request, me))


@router.put(
    "/notices",
    openapi_extra=operation(
        "change_notices",
        "Give an address (a link is sent there first), take it back, or be told of requests: one at a time",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=CHANGE,
        answers={200: document(NOTICES, "What now stands")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def put_notices(request: Request, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _CHANGE)
    if "requests" in told:
        notices.choose_for_requests(parts, me.owner, NoticeMode(told["requests"]), actor=me.actor)
        return answered(_notices(request, me))
    address = told["address"]
    try:
        if address is None:
            notices.forget_address(parts, me.owner, actor=me.actor)
        elif address == "franceconnect":
            notices.use_told_address(parts, me.owner, actor=me.actor)
        else:
            notices.ask_address(parts, me.owner, address["email"], actor=me.actor)
    except BadMailAddressError:
        typed = isinstance(address, dict)
        raise FaultsError([Told("/address/email" if typed else "/address", _SENTENCE)]) from None
    except TooManyLinksError:
        raise TooManyError(A_DAY) from None
    return answered(_notices(request, me))


@router.post(
    "/notices/confirm",
    openapi_extra=operation(
        "confirm_address",
        "Prove an address by the link that was sent there",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=CONFIRM,
        answers={200: document(NOTICES, "What now stands")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_confirm(request: Request, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    try:
        link = checked(body, _CONFIRM)["link"]
        notices.confirm_address(state_of(request).parts, me.owner, link, actor=me.actor)
    except WrongLinkError:
        raise NotFoundError("no such link") from None
    return answered(_notices(request, me))


def _notices(request: Request, me: Person) -> dict[str, Any]:
    """After an entry: it holds her address."""
    parts = state_of(request).parts
    wishes = notices.own_wishes(parts, me.owner)
    awaiting = wishes.awaiting if wishes.waits(parts.now()) else None
    return {"address": wishes.to, "awaiting": awaiting, "requests": wishes.mode(REQUESTS)}
