"""Signing in through FranceConnect or ProConnect: one code for both, authorization code flow.

    start()  → the address to send the browser to, and what to remember about it (server side, never in a
    cookie) finish() → who signed in, or SignInRefused; both requests to the provider, every check, nothing
    kept logout_url() → where to send the browser so that the provider's own session ends too

What is left to the caller: storing the pending sign-in bound to the browser, taking it by ``state`` and
deleting it in the same step (``read_callback`` gives the state), opening the session, and running
``finish`` in a thread pool of its own: it is synchronous and may wait a few seconds for a provider.

Authlib makes the requests; the verification is our own (docs/decisions/sign-in-libraries.md).
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError

from schemas.canonical import CanonicalError, parse_strict
from vault.identity.claims import PersonClaims, ProfessionalClaims
from vault.web.login.callback import Callback, read_callback
from vault.web.login.provider_http import media_type
from vault.web.login.provider_metadata import Metadata, Provider
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.settings import ProviderSettings
from vault.web.login.token_checks import ExpectedToken, FindKey, check_fresh, check_id_token, same
from vault.web.login.userinfo_checks import check_userinfo, read_identity

PENDING_LIFETIME = timedelta(minutes=15)
_MAX_ACCESS_TOKEN_LENGTH = 8 * 1024
# ProConnect's own words when no second factor could be obtained.
_LEVEL_NOT_REACHED = "requested acrs could not be satisfied"
_BUSY = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True)
class PendingSignIn:
    """What must be remembered between leaving for the provider and coming back. ``state`` and ``nonce`` are
    43 characters of base64url from 32 random bytes; ``return_path`` is unchecked (``safe_return_path``).
    ``fresh``: the person was asked to prove again who she is, and must have done so since ``created_at``."""

    provider: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str | None = field(repr=False)
    acr_values: tuple[str, ...]
    return_path: str = field(repr=False)
    created_at: datetime
    fresh: bool = False

    def to_json(self) -> str:
        """Text to seal and store."""
        return json.dumps({**asdict(self), "created_at": self.created_at.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> "PendingSignIn":
        """The inverse of ``to_json``."""
        members = json.loads(text)
        members["acr_values"] = tuple(members["acr_values"])
        members["created_at"] = datetime.fromisoformat(members["created_at"])
        return cls(**members)


@dataclass(frozen=True)
class SignedIn:
    """A proven sign-in. The account is (``issuer``, ``subject``), nothing else. ``id_token`` serves only to
    end the provider's session: keep it server side, sealed like the session. ``auth_time`` is when the
    person last proved who she is, by the provider's clock; None when it does not say."""

    issuer: str
    subject: str = field(repr=False)
    acr: str
    amr: tuple[str, ...]
    claims: PersonClaims | ProfessionalClaims
    id_token: str = field(repr=False)
    auth_time: datetime | None = None


def start(
    provider: Provider, now: datetime, return_path: str, *, fresh: bool = False
) -> tuple[str, PendingSignIn]:
    """The address to redirect to, and what to store. ``fresh`` asks the provider to have the person prove
    again who she is, single sign-on or not. Raises SignInRefused when the provider's description cannot be
    had or is not acceptable."""
    settings = provider.settings
    pending = PendingSignIn(
        provider=settings.name,
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(48) if settings.pkce else None,
        acr_values=settings.acr_values,
        return_path=return_path,
        created_at=now,
        fresh=fresh,
    )
    endpoint = provider.metadata(now).authorization_endpoint
    with provider.client() as client:
        address, _ = client.create_authorization_url(
            endpoint,
            state=pending.state,
            code_verifier=pending.code_verifier,
            nonce=pending.nonce,
            **_level_parameters(settings),
            **({"prompt": "login"} if fresh else {}),
        )
    return str(address), pending


def finish(
    provider: Provider, pending: PendingSignIn | None, params: Iterable[tuple[str, str]], now: datetime
) -> SignedIn:
    """Check the answer and learn who signed in. ``pending`` is the sign-in taken (and deleted) by
    ``state``, None when there was none for this browser. Raises SignInRefused for anything that does not
    hold."""
    settings = provider.settings
    callback = read_callback(params)
    pending = _check_pending(settings, pending, callback, now)
    code = _check_answer(settings, callback)
    metadata = provider.metadata(now)
    with provider.client() as client:
        answer = _redeem(client, metadata, code, pending)
        id_token = check_id_token(
            answer["id_token"],
            ExpectedToken(settings.issuer, settings.client_id, now, Refusal.ID_TOKEN),
            nonce=pending.nonce,
            levels=pending.acr_values,
            access_token=answer["access_token"],
            find_key=_key_finder(provider, now),
        )
        if pending.fresh:
            check_fresh(id_token, since=pending.created_at, now=now)
        claims = check_userinfo(
            _ask_userinfo(client, metadata),
            ExpectedToken(settings.issuer, settings.client_id, now, Refusal.USERINFO),
            subject=id_token.subject,
            find_key=_key_finder(provider, now),
        )
    return SignedIn(
        issuer=settings.issuer,
        subject=id_token.subject,
        acr=id_token.acr,
        amr=id_token.amr,
        claims=read_identity(settings, claims),
        id_token=answer["id_token"],
        auth_time=id_token.auth_time,
    )


def logout_url(provider: Provider, id_token: str, state: str, now: datetime) -> str:
    """Where to redirect the browser, **after** our own session is closed. Raises SignInRefused when the
    provider's description cannot be had: the person is then signed out here only, and must be told."""
    query = {
        "id_token_hint": id_token,
        "state": state,
        "post_logout_redirect_uri": provider.settings.post_logout_redirect_uri,
    }
    return f"{provider.metadata(now).end_session_endpoint}?{urlencode(query)}"


def _level_parameters(settings: ProviderSettings) -> dict[str, str]:
    if not settings.acr_by_claims:
        return {"acr_values": " ".join(settings.acr_values)}
    levels = {"essential": True, "values": list(settings.acr_values)}
    asked = {"id_token": {"acr": levels, "amr": {"essential": True}}}
    return {"claims": json.dumps(asked, separators=(",", ":"))}


def _check_pending(
    settings: ProviderSettings, pending: PendingSignIn | None, callback: Callback, now: datetime
) -> PendingSignIn:
    if pending is None:
        raise SignInRefused(Refusal.STATE, "no pending sign-in")
    if not same(callback.state, pending.state):
        raise SignInRefused(Refusal.STATE, "state")
    if pending.provider != settings.name:
        raise SignInRefused(Refusal.STATE, "provider")
    if now - pending.created_at > PENDING_LIFETIME:
        raise SignInRefused(Refusal.EXPIRED, "pending sign-in")
    return pending


def _check_answer(settings: ProviderSettings, callback: Callback) -> str:
    """The code, once the answer is known to be that provider's (RFC 9207) and not an error."""
    if callback.iss != settings.issuer:
        raise SignInRefused(Refusal.ISSUER, "iss parameter")
    if callback.error is not None:
        raise SignInRefused(_reason_of_error(callback), "error parameter")
    if callback.code is None:
        raise SignInRefused(Refusal.MALFORMED, "no code")
    return callback.code


def _reason_of_error(callback: Callback) -> Refusal:
    if callback.error == "access_denied":
        short_of_level = _LEVEL_NOT_REACHED in callback.error_description.lower()
        return Refusal.SECOND_FACTOR if short_of_level else Refusal.DENIED_BY_PERSON
    return Refusal.PROVIDER_BUSY if callback.error in _BUSY else Refusal.PROVIDER_ERROR


def _redeem(client: Any, metadata: Metadata, code: str, pending: PendingSignIn) -> dict[str, Any]:
    """The token answer, for this code, once. A code is never tried again."""
    answers: list[dict[str, Any]] = []

    def read(response: httpx2.Response) -> httpx2.Response:
        answers.append(_read_token_answer(response))
        return response

    client.register_compliance_hook("access_token_response", read)
    pkce = {} if pending.code_verifier is None else {"code_verifier": pending.code_verifier}
    try:
        client.fetch_token(metadata.token_endpoint, grant_type="authorization_code", code=code, **pkce)
    except (httpx2.HTTPError, OSError) as error:
        raise SignInRefused(Refusal.PROVIDER_DOWN, "token endpoint") from error
    except (AuthlibBaseError, ValueError, TypeError) as error:
        raise SignInRefused(Refusal.TOKEN, "refused") from error
    return answers[0]


def _read_token_answer(response: httpx2.Response) -> dict[str, Any]:
    """The answer by our own strict reading, before Authlib's: a JSON object with a bearer token and an
    id_token. Raises SignInRefused; the provider's error texts are not kept."""
    if response.status_code >= 500:
        raise SignInRefused(Refusal.PROVIDER_DOWN, "token endpoint status")
    if response.status_code != 200:
        raise SignInRefused(Refusal.TOKEN, "status")
    if media_type(response) != "application/json":
        raise SignInRefused(Refusal.TOKEN, "content type")
    try:
        answer = parse_strict(response.content)
    except CanonicalError as error:
        raise SignInRefused(Refusal.TOKEN, "not JSON") from error
    if not isinstance(answer, dict):
        raise SignInRefused(Refusal.TOKEN, "not an object")
    if not _is_token(answer.get("access_token")):
        raise SignInRefused(Refusal.TOKEN, "access token")
    if str(answer.get("token_type")).lower() != "bearer":
        raise SignInRefused(Refusal.TOKEN, "token type")
    if not isinstance(answer.get("id_token"), str):
        raise SignInRefused(Refusal.TOKEN, "no id_token")
    return answer


def _is_token(value: object) -> bool:
    """Something that may stand in an Authorization header."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _MAX_ACCESS_TOKEN_LENGTH
        and all("!" <= char <= "~" for char in value)
    )


def _ask_userinfo(client: Any, metadata: Metadata) -> httpx2.Response:
    try:
        response = client.get(metadata.userinfo_endpoint, headers={"Accept": "application/jwt"})
    except (httpx2.HTTPError, OSError) as error:
        raise SignInRefused(Refusal.PROVIDER_DOWN, "userinfo endpoint") from error
    except (AuthlibBaseError, ValueError, TypeError) as error:
        raise SignInRefused(Refusal.TOKEN, "unusable access token") from error
    if not isinstance(response, httpx2.Response):  # pragma: no cover - Authlib is untyped
        raise TypeError("the client answers with a response")
    return response


def _key_finder(provider: Provider, now: datetime) -> FindKey:
    return lambda kid: provider.key(kid, now)
