"""A system gives a token back (RFC 7009), and where programs find what we support (RFC 8414).

The answer to a token that is unknown, over or another system's is the same: it opens nothing for the caller.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from vault.services.tokens import end_token, use_once
from vault.web.api.oauth import GRANT_TYPE
from vault.web.api.operations import Callers, document, operation
from vault.web.api.proving import (
    ASSERTED,
    FORM,
    PREFIX,
    REVOKE,
    TOKEN,
    Form,
    TokenRequestError,
    proven_system,
    too_many,
)
from vault.web.api.shapes import ref
from vault.web.api.signatures import ALGORITHMS
from vault.web.guard import anyone
from vault.web.limits import TooManyError
from vault.web.state import state_of

router = APIRouter()

PATH, ALSO = REVOKE, PREFIX + REVOKE
METADATA = "/.well-known/oauth-authorization-server"
Anyone = Annotated[None, Depends(anyone)]

_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"token": {"type": "string"}, "token_type_hint": {"type": "string"}, **ASSERTED},
    "required": ["token", "client_assertion_type", "client_assertion"],
}


def post_revoke(request: Request, _: Anyone, form: Form) -> Response:
    """End a token of the caller's, at once."""
    state = state_of(request)
    if "token" not in form:
        raise TokenRequestError("invalid_request", "token is missing")
    assertion = proven_system(request, form)
    client_id = assertion.client.client_id
    try:
        state.limits.act(client_id)
    except TooManyError as error:
        raise too_many(error, "too many tokens were given back") from None
    if not use_once(state.parts, client_id, assertion.jti, assertion.ends_at):
        raise TokenRequestError("invalid_client", "this assertion was used before", status=401)
    end_token(state.parts, client_id, form["token"])
    return Response(status_code=200)


_OPERATION = operation(
    "revoke",
    "End an access token of the calling system, at once (RFC 7009)",
    callers=Callers.ANYONE,
    answers={
        200: {"description": "The token opens nothing, if it ever did"},
        400: document(ref("TokenError"), "RFC 6749, section 5.2"),
        401: document(ref("TokenError"), "The assertion is not believed"),
        413: document(ref("TokenError"), "The body is too long"),
        429: document(ref("TokenError"), "Too many, or too many failed proofs; see Retry-After"),
        503: document(ref("TokenError"), "A part does not answer; see Retry-After"),
    },
) | {"requestBody": {"required": True, "content": {FORM: {"schema": _BODY}}}}

router.add_api_route(PATH, post_revoke, methods=["POST"], openapi_extra=_OPERATION)
router.add_api_route(ALSO, post_revoke, methods=["POST"], include_in_schema=False)


@router.get(METADATA, include_in_schema=False)
def read_metadata(request: Request, _: Anyone) -> JSONResponse:
    """What a program may use here, for those that configure themselves."""
    base = state_of(request).settings.public_url
    signing = list(ALGORITHMS)
    return JSONResponse(
        {
            "issuer": base,
            "token_endpoint": base + TOKEN,
            "revocation_endpoint": base + REVOKE,
            "response_types_supported": [],
            "grant_types_supported": [GRANT_TYPE],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": signing,
            "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported": signing,
            "dpop_signing_alg_values_supported": signing,
        }
    )
