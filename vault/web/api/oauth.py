"""Access tokens for structures' systems: OAuth 2.0 client_credentials with a signed assertion (RFC 6749,
RFC 7523). Errors are those of RFC 6749, section 5.2, and say nothing of who exists."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from vault.services.tokens import TOKEN_LIFE, give_token
from vault.web.api.assertions import UnprovenError, open_assertion
from vault.web.api.operations import Callers, document, operation
from vault.web.api.shapes import ref
from vault.web.bodies import MOST_PARAMETERS
from vault.web.guard import anyone
from vault.web.limits import TooManyError
from vault.web.state import state_of

router = APIRouter()

PATH = "/oauth/token"
ALSO = "/api/v1/oauth/token"  # for programs that put one prefix before every call
GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"

_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "grant_type": {"const": GRANT_TYPE},
        "client_assertion_type": {"const": ASSERTION_TYPE},
        "client_assertion": {"type": "string"},
        "client_id": {"type": "string"},
    },
    "required": ["grant_type", "client_assertion_type", "client_assertion"],
}


class TokenRequestError(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, *, status: int = 400, retry_after: int = 0) -> None:
        super().__init__(error)
        self.error, self.description, self.status, self.retry_after = error, description, status, retry_after


async def token_error(_request: Request, error: Exception) -> JSONResponse:
    """The handler of TokenRequestError."""
    if not isinstance(error, TokenRequestError):
        raise error
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    told = {"error": error.error, "error_description": error.description}
    return JSONResponse(told, error.status, headers)


async def token_form(request: Request) -> Mapping[str, str]:
    """The parameters, each at most once. Raises TokenRequestError."""
    types = request.headers.getlist("content-type")
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != FORM:
        raise TokenRequestError("invalid_request", f"the body must be {FORM}")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise TokenRequestError("invalid_request", "the body cannot be read") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise TokenRequestError("invalid_request", "a parameter is given twice")
    return {name: value for name, value in pairs if value}


Form = Annotated[Mapping[str, str], Depends(token_form)]
Anyone = Annotated[None, Depends(anyone)]


def post_token(request: Request, _: Anyone, form: Form) -> JSONResponse:
    """A token for ten minutes. Each assertion works once."""
    state = state_of(request)
    if form.get("grant_type") is None:
        raise TokenRequestError("invalid_request", "grant_type is missing")
    if form["grant_type"] != GRANT_TYPE:
        raise TokenRequestError("unsupported_grant_type", f"grant_type must be {GRANT_TYPE}")
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise TokenRequestError("invalid_request", "a client_assertion of type jwt-bearer is needed")
    base = state.settings.public_url
    try:
        assertion = open_assertion(
            state.parts,
            form["client_assertion"],
            client_id=form.get("client_id"),
            audiences={base, f"{base}/", base + PATH, base + ALSO},
            now=state.parts.now(),
        )
    except UnprovenError as error:
        raise TokenRequestError("invalid_client", error.told, status=401) from None
    client = assertion.client
    try:
        state.limits.token(client.client_id)
    except TooManyError as error:
        description = "too many tokens were asked for"
        raise TokenRequestError(
            "temporarily_unavailable", description, status=429, retry_after=error.retry_after
        ) from None
    new = give_token(state.parts, client, jti=assertion.jti, assertion_ends_at=assertion.ends_at)
    if new is None:
        raise TokenRequestError("invalid_client", "this assertion was used before", status=401)
    seconds = int(TOKEN_LIFE.total_seconds())
    return JSONResponse({"access_token": new.token, "token_type": "Bearer", "expires_in": seconds})


_OPERATION = operation(
    "token",
    "An access token for a structure's system",
    callers=Callers.ANYONE,
    answers={
        200: document(ref("Token"), "The token"),
        400: document(ref("TokenError"), "RFC 6749, section 5.2"),
        401: document(ref("TokenError"), "The assertion is not believed"),
        413: document(ref("TokenError"), "The body is too long"),
        429: document(ref("TokenError"), "Too many tokens; see Retry-After"),
        503: document(ref("TokenError"), "A part does not answer; see Retry-After"),
    },
) | {"requestBody": {"required": True, "content": {FORM: {"schema": _BODY}}}}

router.add_api_route(PATH, post_token, methods=["POST"], openapi_extra=_OPERATION)
router.add_api_route(ALSO, post_token, methods=["POST"], include_in_schema=False)
