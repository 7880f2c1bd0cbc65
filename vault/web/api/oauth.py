"""Access tokens for structures' systems: OAuth 2.0 client_credentials with a signed assertion (RFC 6749,
RFC 7523), bound to a key when the system proves that it holds one (RFC 9449). Errors are those of RFC 6749,
section 5.2, and say nothing of who exists."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from vault.services.tokens import TOKEN_LIFE, give_token, use_once
from vault.web.api.dpop import SCHEME, has_proof
from vault.web.api.operations import Callers, document, operation
from vault.web.api.proving import (
    ASSERTED,
    FORM,
    PREFIX,
    TOKEN,
    Form,
    TokenRequestError,
    proof_of_key,
    proven_system,
    too_many,
)
from vault.web.api.shapes import ref
from vault.web.guard import anyone
from vault.web.limits import TooManyError
from vault.web.state import state_of

router = APIRouter()

PATH, ALSO = TOKEN, PREFIX + TOKEN
GRANT_TYPE = "client_credentials"

_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"grant_type": {"const": GRANT_TYPE}, **ASSERTED},
    "required": ["grant_type", "client_assertion_type", "client_assertion"],
}
Anyone = Annotated[None, Depends(anyone)]


def post_token(request: Request, _: Anyone, form: Form) -> JSONResponse:
    """A token for ten minutes. Each assertion works once, and each proof."""
    state = state_of(request)
    if form.get("grant_type") is None:
        raise TokenRequestError("invalid_request", "grant_type is missing")
    if form["grant_type"] != GRANT_TYPE:
        raise TokenRequestError("unsupported_grant_type", f"grant_type must be {GRANT_TYPE}")
    assertion = proven_system(request, form)
    client = assertion.client
    try:
        state.limits.token(client.client_id)
    except TooManyError as error:
        raise too_many(error, "too many tokens were asked for") from None
    proof = proof_of_key(request) if client.dpop or has_proof(request) else None
    if proof is not None and not use_once(state.parts, client.client_id, proof.use, proof.ends_at):
        raise TokenRequestError("invalid_dpop_proof", "this proof was used before")
    new = give_token(
        state.parts,
        client,
        jti=assertion.jti,
        assertion_ends_at=assertion.ends_at,
        jkt=proof.jkt if proof else "",
    )
    if new is None:
        raise TokenRequestError("invalid_client", "this assertion was used before", status=401)
    seconds = int(TOKEN_LIFE.total_seconds())
    scheme = SCHEME if proof else "Bearer"
    return JSONResponse({"access_token": new.token, "token_type": scheme, "expires_in": seconds})


_OPERATION = operation(
    "token",
    "An access token for a structure's system",
    callers=Callers.ANYONE,
    answers={
        200: document(ref("Token"), "The token; with a DPoP header (RFC 9449), bound to its key"),
        400: document(ref("TokenError"), "RFC 6749, section 5.2; RFC 9449, section 5"),
        401: document(ref("TokenError"), "The assertion is not believed"),
        413: document(ref("TokenError"), "The body is too long"),
        429: document(ref("TokenError"), "Too many tokens, or too many failed proofs; see Retry-After"),
        503: document(ref("TokenError"), "A part does not answer; see Retry-After"),
    },
) | {"requestBody": {"required": True, "content": {FORM: {"schema": _BODY}}}}

router.add_api_route(PATH, post_token, methods=["POST"], openapi_extra=_OPERATION)
router.add_api_route(ALSO, post_token, methods=["POST"], include_in_schema=False)
