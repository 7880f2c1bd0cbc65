"""A system at one of our OAuth addresses: the form it sends, who it is, and errors of RFC 6749, section 5.2.

An address whose proofs fail too often is refused before anything of the next one is looked at.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from vault.web.api.assertions import Assertion, open_assertion
from vault.web.api.dpop import Proof, open_proof
from vault.web.api.signatures import UnprovenError
from vault.web.bodies import MOST_PARAMETERS
from vault.web.limits import TooManyError, counted_address
from vault.web.state import WebState, state_of

log = logging.getLogger("carnet.security")

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
PREFIX = "/api/v1"  # for programs that put one prefix before every call
TOKEN, REVOKE = "/oauth/token", "/oauth/revoke"

ASSERTED: Mapping[str, Any] = {
    "client_assertion_type": {"const": ASSERTION_TYPE},
    "client_assertion": {"type": "string"},
    "client_id": {"type": "string"},
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


def proven_system(request: Request, form: Mapping[str, str]) -> Assertion:
    """The system that signed the assertion of this form; its ``jti`` is yet to be used. Raises
    TokenRequestError."""
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise TokenRequestError("invalid_request", "a client_assertion of type jwt-bearer is needed")
    state = state_of(request)
    with _counted(request, state, "invalid_client", status=401):
        return open_assertion(
            state.parts,
            form["client_assertion"],
            keys=state.client_keys,
            client_id=form.get("client_id"),
            audiences=audiences(state.settings.public_url),
            now=state.parts.now(),
        )


def proof_of_key(request: Request) -> Proof:
    """The proof this call comes with; yet to be used. Raises TokenRequestError."""
    state = state_of(request)
    with _counted(request, state, "invalid_dpop_proof", status=400):
        return open_proof(request, state.settings.public_url, now=state.parts.now())


def audiences(base: str) -> Collection[str]:
    """Whom an assertion may be written for."""
    paths = ("", "/", TOKEN, PREFIX + TOKEN, REVOKE, PREFIX + REVOKE)
    return {base + path for path in paths}


def too_many(error: TooManyError, description: str) -> TokenRequestError:
    return TokenRequestError(
        "temporarily_unavailable", description, status=429, retry_after=error.retry_after
    )


@contextmanager
def _counted(request: Request, state: WebState, told_as: str, *, status: int) -> Iterator[None]:
    address = counted_address(request)
    try:
        state.limits.before_proof(address)
    except TooManyError as error:
        raise too_many(error, "too many proofs failed") from None
    try:
        yield
    except UnprovenError as error:
        state.limits.failed_proof(address)
        log.warning("a system's proof does not hold: %s", told_as)
        raise TokenRequestError(told_as, error.told, status=status) from None
